// Images and labels as a regression takes them, and what its outputs are worth.
import { expectedError } from '../../core/errors.js';
import type { Examples } from '../../core/trainer.js';
import type { InputMap } from '../../training/normalise.js';
import type { DataMatrix } from './model.js';
import type { Targets } from './regression.js';

/** The first examples; 0 = all. */
export function firstOf(examples: Examples, wanted: number): Examples {
  const count = wanted > 0 ? Math.min(wanted, examples.count) : examples.count;
  return { ...examples, count };
}

/** Images `from` to `to` as the kernel reads them. */
export function normalized(
  { images, dimension }: Examples,
  { scale, shift }: InputMap,
  from: number,
  to: number,
): DataMatrix {
  const values = new Float64Array((to - from) * dimension);
  for (let i = 0; i < values.length; i++) {
    const j = i % dimension;
    values[i] = (images[from * dimension + i] as number) * (scale[j] as number) + (shift[j] as number);
  }
  return { count: to - from, dimension, values };
}

/** One-hot labels, or these minus 1/classes. @throws MftError ERR_MFT_SHAPE without labels */
export function labelTargets({ labels, count }: Examples, classes: number, form: 'centered' | 'oneHot'): Targets {
  const values = new Float64Array(classes * count).fill(form === 'centered' ? -1 / classes : 0);
  if (labels === undefined || labels.length < count)
    throw expectedError('ERR_MFT_SHAPE', 'dataset', 'examples with one label each', labels?.length ?? 'no labels');
  for (let i = 0; i < count; i++) {
    const at = (labels[i] as number) * count + i;
    values[at] = (values[at] as number) + 1;
  }
  return { count, rows: classes, values };
}

/** Sums over images of half the squared distance from the targets, and of largest outputs that are the label's. */
export function judged(
  output: (i: number, c: number) => number,
  target: (i: number, c: number) => number,
  count: number,
  classes: number,
): { readonly loss: number; readonly right: number } {
  let [loss, right] = [0, 0];
  for (let i = 0; i < count; i++) {
    let [best, label] = [0, 0];
    for (let c = 0; c < classes; c++) {
      loss += (output(i, c) - target(i, c)) ** 2 / 2;
      if (output(i, c) > output(i, best)) best = c;
      if (target(i, c) > target(i, label)) label = c;
    }
    if (best === label) right += 1;
  }
  return { loss, right };
}
