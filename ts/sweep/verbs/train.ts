// Verb train: a training run on a named data set. The job carries the name and the hashes of the images, never a path.
import type { ControlOptions } from '../../core/control.js';
import { datasetNames as imageNames } from '../../core/dataset-names.js';
import { expectedError, MftError } from '../../core/errors.js';
import { dataShape } from '../../core/trainer.js';
import { type Dataset, readDataset } from '../../data/dataset.js';
import { readWords, type WordDataset } from '../../data/words.js';
import { loadSystem } from '../../systems/registry.js';
import { train } from '../../verbs/train.js';
import type { Data, DatasetRequest, SweepVerb, Work } from '../verb.js';
import { decidingFields, refuseRunFields } from './network.js';

const anyTrain = train as (...values: unknown[]) => Promise<object>;

interface Pair {
  readonly train: Dataset | WordDataset;
  readonly test: Dataset | WordDataset;
}

const datasetNames = [...imageNames, 'ptb'];

// Every job of a sweep uses the same few data sets: read once per process.
const read = new Map<string, Promise<Pair>>();

function pairOf(name: string): Promise<Pair> {
  const known = read.get(name);
  if (known !== undefined) return known;
  const readSplit = (split: 'train' | 'test') => (name === 'ptb' ? readWords(name, split) : readDataset(name, split));
  const pair = Promise.all([readSplit('train'), readSplit('test')]).then(([train, test]) => ({ train, test }));
  pair.catch(() => read.delete(name));
  read.set(name, pair);
  return pair;
}

async function resolveDataset(given: unknown): Promise<DatasetRequest> {
  const { name, sha256, testSha256 } = (
    typeof given === 'string' ? { name: given } : (given ?? {})
  ) as Partial<DatasetRequest>;
  if (typeof name !== 'string' || !datasetNames.includes(name))
    throw expectedError('ERR_MFT_INVALID_ARGUMENT', 'dataset', `one of ${datasetNames.join(', ')}`, name ?? given);
  const { train, test } = await pairOf(name);
  if ((sha256 !== undefined && sha256 !== train.sha256) || (testSha256 !== undefined && testSha256 !== test.sha256)) {
    throw new MftError(
      'ERR_MFT_DATA_CHECKSUM',
      `The data set ${name} of this machine is not the one the sweep was planned with (its checksum differs).`,
      { parameter: 'dataset' },
    );
  }
  return { name, sha256: train.sha256, testSha256: test.sha256 };
}

/** What a fresh process takes for data and for BLAS before the first step, beside the images and their files (measured). */
const reading = 34 * 2 ** 20;

/** A job's options as its trainer takes them: one that draws nothing has no seed, though the job has. */
function optionsOf(run: Work['run'], { training }: Awaited<ReturnType<typeof loadSystem>>): Data {
  const { seed, ...options } = run ?? {};
  const takesSeed = training !== undefined && Object.hasOwn(training.optionsSchema.shape, 'seed');
  return seed === undefined || !takesSeed ? options : { ...options, seed };
}

/** What the trainer of the system says of a job, on the images of this machine. */
async function sized(work: Work): Promise<{ flops: number; bytes: number }> {
  const system = await loadSystem(work.system);
  const trainer = system.training;
  if (trainer === undefined) throw new MftError('ERR_MFT_INTERNAL', `The job of ${work.system} cannot be trained.`);
  const { train, test } = await pairOf(work.dataset?.name ?? '');
  const options = trainer.resolveOptions(optionsOf(work.run, system));
  const held = options.validationCount;
  const count = options.trainCount > 0 ? options.trainCount : train.count - held;
  const data = { ...dataShape(train, count), count, testCount: test.count };
  const plan = trainer.plan(work.spec, data, options);
  const complete = trainer.complete(plan, options, data);
  return {
    flops: Math.max(1, trainer.flops(plan, complete, data)),
    bytes: trainer.bytes(plan, complete, data, 1) + reading + 2 * (train.images.byteLength + test.images.byteLength),
  };
}

export const trainVerb: SweepVerb = {
  isRandom: true,
  resolve: async (input) => {
    const system = await loadSystem(input.spec.system);
    if (system.training === undefined)
      throw new MftError(
        'ERR_MFT_UNSUPPORTED',
        `Expected \`system\` to be one that can be trained, received ${system.name}.`,
        { parameter: 'system' },
      );
    if (input.outputs !== undefined)
      throw new MftError(
        'ERR_MFT_INVALID_ARGUMENT',
        'Expected no `outputs` for verb train: its result is always whole.',
        { parameter: 'outputs' },
      );
    const dataset = await resolveDataset(input.dataset);
    if (dataset.name === 'ptb' && system.training.takesText !== true)
      throw new MftError(
        'ERR_MFT_UNSUPPORTED',
        `Expected \`dataset\` to hold images: ${system.name} is not trained on texts.`,
        { parameter: 'dataset' },
      );
    refuseRunFields(
      input.run,
      ['checkpoint', 'returnWeights', 'saveWeights', 'initialWeights', 'memoryLimit'],
      'jobs write no files, read and return no weights, and have the memory of max-memory',
    );
    const {
      checkpointEvery: _,
      returnWeights: __,
      ...options
    } = system.training.resolveOptions(input.run) as unknown as Data;
    const spec = system.resolveSpec(input.spec) as Work['spec'];
    return {
      system: system.name,
      systemVersion: system.version,
      spec,
      run: decidingFields(options),
      dataset,
    };
  },
  execute: async (work, control: ControlOptions) => {
    const dataset = await resolveDataset(work.dataset);
    const {
      options: _,
      dataset: __,
      memory: ___,
      ...training
    } = (await anyTrain(work.spec, await pairOf(dataset.name), {
      ...optionsOf(work.run, await loadSystem(work.system)),
      ...control,
    })) as Record<string, unknown>;
    return training;
  },
  cost: async (work) => (await sized(work)).flops,
  memory: async (work) => (await sized(work)).bytes,
  hasSteps: async ({ system }) =>
    Object.hasOwn((await loadSystem(system)).training?.optionsSchema.shape ?? {}, 'steps'),
};
