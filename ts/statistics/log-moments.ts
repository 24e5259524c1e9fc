// Mean and variance of positive or signed numbers given by their logarithms, over hundreds of decades.
import type { Axis, Estimated, UndefinedPoint } from '../core/results.js';

/** Running moments of sign·exp(log) per position, in units of exp(reference): the largest logarithm seen so far. */
interface LogAccumulator {
  readonly size: number;
  readonly isSigned: boolean;
  readonly count: Float64Array;
  readonly reference: Float64Array;
  readonly mean: Float64Array;
  readonly squares: Float64Array;
}

export function logAccumulator(size: number, isSigned = false): LogAccumulator {
  return {
    size,
    isSigned,
    count: new Float64Array(size),
    reference: new Float64Array(size).fill(-Infinity),
    mean: new Float64Array(size),
    squares: new Float64Array(size),
  };
}

/**
 * Adds sign·exp(log) to position i. A logarithm of −Infinity is the number 0, NaN a value that this trial does not have.
 * Trials are added in their order.
 */
export function addLog(sums: LogAccumulator, i: number, log: number, sign = 1): void {
  if (Number.isNaN(log)) return;
  const { count, reference, mean, squares } = sums;
  if (log > (reference[i] as number)) {
    const factor = Math.exp((reference[i] as number) - log);
    reference[i] = log;
    mean[i] = (mean[i] as number) * factor;
    squares[i] = (squares[i] as number) * factor * factor;
  }
  const value = log === -Infinity ? 0 : sign * Math.exp(log - (reference[i] as number));
  const n = (count[i] as number) + 1;
  const delta = value - (mean[i] as number);
  count[i] = n;
  mean[i] = (mean[i] as number) + delta / n;
  squares[i] = (squares[i] as number) + delta * (value - (mean[i] as number));
}

/**
 * The accumulated numbers as an observable on a log scale: values are log|mean|, `sign` its sign; variance and standard
 * error are relative to the mean: variance is V/m², the law the deep dropout paper studies. A position that no trial has a
 * value for is undefined for the reason.
 */
export function estimatedLog(sums: LogAccumulator, axes: readonly Axis[], reason = 'no trial'): Estimated {
  const { size, count, reference, mean, squares } = sums;
  const values = new Float64Array(size);
  const variance = new Float64Array(size);
  const standardError = new Float64Array(size);
  const sign = new Int8Array(size);
  const undefinedAt: UndefinedPoint[] = [];
  for (let i = 0; i < size; i++) {
    const m = mean[i] as number;
    const n = count[i] as number;
    if (n === 0) {
      undefinedAt.push({ index: i, reason });
      continue;
    }
    sign[i] = Math.sign(m);
    values[i] = m === 0 ? -Infinity : Math.log(Math.abs(m)) + (reference[i] as number);
    variance[i] = m === 0 || n < 2 ? 0 : (squares[i] as number) / (n - 1) / (m * m);
    standardError[i] = n < 2 ? Infinity : Math.sqrt((variance[i] as number) / n);
  }
  return {
    axes,
    scale: 'log',
    ...(sums.isSigned ? { sign } : {}),
    estimator: 'mean',
    values,
    count: count.slice(),
    variance,
    standardError,
    ...(undefinedAt.length > 0 ? { undefinedAt } : {}),
  };
}
