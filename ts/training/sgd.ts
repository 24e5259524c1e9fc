// The trainer of every network of layers: minibatch gradient descent on native kernels.
import { canonicalHash, sha256 } from '../core/codec.js';
import { type ControlOptions, controlled } from '../core/control.js';
import { expectedError, MftError } from '../core/errors.js';
import {
  type DataShape,
  dataShape,
  type Examples,
  type NamedArray,
  type Trainer,
  type TrainerControl,
  type TrainerJob,
  type TrainingBody,
  type TrainingData,
} from '../core/trainer.js';
import { type Given, native, type NativeExamples, type NativeJob, nativeJob, type NativeTensor } from './native.js';
import { inputMap } from './normalise.js';
import { learningRates, type ResolvedTrainOptions, resolveTrainOptions, trainOptionsSchema } from './options.js';
import { counters, logPathProbability, stepsWithPaths } from './paths.js';
import type { TrainingPlan } from './plan.js';
import { scaled } from './scaling.js';
import { trainingBody } from './result.js';
import { flatWeights, namedWeights, readWeights, writeWeights } from './weights.js';

type SgdTrainer<Spec> = Trainer<Spec, TrainingPlan, ResolvedTrainOptions>;

/** Gradient descent on the network that `plan` makes of a spec. */
export function sgd<Spec>(plan: SgdTrainer<Spec>['plan']): SgdTrainer<Spec> {
  return {
    optionsSchema: trainOptionsSchema,
    resolveOptions: resolveTrainOptions,
    plan: (spec, data, options) => scaled(plan(spec, data, options), options),
    complete,
    flops,
    bytes,
    units,
    run,
  };
}

/** Batch size and biases of the plan, where it says them. */
function complete(plan: TrainingPlan, options: ResolvedTrainOptions, data: DataShape): ResolvedTrainOptions {
  const batchSize = plan.batch === undefined ? options.batchSize : plan.batch === 'all' ? data.count : plan.batch;
  if (batchSize > data.count)
    throw expectedError(
      'ERR_MFT_OUT_OF_RANGE',
      'batchSize',
      `a whole number in [1, ${data.count}], the training images (left out, it is 128)`,
      batchSize,
    );
  refuseUnknown('forwardMultipliers', options.forwardMultipliers, multipliedLayers(plan));
  return {
    ...options,
    batchSize,
    // Streams keep their order.
    shuffle: options.shuffle && plan.carriesState !== true,
    hasBiases: plan.layers.some(({ hasBiases }) => hasBiases),
  };
}

interface Duration {
  readonly stepsPerEpoch: number;
  readonly steps: number;
}

function duration(plan: TrainingPlan, options: ResolvedTrainOptions, data: DataShape): Duration {
  const stepsPerEpoch = Math.floor(data.count / options.batchSize);
  const planned =
    options.steps ?? (options.epochs === undefined ? plan.steps : undefined) ?? stepsPerEpoch * (options.epochs ?? 1);
  return { stepsPerEpoch, steps: options.moreSteps ? stepsWithPaths(planned, logPathProbability(plan)) : planned };
}

function units(plan: TrainingPlan, options: ResolvedTrainOptions, data: DataShape): number {
  return duration(plan, options, data).steps;
}

/** Multiply-adds that an output of a layer costs beside its products: activation, mask, gradient. */
const perOutput = 40;
/** What a step costs whatever its size: handing work to the threads, reading examples. */
const perStep = 200_000;
/** What the description of a run costs before the first step. */
const perRun = 1e7;
/** A normal number and its place in the weights. */
const perParameter = 20;

/**
 * Forward, backward and gradient cost one product of the weights each, 2 operations a multiply-add; evaluations the first.
 * The update reads and writes every weight once a step, as much as a few examples.
 */
function flops(plan: TrainingPlan, options: ResolvedTrainOptions, data: DataShape): number {
  const { steps, stepsPerEpoch } = duration(plan, options, data);
  const products = plan.layers.reduce((sum, layer) => sum + layer.multiplyAdds, 0);
  const outputs = plan.layers.reduce((sum, { output }) => sum + output.reduce((size, side) => size * side, 1), 0);
  const reports = Math.max(1, Math.ceil(steps / (options.reportEvery || stepsPerEpoch)));
  const evaluated = Math.min(options.trainEvaluation, data.count) + reports * (data.testCount ?? 0);
  const trained = steps * (6 * products * (options.batchSize + 1) + perOutput * outputs * options.batchSize + perStep);
  return perRun + perParameter * products + trained + evaluated * (2 * products + (perOutput / 4) * outputs);
}

/** What the allocator keeps between the arrays of a run, and the descriptions of a run on both sides of the border. */
const [slack, descriptions] = [1.01, 2 ** 22] as const;
/** Copies of the learning rates of all steps. */
const perRate = 2;
/** Bytes of a weight that is given: in its array, in that of all, and behind the border. */
const perGiven = 8 + 8 + 8;

function bytes(plan: TrainingPlan, options: ResolvedTrainOptions, data: DataShape, threads: number): number {
  const zeros = new Float64Array(data.dimension);
  const { stepsPerEpoch, steps } = duration(plan, options, data);
  // The rates of the steps are counted, not made: here and in native code, with what they are made from.
  const one = new Float64Array(1);
  const job = nativeJob(plan, options, { scale: zeros, shift: zeros }, one, stepsPerEpoch, threads, '');
  const given = options.initialWeights === undefined ? 0 : perGiven * numbersOf(native.tensors(job));
  // What is returned comes as doubles, of which floats are copied.
  const isReturned = options.returnWeights || options.saveWeights !== undefined;
  const copied = isReturned && options.precision === 'float32' ? 4 * numbersOf(native.tensors(job)) : 0;
  return slack * (native.memory(job) + 8 * perRate * (steps - 1) + given + copied) + descriptions;
}

const numbersOf = (tensors: readonly NativeTensor[]): number =>
  tensors.reduce((sum, { shape }) => sum + shape.reduce((size, side) => size * side, 1), 0);

interface Prepared extends Duration {
  readonly job: NativeJob;
  readonly tensors: readonly NativeTensor[];
}

async function prepare(
  { plan, options, identity, given }: TrainerJob<TrainingPlan, ResolvedTrainOptions>,
  train: Examples,
  threads: number,
  control: ControlOptions,
): Promise<Prepared> {
  const lasting = duration(plan, options, dataShape(train, options.trainCount));
  const {
    threads: _threads,
    checkpoint: _checkpoint,
    checkpointEvery: _every,
    memoryLimit: _limit,
    returnWeights: _return,
    saveWeights: _save,
    steps: _steps,
    epochs: _epochs,
    initialWeights,
    ...deciding
  } = options;
  const start =
    typeof initialWeights === 'string' ? await readWeights(initialWeights, signalOf(control)) : initialWeights;
  const job = nativeJob(
    plan,
    options,
    inputMap(train, options.normalization),
    learningRates(options, lasting.steps),
    lasting.stepsPerEpoch,
    threads,
    runKey(
      { ...identity, options: deciding, ...(start === undefined ? {} : { start: hashOf(start) }) },
      options,
      lasting,
    ),
    given as Given | undefined,
  );
  const tensors = native.tensors(job);
  const trainedNames = tensors.flatMap(({ name, isFixed }) => (isFixed ? [] : [layerOf(name), name]));
  refuseUnknown('rateMultipliers', options.rateMultipliers, new Set(trainedNames));
  return {
    job: {
      ...job,
      rateMultipliers: ratesOf(tensors, plan, options.rateMultipliers),
      ...(start === undefined ? {} : { initialParameters: flatWeights(tensors, start) }),
    },
    tensors,
    ...lasting,
  };
}

/**
 * What a stored state must have been made with. A run may go on with more steps unless its schedule depends on their number,
 * which then stands after a space: native/train/checkpoint.cc says which of the two differs.
 */
function runKey(identity: object, { schedule }: ResolvedTrainOptions, { steps }: Duration): string {
  const base = canonicalHash(identity);
  return schedule === 'cosine' ? `${base} ${steps} steps` : base;
}

const hashOf = (weights: Readonly<Record<string, NamedArray>>): Record<string, string> =>
  Object.fromEntries(Object.entries(weights).map(([name, { values }]) => [name, sha256(values)]));

const signalOf = ({ signal }: ControlOptions): ControlOptions => (signal === undefined ? {} : { signal });

/** A factor of every trained tensor: its own, else its layer's, else 1; times the plan's. */
function ratesOf(
  tensors: readonly NativeTensor[],
  { layers }: TrainingPlan,
  multipliers: Readonly<Record<string, number>>,
): Float64Array {
  const planned: Readonly<Record<string, number>> = Object.fromEntries(
    layers.flatMap(({ rateMultipliers = {} }, l) =>
      Object.entries(rateMultipliers).map(([tensor, factor]) => [`layer${l + 1}.${tensor}`, factor]),
    ),
  );
  const trained = tensors.filter(({ isFixed }) => !isFixed).map(({ name }) => name);
  refuseUnknown('rateMultipliers', planned, new Set(trained));
  return Float64Array.from(
    trained,
    (name) => (multipliers[name] ?? multipliers[layerOf(name)] ?? 1) * (planned[name] ?? 1),
  );
}

const layerOf = (tensor: string): string => tensor.slice(0, tensor.indexOf('.'));

/** Names that stand for nothing are refused: a misspelt one would change nothing in silence. */
function refuseUnknown(parameter: string, given: object, known: ReadonlySet<string>): void {
  const unknown = Object.keys(given).find((name) => !known.has(name));
  if (unknown !== undefined)
    throw expectedError('ERR_MFT_INVALID_ARGUMENT', parameter, `names among ${[...known].join(', ')}`, unknown);
}

/** Layers, or parts of them, with a product W x. */
function multipliedLayers({ layers }: TrainingPlan): ReadonlySet<string> {
  return new Set(
    layers.flatMap(({ products = [''] }, l) =>
      products.map((part) => (part === '' ? `layer${l + 1}` : `layer${l + 1}.${part}`)),
    ),
  );
}

/** Networks side by side have one thread each; one network alone has all. */
async function run(
  jobs: readonly TrainerJob<TrainingPlan, ResolvedTrainOptions>[],
  data: TrainingData,
  control: TrainerControl,
): Promise<readonly TrainingBody[]> {
  const { threads } = control;
  const each = jobs.length > 1 ? 1 : threads;
  const prepared = await Promise.all(jobs.map((job) => prepare(job, data.train, each, control)));
  const results = await controlled(
    control,
    prepared.reduce((sum, { steps }) => sum + steps, 0),
    (slots) =>
      native.train(
        {
          jobs: prepared.map(({ job }) => job),
          train: examples(data.train, jobs[0]?.options.trainCount ?? 0),
          ...(data.test === undefined ? {} : { test: examples(data.test, 0) }),
          threads,
        },
        slots,
      ),
  );
  const bodies = jobs.map(({ plan, options }, i) => {
    const [result, one] = [results[i], prepared[i]];
    if (result === undefined || one === undefined)
      throw new MftError('ERR_MFT_INTERNAL', 'The native code returned fewer results than jobs.');
    const isReturned = options.returnWeights || options.saveWeights !== undefined;
    const weights = !isReturned ? {} : namedWeights(one.tensors, result.parameters, options.precision === 'float64');
    const body = {
      ...trainingBody(result, options, plan.layers.length, one.stepsPerEpoch, {
        hasTest: data.test !== undefined,
        hasLabels: plan.target !== 'inputs',
        directions: (plan.projections?.directions.length ?? 0) / data.train.dimension,
      }),
      ...counters(plan, result),
      ...(options.returnWeights ? { weights } : {}),
    };
    return { body, weights, file: options.saveWeights };
  });
  for (const { file, weights } of bodies) if (file !== undefined) await writeWeights(file, weights);
  return bodies.map(({ body }) => body);
}

/** In shared memory: as they are when they lie there (the readers see to it), else a copy. */
function examples({ images, labels, count, dimension }: Examples, first: number): NativeExamples {
  const wanted = first > 0 ? Math.min(first, count) : count;
  const labelsOfOne = (labels?.length ?? 0) / count;
  return {
    images: shared(images.subarray(0, wanted * dimension)),
    labels: shared((labels ?? new Uint8Array(0)).subarray(0, wanted * labelsOfOne)),
  };
}

function shared<T extends Uint8Array | Float32Array | Int32Array>(array: T): T {
  if (array.buffer instanceof SharedArrayBuffer) return array;
  const make = array.constructor as new (buffer: SharedArrayBuffer) => T;
  const copy = new make(new SharedArrayBuffer(array.byteLength));
  copy.set(array);
  return copy;
}
