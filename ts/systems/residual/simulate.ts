// Exact simulation of `residual`: arguments for the native engines, statistics of their trials.
import { addon, seedHalves } from '../../core/addon.js';
import { controlled } from '../../core/control.js';
import { threadsFor } from '../../core/memory.js';
import type { InputVectors } from '../../core/inputs.js';
import type { Axis, Estimated } from '../../core/results.js';
import type { SimulationBody, SystemOptions } from '../../core/system.js';
import { gaussianFunctionOf } from '../../gaussian/expectation.js';
import { describedInputs, givenVectors } from './inputs.js';
import { requireFiniteGradient, warningsOf } from './measures.js';
import { kindsOf, nativeNetwork, type NativeResidualNetwork, type ParameterKind } from './network.js';
import type { ResidualObservable } from './observables.js';
import { axesOf, parametersOf } from './predict.js';
import type { ResolvedResidualRun, ResolvedResidualSpec } from './spec.js';
import { type Sample, meanOf, spreadOf } from './statistics.js';

interface NativeSimulation {
  readonly inputs: number;
  readonly secondMoment: number;
  readonly angularDeficit: number;
  readonly vectors?: Float64Array;
  readonly engine: ResolvedResidualRun['engine'];
  readonly seed: Float64Array;
  readonly firstTrial: number;
  readonly trials: number;
  readonly threads: number;
}

declare module '../../core/addon.js' {
  interface NativeAddon {
    residualSimulate(
      options: NativeSimulation,
      network: NativeResidualNetwork,
      slots?: Int32Array,
    ): Promise<Float64Array>;
    residualMemory(options: NativeSimulation, network: NativeResidualNetwork): number;
  }
}

/** What the addon takes of a run. */
export function nativeSimulation(
  spec: ResolvedResidualSpec,
  run: ResolvedResidualRun,
  vectors: InputVectors | undefined,
): NativeSimulation {
  const { inputs } = spec;
  const count =
    vectors?.count ??
    ('indices' in inputs ? inputs.indices.length : 'values' in inputs ? inputs.values.length : (inputs.count ?? 2));
  const drawn = vectors === undefined && !('indices' in inputs) ? describedInputs(spec, undefined) : undefined;
  return {
    inputs: count,
    secondMoment: drawn?.secondMoments[0] ?? 1,
    angularDeficit: drawn?.angularDeficit ?? 0,
    ...(vectors === undefined ? {} : { vectors: vectors.values }),
    engine: run.engine,
    seed: seedHalves(run.seed),
    firstTrial: run.firstTrial,
    trials: run.trials,
    threads: threadsFor(run.threads),
  };
}

/** Monte Carlo of a spec. See `simulate`. */
export async function simulateResidual(
  spec: ResolvedResidualSpec,
  run: ResolvedResidualRun,
  options: SystemOptions,
): Promise<SimulationBody<ResidualObservable>> {
  requireFiniteGradient(spec.activation);
  const network = nativeNetwork(spec);
  const vectors = givenVectors(spec, options.inputs);
  const native = nativeSimulation(spec, run, vectors);
  const rows = await controlled(options, run.trials, (slots) => addon().residualSimulate(native, network, slots));
  const { warnings } = describedInputs(spec, options.inputs);
  return {
    observables: observablesOf(spec, run, network, native.inputs, rows),
    warnings: [...warningsOf(spec.activation, spec.block, gaussianFunctionOf(spec.activation).isOdd), ...warnings],
  };
}

/** Reads the rows of native/systems/residual/simulation.h. */
function observablesOf(
  spec: ResolvedResidualSpec,
  run: ResolvedResidualRun,
  network: NativeResidualNetwork,
  n: number,
  rows: Float64Array,
): Readonly<Partial<Record<ResidualObservable, Estimated>>> {
  const { depth } = spec;
  const pairs = n - 1;
  const { layers, blocks, below, inputs, pairs: pairAxis } = axesOf(depth, n);
  const [layerStride, blockStride] = [2 * n + pairs, 3 * n + pairs];
  const length = (depth + 1) * layerStride + depth * blockStride;
  const logWidth = (l: number): number => Math.log(network.width[l] as number);
  const logHidden = (l: number): number => Math.log(network.hiddenWidth[l - 1] as number);
  const layer = (trial: number, l: number, entry: number): number =>
    rows[trial * length + l * layerStride + entry] as number;
  const block = (trial: number, l: number, entry: number): number =>
    rows[trial * length + (depth + 1) * layerStride + (l - 1) * blockStride + entry] as number;
  const sample = (axes: readonly [Axis, Axis], value: Sample['value']): Sample => ({
    axes,
    trials: run.trials,
    keepsTrials: run.rawTrials,
    value,
  });
  const perLayer = (value: (trial: number, l: number, a: number) => number): Sample =>
    sample([layers, inputs], (trial, i) => value(trial, Math.floor(i / n), i % n));
  const perBlock = (value: (trial: number, l: number, a: number) => number): Sample =>
    sample([blocks, inputs], (trial, i) => value(trial, Math.floor(i / n) + 1, i % n));
  const logMoment = (trial: number, l: number, a: number): number => layer(trial, l, a) - logWidth(l);
  const total = (trial: number, l: number, a: number): number => layer(trial, l, n + a);
  const perCoordinate = (trial: number, l: number, a: number): number =>
    total(trial, l, a) + logWidth(depth) - logWidth(l);
  const result: Partial<Record<ResidualObservable, Estimated>> = {
    secondMoment: meanOf(perLayer(logMoment), 'log'),
    preactivationVariance: meanOf(
      perBlock((trial, l, a) => block(trial, l, a) - logHidden(l)),
      'log',
    ),
    gradientSecondMoment: meanOf(perLayer(perCoordinate), 'log'),
    gradientTotal: meanOf(perLayer(total), 'log'),
    secondMomentSpread: spreadOf(perBlock(logMoment), 'relative'),
    gradientSpread: spreadOf(
      sample([below, inputs], (trial, i) => total(trial, Math.floor(i / n), i % n)),
      'logarithm',
    ),
  };
  // |∂E/∂v|² = |δ_l|²|φ(h)|², |∂E/∂w|² = |∂E/∂h|²|x_{l−1}|², |∂E/∂a|² = |δ_l|², |∂E/∂b|² = |∂E/∂h|².
  const logTotal: Readonly<Record<ParameterKind, (trial: number, l: number, a: number) => number>> = {
    outerWeight: (trial, l, a) => total(trial, l, a) + block(trial, l, n + a),
    innerWeight: (trial, l, a) => block(trial, l, 2 * n + a) + layer(trial, l - 1, a),
    outerBias: total,
    innerBias: (trial, l, a) => block(trial, l, 2 * n + a),
  };
  for (const kind of kindsOf(spec.block)) {
    const count = (l: number): number => Math.log(parametersOf(kind, l, network));
    result[`${kind}GradientTotal`] = meanOf(perBlock(logTotal[kind]), 'log');
    result[`${kind}Gradient`] = meanOf(
      perBlock((trial, l, a) => logTotal[kind](trial, l, a) + logWidth(depth) - count(l)),
      'log',
    );
  }
  if (pairs === 0) return result;
  const logMetric = (trial: number, l: number): number => layer(trial, l, 2 * n) - Math.log(2) - logWidth(l);
  // 1 − e = s/p with p the mean of both inputs: nothing cancels for nearly parallel inputs.
  const logMean = (trial: number, l: number): number => {
    const [a, b] = [logMoment(trial, l, 0), logMoment(trial, l, 1)];
    return Math.max(a, b) + Math.log1p(Math.exp(-Math.abs(a - b))) - Math.log(2);
  };
  const perPair = (axis: Axis, value: (trial: number, l: number) => number): Sample =>
    sample([axis, pairAxis], (trial, i) => value(trial, axis === layers ? i : i + 1));
  result.metricExpressivity = meanOf(perPair(layers, logMetric), 'log');
  result.angularDeficit = meanOf(
    perPair(layers, (trial, l) => logMetric(trial, l) - logMean(trial, l)),
    'log',
  );
  result.angularExpressivity = meanOf(
    perPair(layers, (trial, l) => -Math.expm1(logMetric(trial, l) - logMean(trial, l))),
    'linear',
  );
  result.preactivationCorrelation = meanOf(
    perPair(blocks, (trial, l) => block(trial, l, 3 * n)),
    'linear',
  );
  return result;
}
