// Exact simulation of `feedforward`: arguments for the native engines, and the statistics of their trials.
import { addon, seedHalves } from '../../core/addon.js';
import { perLayer } from '../../core/checks.js';
import { controlled } from '../../core/control.js';
import { drawnDeficit, type InputVectors } from '../../core/inputs.js';
import { memoryAllowed, threadsFor } from '../../core/memory.js';
import { type Axis, axis, type Estimated, innerAxis } from '../../core/results.js';
import type { SimulationBody, SystemOptions } from '../../core/system.js';
import { resolveActivation } from '../../gaussian/activations.js';
import { addLog, estimatedLog, type LogAccumulator, logAccumulator } from '../../statistics/log-moments.js';
import { type Accumulator, accumulator, addTrial, estimated } from '../../statistics/moments.js';
import type { FeedforwardLayout, FeedforwardParameters } from './native.js';
import type { FeedforwardObservable } from './observables.js';
import { inputWidthOf, largestPaired, type ResolvedFeedforwardRun, type ResolvedFeedforwardSpec } from './spec.js';

/** Numbers held at once by the rows of one native call: 256 MiB. */
const rowsAtOnce = 2 ** 25;
/** Part of the memory limit that the engine may use to keep what the backward pass would otherwise draw again. */
const budgetShare = 0.25;

/** Trials of one native call. */
export function chunkOf(rowLength: number): number {
  return Math.max(1, Math.floor(rowsAtOnce / rowLength));
}

/** Draws the trials and reduces them in the order of their index, so that no result depends on threads or chunks. */
export async function simulateFeedforward(
  spec: ResolvedFeedforwardSpec,
  run: ResolvedFeedforwardRun,
  options: SystemOptions,
): Promise<SimulationBody<FeedforwardObservable>> {
  const parameters = nativeParameters(spec, run, options.inputs);
  const layout = addon().feedforwardLayout({ ...parameters, trials: 1 });
  const gathered = reducer(spec.depth, parameters.inputs, layout, run.rawTrials ? run.trials : 0);
  // The engine counts a forward and a backward pass through every layer of every trial.
  await controlled(options, 2 * spec.depth * run.trials, async (slots) => {
    const chunk = chunkOf(layout.rowLength);
    for (let first = 0; first < run.trials; first += chunk) {
      const trials = Math.min(chunk, run.trials - first);
      const rows = await addon().simulateFeedforward(
        { ...parameters, firstTrial: run.firstTrial + first, trials },
        slots,
      );
      for (let trial = 0; trial < trials; trial++) gathered.add(rows, trial * layout.rowLength, first + trial);
    }
  });
  return { observables: gathered.observables(), warnings: [] };
}

function flattened(rows: readonly (readonly number[])[]): Float64Array {
  const dimension = rows[0]?.length ?? 0;
  const values = new Float64Array(rows.length * dimension);
  rows.forEach((row, i) => values.set(row, i * dimension));
  return values;
}

/** What the addon takes. Without `vectors`, inputs that name a data set are planned as two vectors of the first width. */
export function nativeParameters(
  spec: ResolvedFeedforwardSpec,
  run: ResolvedFeedforwardRun,
  vectors: InputVectors | undefined,
): FeedforwardParameters {
  const { depth, inputs, weights } = spec;
  const width = perLayer('width', spec.width, depth);
  const given =
    'values' in inputs
      ? { count: inputs.values.length, dimension: inputs.values[0]?.length ?? 0, values: flattened(inputs.values) }
      : vectors;
  const isDrawn = given === undefined;
  const count =
    given?.count ?? ('indices' in inputs ? inputs.indices.length : 'count' in inputs ? (inputs.count ?? 2) : 2);
  const secondMoment = 'secondMoment' in inputs ? (inputs.secondMoment ?? 1) : 1;
  const correlation = 1 - ('values' in inputs || 'dataset' in inputs ? 0.5 : drawnDeficit(inputs));
  return {
    activation: resolveActivation(spec.activation),
    width: Float64Array.of(given?.dimension ?? inputWidthOf(spec), ...width),
    weightVariance: Float64Array.from(perLayer('weightVariance', spec.weightVariance, depth)),
    biasVariance: Float64Array.from(perLayer('biasVariance', spec.biasVariance, depth)),
    keepProbability: Float64Array.from(perLayer('keepProbability', spec.keepProbability, depth - 1)),
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

interface Reducer {
  readonly add: (rows: Float64Array, offset: number, trial: number) => void;
  readonly observables: () => Record<string, Estimated>;
}

/** Position in a layer's block and number of entries of one kind of value. */
interface Field {
  readonly at: number;
  readonly count: number;
  readonly axis: 'input' | 'pair';
  /** Where the flags stand that say whether the value is defined. */
  readonly definedAt?: number;
  readonly signAt?: number;
}

type Kept = { readonly field: Field; readonly raw?: Float64Array } & (
  | { readonly kind: 'mean' | 'meanLog'; readonly sums: Accumulator; readonly reason: string }
  | { readonly kind: 'log'; readonly sums: LogAccumulator }
);

function reducer(depth: number, inputs: number, layout: FeedforwardLayout, rawTrials: number): Reducer {
  const paired = Math.min(inputs, largestPaired);
  const pairs = (paired * (paired - 1)) / 2;
  const single = (at: number): Field => ({ at, count: inputs, axis: 'input' });
  const pair = (at: number, more: Partial<Field> = {}): Field => ({ at, count: pairs, axis: 'pair', ...more });
  const linear = (kind: 'mean' | 'meanLog', field: Field, reason: string): Kept => ({
    field,
    kind,
    sums: accumulator(depth * field.count),
    reason,
  });
  const log = (field: Field): Kept => ({
    field,
    kind: 'log',
    sums: logAccumulator(depth * field.count, field.signAt !== undefined),
  });
  const zeroError = 'an error is exactly zero in some trial';
  const all: Readonly<Record<string, Kept>> = {
    variance: linear('mean', single(layout.variance), 'no trial'),
    covariance: linear('mean', pair(layout.covariance), 'no trial'),
    correlation: linear(
      'mean',
      pair(layout.correlation, { definedAt: layout.correlationDefined }),
      'a variance is exactly zero in every trial',
    ),
    errorNorm: linear('meanLog', single(layout.logErrorSquaredNorm), zeroError),
    errorCorrelation: linear(
      'mean',
      pair(layout.errorCosine, { definedAt: layout.errorCosineDefined }),
      'an error is exactly zero in every trial',
    ),
    gradientSingle: log(single(layout.logGradientSingle)),
    gradientPair: log(pair(layout.logGradientPair, { signAt: layout.gradientPairSign })),
    gradientPairAbsolute: log(pair(layout.logGradientPairAbsolute)),
    typicalGradientSingle: linear('meanLog', single(layout.logGradientSingle), zeroError),
  };
  const kept = Object.entries(all)
    .filter(([, { field }]) => field.count > 0)
    .map(([name, entry]): [string, Kept] => [
      name,
      rawTrials > 0 ? { ...entry, raw: new Float64Array(rawTrials * depth * entry.field.count) } : entry,
    ]);
  const values = new Float64Array(depth * Math.max(inputs, pairs));
  return {
    add: (rows, offset, trial) => {
      for (const [, entry] of kept) addEntry(entry, rows, offset, trial, depth, layout.layerStride, values);
    },
    observables: () =>
      Object.fromEntries(
        kept.map(([name, entry]) => [
          name,
          finished(entry, [axis('layer', depth, 1), innerAxis(entry.field.axis, entry.field.count)]),
        ]),
      ),
  };
}

/** Adds one trial of one kind of value; raw values of a signed logarithm are sign·exp(log) in log form with the sign lost. */
function addEntry(
  entry: Kept,
  rows: Float64Array,
  offset: number,
  trial: number,
  depth: number,
  stride: number,
  values: Float64Array,
): void {
  const { at, count, definedAt, signAt } = entry.field;
  for (let layer = 0; layer < depth; layer++) {
    const base = offset + layer * stride;
    for (let k = 0; k < count; k++) {
      const i = layer * count + k;
      const value = rows[base + at + k] as number;
      if (entry.kind === 'log')
        addLog(entry.sums, i, value, signAt === undefined ? 1 : (rows[base + signAt + k] as number));
      else values[i] = definedAt !== undefined && rows[base + definedAt + k] === 0 ? Number.NaN : value;
      if (entry.raw !== undefined) entry.raw[trial * depth * count + i] = value;
    }
  }
  if (entry.kind !== 'log') addTrial(entry.sums, values);
}

function finished(entry: Kept, axes: readonly Axis[]): Estimated {
  const result =
    entry.kind === 'log' ? estimatedLog(entry.sums, axes) : estimated(entry.sums, axes, entry.kind, entry.reason);
  return entry.raw === undefined ? result : { ...result, trials: entry.raw };
}
