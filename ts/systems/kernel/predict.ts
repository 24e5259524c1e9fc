// Theory of `kernel`: exact at every width.
import { axis } from '../../core/results.js';
import type { PredictionBody } from '../../core/system.js';
import { secondMoment } from './formulas.js';
import type { KernelObservable } from './observables.js';
import type { ResolvedKernelSpec } from './spec.js';

/** Stated relative error: a power of up to 10⁶ multiplications. */
const statedError = 1e-9;

export async function predict({
  weightVariance,
  depth,
}: ResolvedKernelSpec): Promise<PredictionBody<KernelObservable>> {
  const layers = axis('layer', depth + 1);
  const values = layers.values.map((layer) => secondMoment(weightVariance, layer));
  const tooLarge = { reason: 'larger than the largest number' };
  return {
    quantities: {},
    observables: {
      secondMoment: {
        axes: [layers],
        scale: 'linear',
        values: values.map((value) => (Number.isFinite(value) ? value : 0)),
        error: statedError,
        ...(values.every(Number.isFinite)
          ? {}
          : {
              undefinedAt: [...values.keys()]
                .filter((i) => !Number.isFinite(values[i]))
                .map((index) => ({ index, ...tooLarge })),
            }),
      },
    },
    warnings: [],
  };
}
