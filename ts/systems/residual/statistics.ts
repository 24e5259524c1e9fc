// Means and variances of trials whose values are held as logarithms.
import type { Axis, Estimated, UndefinedPoint } from '../../core/results.js';

/** Values of one observable, trial by trial. */
export interface Sample {
  readonly axes: readonly [Axis, Axis];
  readonly trials: number;
  readonly keepsTrials: boolean;
  /** Value of a trial at position i of the observable; a logarithm for `meanOf(…, 'log')` and `spreadOf`. */
  readonly value: (trial: number, i: number) => number;
}

function sizeOf(sample: Sample): number {
  return sample.axes[0].values.length * sample.axes[1].values.length;
}

function rawOf(sample: Sample): Pick<Estimated, 'trials'> {
  if (!sample.keepsTrials) return {};
  const size = sizeOf(sample);
  return {
    trials: Float64Array.from({ length: sample.trials * size }, (_, k) => sample.value(Math.floor(k / size), k % size)),
  };
}

/** Mean and sum of squared deviations of `count` values (two passes: exact to rounding). */
function momentsOf(
  count: number,
  value: (trial: number) => number,
): { mean: number; variance: number; fourth: number } {
  let mean = 0;
  for (let trial = 0; trial < count; trial++) mean += value(trial) / count;
  let [second, fourth] = [0, 0];
  for (let trial = 0; trial < count; trial++) {
    const square = (value(trial) - mean) ** 2;
    second += square;
    fourth += square * square;
  }
  return { mean, variance: count < 2 ? 0 : second / (count - 1), fourth: fourth / count };
}

/**
 * The mean over trials. With scale 'log' the trials' values are logarithms, the result is the logarithm of the mean of what
 * they stand for, and variance and standard error are relative to that mean.
 */
export function meanOf(sample: Sample, scale: 'linear' | 'log'): Estimated {
  const size = sizeOf(sample);
  const { trials } = sample;
  const values = new Float64Array(size);
  const variance = new Float64Array(size);
  const standardError = new Float64Array(size);
  for (let i = 0; i < size; i++) {
    let top = 0;
    if (scale === 'log') {
      top = -Infinity;
      for (let trial = 0; trial < trials; trial++) top = Math.max(top, sample.value(trial, i));
      if (top === -Infinity) {
        values[i] = -Infinity;
        continue;
      }
    }
    const at = (trial: number): number =>
      scale === 'log' ? Math.exp(sample.value(trial, i) - top) : sample.value(trial, i);
    const moments = momentsOf(trials, at);
    values[i] = scale === 'log' ? top + Math.log(moments.mean) : moments.mean;
    variance[i] = moments.variance / (scale === 'log' ? moments.mean ** 2 : 1);
    standardError[i] = trials < 2 ? Infinity : Math.sqrt((variance[i] as number) / trials);
  }
  return {
    axes: sample.axes,
    scale,
    estimator: 'mean',
    values,
    count: new Float64Array(size).fill(trials),
    variance,
    standardError,
    ...rawOf(sample),
  };
}

/**
 * The variance over trials: relative to the squared mean ('relative'), or of the logarithm itself ('logarithm'); its
 * standard error from the fourth moment.
 */
export function spreadOf(sample: Sample, of: 'relative' | 'logarithm'): Estimated {
  const size = sizeOf(sample);
  const { trials } = sample;
  const values = new Float64Array(size);
  const variance = new Float64Array(size);
  const standardError = new Float64Array(size);
  const undefinedAt: UndefinedPoint[] = [];
  for (let i = 0; i < size; i++) {
    let top = -Infinity;
    let hasZero = false;
    for (let trial = 0; trial < trials; trial++) {
      const value = sample.value(trial, i);
      top = Math.max(top, value);
      hasZero ||= value === -Infinity;
    }
    if (trials < 2 || top === -Infinity || (hasZero && of === 'logarithm')) {
      undefinedAt.push({ index: i, reason: trials < 2 ? 'a variance needs two trials' : 'some trial is exactly zero' });
      continue;
    }
    const at = (trial: number): number =>
      of === 'relative' ? Math.exp(sample.value(trial, i) - top) : sample.value(trial, i);
    const moments = momentsOf(trials, at);
    const unit = of === 'relative' ? moments.mean ** 2 : 1;
    values[i] = moments.variance / unit;
    // At least a Gaussian's: the sample's fourth moment misses the tails when trials are few.
    const square = (values[i] as number) ** 2;
    variance[i] = Math.max(moments.fourth / unit ** 2 - square, 2 * square);
    standardError[i] = Math.sqrt((variance[i] as number) / trials);
  }
  return {
    axes: sample.axes,
    scale: 'linear',
    estimator: 'mean',
    values,
    count: new Float64Array(size).fill(trials),
    variance,
    standardError,
    ...(undefinedAt.length > 0 ? { undefinedAt } : {}),
    ...rawOf(sample),
  };
}
