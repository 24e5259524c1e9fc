// Bootstrap over trials, with a seeded counter-based generator.
import * as z from 'zod';
import { parse } from '../core/checks.js';
import { numberField, wholeField } from '../core/fields.js';
import { addon, seedHalves } from '../core/addon.js';
import { expectedError } from '../core/errors.js';

export interface Bootstrap {
  readonly estimate: number;
  readonly standardError: number;
  /** Percentile interval of the given level. */
  readonly interval: readonly [number, number];
  readonly replicates: Float64Array;
}

const bootstrapOptions = z.strictObject({
  replicates: wholeField(20, 1_000_000, 'Resamples.').default(1000),
  level: numberField({ low: 0, high: 1, above: true }, 'Probability of the interval.').default(0.95),
  seed: wholeField(0, Number.MAX_SAFE_INTEGER, 'Seed of the generator.').default(1),
});

/**
 * Bootstrap of a statistic over independent trials.
 *
 * @param trials number of trials (≥ 2)
 * @param statistic gets the indices of a resample (with repetition) and returns the statistic
 * @param options replicates (default 1000), level (default 0.95), seed (default 1)
 * @returns estimate, standard error and the percentile interval
 * @throws MftError ERR_MFT_OUT_OF_RANGE
 *
 * **Numerics**: resamples from the counter-based generator: the same seed gives the same bits.
 * **Source**: Efron 1979 (percentile interval).
 *
 * @example
 * const x = [1, 2, 3, 4, 5];
 * bootstrap(5, (rows) => rows.reduce((sum, i) => sum + x[i]!, 0) / 5).estimate; // 3
 */
export function bootstrap(
  trials: number,
  statistic: (rows: readonly number[]) => number,
  options: { readonly replicates?: number; readonly level?: number; readonly seed?: number } = {},
): Bootstrap {
  const { replicates, level, seed } = parse(bootstrapOptions, options, 'options');
  if (typeof statistic !== 'function')
    throw expectedError('ERR_MFT_INVALID_ARGUMENT', 'statistic', 'a function of rows', statistic);
  if (!Number.isInteger(trials) || trials < 2)
    throw expectedError('ERR_MFT_OUT_OF_RANGE', 'trials', 'a whole number >= 2', trials);
  if (level === 1) throw expectedError('ERR_MFT_OUT_OF_RANGE', 'level', 'a number in (0, 1)', level);
  const values = Float64Array.from({ length: replicates }, (_, replicate) => {
    const draws = addon().uniforms({
      seed: seedHalves(seed),
      trial: replicate,
      layer: 0,
      purpose: 'bootstrap',
      first: 0,
      count: trials,
    });
    return statistic(Array.from(draws, (u) => Math.min(trials - 1, Math.floor(u * trials))));
  });
  const mean = values.reduce((sum, value) => sum + value, 0) / replicates;
  const sorted = values.slice().sort();
  const at = (quantile: number): number =>
    sorted[Math.min(replicates - 1, Math.max(0, Math.round(quantile * (replicates - 1))))] as number;
  return {
    estimate: statistic(Array.from({ length: trials }, (_, i) => i)),
    standardError: Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (replicates - 1)),
    interval: [at((1 - level) / 2), at((1 + level) / 2)],
    replicates: values,
  };
}
