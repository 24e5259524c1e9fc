// A data set from images and labels at hand.
import { createHash } from 'node:crypto';
import { parse } from '../core/checks.js';
import { plainCopy } from '../core/copy.js';
import { describe, expectedError, MftError } from '../core/errors.js';
import { imagesAndLabels } from './archive.js';
import type { Dataset } from './dataset.js';
import { pixelSchema } from './options.js';
import type { Channels } from './pixels.js';

/** Numbers row by row: lists within lists, or a typed array. */
export type NumberRows = ArrayLike<number> | readonly (ArrayLike<number> | readonly NumberRows[])[];

/** Images and labels as a program has them. */
export interface GivenImages {
  /** Lists of images (of rows, of pixels), or all numbers in one typed array. */
  readonly images: NumberRows;
  /** A whole number from 0 on for each image, or a one-hot row. */
  readonly labels: NumberRows;
  /** Shape of one image where `images` is a typed array; left out: one row of numbers. */
  readonly shape?: readonly number[];
  /** What results and warnings call the set. Default 'own'. */
  readonly name?: string;
  /** Which part of the data this is. Default 'train'. */
  readonly split?: 'train' | 'test' | 'validation';
}

/** What cannot be seen from the numbers for certain. */
export interface PixelOptions {
  /** The value of white; left out: 255 for bytes and for whole numbers of 0 to 255, else 1. */
  readonly pixelMaximum?: number;
  /** Where the colours of an image of three axes are; left out: the axis of 1, 3 or 4. */
  readonly channelAxis?: Channels['axis'];
}

/**
 * A data set from images and labels in memory, as `train` takes it.
 *
 * @param given `images` (count × …) and `labels` (count, or count × classes one-hot); `shape` of one image for a typed array; `name`,
 *   `split`
 * @param options `pixelMaximum`: the value of white; `channelAxis`: 'first', 'last' or 'none'
 * @returns the data set: whole numbers of 0 to 255 as bytes, others as float32, channels first, in memory of its own; `range`,
 *   `channels`, `labelForm` and `warnings` say what was taken for what; `sha256` of the stored images
 * @throws MftError ERR_MFT_SHAPE: lists of unequal length, numbers that do not fill the shape, another number of labels;
 *   ERR_MFT_DATA_FORMAT: numbers that are not finite, labels that are none; ERR_MFT_INVALID_ARGUMENT
 *
 * **Numerics**: components as given (float32 where they are no bytes); nothing the caller does to the arrays afterwards changes the set.
 * **Source**: the conventions of docs/data.md.
 *
 * @example
 * const images = [[0, 1, 1, 0], [1, 0, 0, 1]];
 * const { count, dimension, classes } = datasetFrom({ images, labels: [0, 1] });
 * console.log(count, dimension, classes); // 2 4 2
 */
export function datasetFrom(given: GivenImages, options: PixelOptions = {}): Dataset {
  const stated = parse(pixelSchema, options, 'options') as PixelOptions;
  const own = plainCopy(given, 'dataset') as GivenImages;
  if (typeof own !== 'object' || own === null)
    throw expectedError('ERR_MFT_INVALID_ARGUMENT', 'dataset', 'images and labels', given);
  const { name = 'own', split = 'train' } = own;
  if (typeof name !== 'string' || name === '')
    throw expectedError('ERR_MFT_INVALID_ARGUMENT', 'name', 'a text that is not empty', name);
  if (!['train', 'test', 'validation'].includes(split))
    throw expectedError('ERR_MFT_INVALID_ARGUMENT', 'split', 'train, test or validation', split);
  const labels = numbersOf('labels', own.labels);
  const images = numbersOf('images', own.images, own.shape, labels.shape[0]);
  const count = images.shape[0] ?? 0;
  if (images.shape.length < 2 || count === 0 || images.shape.includes(0))
    throw expectedError('ERR_MFT_SHAPE', 'images', 'at least one image of at least one number', images.shape);
  if (labels.shape[0] !== count)
    throw expectedError('ERR_MFT_SHAPE', 'labels', `as many labels as images (${count})`, labels.shape[0] ?? 0);
  const read = imagesAndLabels(images, labels, ['images', 'labels'], stated);
  const sha256 = createHash('sha256').update(read.images).digest('hex');
  return {
    name,
    split,
    count,
    dimension: read.shape.reduce((product, size) => product * size, 1),
    ...read,
    // A typed array that was given stays the caller's.
    images: read.images === images.values ? ownCopy(read.images) : read.images,
    verified: false,
    files: [{ name, sha256, verified: false }],
    sha256,
  };
}

interface Numbers {
  readonly values: Uint8Array | Float32Array | Float64Array;
  readonly shape: readonly number[];
  readonly type: string;
}

function numbersOf(name: string, given: unknown, shape?: unknown, count = 0): Numbers {
  if (ArrayBuffer.isView(given) && !(given instanceof DataView)) {
    const view = given as unknown as ArrayLike<number | bigint>;
    const bytes = given instanceof Uint8Array || given instanceof Uint8ClampedArray;
    const values =
      given instanceof Uint8Array ? given : Float64Array.from({ length: view.length }, (_, i) => Number(view[i]));
    return { values, shape: shapeOf(name, view.length, shape, count), type: bytes ? '|u1' : '<f8' };
  }
  if (shape !== undefined)
    throw expectedError('ERR_MFT_INVALID_ARGUMENT', 'shape', 'left out: lists say their shape', shape);
  const sizes: number[] = [];
  for (let at: unknown = given; isList(at); at = at[0]) sizes.push(at.length);
  if (sizes.length === 0)
    throw expectedError('ERR_MFT_INVALID_ARGUMENT', name, 'lists of numbers or a typed array', given);
  const values = new Float64Array(sizes.reduce((product, size) => product * size, 1));
  let filled = 0;
  const fill = (list: unknown, axis: number, path: string): void => {
    if (axis === sizes.length) {
      if (typeof list !== 'number') throw expectedError('ERR_MFT_INVALID_ARGUMENT', path, 'a number', list);
      values[filled++] = list;
      return;
    }
    if (!isList(list) || list.length !== sizes[axis])
      throw expectedError(
        'ERR_MFT_SHAPE',
        path,
        `a list of ${sizes[axis]}, as the first one`,
        isList(list) ? list.length : list,
      );
    for (let i = 0; i < list.length; i++) fill(list[i], axis + 1, `${path}[${i}]`);
  };
  fill(given, 0, name);
  return { values, shape: sizes, type: '<f8' };
}

/** The shape of `length` numbers: one axis, or images of the given shape; without one, `count` images in equal parts. */
function shapeOf(name: string, length: number, shape: unknown, count: number): number[] {
  if (name === 'labels') return [length];
  if (shape === undefined) {
    if (count > 0 && length % count === 0) return [count, length / count];
    throw expectedError('ERR_MFT_SHAPE', name, `a multiple of ${count} numbers, one part for each label`, length);
  }
  const sizes = isList(shape) ? Array.from(shape as ArrayLike<number>) : [];
  const size = sizes.reduce((product, each) => product * each, 1);
  if (sizes.length === 0 || !sizes.every((each) => Number.isSafeInteger(each) && each > 0))
    throw expectedError('ERR_MFT_INVALID_ARGUMENT', 'shape', 'a list of whole numbers >= 1', shape);
  if (length % size !== 0)
    throw new MftError(
      'ERR_MFT_SHAPE',
      `Expected \`images\` to hold whole images of ${describe(sizes)}, received ${length} numbers.`,
      {
        parameter: 'images',
        received: length,
      },
    );
  return [length / size, ...sizes];
}

function isList(value: unknown): value is ArrayLike<unknown> {
  return Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView));
}

function ownCopy<T extends Uint8Array | Float32Array>(values: T): T {
  const copy = new (values.constructor as new (buffer: SharedArrayBuffer) => T)(
    new SharedArrayBuffer(values.byteLength),
  );
  copy.set(values);
  return copy;
}
