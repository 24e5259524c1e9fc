// train: stochastic gradient descent on native kernels.
import { canonicalHash } from '../core/codec.js';
import { controlled, throwIfAborted } from '../core/control.js';
import { expectedError, MftError } from '../core/errors.js';
import { requireMemory, threadsFor } from '../core/memory.js';
import { provenance } from '../core/provenance.js';
import { schemaVersion, type Warning } from '../core/results.js';
import type { System, TrainableNetwork } from '../core/system.js';
import type { DataOptions } from '../data/bytes.js';
import { type Dataset, type DatasetName, readDataset } from '../data/dataset.js';
import { loadSystem, type Systems, type Trainable } from '../systems/registry.js';
import { heldOut } from './hold-out.js';
import { type Given, native, type NativeImages, type NativeJob, nativeJob } from './native.js';
import { inputMap } from './normalise.js';
import { logPathProbability, stepsWithPaths, trainPaths } from './paths.js';
import { learningRates, type ResolvedTrainOptions, resolveTrainOptions, type TrainOptions } from './options.js';
import { reference, type Training, trainingBody } from './result.js';

/** What is trained on: the name of a data set (read with its test set), or data sets already read. */
export type TrainDataset = DatasetName | (string & {}) | { readonly train: Dataset; readonly test?: Dataset };

type TrainSpec<K extends Trainable> = { readonly system: K } & Systems[K]['spec'];

/** One network of `trainMany`. */
export interface TrainJob<K extends Trainable> {
  readonly spec: TrainSpec<K>;
  readonly options?: TrainOptions;
}

/**
 * Trains the network that `spec` describes: minibatch gradient descent with fresh dropout masks in every step.
 *
 * Starts from weights of the spec's law and variances, so that `predict` of the same spec says what the first step sees.
 * The bits of the result depend on the spec, the data, the options and the BLAS core, never on `threads`, nor on whether
 * the run was interrupted and resumed.
 *
 * @param spec a spec of a trainable system; in `feedforward` the last layer has one linear output per class
 * @param dataset 'mnist', 'cifar10', 'synthetic', a .npz archive, or data sets already read
 * @param options see `TrainOptions`; also `data` (folder of the data sets), `signal`, `onProgress` (steps)
 * @returns plain data: reports, accuracies without dropout, statistics of the layers, checksum of the parameters. A run
 * whose loss is not finite ends early and says where (`stopped`); that is a result, not an error.
 * @throws MftError (rejects) ERR_MFT_INVALID_ARGUMENT, _OUT_OF_RANGE, _SHAPE, _UNSUPPORTED, _MEMORY (before anything is
 * allocated), _DATA_NOT_FOUND, _DATA_FORMAT, _DATA_CHECKSUM (also a damaged checkpoint), _JOURNAL_MISMATCH (a checkpoint of
 * another run), _DISK; `signal.reason` when cancelled (the checkpoint is written first)
 *
 * **Numerics**: float32 or float64; one BLAS thread, rows of a minibatch in fixed tiles of 64; gradients agree with central
 * differences to 1e-6 in float64. **Source**: theory specification `dropout`, sections 2 and 4.
 *
 * @example
 * import { train } from 'mft-native';
 * const run = await train({ system: 'feedforward', width: 100, depth: 3, weightVariance: 1.5 }, 'synthetic', { epochs:
 * 2, learningRate: 0.1 });
 * console.log(run.test?.accuracy);
 */
export async function train<K extends Trainable>(
  spec: TrainSpec<K>,
  dataset: TrainDataset,
  options: TrainOptions & DataOptions = {},
): Promise<Training<K, Systems[K]['spec']>> {
  const [training] = await run([{ spec, options: ownOptions(options) }], dataset, options);
  return training as Training<K, Systems[K]['spec']>;
}

/**
 * Trains several networks on one data set side by side, each on one thread: for sweeps over small networks.
 *
 * @param jobs specs, each with its own options (`threads` of a job is not used)
 * @param options `threads` in all (0 = all processors), `data`, `signal`, `onProgress` (steps of all networks)
 * @returns one result per job, in order; the same bits as `train` gives for each alone
 * @throws MftError (rejects) like `train`; the first failure ends all
 *
 * @example
 * import { trainMany } from 'mft-native';
 * const spec = { system: 'feedforward', width: 50, depth: 4 } as const;
 * const runs = await trainMany([{ spec }, { spec, options: { learningRate: 0.1 } }], 'synthetic');
 */
export async function trainMany<K extends Trainable>(
  jobs: readonly TrainJob<K>[],
  dataset: TrainDataset,
  options: DataOptions & { readonly threads?: number; readonly memoryLimit?: number } = {},
): Promise<Training<K, Systems[K]['spec']>[]> {
  if (jobs.length === 0) throw expectedError('ERR_MFT_INVALID_ARGUMENT', 'jobs', 'a list of at least one job', jobs);
  return (await run(jobs, dataset, options)) as Training<K, Systems[K]['spec']>[];
}

/** `train` with weights and masks given instead of drawn, for comparisons with other programs. */
export async function trainGiven<K extends Trainable>(
  spec: TrainSpec<K>,
  dataset: TrainDataset,
  options: TrainOptions & DataOptions,
  given: Given,
): Promise<Training> {
  const [training] = await run([{ spec, options: ownOptions(options) }], dataset, options, given);
  return training as Training;
}

function ownOptions({
  signal: _signal,
  onProgress: _onProgress,
  data: _data,
  ...own
}: TrainOptions & DataOptions): TrainOptions {
  return own;
}

interface Prepared {
  readonly system: System<unknown, unknown>;
  readonly spec: unknown;
  readonly options: ResolvedTrainOptions;
  readonly job: NativeJob;
  readonly network: TrainableNetwork;
  readonly steps: number;
  readonly stepsPerEpoch: number;
}

async function run(
  jobs: readonly { readonly spec: unknown; readonly options?: TrainOptions }[],
  dataset: TrainDataset,
  control: DataOptions & { readonly threads?: number; readonly memoryLimit?: number },
  given?: Given,
): Promise<Training[]> {
  throwIfAborted(control);
  const checked = await Promise.all(
    jobs.map(async ({ spec, options }) => {
      const system = await loadSystem((spec as { system?: unknown } | undefined)?.system);
      if (system.trainable === undefined)
        throw new MftError(
          'ERR_MFT_UNSUPPORTED',
          `Expected \`system\` to be one that can be trained, received ${system.name}.`,
          { parameter: 'system' },
        );
      return {
        system,
        spec: system.resolveSpec(spec),
        options: resolveTrainOptions(options ?? {}),
        givenHasBiases: options?.hasBiases,
      };
    }),
  );
  const { trainCount, validationCount } = sharedImages(checked.map(({ options }) => options));
  const data = await resolveData(dataset, trainCount, validationCount, control);
  const threads = threadsFor(control.threads ?? 0);
  const prepared = checked.map((one) => prepare(one, data, jobs.length > 1 ? 1 : threads, given));
  refuseHuge(prepared, data, Math.min(threads, jobs.length), control.memoryLimit);
  const total = prepared.reduce((sum, { steps }) => sum + steps, 0);
  const results = await controlled(control, total, (slots) =>
    native.train(
      {
        jobs: prepared.map(({ job }) => job),
        train: images(data.train, trainCount),
        ...(data.test === undefined ? {} : { test: images(data.test, 0) }),
        threads,
      },
      slots,
    ),
  );
  const datasets = { train: reference(data.train), ...(data.test === undefined ? {} : { test: reference(data.test) }) };
  return prepared.map(({ system, spec, options, network, stepsPerEpoch }, i) => {
    const result = results[i];
    if (result === undefined)
      throw new MftError('ERR_MFT_INTERNAL', 'The native code returned fewer results than jobs.');
    const body = {
      ...trainingBody(result, options, network.widths.length, stepsPerEpoch, data.test !== undefined),
      ...trainPaths(network, data.train.dimension, result),
    };
    return {
      kind: 'training',
      schemaVersion,
      system: system.name,
      spec,
      dataset: datasets,
      options,
      ...body,
      warnings: warnings(data),
      provenance: provenance(system.version),
    };
  });
}

/** Networks side by side read the same images. */
function sharedImages(
  options: readonly ResolvedTrainOptions[],
): Pick<ResolvedTrainOptions, 'trainCount' | 'validationCount'> {
  const [first] = options as [ResolvedTrainOptions];
  for (const name of ['trainCount', 'validationCount'] as const) {
    const other = options.find((one) => one[name] !== first[name]);
    if (other !== undefined)
      throw expectedError(
        'ERR_MFT_INVALID_ARGUMENT',
        name,
        `the same for all jobs of \`trainMany\` (${first[name]})`,
        other[name],
      );
  }
  return first;
}

async function resolveData(
  dataset: TrainDataset,
  trainCount: number,
  validationCount: number,
  options: DataOptions,
): Promise<{ train: Dataset; test?: Dataset }> {
  if (validationCount > 0)
    return heldOut(
      typeof dataset === 'string' ? await readDataset(dataset, 'train', options) : dataset.train,
      trainCount,
      validationCount,
    );
  if (typeof dataset !== 'string') return dataset;
  const train = await readDataset(dataset, 'train', options);
  try {
    return { train, test: await readDataset(dataset, 'test', options) };
  } catch (error) {
    // An archive need not hold a test set; the named data sets have one.
    if (dataset.endsWith('.npz') && error instanceof MftError && error.message.includes('no array "x_test"'))
      return { train };
    throw error;
  }
}

type Checked = Pick<Prepared, 'system' | 'spec' | 'options'> & { readonly givenHasBiases: boolean | undefined };

function prepare(
  { system, spec, options: chosen, givenHasBiases }: Checked,
  data: { train: Dataset; test?: Dataset },
  threads: number,
  given: Given | undefined,
): Prepared {
  const { train, test } = data;
  if (test !== undefined && (test.dimension !== train.dimension || test.classes > train.classes))
    throw expectedError(
      'ERR_MFT_SHAPE',
      'test',
      `images of ${train.dimension} components in ${train.classes} classes`,
      `${test.dimension} components, ${test.classes} classes`,
    );
  const network = (system.trainable as NonNullable<typeof system.trainable>)(spec, train.dimension, train.classes);
  const options = optionsFor(network, chosen, givenHasBiases);
  if (options.validationCount === 0 && options.trainCount > train.count)
    throw expectedError(
      'ERR_MFT_OUT_OF_RANGE',
      'trainCount',
      `a whole number in [0, ${train.count}], the training images (0 = all)`,
      options.trainCount,
    );
  const count = options.trainCount > 0 ? Math.min(options.trainCount, train.count) : train.count;
  if (options.batchSize > count)
    throw expectedError(
      'ERR_MFT_OUT_OF_RANGE',
      'batchSize',
      `a whole number in [1, ${count}], the training images`,
      options.batchSize,
    );
  const stepsPerEpoch = Math.floor(count / options.batchSize);
  const planned =
    options.steps ??
    (options.epochs === undefined ? network.steps : undefined) ??
    stepsPerEpoch * (options.epochs ?? 1);
  const steps = options.moreSteps ? stepsWithPaths(planned, logPathProbability(network, train.dimension)) : planned;
  const {
    threads: _threads,
    checkpoint: _checkpoint,
    checkpointEvery: _every,
    memoryLimit: _limit,
    returnParameters: _return,
    ...deciding
  } = options;
  const key = canonicalHash({
    system: system.name,
    version: system.version,
    spec,
    options: deciding,
    train: train.sha256,
    labels: train.files.map((file) => file.sha256),
    test: test?.sha256 ?? null,
  });
  const job = nativeJob(
    network,
    options,
    inputMap(train, options.normalization),
    learningRates(options, steps),
    stepsPerEpoch,
    threads,
    key,
    given,
  );
  return { system, spec, options, job, network, steps, stepsPerEpoch };
}

/** The options of a network whose spec speaks of biases and masks itself; contradictions are refused. */
function optionsFor(
  network: TrainableNetwork,
  options: ResolvedTrainOptions,
  givenHasBiases: boolean | undefined,
): ResolvedTrainOptions {
  const { masksPerStep: masks, hasBiases } = network;
  if (masks !== undefined && masks !== 1 && masks !== options.batchSize)
    throw expectedError('ERR_MFT_INVALID_ARGUMENT', 'masksPerStep', `1 or the batch size, ${options.batchSize}`, masks);
  if (hasBiases === undefined) return options;
  if (givenHasBiases !== undefined && givenHasBiases !== hasBiases)
    throw expectedError(
      'ERR_MFT_INVALID_ARGUMENT',
      'hasBiases',
      `left out, or what the spec says: ${hasBiases}`,
      givenHasBiases,
    );
  return { ...options, hasBiases };
}

function refuseHuge(
  prepared: readonly Prepared[],
  data: { train: Dataset; test?: Dataset },
  sideBySide: number,
  memoryLimit: number | undefined,
): void {
  const sizes = prepared.map(({ job }) => native.memory(job)).sort((a, b) => b - a);
  const bytes =
    sizes.slice(0, sideBySide).reduce((sum, size) => sum + size, 0) +
    data.train.images.byteLength +
    (data.test?.images.byteLength ?? 0);
  // The heaviest network names its own field.
  const heaviest = prepared.reduce((worst, one) => (native.memory(one.job) > native.memory(worst.job) ? one : worst));
  const [field = 'width'] = heaviest.system.simulation.lower(
    heaviest.spec,
    heaviest.system.resolveRun({}, heaviest.spec),
  );
  requireMemory('training', bytes, [field, 'batchSize', 'threads'], memoryLimit ?? prepared[0]?.options.memoryLimit);
}

/** The images in shared memory: as they are when they lie there (the readers see to it), else a copy. */
function images(dataset: Dataset, trainCount: number): NativeImages {
  const count = trainCount > 0 ? Math.min(trainCount, dataset.count) : dataset.count;
  return {
    images: shared(dataset.images.subarray(0, count * dataset.dimension)),
    labels: shared(dataset.labels.subarray(0, count)),
  };
}

function shared<T extends Uint8Array | Float32Array>(array: T): T {
  if (array.buffer instanceof SharedArrayBuffer) return array;
  const copy =
    array instanceof Float32Array
      ? new Float32Array(new SharedArrayBuffer(array.byteLength))
      : new Uint8Array(new SharedArrayBuffer(array.byteLength));
  copy.set(array);
  return copy as T;
}

function warnings({ train, test }: { train: Dataset; test?: Dataset }): Warning[] {
  const list: Warning[] = [];
  for (const set of [train, test])
    if (set !== undefined && set.split !== 'validation' && !set.verified)
      list.push({
        id: 'unverifiedData',
        message: `The ${set.split} images of ${set.name} are not the published files (SHA-256 ${set.sha256}).`,
      });
  if (test?.split === 'testFirst1000')
    list.push({
      id: 'partialTestSet',
      message: 'Test figures are of the first 1,000 test images of CIFAR-10, not of its test set.',
    });
  return list;
}
