// The law V ∝ m^p of gradient metrics over networks: the exponent of samples of a given size, and what theory says of it.
import { bootstrap } from '../../../statistics/bootstrap.js';
import { line, momentsOfLogs } from '../../../statistics/measured.js';

/** Slope of log V against log m over layers, for a sample of networks given by the logarithms of the metric: [network][layer]. */
export function exponentOf(logs: readonly (readonly number[])[], layers: readonly number[]): number {
  const moments = layers.map((layer) => momentsOfLogs(logs.map((network) => network[layer - 1] as number)));
  return line(
    moments.map(({ logMean }) => logMean),
    moments.map(({ logMean, ratio }) => Math.log(ratio) + 2 * logMean),
  ).slope;
}

/** A statistic of samples of `size` networks: its mean over the disjoint samples at hand, and its error for one sample. */
interface SampleStatistic {
  readonly mean: number;
  /** Standard deviation over samples of that size (bootstrap over networks). */
  readonly deviation: number;
  readonly samples: number;
}

/** The law is heavy-tailed: a sample variance depends on the size of the sample, so like is compared with like. */
export function sampleStatistic(
  logs: readonly (readonly number[])[],
  size: number,
  statistic: (sample: readonly (readonly number[])[]) => number,
): SampleStatistic {
  const samples = Math.max(1, Math.floor(logs.length / size));
  const values = Array.from({ length: samples }, (_, i) => statistic(logs.slice(i * size, (i + 1) * size)));
  const replicates = 100;
  const { standardError } = bootstrap(
    logs.length,
    (rows) => statistic(rows.slice(0, size).map((i) => logs[i] as readonly number[])),
    { replicates },
  );
  return { mean: values.reduce((sum, value) => sum + value, 0) / samples, deviation: standardError, samples };
}

/** The exponent of K = V/m² = exp(βM/N) − 1 with m ∝ χ₁^M over the same layers (derived; nothing fitted). */
export function predictedExponent(layers: readonly number[], depth: number, decay: number, logBias: number): number {
  const distances = layers.map((layer) => depth - layer).filter((distance) => distance > 0);
  const logMean = distances.map((distance) => -decay * distance);
  return line(
    logMean,
    distances.map((distance, i) => 2 * (logMean[i] as number) + Math.log(Math.expm1(2 * logBias * distance))),
  ).slope;
}
