// train: stochastic gradient descent on native kernels.
import * as z from 'zod';
import { parse } from '../core/checks.js';
import { throwIfAborted } from '../core/control.js';
import { withJson } from '../core/codec.js';
import { plainCopy, readOnce } from '../core/copy.js';
import { expectedError, MftError } from '../core/errors.js';
import { numberField, wholeField } from '../core/fields.js';
import { requireMemory, threadsFor } from '../core/memory.js';
import { machineWarnings, provenance } from '../core/provenance.js';
import { schemaVersion } from '../core/results.js';
import type { System } from '../core/system.js';
import {
  type DataShape,
  dataShape,
  type Trainer,
  type TrainerControl,
  type TrainerJob,
  type TrainerOptions,
  type TrainingBody,
} from '../core/trainer.js';
import type { DataOptions } from '../data/bytes.js';
import { dataFields } from '../data/options.js';
import { givenSpec } from './inputs.js';
import {
  loadSystem,
  type ResolvedTrainOptionsOf,
  type Systems,
  type Trainable,
  type TrainOptionsOf,
} from '../systems/registry.js';
import type { Given } from '../training/native.js';
import type { ResolvedTrainOptions, TrainOptions } from '../training/options.js';
import { reference, type Training } from '../training/result.js';
import {
  checkData,
  type DatasetPair,
  datasetsOf,
  resolveData,
  sharedImages,
  type TrainDataset,
  warnings,
} from './train-data.js';

type ManyOptions = DataOptions & { readonly threads?: number; readonly memoryLimit?: number };

const manyOptions = z.strictObject({
  ...dataFields,
  threads: wholeField(0, 1024, 'Threads in all; 0 = all processors.').optional(),
  memoryLimit: numberField(
    { low: 0, above: true },
    'Refuse to start when the estimated memory exceeds this.',
  ).optional(),
});

type TrainSpec<K extends Trainable> = { readonly system: K } & Systems[K]['spec'];
type OptionsOf<K extends Trainable> = TrainOptionsOf<K, TrainOptions>;
type TrainingOf<K extends Trainable> = Training<K, Systems[K]['spec'], ResolvedTrainOptionsOf<K, ResolvedTrainOptions>>;

/** One network of `trainMany`. */
export interface TrainJob<K extends Trainable> {
  readonly spec: TrainSpec<K>;
  readonly options?: OptionsOf<K>;
}

/**
 * Trains the network that `spec` describes: minibatch gradient descent with fresh dropout masks in every step.
 *
 * Starts from weights of the spec's law and variances, so that `predict` of the same spec says what the first step sees.
 * The bits of the result depend on the spec, the data, the options and the BLAS core, never on `threads`, nor on whether
 * the run was interrupted and resumed.
 *
 * @param spec a spec of a trainable system; in `feedforward` the last layer has one linear output per class
 * @param dataset 'mnist', 'cifar10', 'synthetic', 'gratings', a .npz archive, of `recurrent` also 'ptb' (words), or data sets already read
 * @param options see `TrainOptions`; of a `kernel` spec, which has no steps, `RegressionOptions`; also
 * `data` (folder of the data sets), `signal`, `onProgress` (steps)
 * @returns plain data: reports, accuracies without dropout, statistics of the layers, checksum of the parameters. A run
 * whose loss is not finite ends early and says where (`stopped`); that is a result, not an error.
 * @throws MftError (rejects) ERR_MFT_INVALID_ARGUMENT, _OUT_OF_RANGE, _SHAPE, _UNSUPPORTED, _MEMORY (before anything is
 * allocated), _DATA_NOT_FOUND, _DATA_FORMAT, _DATA_CHECKSUM (also a damaged checkpoint), _JOURNAL_MISMATCH (a checkpoint of
 * another run), _JOURNAL_LOCKED (another run writes the checkpoint), _DISK; `signal.reason` when cancelled (the
 * checkpoint is written first)
 *
 * **Numerics**: float32 or float64; one BLAS thread, rows of a minibatch in fixed tiles of 64; gradients agree with central
 * differences to 1e-6 in float64. **Source**: docs/systems/feedforward.md (2.1); docs/training.md for the other systems.
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
  options: OptionsOf<K> & DataOptions = {} as OptionsOf<K> & DataOptions,
): Promise<TrainingOf<K>> {
  const { own, control } = ownOptions(options);
  const [training] = await run([{ spec, options: own }], dataset, control);
  return training as unknown as TrainingOf<K>;
}

/**
 * Trains several networks on one data set side by side, each on one thread: for sweeps over small networks.
 *
 * @param jobs specs, each with its own options (`threads` of a job is not used)
 * @param options `threads` in all (0 = all processors), `data`, `signal`, `onProgress` (steps of all networks)
 * @param dataset as for `train`, read once
 * @returns one result per job, in order; the same bits as `train` gives for each alone
 * @throws MftError (rejects) like `train`; the first failure ends all
 *
 * **Numerics**: as `train`.
 * **Source**: as `train`.
 *
 * @example
 * import { trainMany } from 'mft-native';
 * const spec = { system: 'feedforward', width: 50, depth: 4 } as const;
 * const runs = await trainMany([{ spec }, { spec, options: { learningRate: 0.1 } }], 'synthetic');
 */
export async function trainMany<K extends Trainable>(
  jobs: readonly TrainJob<K>[],
  dataset: TrainDataset,
  options: ManyOptions = {},
): Promise<TrainingOf<K>[]> {
  if (!readOnce('jobs', () => Array.isArray(jobs)) || jobs.length === 0)
    throw expectedError('ERR_MFT_INVALID_ARGUMENT', 'jobs', 'a list of at least one job', jobs);
  const trainings = await run(
    Array.from(jobs) as readonly AnyJob[],
    dataset,
    parse(manyOptions, options, 'options') as ManyOptions,
  );
  return trainings as unknown as TrainingOf<K>[];
}

/** `train` with weights and masks given instead of drawn, for comparisons with other programs. */
export async function trainGiven<K extends Trainable>(
  spec: TrainSpec<K>,
  dataset: TrainDataset,
  options: TrainOptions & DataOptions,
  given: Given,
): Promise<Training> {
  const { own, control } = ownOptions(options);
  const [training] = await run([{ spec, options: own }], dataset, control, given);
  return training as Training;
}

/** The options of the run itself, and those of everything around it. */
function ownOptions(options: object & DataOptions): {
  readonly own: object;
  readonly control: ManyOptions;
} {
  if (typeof options !== 'object' || options === null)
    throw expectedError('ERR_MFT_INVALID_ARGUMENT', 'options', 'an object', options);
  const { signal, onProgress, data, pixelMaximum, channelAxis, ...own } = readOnce('options', () => ({ ...options }));
  const around = Object.entries({ signal, onProgress, data, pixelMaximum, channelAxis });
  const given = Object.fromEntries(around.filter(([, value]) => value !== undefined));
  const shared = Object.fromEntries(
    Object.entries(own).filter(([name]) => name === 'threads' || name === 'memoryLimit'),
  );
  return { own, control: parse(manyOptions, { ...given, ...shared }, 'options') as ManyOptions };
}

interface Prepared {
  readonly system: System<unknown, unknown>;
  readonly trainer: AnyTrainer;
  readonly spec: unknown;
  readonly options: TrainerOptions;
  readonly plan: unknown;
}

type AnyTrainer = Trainer<unknown, unknown, TrainerOptions>;

/** One run of any trainer. */
interface AnyJob {
  readonly spec: unknown;
  readonly options?: object;
}

async function run(
  jobs: readonly AnyJob[],
  dataset: TrainDataset,
  control: DataOptions & { readonly threads?: number; readonly memoryLimit?: number },
  given?: Given,
): Promise<Training[]> {
  const copies = jobs.map((job, i) => {
    const { spec, options } = readOnce(`jobs.${i}`, () => ({ ...(job as AnyJob) }));
    return { spec: givenSpec(spec), options: plainCopy(options ?? {}, 'options') };
  });
  const sets = datasetsOf(dataset);
  throwIfAborted(control);
  const systems = await Promise.all(copies.map(({ spec }) => loadSystem(spec.system)));
  return trainWith(systems, copies, sets, control, given);
}

/** `trainMany` of systems at hand, one for each job. */
export async function trainWith(
  systems: readonly System<unknown, unknown>[],
  jobs: readonly AnyJob[],
  dataset: TrainDataset,
  control: DataOptions & { readonly threads?: number; readonly memoryLimit?: number },
  given?: Given,
): Promise<Training[]> {
  throwIfAborted(control);
  const checked = jobs.map(({ spec, options }, i) => {
    const system = systems[i] as System<unknown, unknown>;
    const trainer = trainerOf(system);
    return { system, trainer, spec: system.resolveSpec(spec), options: trainer.resolveOptions(options ?? {}) };
  });
  const { trainCount, validationCount } = sharedImages(checked.map(({ options }) => options));
  const data = await resolveData(dataset, trainCount, validationCount, control);
  checkData(data, validationCount > 0 ? 0 : trainCount);
  const shape = dataShape(data.train, trainCount);
  const prepared = checked.map((one): Prepared => {
    if (shape.isText === true && one.trainer.takesText !== true)
      throw new MftError(
        'ERR_MFT_UNSUPPORTED',
        `Expected \`dataset\` to hold images: ${one.system.name} is not trained on texts.`,
        { parameter: 'dataset' },
      );
    const plan = one.trainer.plan(one.spec, shape, one.options);
    return { ...one, plan, options: one.trainer.complete(plan, one.options, shape) };
  });
  const threads = threadsFor(control.threads ?? 0);
  refuseHuge(prepared, data, shape, threads, control.memoryLimit);
  const bodies = await runGroups(prepared, data, shape, { ...control, threads }, given);
  const datasets = { train: reference(data.train), ...(data.test === undefined ? {} : { test: reference(data.test) }) };
  return prepared.map(({ system, spec, options }, i) =>
    withJson({
      kind: 'training' as const,
      schemaVersion,
      system: system.name,
      spec,
      dataset: datasets,
      options: options as ResolvedTrainOptions,
      ...(bodies[i] as TrainingBody),
      warnings: [...machineWarnings(), ...warnings(data), ...(bodies[i]?.warnings ?? [])],
      provenance: provenance(system.version),
    }),
  );
}

function trainerOf(system: System<unknown, unknown>): AnyTrainer {
  if (system.training === undefined)
    throw new MftError(
      'ERR_MFT_UNSUPPORTED',
      `Expected \`system\` to be one that can be trained, received ${system.name}.`,
      { parameter: 'system' },
    );
  return system.training as unknown as AnyTrainer;
}

/** Runs with the same way of training go to it together, one group after the other. */
async function runGroups(
  prepared: readonly Prepared[],
  data: DatasetPair,
  shape: DataShape,
  control: TrainerControl,
  given: Given | undefined,
): Promise<readonly TrainingBody[]> {
  const units = prepared.map(({ trainer, plan, options }) => trainer.units(plan, options, shape));
  const total = units.reduce((sum, count) => sum + count, 0);
  const bodies = new Array<TrainingBody>(prepared.length);
  let before = 0;
  for (const way of new Set(prepared.map(({ trainer }) => trainer.run))) {
    const members = prepared.flatMap(({ trainer }, i) => (trainer.run === way ? [i] : []));
    const { onProgress } = control;
    const done = before;
    const results = await way(
      members.map((i) => jobOf(prepared[i] as Prepared, data, given)),
      data,
      onProgress === undefined
        ? control
        : { ...control, onProgress: (progress) => onProgress({ ...progress, done: done + progress.done, total }) },
    );
    members.forEach((i, k) => {
      bodies[i] = results[k] as TrainingBody;
      before += units[i] as number;
    });
  }
  return bodies;
}

function jobOf(
  { system, spec, plan, options }: Prepared,
  { train, test }: DatasetPair,
  given: Given | undefined,
): TrainerJob<unknown, TrainerOptions> {
  const identity = {
    system: system.name,
    version: system.version,
    spec,
    train: train.sha256,
    labels: train.files.map((file) => file.sha256),
    test: test?.sha256 ?? null,
    // Options that change what the components mean are part of the run.
    ...(train.range?.from === 'option' ? { pixelMaximum: train.range.unit } : {}),
    ...(train.channels?.from === 'option' ? { channelAxis: train.channels.axis } : {}),
  };
  return { plan, options, identity, ...(given === undefined ? {} : { given }) };
}

/** The largest runs that can be at work together, and the images. */
function refuseHuge(
  prepared: readonly Prepared[],
  data: DatasetPair,
  shape: DataShape,
  threads: number,
  memoryLimit: number | undefined,
): void {
  const each = prepared.length > 1 ? 1 : threads;
  const sized = prepared
    .map((one) => ({ ...one, bytes: one.trainer.bytes(one.plan, one.options, shape, each) }))
    .sort((a, b) => b.bytes - a.bytes);
  const bytes =
    sized.slice(0, threads).reduce((sum, one) => sum + one.bytes, 0) +
    data.train.images.byteLength +
    (data.test?.images.byteLength ?? 0);
  // The heaviest network names its own field.
  const heaviest = sized[0] as Prepared;
  const [field = 'width'] = heaviest.system.simulation.lower(
    heaviest.spec,
    heaviest.system.resolveRun({}, heaviest.spec),
  );
  requireMemory(
    'training',
    bytes,
    heaviest.trainer.lower ?? [field, 'batchSize', 'threads'],
    memoryLimit ?? prepared[0]?.options.memoryLimit,
  );
}
