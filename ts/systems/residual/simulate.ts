// Exact simulation of `residual`: arguments for the native engines, statistics of their trials.
import { addon, seedHalves } from '../../core/addon.js';
import { threadsFor } from '../../core/memory.js';
import type { InputVectors } from '../../core/inputs.js';
import type { Axis, Estimated } from '../../core/results.js';
import type { SimulationBody, SystemOptions } from '../../core/system.js';
import { gaussianFunctionOf } from '../../gaussian/expectation.js';
import {
  estimateTrials,
  type Measure,
  type RowTable,
  type TrialEstimator,
  type TrialValue,
  valueAt,
} from '../../statistics/trials.js';
import { describedInputs, givenVectors } from './inputs.js';
import { requireFiniteGradient, warningsOf } from './measures.js';
import type { NativeResidualNetwork, NativeSimulation, ResidualPlace } from './native.js';
import { kindsOf, nativeNetwork, type ParameterKind } from './network.js';
import type { ResidualObservable } from './observables.js';
import { axesOf, parametersOf } from './predict.js';
import { dropsBranches, type ResolvedResidualRun, type ResolvedResidualSpec } from './spec.js';

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
  const native = nativeSimulation(spec, run, givenVectors(spec, options.inputs));
  const table = addon().residualLayout({ ...native, trials: 1 }, network);
  const observables = await estimateTrials(
    measuresOf(spec, network, native.inputs, table),
    run,
    table.rowLength,
    1,
    options,
    (part, slots) => addon().residualSimulate({ ...native, ...part }, network, slots),
  );
  const { warnings } = describedInputs(spec, options.inputs);
  return {
    observables: resolvedPairs(observables),
    warnings: [...warningsOf(spec.activation, spec.block, gaussianFunctionOf(spec.activation).isOdd), ...warnings],
  };
}

/** log s/p below which the distance of two inputs is rounding: 1e-13 of their size, squared. */
const smallestDeficit = Math.log(1e-26);

/** Distances that rounding makes are no estimates: inputs that a bias makes alike to 1e-13 differ by less than doubles keep. */
function resolvedPairs(
  observables: Partial<Record<ResidualObservable, Estimated>>,
): Partial<Record<ResidualObservable, Estimated>> {
  const { angularDeficit, metricExpressivity } = observables;
  if (angularDeficit === undefined || metricExpressivity === undefined) return observables;
  // Equal inputs stay equal: their distance is exactly 0 in the first layer too.
  if (angularDeficit.values[0] === -Infinity) return observables;
  const hidden = new Set((angularDeficit.undefinedAt ?? []).map(({ index }) => index));
  const lost = Array.from(angularDeficit.values.keys()).filter(
    (i) => !hidden.has(i) && (angularDeficit.values[i] as number) < smallestDeficit,
  );
  if (lost.length === 0) return observables;
  const without = (observable: Estimated): Estimated => {
    const values = observable.values.slice();
    for (const i of lost) values[i] = 0;
    const reason = 'the distance of the two inputs is below the rounding of their activations';
    const undefinedAt = [...(observable.undefinedAt ?? []), ...lost.map((index) => ({ index, reason }))];
    return { ...observable, values, undefinedAt: undefinedAt.sort((a, b) => a.index - b.index) };
  };
  return {
    ...observables,
    angularDeficit: without(angularDeficit),
    metricExpressivity: without(metricExpressivity),
  };
}

/** What is estimated from a row: layers l = 0..L stand at position l, blocks l = 1..L at position l − 1. */
function measuresOf(
  spec: ResolvedResidualSpec,
  network: NativeResidualNetwork,
  n: number,
  { places }: RowTable<ResidualPlace>,
): Readonly<Partial<Record<ResidualObservable, Measure>>> {
  const { depth } = spec;
  const { layers, blocks, below, inputs, pairs } = axesOf(depth, n);
  const squaredNorm = valueAt(places.logSquaredNorm);
  const total = valueAt(places.logGradient);
  const distance = valueAt(places.logDistance);
  const preactivation = valueAt(places.logPreactivation);
  const activation = valueAt(places.logActivation);
  const hidden = valueAt(places.logHidden);
  const branch = valueAt(places.logBranch);
  const logWidth = Array.from(network.width, Math.log);
  const logHiddenWidth = Array.from(network.hiddenWidth, Math.log);
  const at = (list: readonly number[], i: number): number => list[i] as number;
  const measure = (axis: Axis, estimator: TrialEstimator, value: TrialValue, inner = inputs): Measure => ({
    axes: [axis, inner],
    estimator,
    value,
    reason: 'both inputs are exactly zero in every trial',
  });
  const logMoment: TrialValue = (row, l, a) => squaredNorm(row, l, a) - at(logWidth, l);
  const result: Partial<Record<ResidualObservable, Measure>> = {
    secondMoment: measure(layers, 'logMean', logMoment),
    preactivationVariance: measure(blocks, 'logMean', (row, i, a) => preactivation(row, i, a) - at(logHiddenWidth, i)),
    gradientSecondMoment: measure(
      layers,
      'logMean',
      (row, l, a) => total(row, l, a) + at(logWidth, depth) - at(logWidth, l),
    ),
    gradientTotal: measure(layers, 'logMean', total),
    secondMomentSpread: measure(blocks, 'relativeSpread', (row, i, a) => logMoment(row, i + 1, a)),
    gradientSpread: measure(below, 'logSpread', total),
  };
  // Gradient of what a block's branch adds: that of x_l, times β/τ under stochastic depth.
  const added: TrialValue = dropsBranches(spec)
    ? (row, i, a) => total(row, i + 1, a) + branch(row, i, a)
    : (row, i, a) => total(row, i + 1, a);
  // |∂E/∂v|² = |δ_l|²|φ(h)|², |∂E/∂w|² = |∂E/∂h|²|x_{l−1}|², |∂E/∂a|² = |δ_l|², |∂E/∂b|² = |∂E/∂h|²: block l at i = l − 1.
  const logTotal: Readonly<Record<ParameterKind, TrialValue>> = {
    outerWeight: (row, i, a) => added(row, i, a) + activation(row, i, a),
    innerWeight: (row, i, a) => hidden(row, i, a) + squaredNorm(row, i, a),
    outerBias: added,
    innerBias: hidden,
  };
  for (const kind of kindsOf(spec.block)) {
    const logCount = Array.from({ length: depth }, (_, i) => Math.log(parametersOf(kind, i + 1, network)));
    result[`${kind}GradientTotal`] = measure(blocks, 'logMean', logTotal[kind]);
    result[`${kind}Gradient`] = measure(
      blocks,
      'logMean',
      (row, i, a) => logTotal[kind](row, i, a) + at(logWidth, depth) - at(logCount, i),
    );
  }
  if (n === 1) return result;
  const logMetric: TrialValue = (row, l) => distance(row, l, 0) - Math.LN2 - at(logWidth, l);
  // 1 − e = s/p with p the mean of both inputs: nothing cancels for nearly parallel inputs.
  const logDeficit: TrialValue = (row, l) => {
    const [a, b] = [logMoment(row, l, 0), logMoment(row, l, 1)];
    return logMetric(row, l, 0) - (Math.max(a, b) + Math.log1p(Math.exp(-Math.abs(a - b))) - Math.LN2);
  };
  result.metricExpressivity = measure(layers, 'logMean', logMetric, pairs);
  result.angularDeficit = measure(layers, 'logMean', logDeficit, pairs);
  result.angularExpressivity = measure(layers, 'mean', (row, l) => -Math.expm1(logDeficit(row, l, 0)), pairs);
  result.preactivationCorrelation = measure(blocks, 'mean', valueAt(places.correlation), pairs);
  return result;
}
