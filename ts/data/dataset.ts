// Labelled images by the name of their data set.
import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import { datasetExpectation, emnistClasses } from '../core/dataset-names.js';
import { expectedError } from '../core/errors.js';
import type { Warning } from '../core/results.js';
import { readArchive } from './archive.js';
import type { DataOptions } from './bytes.js';
import { formatError } from './files.js';
import { readCifar10, readCifar100 } from './cifar10.js';
import { type IdxArray, readIdx } from './idx.js';
import { type KnownFile, knownFiles, recognised } from './known.js';
import { labelsOf } from './labels.js';
import { dataFolder, locate, locateOther, locateSplit } from './locate.js';
import type { Channels, PixelRange } from './pixels.js';
import { gratingImages, gratingsClasses, gratingsCounts, gratingsSide } from './gratings.js';
import { syntheticClasses, syntheticCounts, syntheticImages } from './synthetic.js';
import { dataOptions } from './options.js';

/** Data sets by name; anything else is the path of a .npz archive with x_train, y_train, x_test, y_test. */
export type DatasetName = 'mnist' | 'cifar10' | 'cifar100' | 'synthetic' | 'gratings' | keyof typeof emnistClasses;

/** A file a data set was read from. */
export interface DataFile {
  readonly name: string;
  readonly sha256: string;
  /** Whether the hash is that of the published file. */
  readonly verified: boolean;
}

/** Labelled images. */
export interface Dataset {
  readonly name: string;
  /**
   * What the images are: `testFirst1000` is the first tenth of CIFAR-10's test set, not the test set; `validation`:
   * held out of the training set.
   */
  readonly split: 'train' | 'test' | 'testFirst1000' | 'validation';
  readonly count: number;
  /** Shape of one image, e.g. [28, 28] or [3, 32, 32]. */
  readonly shape: readonly number[];
  readonly dimension: number;
  readonly classes: number;
  /** Row-major count × dimension over shared memory, channels first; what its numbers mean is in `range`. */
  readonly images: Uint8Array | Float32Array;
  readonly labels: Uint8Array;
  /** Smallest and largest component and which one means white; without it bytes mean value/255, floats themselves. */
  readonly range?: PixelRange;
  /** Where the colors are; without it the first of three axes. */
  readonly channels?: Channels;
  /** Whether the file's labels were numbers (also when left out) or one-hot rows. */
  readonly labelForm?: 'numbers' | 'oneHot';
  /** What was noticed when an archive was read: range, axis of colors, one-hot labels, classes without an image. */
  readonly warnings?: readonly Warning[];
  /** True when every file is the published one. */
  readonly verified: boolean;
  readonly files: readonly DataFile[];
  /** Of the one file of images, or of the hashes of the files one after the other. */
  readonly sha256: string;
}

/**
 * Reads a data set.
 *
 * @param name 'mnist', 'cifar10', 'synthetic', 'gratings', or the path of a .npz archive with x_train, y_train (and x_test, y_test)
 * @param split 'train' or 'test'; for CIFAR-10 without test_batch.bin the result's `split` is `testFirst1000`
 * @param options `data`: the folder with the data sets (default: environment variable MFT_DATA); signal
 * @returns images, labels, the hash of every file and whether it is the published one (`verified`)
 * @throws MftError (rejects) ERR_MFT_DATA_NOT_FOUND (which file belongs where), ERR_MFT_DATA_FORMAT,
 * ERR_MFT_DATA_CHECKSUM, ERR_MFT_INVALID_ARGUMENT
 *
 * **Numerics**: pixels as stored; labels as bytes.
 * **Source**: LeCun et al. 1998 (MNIST), Krizhevsky 2009 (CIFAR-10); `synthetic` and `gratings` are ours: docs/data.md.
 *
 * @example
 * import { readDataset } from 'mft-native';
 * const digits = await readDataset('synthetic', 'test');
 * console.log(digits.count, digits.shape); // 2000 [28, 28]
 */
export async function readDataset(
  name: DatasetName | (string & {}),
  split: 'train' | 'test' = 'train',
  options: DataOptions = {},
): Promise<Dataset> {
  if (split !== 'train' && split !== 'test')
    throw expectedError('ERR_MFT_INVALID_ARGUMENT', 'split', 'train or test', split);
  return readNamed(name, split, dataOptions(options));
}

function readNamed(name: string, split: 'train' | 'test', options: DataOptions): Promise<Dataset> | Dataset {
  if (name === 'mnist') return readMnist(split, options);
  if (name === 'cifar10') return readCifar(split, options);
  if (name === 'synthetic') return synthetic(split);
  if (name === 'gratings') return gratings(split);
  if (name === 'cifar100') return readCifarHundred(split, options);
  if (typeof name === 'string' && Object.hasOwn(emnistClasses, name))
    return readEmnist(name as keyof typeof emnistClasses, split, options);
  if (typeof name === 'string' && name.endsWith('.npz')) return archive(name, split, options);
  throw expectedError('ERR_MFT_INVALID_ARGUMENT', 'dataset', datasetExpectation, name);
}

async function readMnist(split: 'train' | 'test', options: DataOptions): Promise<Dataset> {
  const found = await locateSplit('mnist', split, options);
  const path = (role: KnownFile['role']): string =>
    (found.find(({ file }) => file.role === role) as { path: string }).path;
  return fromIdx('mnist', split, 10, path('images'), path('labels'), options);
}

async function fromIdx(
  name: string,
  split: 'train' | 'test',
  classes: number,
  imagesPath: string,
  labelsPath: string,
  options: DataOptions,
): Promise<Dataset> {
  const labels = await readIdx(labelsPath, options);
  const classOf = idxLabels(labels, basename(labelsPath));
  // EMNIST's letters are 1 to 26.
  if (name === 'emnist-letters') classOf.forEach((label, i) => (classOf[i] = label - 1));
  checkLabels(classOf, classes, basename(labelsPath));
  const images = await readIdx(imagesPath, options);
  const [count, rows, columns] = images.shape;
  if (images.shape.length !== 3 || rows !== 28 || columns !== 28)
    throw formatError(
      basename(imagesPath),
      `holds an array of shape ${images.shape.join(' × ')}; its images are of 28 × 28.`,
    );
  if (!(images.values instanceof Uint8Array))
    throw formatError(basename(imagesPath), 'holds no unsigned bytes, as images do.');
  if (count !== classOf.length)
    throw formatError(basename(imagesPath), `holds ${count} images, ${basename(labelsPath)} ${classOf.length} labels.`);
  const files = [dataFile(imagesPath, images.sha256), dataFile(labelsPath, labels.sha256)];
  return assembled(name, split, [28, 28], classes, images.values, classOf, files, images.sha256);
}

/** Labels of an IDX file; QMNIST has eight int32 per image, of which the first is the class. */
function idxLabels({ shape, values }: IdxArray, name: string): Uint8Array {
  const [count, columns] = shape;
  const isQmnist = shape.length === 2 && columns === 8 && values instanceof Int32Array;
  if (shape.length !== 1 && !isQmnist)
    throw formatError(name, `holds an array of shape ${shape.join(' × ')}; labels are one-dimensional.`);
  const first = isQmnist ? values.filter((_, i) => i % 8 === 0) : values;
  return labelsOf(first, [count as number], name).values;
}

async function readCifar(split: 'train' | 'test', options: DataOptions): Promise<Dataset> {
  const actual = split === 'test' && !(await hasWholeTestSet(options)) ? 'testFirst1000' : split;
  const paths = await locateSplit('cifar10', actual, options).catch((error: unknown) => {
    // When neither test file is there, the message is about the whole one.
    if (actual === 'testFirst1000') return locateSplit('cifar10', 'test', options);
    throw error;
  });
  const { images, labels, sha256 } = await readCifar10(
    paths.map(({ path }) => path),
    options,
  );
  const files = paths.map(({ path }, i) => dataFile(path, sha256[i] as string));
  return assembled('cifar10', actual, [3, 32, 32], 10, images, labels, files, jointHash(sha256));
}

async function hasWholeTestSet(options: DataOptions): Promise<boolean> {
  const folder = dataFolder(options);
  const file = knownFiles.find((known) => known.dataset === 'cifar10' && known.split === 'test') as KnownFile;
  return folder === undefined || (await locate(file, folder)) !== undefined;
}

function synthetic(split: 'train' | 'test'): Dataset {
  const { images, labels } = syntheticImages(split, { size: 28, channels: 1 });
  const { files, sha256 } = generated('synthetic', split, syntheticCounts[split], images);
  return assembled('synthetic', split, [28, 28], syntheticClasses, images, labels, files, sha256);
}

function gratings(split: 'train' | 'test'): Dataset {
  const { images, labels } = gratingImages(split);
  const { files, sha256 } = generated('gratings', split, gratingsCounts[split], images);
  return assembled('gratings', split, [gratingsSide, gratingsSide], gratingsClasses, images, labels, files, sha256);
}

function generated(
  name: keyof typeof generatedHashes,
  split: 'train' | 'test',
  count: number,
  images: Uint8Array,
): { files: DataFile[]; sha256: string } {
  const sha256 = createHash('sha256').update(images).digest('hex');
  const verified = generatedHashes[name][split] === sha256;
  return { files: [{ name: `${name} ${split} (${count} images)`, sha256, verified }], sha256 };
}

/** SHA-256 of the image bytes: the generator gives the same on every machine, or `verified` says that it did not. */
const generatedHashes = {
  synthetic: {
    train: '0b8e5dd6fe55b64670a2cac927077e2758565e7f039d8fb25bb458269771936f',
    test: 'd98b9cb7f698ff024c7037bf5881b922f1b00eac05e9c17be6cf67da27cef9c4',
  },
  gratings: {
    train: '72347a2c9c4fa284673e61d9d35576fcf3cd93ac47ff23d4c08b8a4ca1dcface',
    test: '8c7e0a95d6366987c83b8788aab08e525a151cc4a18f8e3088c91e23bc28c85c',
  },
} as const;

async function archive(path: string, split: 'train' | 'test', options: DataOptions): Promise<Dataset> {
  const { shape, classes, images, labels, sha256, ...stated } = await readArchive(path, split, options);
  const files = [{ name: basename(path), sha256, verified: false }];
  return { ...assembled(path, split, shape, classes, images, labels, files, sha256), ...stated };
}

async function readCifarHundred(split: 'train' | 'test', options: DataOptions): Promise<Dataset> {
  const path = await locateOther('cifar100', ['cifar100', 'cifar-100-binary'], [`${split}.bin`], options);
  const { images, labels, sha256 } = await readCifar100([path], options);
  const files = [dataFile(path, sha256[0] as string)];
  return assembled('cifar100', split, [3, 32, 32], 100, images, labels, files, jointHash(sha256));
}

/** EMNIST's parts lie under names of their own; the images stay as the files have them, rows and columns exchanged. */
async function readEmnist(
  name: keyof typeof emnistClasses,
  split: 'train' | 'test',
  options: DataOptions,
): Promise<Dataset> {
  const find = (what: string): Promise<string> =>
    locateOther(
      name,
      ['emnist', 'EMNIST/raw', 'gzip', '.'],
      [`${name}-${split}-${what}-ubyte.gz`, `${name}-${split}-${what}-ubyte`],
      options,
    );
  return fromIdx(name, split, emnistClasses[name], await find('images-idx3'), await find('labels-idx1'), options);
}

function checkLabels(labels: Uint8Array, classes: number, name: string): void {
  const wrong = labels.findIndex((label) => label >= classes);
  if (wrong >= 0)
    throw formatError(
      name,
      `label ${wrong} is ${labels[wrong]}; labels are 0 to ${classes - 1} (EMNIST has data sets of its own: emnist-letters, …).`,
    );
}

function dataFile(path: string, sha256: string): DataFile {
  return { name: basename(path), sha256, verified: recognised(sha256)?.names.includes(basename(path)) ?? false };
}

function jointHash(hashes: readonly string[]): string {
  return hashes.length === 1 ? (hashes[0] as string) : createHash('sha256').update(hashes.join('')).digest('hex');
}

function assembled(
  name: string,
  split: Dataset['split'],
  shape: readonly number[],
  classes: number,
  images: Uint8Array | Float32Array,
  labels: Uint8Array,
  files: readonly DataFile[],
  sha256: string,
): Dataset {
  const dimension = shape.reduce((product, size) => product * size, 1);
  return {
    name,
    split,
    count: labels.length,
    shape,
    dimension,
    classes,
    images,
    labels,
    verified: files.every((file) => file.verified),
    files,
    sha256,
  };
}
