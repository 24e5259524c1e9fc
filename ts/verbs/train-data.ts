// What `train` is given to train on: data sets by name or at hand, checked, with what a run warns of.
import { readOnce } from '../core/copy.js';
import { expectedError, type MftError } from '../core/errors.js';
import type { Warning } from '../core/results.js';
import type { TrainerOptions } from '../core/trainer.js';
import type { DataOptions } from '../data/bytes.js';
import { dataOptionsOf } from '../data/options.js';
import { type Dataset, type DatasetName, readDataset } from '../data/dataset.js';
import { npzNames } from '../data/npz.js';
import { heldOut } from '../training/hold-out.js';

export interface DatasetPair {
  readonly train: Dataset;
  readonly test?: Dataset;
}

/** What is trained on: the name of a data set (read with its test set), or data sets already read. */
export type TrainDataset = DatasetName | (string & {}) | { readonly train: Dataset; readonly test?: Dataset };

/** The name of a data set, or data sets whose form is that of `readDataset`, read once. */
export function datasetsOf(dataset: TrainDataset): TrainDataset {
  if (typeof dataset === 'string') return dataset;
  const { train, test } = readOnce('dataset', () => ({ ...(dataset as object) })) as Partial<DatasetPair>;
  const expected = 'the name of a data set, or { train, test } as `readDataset` returns them';
  if (train === undefined) throw expectedError('ERR_MFT_INVALID_ARGUMENT', 'dataset', expected, dataset);
  return {
    train: checkedDataset('train', train),
    ...(test === undefined ? {} : { test: checkedDataset('test', test) }),
  };
}

function checkedDataset(name: string, given: Dataset): Dataset {
  const refuse = (field: string, expected: string, received: unknown): MftError =>
    expectedError('ERR_MFT_INVALID_ARGUMENT', `dataset.${name}${field}`, expected, received);
  if (typeof given !== 'object' || given === null) throw refuse('', 'a data set as `readDataset` returns it', given);
  const set = readOnce(`dataset.${name}`, () => ({ ...given }));
  for (const field of ['count', 'dimension', 'classes'] as const)
    if (!Number.isSafeInteger(set[field]) || set[field] < 1)
      throw refuse(`.${field}`, 'a whole number >= 1', set[field]);
  for (const field of ['shape', 'files'] as const)
    if (!Array.isArray(set[field])) throw refuse(`.${field}`, 'a list', set[field]);
  const { images, labels, count, dimension, classes } = set;
  // By tag: arrays of other realms are arrays.
  const tag = (value: unknown): string => Object.prototype.toString.call(value).slice(8, -1);
  if (!['Uint8Array', 'Float32Array'].includes(tag(images)) || images.length !== count * dimension)
    throw refuse('.images', `bytes or float32 numbers, ${count} × ${dimension} of them`, images);
  if (tag(labels) !== 'Uint8Array' || labels.length !== count) throw refuse('.labels', `${count} bytes`, labels);
  const wrong = labels.find((label) => label >= classes);
  if (wrong !== undefined) throw refuse('.labels', `labels below ${classes}`, wrong);
  return set;
}

/** Networks side by side read the same images. */
export function sharedImages(
  options: readonly TrainerOptions[],
): Pick<TrainerOptions, 'trainCount' | 'validationCount'> {
  const [first] = options as [TrainerOptions];
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

export async function resolveData(
  dataset: TrainDataset,
  trainCount: number,
  validationCount: number,
  control: DataOptions,
): Promise<DatasetPair> {
  const options = dataOptionsOf(control);
  if (validationCount > 0)
    return heldOut(
      typeof dataset === 'string' ? await readDataset(dataset, 'train', options) : dataset.train,
      trainCount,
      validationCount,
    );
  if (typeof dataset !== 'string') return dataset;
  const train = await readDataset(dataset, 'train', options);
  // An archive need not hold a test set; the named data sets have one.
  if (dataset.endsWith('.npz') && !(await npzNames(dataset)).includes('x_test')) return { train };
  return { train, test: await readDataset(dataset, 'test', options) };
}

export function checkData({ train, test }: DatasetPair, trainCount: number): void {
  if (test !== undefined && (test.dimension !== train.dimension || test.classes > train.classes))
    throw expectedError(
      'ERR_MFT_SHAPE',
      'test',
      `images of ${train.dimension} components in ${train.classes} classes`,
      `${test.dimension} components, ${test.classes} classes`,
    );
  if (trainCount > train.count)
    throw expectedError(
      'ERR_MFT_OUT_OF_RANGE',
      'trainCount',
      `a whole number in [0, ${train.count}], the training images (0 = all)`,
      trainCount,
    );
}

export function warnings({ train, test }: DatasetPair): Warning[] {
  const list: Warning[] = [];
  for (const set of [train, test])
    if (set !== undefined && set.split !== 'validation' && !set.verified && !set.name.endsWith('.npz'))
      list.push({
        id: 'unverifiedData',
        message: `The ${set.split} images of ${set.name} are not the published files (SHA-256 ${set.sha256}).`,
      });
  for (const set of [train, test]) if (set?.split !== 'validation') list.push(...(set?.warnings ?? []));
  if (test?.split === 'testFirst1000')
    list.push({
      id: 'partialTestSet',
      message: 'Test figures are of the first 1,000 test images of CIFAR-10, not of its test set.',
    });
  return list;
}
