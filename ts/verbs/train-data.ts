// What `train` is given to train on: data sets by name or at hand, checked, with what a run warns of.
import { readOnce } from '../core/copy.js';
import { expectedError, type MftError } from '../core/errors.js';
import type { Warning } from '../core/results.js';
import type { TrainerOptions } from '../core/trainer.js';
import type { DataOptions } from '../data/bytes.js';
import { dataOptionsOf } from '../data/options.js';
import { type Dataset, type DatasetName, readDataset } from '../data/dataset.js';
import { npzNames } from '../data/npz.js';
import { readWords, type WordDataset } from '../data/words.js';
import { heldOut } from '../training/hold-out.js';

/** Images, or the words of a text. */
type AnySet = Dataset | WordDataset;

export interface DatasetPair {
  readonly train: AnySet;
  readonly test?: AnySet;
}

/** What is trained on: the name of a data set (read with its test set), or data sets already read. */
export type TrainDataset =
  | DatasetName
  | 'ptb'
  | (string & {})
  | { readonly train: Dataset; readonly test?: Dataset }
  | { readonly train: WordDataset; readonly test?: WordDataset };

/** The name of a data set, or data sets whose form is that of `readDataset`, read once. */
export function datasetsOf(dataset: TrainDataset): TrainDataset {
  if (typeof dataset === 'string') return dataset;
  const { train, test } = readOnce('dataset', () => ({ ...(dataset as object) })) as Partial<DatasetPair>;
  const expected = 'the name of a data set, or { train, test } as `readDataset` returns them';
  if (train === undefined) throw expectedError('ERR_MFT_INVALID_ARGUMENT', 'dataset', expected, dataset);
  return {
    train: checkedDataset('train', train),
    ...(test === undefined ? {} : { test: checkedDataset('test', test) }),
  } as TrainDataset;
}

function checkedDataset(name: string, given: AnySet): AnySet {
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
  if ('vocabulary' in set) return checkedText(set, refuse);
  if (!['Uint8Array', 'Float32Array'].includes(tag(images)) || images.length !== count * dimension)
    throw refuse('.images', `bytes or float32 numbers, ${count} × ${dimension} of them`, images);
  if (tag(labels) !== 'Uint8Array' || labels.length !== count) throw refuse('.labels', `${count} bytes`, labels);
  const wrong = labels.find((label) => label >= classes);
  if (wrong !== undefined) throw refuse('.labels', `labels below ${classes}`, wrong);
  return set;
}

function checkedText(
  set: WordDataset,
  refuse: (field: string, expected: string, received: unknown) => MftError,
): WordDataset {
  const { images, labels, count, classes, vocabulary } = set;
  if (!Array.isArray(vocabulary) || vocabulary.length !== classes)
    throw refuse('.vocabulary', `a list of ${classes} words`, vocabulary);
  for (const [field, words] of [
    ['.images', images],
    ['.labels', labels],
  ] as const) {
    if (Object.prototype.toString.call(words) !== '[object Int32Array]' || words.length !== count)
      throw refuse(field, `${count} whole numbers of 32 bits`, words);
    const wrong = words.find((word) => word < 0 || word >= classes);
    if (wrong !== undefined) throw refuse(field, `numbers of words below ${classes}`, wrong);
  }
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
      (dataset === 'ptb'
        ? await readWords('ptb', 'train', options)
        : typeof dataset === 'string'
          ? await readDataset(dataset, 'train', options)
          : dataset.train) as Dataset,
      trainCount,
      validationCount,
    );
  if (typeof dataset !== 'string') return dataset;
  if (dataset === 'ptb')
    return { train: await readWords('ptb', 'train', options), test: await readWords('ptb', 'test', options) };
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
