// Means, variances and standard errors of trials, accumulated in a fixed order.
import type { Axis, Estimated, UndefinedPoint } from '../core/results.js';

/** Running mean and sum of squared deviations of each position (Welford). */
interface Accumulator {
  readonly size: number;
  readonly count: Float64Array;
  readonly mean: Float64Array;
  readonly squares: Float64Array;
}

export function accumulator(size: number): Accumulator {
  return { size, count: new Float64Array(size), mean: new Float64Array(size), squares: new Float64Array(size) };
}

/** Adds one trial: `values[offset + stride * i]` for position i; NaN marks a value that is undefined in this trial. */
export function addTrial(sums: Accumulator, values: Float64Array, offset = 0, stride = 1): void {
  const { size, count, mean, squares } = sums;
  for (let i = 0; i < size; i++) {
    const value = values[offset + stride * i] as number;
    if (Number.isNaN(value)) continue;
    const n = (count[i] as number) + 1;
    const delta = value - (mean[i] as number);
    count[i] = n;
    mean[i] = (mean[i] as number) + delta / n;
    squares[i] = (squares[i] as number) + delta * (value - (mean[i] as number));
  }
}

/** The sample variance of a position: 0 with fewer than two trials. */
function sampleVariance(sums: Accumulator, i: number): number {
  const n = sums.count[i] as number;
  return n < 2 ? 0 : (sums.squares[i] as number) / (n - 1);
}

/**
 * The accumulated trials as an observable with estimator `mean` (linear scale) or `meanLog` (log scale). A position without a defined
 * trial is listed in `undefinedAt`; infinite logarithms (an exact zero in some trial) leave it undefined too.
 */
export function estimated(
  sums: Accumulator,
  axes: readonly Axis[],
  estimator: 'mean' | 'meanLog',
  reason: string,
): Estimated {
  const values = new Float64Array(sums.size);
  const variance = new Float64Array(sums.size);
  const standardError = new Float64Array(sums.size);
  const undefinedAt: UndefinedPoint[] = [];
  for (let i = 0; i < sums.size; i++) {
    const n = sums.count[i] as number;
    const mean = sums.mean[i] as number;
    if (n === 0 || !Number.isFinite(mean)) {
      undefinedAt.push({ index: i, reason });
      continue;
    }
    values[i] = mean;
    variance[i] = sampleVariance(sums, i);
    standardError[i] = n < 2 ? Infinity : Math.sqrt((variance[i] as number) / n);
  }
  return {
    axes,
    scale: estimator === 'meanLog' ? 'log' : 'linear',
    estimator,
    values,
    count: sums.count.slice(),
    variance,
    standardError,
    ...(undefinedAt.length > 0 ? { undefinedAt } : {}),
  };
}
