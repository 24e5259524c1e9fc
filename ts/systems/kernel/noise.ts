// The noise of largest marginal likelihood, by factorisations of one kernel with one noise after the other. Kernel and noise may
// both be multiplied by a scale, which no prediction of a mean sees: without it the likelihood of targets that are small to the
// kernel would only say so, and take the least noise.
import { MftError } from '../../core/errors.js';
import { type KernelOrigin, type MatrixOptions, restore } from './factor.js';
import { regress, type Regression, type Targets } from './regression.js';

/** Powers of ten of the mean diagonal between which the noise is looked for, and how near it is found. */
const [lowest, highest, step, resolution] = [-8, 1, 1, 0.03] as const;
const golden = (Math.sqrt(5) - 1) / 2;

/** Factorisations that the search takes, the last one included. */
export const likelihoodSteps =
  (highest - lowest) / step + 2 + Math.ceil(Math.log((2 * step) / resolution) / -Math.log(golden));

/**
 * The regression whose noise has the largest marginal likelihood for some scale. The kernel is overwritten.
 *
 * @throws MftError ERR_MFT_DEGENERATE where no noise in the range gives a factorisation
 */
export async function mostLikely(
  kernel: Float64Array,
  targets: Targets,
  origin: KernelOrigin,
  options: MatrixOptions,
  onStep: () => void,
): Promise<Regression & { readonly isAtEnd: boolean }> {
  const { count } = targets;
  let scale = 0;
  for (let i = 0; i < count; i++) scale += (kernel[i * count + i] as number) / count;
  const at = async (exponent: number): Promise<Regression> =>
    regress(kernel, targets, { noiseVariance: scale * 10 ** exponent, jitter: 'none' }, origin, options);
  const likelihood = async (exponent: number): Promise<number> => {
    onStep();
    try {
      const regression = await at(exponent);
      restore(kernel, count, regression.factor.diagonal);
      return regression.scaledLogMarginalLikelihood;
    } catch (error) {
      if (error instanceof MftError && error.code === 'ERR_MFT_DEGENERATE') return Number.NEGATIVE_INFINITY;
      throw error;
    }
  };
  let best = { exponent: highest as number, value: Number.NEGATIVE_INFINITY };
  for (let exponent = lowest as number; exponent <= highest; exponent += step) {
    const value = await likelihood(exponent);
    if (value > best.value) best = { exponent, value };
  }
  const exponent = best.value === Number.NEGATIVE_INFINITY ? highest : await peak(likelihood, best.exponent);
  const isAtEnd = Math.min(exponent - lowest, highest - exponent) < resolution;
  return { ...(await at(exponent)), isAtEnd };
}

/** Of a function with one maximum near `middle`. */
async function peak(value: (x: number) => Promise<number>, middle: number): Promise<number> {
  let [low, high] = [Math.max(lowest, middle - step), Math.min(highest, middle + step)];
  let [a, b] = [high - golden * (high - low), low + golden * (high - low)];
  let [atA, atB] = [await value(a), await value(b)];
  while (high - low > resolution) {
    if (atA >= atB) {
      [high, b, atB] = [b, a, atA];
      a = high - golden * (high - low);
      atA = await value(a);
    } else {
      [low, a, atA] = [a, b, atB];
      b = low + golden * (high - low);
      atB = await value(b);
    }
  }
  return (low + high) / 2;
}
