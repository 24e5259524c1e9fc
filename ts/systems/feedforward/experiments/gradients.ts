// What the gradient figures have in common: simulated gradient profiles of a network, their slopes, and the lines beside them.
import type { CurvePoint } from '../../../figures/curves.js';
import type { FeedforwardSpec } from '../spec.js';
import type { Simulation } from '../../../verbs/results.js';
import { type Measured, profile, slopeOverNetworks, trialProfiles } from '../../../statistics/measured.js';
import { type ExperimentOptions, type Network, quantity, simulated } from './network.js';

export interface GradientRun {
  readonly simulation: Simulation<'feedforward'>;
  readonly network: Network;
  readonly width: number;
  readonly depth: number;
  /** −log χ₁: the decay per layer of squared gradients. */
  readonly decay: number;
  /** −log χ_c. */
  readonly pairDecay: number;
  /** β/(2N): how much faster the mean of the logarithm decays than the logarithm of the mean, per layer. */
  readonly logBias: number;
}

/** Simulates a pair of orthogonal inputs of unit mean square, as the paper's two N(0, 1) inputs, with every network kept. */
export async function gradientRun(
  network: Network,
  size: { readonly width: number; readonly depth: number; readonly trials: number },
  output: NonNullable<FeedforwardSpec['output']>,
  options: ExperimentOptions,
): Promise<GradientRun> {
  const { width, depth, trials } = size;
  const simulation = await simulated(
    { ...network, width, depth, output, inputs: { correlation: 0 } },
    { trials, rawTrials: true },
    options,
  );
  const [chi1, chiC, rate] = await Promise.all([
    quantity('gradientMultiplier', network),
    quantity('correlationMultiplier', network),
    quantity('logGradientVarianceRate', network),
  ]);
  return {
    simulation,
    network,
    width,
    depth,
    decay: -Math.log(chi1),
    pairDecay: -Math.log(chiC),
    logBias: rate / (2 * width),
  };
}

export type GradientMetric = 'gradientSingle' | 'gradientPair' | 'gradientPairAbsolute';

/**
 * Growth per layer of the mean logarithm of a metric between `near` and `far` layers below the output, corrected by
 * β/2N to that of the mean.
 */
export function meanLogSlope(run: GradientRun, metric: GradientMetric, near: number, far: number): Measured {
  const { mean, standardError, count } = slopeOverNetworks(
    trialProfiles(run.simulation.observables[metric]),
    run.depth - far,
    run.depth - near,
  );
  return { mean: mean - run.logBias, standardError, count };
}

/** log₁₀ of the mean of a metric at every `step`th layer, with its band of two standard errors while that is meaningful. */
export function decadePoints(
  run: GradientRun,
  metric: GradientMetric,
  series: string,
  step: number,
  panel?: string,
): CurvePoint[] {
  const observable = run.simulation.observables[metric];
  const { layers, values } = profile(observable);
  const errors = profile(
    observable === undefined ? undefined : { ...observable, values: observable.standardError },
  ).values;
  return layers.flatMap((x, i): CurvePoint[] => {
    const error = errors[i] as number;
    const y = (values[i] as number) / Math.LN10;
    if (x % step !== 0 || !Number.isFinite(y)) return [];
    const band = error < 0.4 ? { low: y + Math.log10(1 - 2 * error), high: y + Math.log10(1 + 2 * error) } : {};
    return [{ x, y, mark: 'point', series, ...band, ...(panel === undefined ? {} : { panel }) }];
  });
}

/** The line χ₁^(L−l) through a point of the middle of the points. */
export function rateLine(points: readonly CurvePoint[], decay: number, depth: number): CurvePoint[] {
  const middle = points[Math.floor(points.length / 2)];
  if (middle === undefined) return [];
  const { low: _, high: __, ...anchor } = middle;
  return [1, depth].map((x) => ({ ...anchor, mark: 'dashed', x, y: anchor.y + ((x - anchor.x) * decay) / Math.LN10 }));
}
