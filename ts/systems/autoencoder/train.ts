// How a spec of `autoencoder` is trained: gradient descent on examples with fresh noise in every step, modes recorded on the way.
import { expectedError, MftError } from '../../core/errors.js';
import { type Axis, axis, type Observable, type UndefinedPoint } from '../../core/results.js';
import type {
  DataShape,
  NamedArray,
  Trainer,
  TrainerControl,
  TrainerJob,
  TrainingBody,
  TrainingData,
} from '../../core/trainer.js';
import { resolveActivation } from '../../gaussian/activations.js';
import { dense } from '../../training/layers/dense.js';
import type { ResolvedTrainOptions } from '../../training/options.js';
import type { TrainingPlan } from '../../training/plan.js';
import { sgd } from '../../training/sgd.js';
import type { SecondMoment } from './descent-native.js';
import { type ExpectedRun, refuseForExpectedNoise, trainExpected, transposed, type Weights } from './expected-noise.js';
import { secondMoment, subspaces } from './second-moment.js';
import type { ResolvedAutoencoderSpec } from './spec.js';

/** The network with what the spec says of its run. */
interface AutoencoderPlan extends TrainingPlan {
  readonly learningRate: number;
  readonly weightDecay: number;
  /** Leading modes that are recorded, and every how many steps. */
  readonly modes: number;
  readonly modesEvery: number;
  /** Starts with W2 the transpose of W1. */
  readonly isBalanced: boolean;
  readonly isRectified: boolean;
  /** Where the noise is expected, not sampled. */
  readonly expected?: Omit<ExpectedRun, 'steps'>;
}

/** Options as a user gives them: what is left out is what the spec says. */
type SpecDecides = 'learningRate' | 'weightDecay' | 'batchSize';
type AutoencoderOptions = Omit<ResolvedTrainOptions, SpecDecides> & Partial<Pick<ResolvedTrainOptions, SpecDecides>>;
type Job = TrainerJob<AutoencoderPlan, AutoencoderOptions>;
type AutoencoderTrainer = Trainer<ResolvedAutoencoderSpec, AutoencoderPlan, AutoencoderOptions>;

/** Modes are recorded this often when the spec does not say. */
const records = 50;

function plan(spec: ResolvedAutoencoderSpec, { dimension }: DataShape): AutoencoderPlan {
  const refuse = (parameter: string, expected: string): MftError =>
    new MftError('ERR_MFT_UNSUPPORTED', `Expected \`${parameter}\` of a trained network to be ${expected}.`, {
      parameter,
      expected,
    });
  if (spec.schedule.length > 0) throw refuse('schedule', 'left out');
  const { width, initialVariance, training } = spec;
  const isExpected = training.noise === 'expected';
  const isRectified = training.activation === 'relu';
  if (spec.initial === 'aligned') throw refuse('initial', 'gaussian or balanced');
  if (spec.tied && (!isExpected || isRectified))
    throw refuse('tied', 'false, or the noise expected (`training.noise`) and the units linear');
  if (isExpected && isRectified && spec.inputKeepProbability < 1) throw refuse('inputKeepProbability', '1');
  if (isExpected && isRectified && spec.noise !== 'gaussian') throw refuse('noise', 'gaussian');
  const modes = Math.min(training.modes, dimension);
  const modesEvery = spec.recordEvery ?? Math.max(1, Math.floor(spec.steps / records));
  const layer = { hasBiases: false, biasVariance: 0, law: 'gaussian', keepProbability: 1 } as const;
  return {
    input: [dimension],
    layers: [
      dense([dimension], {
        ...layer,
        units: width,
        ...(isRectified ? { activation: resolveActivation('relu') } : {}),
        weightVariance: initialVariance * dimension,
      }),
      dense([width], { ...layer, units: dimension, weightVariance: initialVariance * width }),
    ],
    target: 'inputs',
    steps: spec.steps,
    ...(spec.noiseVariance > 0 && !isExpected
      ? { inputNoise: { kind: spec.noise, variance: spec.noiseVariance } }
      : {}),
    inputKeepProbability: isExpected ? 1 : spec.inputKeepProbability,
    hasSharedMasks: false,
    counters: [],
    learningRate: spec.learningRate,
    weightDecay: spec.weightDecay,
    modes,
    modesEvery,
    isRectified,
    isBalanced: spec.initial === 'balanced' || spec.tied,
    ...(isExpected
      ? {
          expected: {
            width,
            isRectified,
            isTied: spec.tied,
            noiseVariance: spec.noiseVariance,
            keepProbability: spec.inputKeepProbability,
            modes,
            every: modesEvery,
          },
        }
      : {}),
  };
}

const descent = sgd<ResolvedAutoencoderSpec>(plan);

/** The plan as the trainer of layers reads it; directions that are not known yet are zeros. */
function planned(own: AutoencoderPlan, dimension: number, directions?: Float64Array): TrainingPlan {
  const {
    learningRate: _rate,
    weightDecay: _decay,
    isBalanced: _start,
    isRectified,
    expected,
    modes,
    modesEvery,
    ...rest
  } = own;
  if (modes === 0 || expected !== undefined) return rest;
  return {
    ...rest,
    projections: {
      directions: directions ?? new Float64Array(modes * dimension),
      every: modesEvery,
      hasSingularValues: !isRectified,
    },
  };
}

function resolveOptions(given: unknown): AutoencoderOptions {
  const isObject = typeof given === 'object' && given !== null;
  const resolved = descent.resolveOptions(isObject ? { loss: 'squared', normalization: 'unit', ...given } : given);
  const { learningRate, weightDecay, batchSize, ...options } = resolved;
  if (options.loss !== 'squared')
    throw expectedError('ERR_MFT_INVALID_ARGUMENT', 'loss', 'squared: the inputs are the target', options.loss);
  if (options.hasBiases === true)
    throw expectedError('ERR_MFT_INVALID_ARGUMENT', 'hasBiases', 'left out or false: the model has none', true);
  const asked = (given ?? {}) as Partial<ResolvedTrainOptions>;
  return {
    ...options,
    ...(asked.learningRate === undefined ? {} : { learningRate }),
    ...(asked.weightDecay === undefined ? {} : { weightDecay }),
    ...(asked.batchSize === undefined ? {} : { batchSize }),
  };
}

/** What the options leave out: rate and decay of the spec, all examples in every step, a report with every record of the modes. */
function complete(own: AutoencoderPlan, options: AutoencoderOptions, data: DataShape): ResolvedTrainOptions {
  const { learningRate = own.learningRate, weightDecay = own.weightDecay, batchSize = data.count } = options;
  // With all examples in a step every step is an epoch.
  const often = batchSize === data.count ? own.modesEvery : 0;
  const [reportEvery, checkpointEvery] = [options.reportEvery || often, options.checkpointEvery || often];
  const completed = { ...options, learningRate, weightDecay, batchSize, reportEvery, checkpointEvery };
  return descent.complete(planned(own, data.dimension), completed, data);
}

/** A pass over the examples for S, its eigenvectors, and a pass for every record. */
function flops(own: AutoencoderPlan, options: AutoencoderOptions, data: DataShape): number {
  const full = complete(own, options, data);
  const { count, dimension } = data;
  const passes =
    own.modes === 0 ? 0 : 1 + Math.ceil(descent.units(planned(own, dimension), full, data) / own.modesEvery);
  const products = own.layers.reduce((sum, { multiplyAdds }) => sum + multiplyAdds, 0);
  const spectrum = passes === 0 ? 0 : count * dimension ** 2 + 10 * dimension ** 3;
  if (own.expected !== undefined) {
    const { width, isRectified } = own.expected;
    // A pair of rectified units takes some hundred operations.
    const step = isRectified ? full.batchSize * (300 * width ** 2 + 8 * dimension * width) : 8 * dimension * width ** 2;
    return spectrum + passes * count * 2 * products + descent.units(planned(own, dimension), full, data) * step;
  }
  return (
    descent.flops(planned(own, dimension), full, data) +
    spectrum +
    passes * count * (2 * products + 4 * own.modes * dimension)
  );
}

/** Doubles of the second moment, its eigenvectors and a block of examples. */
const spectrumBytes = (dimension: number): number => 8 * (5 * dimension ** 2 + 600 * dimension);

function bytes(own: AutoencoderPlan, options: AutoencoderOptions, data: DataShape, threads: number): number {
  const { count, dimension } = data;
  // The start of a balanced run, and the end of one on the expected loss, are given to the trainer of layers.
  const given = own.isBalanced || own.expected !== undefined ? { initialWeights: {} } : {};
  const run = descent.bytes(planned(own, dimension), { ...complete(own, options, data), ...given }, data, threads);
  if (own.modes === 0 && own.expected === undefined && !own.isBalanced) return run;
  // Of the spectrum the run has the directions; what else it took the allocator may keep.
  const width = own.layers[0]?.output[0] ?? 0;
  const drawing = own.isBalanced ? 8 * 3 * dimension * width : 0;
  if (own.expected === undefined)
    return Math.max(spectrumBytes(dimension), 1.02 * run + 8 * 2 * dimension ** 2 + drawing);
  const { isRectified } = own.expected;
  // Weights in both bases; of rectified units the examples, clean and noisy, and two groups of pairs.
  const network = 8 * (10 * dimension * width + 2 * dimension ** 2 + 20 * width ** 2);
  const descending = network + (isRectified ? 9 * count * (4 * dimension + 6 * width) : 0);
  // Then the trainer of layers evaluates: weights as they were sent and came back, and what the allocator keeps of the descent.
  const evaluating = run + 8 * 8 * dimension * width + network / 4;
  return spectrumBytes(dimension) + Math.max(descending, evaluating);
}

const units: AutoencoderTrainer['units'] = (own, options, data) =>
  descent.units(planned(own, data.dimension), complete(own, options, data), data);

/** The weights with which the trainer of layers starts a job. */
async function startingWeights(job: Job, data: TrainingData, { threads, signal }: TrainerControl): Promise<Weights> {
  const options = job.options as ResolvedTrainOptions;
  const { saveWeights: _file, checkpoint: _state, ...unsaved } = options;
  const still = { threads, ...(signal === undefined ? {} : { signal }) };
  const [start] = await descent.run(
    [
      layered({ ...job, options: unsaved }, planned(job.plan, data.train.dimension), {
        steps: 0,
        epochs: undefined,
        returnWeights: true,
        trainEvaluation: 0,
        // No step is taken: room for one example.
        batchSize: 1,
      }),
    ],
    { train: data.train },
    still,
  );
  return start?.weights as Weights;
}

/** The job with the start of its plan: W2 the transpose of the W1 that is drawn. Weights that are given stay. */
async function balanced(job: Job, data: TrainingData, control: TrainerControl): Promise<Job> {
  if (!job.plan.isBalanced || job.options.initialWeights !== undefined) return job;
  const first = (await startingWeights(job, data, control))['layer1.weight'] as NamedArray;
  const [hidden, dimension] = first.shape as [number, number];
  const second = { shape: [dimension, hidden], values: transposed(first.values, hidden, dimension) };
  const initialWeights = { 'layer1.weight': first, 'layer2.weight': second };
  return { ...job, options: { ...job.options, initialWeights } };
}

async function run(
  given: readonly Job[],
  data: TrainingData,
  control: TrainerControl,
): Promise<readonly TrainingBody[]> {
  const jobs: Job[] = [];
  for (const job of given) jobs.push(await balanced(job, data, control));
  // Jobs read the same examples, but may map their components differently.
  const moments = new Map<string, SecondMoment>();
  const { signal, threads } = control;
  for (const { plan: own, options } of jobs) {
    const { normalization, trainCount } = options;
    if ((own.modes === 0 && own.expected === undefined) || moments.has(normalization)) continue;
    const chosen = { normalization, threads, count: trainCount, ...(signal === undefined ? {} : { signal }) };
    moments.set(normalization, await secondMoment(data.train, chosen));
  }
  const momentOf = ({ options }: Job): SecondMoment | undefined => moments.get(options.normalization);
  const sampled = jobs.filter(({ plan: own }) => own.expected === undefined);
  const { dimension } = data.train;
  const drawn = sampled.map((job) => {
    const directions = momentOf(job)?.directions.subarray(0, job.plan.modes * dimension);
    return layered(job, planned(job.plan, dimension, directions), {});
  });
  const bodies = drawn.length === 0 ? [] : await descent.run(drawn, data, control);
  const results: TrainingBody[] = [];
  for (const job of jobs) {
    const moment = momentOf(job);
    const body =
      job.plan.expected === undefined || moment === undefined
        ? (bodies[sampled.indexOf(job)] as TrainingBody)
        : await expectedBody(job, moment, data, control);
    results.push(moment === undefined ? body : withModes(body, moment, job.plan, job.options as ResolvedTrainOptions));
  }
  return results;
}

/** A job as the trainer of layers takes it. */
const layered = (
  job: Job,
  own: TrainingPlan,
  change: Partial<ResolvedTrainOptions>,
): TrainerJob<TrainingPlan, ResolvedTrainOptions> => ({
  ...job,
  plan: own,
  options: { ...(job.options as ResolvedTrainOptions), ...change },
});

/** @throws MftError ERR_MFT_INVALID_ARGUMENT where tied weights that are given differ */
function checkTied(weights: Weights): void {
  const [first, second] = [weights['layer1.weight'], weights['layer2.weight']] as [NamedArray, NamedArray];
  const [hidden, dimension] = first.shape as [number, number];
  const turned = transposed(second.values, dimension, hidden);
  const off = first.values.findIndex((w, i) => w !== turned[i]);
  if (off !== -1)
    throw expectedError(
      'ERR_MFT_INVALID_ARGUMENT',
      'initialWeights',
      'a second matrix that is the transpose of the first, as they are tied',
      `another value than ${first.values[off]}`,
    );
}

/** The weights come from the trainer of layers, which draws them, and go back to it, which evaluates, checks and stores them. */
async function expectedBody(
  job: Job,
  moment: SecondMoment,
  data: TrainingData,
  control: TrainerControl,
): Promise<TrainingBody> {
  const options = job.options as ResolvedTrainOptions;
  refuseForExpectedNoise(options);
  const { dimension } = data.train;
  const { threads, signal } = control;
  const still = { threads, ...(signal === undefined ? {} : { signal }) };
  const none = { steps: 0, epochs: undefined } as const;
  const start = await startingWeights(job, data, control);
  if (job.plan.expected?.isTied) checkTied(start);
  const steps = descent.units(planned(job.plan, dimension), options, {
    ...data.train,
    count: options.trainCount > 0 ? Math.min(options.trainCount, data.train.count) : data.train.count,
  });
  const run = { ...(job.plan.expected as Omit<ExpectedRun, 'steps'>), steps };
  const { body, weights } = await trainExpected(run, data.train, moment, start, options, control);
  const areFinite = Object.values(weights).every(({ values }) => values.every(Number.isFinite));
  const final = areFinite ? weights : start;
  const [end] = await descent.run(
    [layered(job, planned(job.plan, dimension), { ...none, initialWeights: final })],
    data,
    still,
  );
  return { ...(end as TrainingBody), ...body };
}

/**
 * By name: `modeMapping` w_i = v_iᵀ C v_i/ν_i, C = (1/N) Σ x̂ xᵀ over the training examples, by step and mode; `inputVariance` ν_i;
 * `subspaceMapping` of the groups of modes that the run cannot tell apart, tr(P C)/tr(P S), by step and first mode of the group;
 * `singularValue` of W2 W1 where the units are linear, in falling order: mappings without their modes' names.
 */
function withModes(
  body: TrainingBody,
  { variances, rank }: SecondMoment,
  { modes }: AutoencoderPlan,
  { learningRate }: ResolvedTrainOptions,
): TrainingBody {
  const { projection, ...others } = body.statistics ?? {};
  if (projection === undefined) return body;
  const steps = projection.axes[0] as Axis;
  const firsts = subspaces(variances, modes, learningRate, body.steps);
  const lost = new Set((projection.undefinedAt ?? []).map(({ index }) => index));
  // From the sum of v·C·v over modes first … end − 1, for every record.
  const mapping = (groups: readonly (readonly [first: number, end: number])[], of: Axis): Observable => {
    const values = new Float64Array(steps.values.length * groups.length);
    const undefinedAt: UndefinedPoint[] = [];
    for (let record = 0; record < steps.values.length; record++)
      groups.forEach(([first, end], g) => {
        const index = record * groups.length + g;
        let [product, variance, isLost] = [0, 0, false];
        for (let i = first; i < end; i++) {
          product += projection.values[record * modes + i] as number;
          variance += i < rank ? (variances[i] as number) : 0;
          isLost ||= lost.has(record * modes + i);
        }
        if (isLost) undefinedAt.push({ index, reason: 'the outputs are not finite' });
        else if (variance > 0) values[index] = product / variance;
        else undefinedAt.push({ index, reason: 'a direction without variance' });
      });
    return { axes: [steps, of], scale: 'linear', values, ...(undefinedAt.length > 0 ? { undefinedAt } : {}) };
  };
  const each = axis('mode', modes);
  return {
    ...body,
    statistics: {
      ...others,
      modeMapping: mapping(
        Array.from({ length: modes }, (_, i) => [i, i + 1] as const),
        each,
      ),
      inputVariance: { axes: [each], scale: 'linear', values: variances.slice(0, modes) },
      subspaceMapping: mapping(
        firsts.map((first, g) => [first, firsts[g + 1] ?? modes] as const),
        { name: 'subspace', values: Float64Array.from(firsts) },
      ),
    },
  };
}

export const training: AutoencoderTrainer = {
  optionsSchema: descent.optionsSchema,
  resolveOptions,
  plan,
  complete,
  flops,
  bytes,
  units,
  run,
};
