// Variance over trials, and how well it is known: central moments up to the fourth, one trial at a time.
import type { Axis, Estimated, UndefinedPoint } from '../core/results.js';

/**
 * Running central moments per position of exp(log − reference), the largest logarithm seen so far (`relative`), or of the
 * logarithms themselves.
 */
interface SpreadAccumulator {
  readonly size: number;
  readonly of: 'relative' | 'logarithm';
  readonly count: Float64Array;
  readonly reference: Float64Array;
  readonly mean: Float64Array;
  readonly second: Float64Array;
  readonly third: Float64Array;
  readonly fourth: Float64Array;
}

export function spreadAccumulator(size: number, of: SpreadAccumulator['of']): SpreadAccumulator {
  const zeros = (): Float64Array => new Float64Array(size);
  const reference = new Float64Array(size).fill(of === 'relative' ? -Infinity : 0);
  return { size, of, count: zeros(), reference, mean: zeros(), second: zeros(), third: zeros(), fourth: zeros() };
}

/** Adds one trial's logarithm to position i (−Infinity: the number 0). The update of moments is Pébay's (2008), one value at a time. */
export function addSpread(sums: SpreadAccumulator, i: number, log: number): void {
  const { count, reference, mean, second, third, fourth } = sums;
  if (sums.of === 'relative' && log > (reference[i] as number)) {
    const factor = Math.exp((reference[i] as number) - log);
    reference[i] = log;
    mean[i] = (mean[i] as number) * factor;
    second[i] = (second[i] as number) * factor ** 2;
    third[i] = (third[i] as number) * factor ** 3;
    fourth[i] = (fourth[i] as number) * factor ** 4;
  }
  const value = sums.of === 'logarithm' ? log : log === -Infinity ? 0 : Math.exp(log - (reference[i] as number));
  const n = (count[i] as number) + 1;
  const delta = value - (mean[i] as number);
  const step = delta / n;
  const term = delta * step * (n - 1);
  const [m2, m3] = [second[i] as number, third[i] as number];
  count[i] = n;
  mean[i] = (mean[i] as number) + step;
  fourth[i] = (fourth[i] as number) + term * step * step * (n * n - 3 * n + 3) + 6 * step * step * m2 - 4 * step * m3;
  third[i] = m3 + term * step * (n - 2) - 3 * step * m2;
  second[i] = m2 + term;
}

/** Relative error of what engines return in double precision, and of a logarithm its absolute error: some hundred roundings. */
const rounding = 2 ** -45;

/** Rounding errors e of numbers with the variance v move it by up to 2e√v + e². */
const resolution = (variance: number, size: number): number => {
  const error = rounding * size;
  return 2 * error * Math.sqrt(variance) + error ** 2;
};

/**
 * The variance of each position: relative to the squared mean, or of the logarithm. Its standard error follows from the
 * fourth moment, at least a Gaussian's: the sample's fourth moment misses the tails when trials are few. It is at least what
 * rounding makes of the trials: a variance of 1e-50 cannot be seen in double precision.
 */
export function estimatedSpread(sums: SpreadAccumulator, axes: readonly Axis[]): Estimated {
  const { size, count, mean, second, fourth } = sums;
  const values = new Float64Array(size);
  const variance = new Float64Array(size);
  const standardError = new Float64Array(size);
  const undefinedAt: UndefinedPoint[] = [];
  for (let i = 0; i < size; i++) {
    const n = count[i] as number;
    const unit = sums.of === 'relative' ? (mean[i] as number) ** 2 : 1;
    const spread = (second[i] as number) / (n - 1) / unit;
    if (n < 2 || !Number.isFinite(spread)) {
      undefinedAt.push({ index: i, reason: n < 2 ? 'a variance needs two trials' : 'some trial is exactly zero' });
      continue;
    }
    values[i] = spread;
    variance[i] = Math.max((fourth[i] as number) / n / unit ** 2 - spread ** 2, 2 * spread ** 2);
    const size = sums.of === 'relative' ? 1 : Math.max(1, Math.abs(mean[i] as number));
    standardError[i] = Math.max(Math.sqrt((variance[i] as number) / n), resolution(spread, size));
  }
  return {
    axes,
    scale: 'linear',
    estimator: 'mean',
    values,
    count: count.slice(),
    variance,
    standardError,
    ...(undefinedAt.length > 0 ? { undefinedAt } : {}),
  };
}
