// Exact simulation of `feedforward`: arguments for the native engines, and the statistics of their trials.
import { addon, seedHalves } from '../../core/addon.js';
import { perLayer } from '../../core/checks.js';
import { drawnDeficit, type InputVectors, vectorsOf } from '../../core/inputs.js';
import { memoryAllowed, threadsFor } from '../../core/memory.js';
import type { SimulationBody, SystemOptions } from '../../core/system.js';
import { type ResolvedActivation, resolveActivation } from '../../gaussian/activations.js';
import { alphaDropout, alphaForm } from '../../gaussian/alpha-dropout.js';
import {
  axesAt,
  estimateTrials,
  type Measure,
  type RowTable,
  type TrialEstimator,
  valueAt,
} from '../../statistics/trials.js';
import type { FeedforwardParameters, FeedforwardPlace } from './native.js';
import type { FeedforwardObservable } from './observables.js';
import {
  activationOf,
  inputWidthOf,
  largestPaired,
  type ResolvedFeedforwardRun,
  type ResolvedFeedforwardSpec,
} from './spec.js';

/** Part of the memory limit that the engine may use to keep what the backward pass would otherwise draw again. */
const budgetShare = 0.25;

/** Draws the trials and reduces them. See `simulate`. */
export async function simulateFeedforward(
  spec: ResolvedFeedforwardSpec,
  run: ResolvedFeedforwardRun,
  options: SystemOptions,
): Promise<SimulationBody<FeedforwardObservable>> {
  const parameters = nativeParameters(spec, run, options.inputs);
  const table = addon().feedforwardLayout({ ...parameters, trials: 1 });
  // The engine counts a forward and a backward pass through every layer of every trial.
  const observables = await estimateTrials(
    measuresOf(table),
    run,
    table.rowLength,
    2 * spec.depth,
    options,
    (part, slots) => addon().simulateFeedforward({ ...parameters, ...part }, slots),
  );
  return { observables, warnings: [] };
}

/** What is estimated from a row. */
function measuresOf({ places }: RowTable<FeedforwardPlace>): Record<FeedforwardObservable, Measure> {
  const measure = (name: FeedforwardPlace, estimator: TrialEstimator, more: Partial<Measure> = {}): Measure => ({
    axes: axesAt(places[name]),
    estimator,
    value: valueAt(places[name]),
    ...more,
  });
  /** The mean over those trials in which the value is defined. */
  const where = (name: FeedforwardPlace, defined: FeedforwardPlace, reason: string): Measure => {
    const [value, isDefined] = [valueAt(places[name]), valueAt(places[defined])];
    return measure(name, 'mean', {
      value: (row, i, j) => (isDefined(row, i, j) === 0 ? Number.NaN : value(row, i, j)),
      reason,
    });
  };
  const zeroError = 'an error is exactly zero in some trial';
  return {
    variance: measure('variance', 'mean'),
    covariance: measure('covariance', 'mean'),
    correlation: where('correlation', 'correlationDefined', 'a variance is exactly zero in every trial'),
    errorNorm: measure('logErrorSquaredNorm', 'meanLog', { reason: zeroError }),
    errorCorrelation: where('errorCosine', 'errorCosineDefined', 'an error is exactly zero in every trial'),
    gradientSingle: measure('logGradientSingle', 'logMean'),
    gradientPair: measure('logGradientPair', 'logMean', { sign: valueAt(places.gradientPairSign) }),
    gradientPairAbsolute: measure('logGradientPairAbsolute', 'logMean'),
    typicalGradientSingle: measure('logGradientSingle', 'meanLog', { reason: zeroError }),
  };
}

/** φ of every layer, or one for all of them. With alpha dropout ρ(aφ + b) in the hidden layers. */
function nativeActivations(
  spec: ResolvedFeedforwardSpec,
  keepProbability: readonly number[],
): readonly ResolvedActivation[] {
  const isAlpha = spec.dropout === 'alpha' && keepProbability.some((keep) => keep < 1);
  if (!Array.isArray(spec.activation) && !isAlpha) return [resolveActivation(activationOf(spec, 0))];
  return Array.from({ length: spec.depth }, (_, l) => {
    const plain = resolveActivation(activationOf(spec, l));
    const keep = keepProbability[l] ?? 1;
    if (!isAlpha || keep === 1) return plain;
    const { shift, scale, offset } = alphaForm(keep);
    return { ...plain, affine: Float64Array.of(shift, scale, offset) };
  });
}

/** What the addon takes. Without `vectors`, inputs that name a data set are planned as two vectors of the first width. */
export function nativeParameters(
  spec: ResolvedFeedforwardSpec,
  run: ResolvedFeedforwardRun,
  vectors: InputVectors | undefined,
): FeedforwardParameters {
  const { depth, inputs, weights } = spec;
  const width = perLayer('width', spec.width, depth);
  const keepProbability = perLayer('keepProbability', spec.keepProbability, depth - 1);
  const given = 'values' in inputs ? vectorsOf(inputs) : vectors;
  const isDrawn = given === undefined;
  const count =
    given?.count ?? ('indices' in inputs ? inputs.indices.length : 'count' in inputs ? (inputs.count ?? 2) : 2);
  const secondMoment = 'secondMoment' in inputs ? (inputs.secondMoment ?? 1) : 1;
  const correlation = 1 - ('values' in inputs || 'dataset' in inputs ? 0.5 : drawnDeficit(inputs));
  return {
    activations: nativeActivations(spec, keepProbability),
    width: Float64Array.from([given?.dimension ?? inputWidthOf(spec), ...width]),
    weightVariance: Float64Array.from(perLayer('weightVariance', spec.weightVariance, depth)),
    biasVariance: Float64Array.from(perLayer('biasVariance', spec.biasVariance, depth)),
    biasMean: Float64Array.from(spec.biasMean === 0 ? [] : perLayer('biasMean', spec.biasMean, depth)),
    keepProbability: Float64Array.from(keepProbability),
    droppedValue: Float64Array.from(
      spec.dropout === 'alpha' ? keepProbability.map((keep) => (keep < 1 ? alphaDropout(keep).c : 0)) : [],
    ),
    inputKeepProbability: spec.inputKeepProbability,
    maskSharing: spec.maskSharing,
    inputs: count,
    inputVariance: isDrawn ? new Float64Array(count).fill(secondMoment) : new Float64Array(),
    inputCorrelation: isDrawn
      ? Float64Array.from({ length: count * count }, (_, i) => (i % (count + 1) === 0 ? 1 : correlation))
      : new Float64Array(),
    inputVectors: given?.values ?? new Float64Array(),
    output: spec.output,
    weightLaw: typeof weights === 'string' ? weights : weights.law,
    lawParameter:
      typeof weights === 'string' ? 0 : weights.law === 'studentT' ? weights.degreesOfFreedom : weights.density,
    backwardWeights: spec.backwardWeights,
    engine: run.engine,
    precision: run.precision,
    pairedInputs: Math.min(count, largestPaired),
    rankTolerance: 1e-12,
    memoryBudget: budgetShare * (run.memoryLimit ?? 0.8 * memoryAllowed()),
    seed: seedHalves(run.seed),
    firstTrial: run.firstTrial,
    trials: run.trials,
    threads: threadsFor(run.threads),
  };
}
