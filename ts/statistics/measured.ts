// What is measured from simulations: profiles, and numbers per network averaged over networks.
import type { Estimated, Observable } from '../core/results.js';
import { largestOf } from '../numeric/extremes.js';

/** Mean and standard error of independent values. */
export interface Measured {
  readonly mean: number;
  readonly standardError: number;
  /** How many there are. */
  readonly count: number;
}

export function meanOf(values: ArrayLike<number>): Measured {
  const n = values.length;
  let mean = 0;
  for (let i = 0; i < n; i++) mean += (values[i] as number) / n;
  let squares = 0;
  for (let i = 0; i < n; i++) squares += ((values[i] as number) - mean) ** 2;
  return { mean, standardError: n < 2 ? Infinity : Math.sqrt(squares / (n - 1) / n), count: n };
}

/** Values of one input or pair against layer. */
export function profile(
  observable: Observable | undefined,
  position = 0,
): { readonly layers: readonly number[]; readonly values: readonly number[] } {
  const layers = Array.from(observable?.axes[0]?.values ?? []);
  const inner = innerLength(observable);
  return { layers, values: layers.map((_, l) => observable?.values[l * inner + position] as number) };
}

function innerLength(observable: Observable | undefined): number {
  return observable?.axes.slice(1).reduce((product, axis) => product * axis.values.length, 1) ?? 1;
}

/** Profiles of single networks (the run needs `rawTrials`): one list per network, in order. */
export function trialProfiles(observable: Estimated | undefined, position = 0): number[][] {
  const raw = observable?.trials ?? new Float64Array();
  const inner = innerLength(observable);
  const layers = observable?.axes[0]?.values.length ?? 1;
  const trials = raw.length / (layers * inner);
  return Array.from({ length: trials }, (_, t) =>
    Array.from({ length: layers }, (_, l) => raw[(t * layers + l) * inner + position] as number),
  );
}

/** Least-squares slope and intercept of y against x. */
export function line(
  x: readonly number[],
  y: readonly number[],
): { readonly slope: number; readonly intercept: number } {
  const centre = x.reduce((sum, value) => sum + value, 0) / x.length;
  let above = 0;
  let below = 0;
  let mean = 0;
  x.forEach((at, i) => {
    above += (at - centre) * (y[i] as number);
    below += (at - centre) ** 2;
    mean += (y[i] as number) / x.length;
  });
  const slope = above / below;
  return { slope, intercept: mean - slope * centre };
}

/**
 * Slope against layer of each network's profile in layers [from, to], averaged over networks: errors of layers of one
 * network are correlated, those of networks are not.
 */
export function slopeOverNetworks(profiles: readonly (readonly number[])[], from: number, to: number): Measured {
  const layers = Array.from({ length: to - from + 1 }, (_, i) => from + i);
  return meanOf(
    profiles.map(
      (values) =>
        line(
          layers,
          layers.map((l) => values[l - 1] as number),
        ).slope,
    ),
  );
}

/** Mean over layers [from, to] of each network's profile, averaged over networks. */
export function levelOverNetworks(profiles: readonly (readonly number[])[], from: number, to: number): Measured {
  return meanOf(profiles.map((values) => meanOf(values.slice(from - 1, to)).mean));
}

/** log of the mean and the variance over the squared mean of numbers given by their logarithms. */
export function momentsOfLogs(logs: readonly number[]): { readonly logMean: number; readonly ratio: number } {
  const reference = largestOf(logs);
  const values = logs.map((log) => Math.exp(log - reference));
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1);
  return { logMean: Math.log(mean) + reference, ratio: variance / (mean * mean) };
}

/** Sample variance of each position over networks. */
export function varianceOf(values: readonly number[]): number {
  const { standardError } = meanOf(values);
  return standardError ** 2 * values.length;
}
