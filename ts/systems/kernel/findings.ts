// What `advise` says about a spec of `kernel`: what is left of the range of the kernel, what dropout adds to its
// diagonal, and how well regression on the inputs is conditioned.
import { type ControlOptions, throwIfAborted } from '../../core/control.js';
import type { Finding } from '../../core/results.js';
import type { SystemOptions } from '../../core/system.js';
import { expectation } from '../../gaussian/moments.js';
import { conditioning } from './conditioning.js';
import { selfKernels } from './kernels.js';
import type { KernelModel } from './model.js';
import { modelOf, type ResolvedKernelSpec } from './spec.js';

/** A range of cosines below which inputs are hard to tell apart. */
const smallRange = 0.05;

export async function findings(spec: ResolvedKernelSpec, options: SystemOptions): Promise<readonly Finding[]> {
  throwIfAborted(options);
  const model = modelOf(spec, 2);
  return [await rangeLeft(model, options), ...maskNoise(model), ...(await conditioning(spec, options))];
}

/** 1 − cosine at the readout of two inputs that are orthogonal and of mean square 1: what the kernel can still tell. */
async function rangeLeft(model: KernelModel, options: ControlOptions): Promise<Finding> {
  const length = Math.SQRT2;
  const orthogonal = { count: 2, dimension: 2, values: Float64Array.of(length, 0, 0, length) };
  const range = (await selfKernels(model, orthogonal, { ...options, normalize: true })).gap[1] as number;
  const isFlat = range < smallRange;
  return {
    id: 'kernelRange',
    severity: isFlat ? 'warning' : 'info',
    claim: isFlat
      ? `Cosines of the kernel lie in [${(1 - range).toPrecision(4)}, 1] for inputs at right angles or nearer: at this depth it ` +
        'hardly tells inputs apart.'
      : `Cosines of the kernel reach down to ${(1 - range).toPrecision(3)} for inputs at right angles.`,
    evidence: [{ quantity: 'normalizedKernelGapAtDepth', value: range }],
    ...(isFlat && model.depth > 1 ? { change: { depth: Math.max(1, Math.floor(model.depth / 4)) } } : {}),
  };
}

/** Masks of their own multiply the diagonal alone: in regression that is noise, the same for every input of a norm. */
function maskNoise(model: KernelModel): readonly Finding[] {
  const keep = model.keeps.at(-1) ?? 1;
  if (keep === 1 || model.sharedMasks) return [];
  const weight = model.weights.at(-1) as number;
  let variance = (model.weights[0] as number) / model.inputKeep + (model.biases[0] as number);
  let second = 0;
  for (let l = 1; l <= model.depth; l++) {
    second = expectation(model.phi, { value: 2 }, variance);
    variance = ((model.weights[l] as number) * second) / (model.keeps[l - 1] as number) + (model.biases[l] as number);
  }
  const noise = weight * second * (1 / keep - 1);
  return [
    {
      id: 'dropoutNoise',
      severity: 'info',
      claim:
        `Dropout before the readout adds ${noise.toPrecision(3)} to the diagonal of the kernel of inputs of mean square 1 ` +
        `(${((100 * noise) / variance).toFixed(0)} % of it): as much noise in regression.`,
      evidence: [{ quantity: 'dropoutNoiseVariance', value: noise }],
    },
  ];
}
