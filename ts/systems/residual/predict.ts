// Theory of `residual`: the recurrences layer by layer, as observables, and the numbers drawn from them.
import type { InputVectors } from '../../core/inputs.js';
import { axis, type Axis, innerAxis, type Predicted, type QuantityValue } from '../../core/results.js';
import type { PredictionBody, SystemOptions } from '../../core/system.js';
import { gaussianFunctionOf } from '../../gaussian/expectation.js';
import { type GrowthLawParameters, growthLaw } from './growth-law.js';
import type { Growth } from './growth-schedule.js';
import { commonExcess } from './common-direction.js';
import { addFiniteSize } from './finite-size.js';
import { type DescribedInputs, predictedInputs } from './inputs.js';
import { fisherLogConditionBound, gateDisagreement, requireFiniteGradient, warningsOf } from './measures.js';
import type { NativeResidualNetwork, Recurrence } from './native.js';
import { kindsOf, logParameterGradient, nativeNetwork, recurrence } from './network.js';
import type { ResidualObservable } from './observables.js';
import { dropsBranches, type ResolvedResidualSpec } from './spec.js';

/** Relative error of the moments, per block; the recurrences add rounding of the same order. */
const momentError = 1e-12;
/** The same where the law of sizes is carried on a lattice. */
const latticeError = 1e-9;

/** Layers, blocks and inputs of a spec as axes. */
interface ResidualAxes {
  readonly layers: Axis;
  readonly blocks: Axis;
  /** Layers 0..L−1: those the gradient is propagated to. */
  readonly below: Axis;
  readonly inputs: Axis;
  readonly pairs: Axis;
}

export function axesOf(depth: number, count: number): ResidualAxes {
  return {
    layers: axis('layer', depth + 1),
    blocks: axis('layer', depth, 1),
    below: axis('layer', depth),
    inputs: innerAxis('input', count),
    pairs: innerAxis('pair', 1),
  };
}

/** Theory of a spec. See `predict`. */
export async function predictResidual(
  spec: ResolvedResidualSpec,
  options: SystemOptions,
): Promise<PredictionBody<ResidualObservable>> {
  requireFiniteGradient(spec.activation);
  const network = nativeNetwork(spec);
  const inputs = predictedInputs(spec, options.inputs as InputVectors | undefined);
  const follows = spec.block !== 'reduced' || network.activation.isOdd;
  // Elsewhere, and under stochastic depth, they are known by size only.
  const fluctuations = follows && !dropsBranches(spec);
  const runs: Recurrence[] = [];
  for (const [i, secondMoment] of inputs.secondMoments.entries()) {
    const known = inputs.secondMoments.indexOf(secondMoment);
    runs.push(
      known < i
        ? (runs[known] as Recurrence)
        : await recurrence(
            network,
            {
              secondMoment,
              angularDeficit: inputs.angularDeficit ?? 0,
              pair: inputs.angularDeficit !== undefined,
              fluctuations: true,
              interpolate: true,
            },
            options,
          ),
    );
  }
  const first = runs[0] as Recurrence;
  const isOdd = gaussianFunctionOf(spec.activation).isOdd;
  return {
    observables: observablesOf(spec, network, inputs, runs, fluctuations),
    quantities: quantitiesOf(spec, network, inputs, first, fluctuations),
    warnings: [...warningsOf(spec.activation, spec.block, isOdd), ...inputs.warnings],
  };
}

function observablesOf(
  spec: ResolvedResidualSpec,
  network: NativeResidualNetwork,
  inputs: DescribedInputs,
  runs: readonly Recurrence[],
  fluctuations: boolean,
): Readonly<Partial<Record<ResidualObservable, Predicted>>> {
  const { depth } = spec;
  const { layers, blocks, below, inputs: inputAxis, pairs } = axesOf(depth, runs.length);
  const error = (dropsBranches(spec) ? latticeError : momentError) * Math.max(1, depth);
  const per = (
    axes: readonly [Axis, Axis],
    scale: 'linear' | 'log',
    value: (l: number, run: Recurrence) => number,
  ): Predicted => ({
    axes,
    scale,
    error,
    values: Float64Array.from({ length: axes[0].values.length * axes[1].values.length }, (_, i) => {
      const inner = axes[1].values.length;
      return value(Math.floor(i / inner), runs[i % inner] as Recurrence);
    }),
  });
  const result: Partial<Record<ResidualObservable, Predicted>> = {
    secondMoment: per([layers, inputAxis], 'log', (l, run) => run.logSecondMoment[l] as number),
    preactivationVariance: per([blocks, inputAxis], 'log', (i, run) => run.logPreactivationVariance[i] as number),
    gradientSecondMoment: per([layers, inputAxis], 'log', (l, run) => run.logGradient[l] as number),
    gradientTotal: per(
      [layers, inputAxis],
      'log',
      (l, run) =>
        (run.logGradient[l] as number) + Math.log((network.width[l] as number) / (network.width[depth] as number)),
    ),
  };
  for (const kind of kindsOf(spec.block)) {
    result[`${kind}Gradient`] = per([blocks, inputAxis], 'log', (i, run) =>
      logParameterGradient(kind, i + 1, network, run),
    );
    result[`${kind}GradientTotal`] = per(
      [blocks, inputAxis],
      'log',
      (i, run) =>
        logParameterGradient(kind, i + 1, network, run) +
        Math.log(parametersOf(kind, i + 1, network) / (network.width[depth] as number)),
    );
  }
  if (fluctuations) {
    result.secondMomentSpread = per(
      [blocks, inputAxis],
      'linear',
      (i, run) => run.secondMomentVariance[i + 1] as number,
    );
    result.gradientSpread = per([below, inputAxis], 'linear', (l, run) => run.logGradientVariance[l] as number);
  }
  if (inputs.angularDeficit !== undefined) {
    const deficit = (l: number, run: Recurrence): number =>
      Math.exp((run.logMetricExpressivity[l] as number) - (run.logSecondMoment[l] as number));
    result.metricExpressivity = per([layers, pairs], 'log', (l, run) => run.logMetricExpressivity[l] as number);
    result.angularExpressivity = per([layers, pairs], 'linear', (l, run) => 1 - deficit(l, run));
    result.angularDeficit = per(
      [layers, pairs],
      'log',
      (l, run) => (run.logMetricExpressivity[l] as number) - (run.logSecondMoment[l] as number),
    );
    result.preactivationCorrelation = per(
      [blocks, pairs],
      'linear',
      (i, run) => 1 - (run.preactivationDeficit[i] as number),
    );
  }
  const isCommon = spec.block === 'reduced' && !network.activation.isOdd;
  addFiniteSize(result, network, runs, isCommon ? runs.map((run) => commonExcess(spec, network, run)) : undefined);
  return result;
}

/** Number of parameters of a kind in a block. */
export function parametersOf(
  kind: 'outerWeight' | 'innerWeight' | 'outerBias' | 'innerBias',
  block: number,
  network: { readonly width: Float64Array; readonly hiddenWidth: Float64Array },
): number {
  const [before, after, hidden] = [
    network.width[block - 1] as number,
    network.width[block] as number,
    network.hiddenWidth[block - 1] as number,
  ];
  return kind === 'outerWeight'
    ? after * hidden
    : kind === 'innerWeight'
      ? hidden * before
      : kind === 'outerBias'
        ? after
        : hidden;
}

function quantitiesOf(
  spec: ResolvedResidualSpec,
  network: NativeResidualNetwork,
  inputs: DescribedInputs,
  run: Recurrence,
  fluctuations: boolean,
): Readonly<Record<string, QuantityValue>> {
  const { depth, block } = spec;
  const at = (list: Float64Array): number => list[list.length - 1] as number;
  const result: Record<string, QuantityValue> = {
    logSecondMoment: at(run.logSecondMoment),
    logGradientRatio: run.logGradient[0] as number,
    ...(depth > 0 ? { fisherLogConditionBound: fisherLogConditionBound(network, run, block) } : {}),
  };
  if (inputs.angularDeficit !== undefined) {
    const logDeficit = at(run.logMetricExpressivity) - at(run.logSecondMoment);
    result.logMetricExpressivity = at(run.logMetricExpressivity);
    result.angularDeficit = Math.exp(logDeficit);
    result.angularExpressivity = -Math.expm1(logDeficit);
    result.gateDisagreement = gateDisagreement(run);
  }
  if (fluctuations) {
    result.relativeStandardDeviationOfSecondMoment = finiteOr(Math.sqrt(at(run.secondMomentVariance)));
    result.varianceOfLogGradient = finiteOr(run.logGradientVariance[0] as number);
  }
  return { ...result, ...growthOf(spec) };
}

function finiteOr(value: number): QuantityValue {
  return Number.isFinite(value) ? value : { reason: 'infinite: the fourth moment of the derivative diverges' };
}

/** The growth law's forms, where the spec is a point of the diagram. */
function growthOf(spec: ResolvedResidualSpec): Readonly<Record<string, QuantityValue>> {
  const isPoint =
    spec.block === 'full' &&
    spec.depthPower === 0 &&
    !dropsBranches(spec) &&
    [
      spec.innerWeightVariance,
      spec.innerBiasVariance,
      spec.outerWeightVariance,
      spec.outerBiasVariance,
      spec.keepProbability,
    ].every((value) => typeof value === 'number');
  if (!isPoint) return {};
  // For one input dropout is a larger outer variance: only σ_v² V and σ_v² V̇ occur, over ρ.
  const outerWeightVariance = (spec.outerWeightVariance as number) / (spec.keepProbability as number);
  try {
    const law = growthLaw({ ...(spec as unknown as GrowthLawParameters), outerWeightVariance, tolerance: 1e-12 });
    const of = (name: string, growth: Growth | undefined): [string, QuantityValue][] =>
      growth === undefined
        ? []
        : Object.entries(growth).map(([part, value]) => [`growthLaw.${name}.${part}`, value as QuantityValue]);
    return Object.fromEntries([
      ['growthLaw.region', law.region],
      ['growthLaw.onBoundary', law.onBoundary],
      ...of('gradient', law.gradient),
      ...of('length', law.length),
    ]);
  } catch (error) {
    // No law for this activation or schedule: the recurrences stand alone.
    return { 'growthLaw.region': { reason: (error as Error).message } };
  }
}
