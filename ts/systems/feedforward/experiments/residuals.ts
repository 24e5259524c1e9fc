// Residuals |q − q*| and |c − c*| along the layers: the map iterated, and networks simulated.
import { MftError } from '../../../core/errors.js';
import type { CurvePoint } from '../../../figures/curves.js';
import { varianceMap } from '../../../gaussian/variance-map.js';
import { correlationMap } from '../figure-maps.js';
import type { FeedforwardSpec } from '../spec.js';
import { line, type Measured, meanOf, trialProfiles } from '../../../statistics/measured.js';
import { type ExperimentOptions, type Network, quantity, simulated } from './network.js';

export interface ResidualRun {
  readonly fixed: number;
  /** |x^l − x*| of the iterated map, l = 1 … depth. */
  readonly theory: readonly number[];
  /** The same of each simulated network, signed. */
  readonly networks: readonly (readonly number[])[];
}

interface ResidualSize {
  readonly width: number;
  readonly depth: number;
  readonly trials: number;
}

/** A network whose first layer has variance `variance` in the mean and which is then the given one. */
function startingAt(
  network: Network,
  variance: number,
  size: ResidualSize,
  inputs: NonNullable<FeedforwardSpec['inputs']>,
): FeedforwardSpec {
  const rest = <T>(first: T, other: T): T[] => [first, ...Array<T>(size.depth - 1).fill(other)];
  return {
    ...network,
    weightVariance: rest(variance, network.weightVariance),
    biasVariance: rest(0, network.biasVariance),
    width: size.width,
    depth: size.depth,
    inputs,
  };
}

/** q − q* from q^1 = 2q*. */
export async function varianceResiduals(
  network: Network,
  size: ResidualSize,
  options: ExperimentOptions,
): Promise<ResidualRun> {
  const fixed = await quantity('fixedPointVariance', network);
  const theory: number[] = [];
  for (let q = 2 * fixed; theory.length < size.depth; q = varianceMap(network, q)) theory.push(Math.abs(q - fixed));
  if (size.trials === 0) return { fixed, theory, networks: [] };
  const { observables } = await simulated(
    startingAt(network, 2 * fixed, size, { count: 1 }),
    { trials: size.trials, rawTrials: true },
    options,
  );
  return { fixed, theory, networks: trialProfiles(observables.variance).map((values) => values.map((q) => q - fixed)) };
}

/** c − c* from c^1 = `start` at q*; in 1 − c, so that nothing is lost near c* = 1. */
export async function correlationResiduals(
  network: Network,
  start: number,
  size: ResidualSize,
  options: ExperimentOptions,
): Promise<ResidualRun> {
  const variance = await quantity('fixedPointVariance', network);
  const fixed = await quantity('oneMinusFixedPointCorrelation', network);
  const theory: number[] = [];
  for (let delta = 1 - start; theory.length < size.depth; delta = 1 - correlationMap(network, variance, delta))
    theory.push(Math.abs(delta - fixed));
  if (size.trials === 0) return { fixed, theory, networks: [] };
  const { observables } = await simulated(
    startingAt(network, variance, size, { correlation: start }),
    { trials: size.trials, rawTrials: true },
    options,
  );
  return {
    fixed,
    theory,
    networks: trialProfiles(observables.correlation).map((values) => values.map((c) => 1 - c - fixed)),
  };
}

/** Mean over networks per layer. */
function residualMeans(run: ResidualRun): readonly Measured[] {
  return run.theory.map((_, l) => meanOf(run.networks.map((values) => values[l] as number)));
}

/** Line of the map and points of the simulation, where the mean stands above five standard errors. */
export function residualPoints(run: ResidualRun, series: string, panel: string): CurvePoint[] {
  const measured = residualMeans(run).map(({ mean, standardError }, l) => ({
    x: l + 1,
    y: Math.abs(mean),
    error: standardError,
  }));
  const shown = measured.findIndex(({ y, error }) => !(y > 5 * error));
  return [
    ...run.theory.filter((y) => y > 1e-12).map((y, l): CurvePoint => ({ x: l + 1, y, series, panel })),
    ...measured.slice(0, shown < 0 ? measured.length : shown).map(
      ({ x, y, error }): CurvePoint => ({
        x,
        y,
        low: y - 2 * error,
        high: y + 2 * error,
        mark: 'point',
        series,
        panel,
      }),
    ),
  ];
}

/** ξ from the last ratio of residuals of the map, iterated until the residual is small: what the map itself says, nothing linearised. */
export async function iteratedDepthScale(
  network: Network,
  of: 'variance' | 'correlation',
  start: number,
): Promise<number> {
  const variance = await quantity('fixedPointVariance', network);
  const fixed = of === 'variance' ? variance : await quantity('oneMinusFixedPointCorrelation', network);
  let x = of === 'variance' ? 2 * variance : 1 - start;
  const first = Math.abs(x - fixed);
  for (let step = 0; step < largestSteps; step++) {
    const next = of === 'variance' ? varianceMap(network, x) : 1 - correlationMap(network, variance, x);
    const ratio = (next - fixed) / (x - fixed);
    if (Math.abs(next - fixed) < 1e-6 * first) return -1 / Math.log(ratio);
    x = next;
  }
  throw new MftError('ERR_MFT_NO_CONVERGENCE', `The map did not settle in ${largestSteps} layers.`, {
    parameter: 'weightVariance',
  });
}

const largestSteps = 20_000;

interface FittedScale {
  readonly measured: Measured;
  /** The same fit of the map. */
  readonly ofTheory: number;
  readonly window: readonly [number, number];
}

/** Depth scale fitted to simulated residuals over layers where theory stands above the noise; its error by a jackknife over networks. */
export function fittedDepthScale(run: ResidualRun): FittedScale | undefined {
  const means = residualMeans(run);
  const clear = means.findIndex(({ standardError }, l) => (run.theory[l] as number) < 12 * standardError);
  const last = clear < 0 ? run.theory.length : clear;
  // Early layers are not yet exponential: start where the residual has fallen to half, if enough is left.
  const half = run.theory.findIndex((value) => value < 0.5 * (run.theory[0] as number));
  const from = half >= 0 && last - half >= 4 ? half : 0;
  if (last - from < 3) return undefined;
  const layers = Array.from({ length: last - from }, (_, i) => from + i);
  const scaleOf = (networks: ResidualRun['networks']): number =>
    -1 /
    line(
      layers,
      layers.map((l) => Math.log(Math.abs(meanOf(networks.map((values) => values[l] as number)).mean))),
    ).slope;
  const left = run.networks.map((_, i) => scaleOf(run.networks.filter((__, t) => t !== i)));
  const { standardError } = meanOf(left);
  return {
    measured: { mean: scaleOf(run.networks), standardError: standardError * (left.length - 1), count: left.length },
    ofTheory:
      -1 /
      line(
        layers,
        layers.map((l) => Math.log(run.theory[l] as number)),
      ).slope,
    window: [from + 1, last],
  };
}
