// A .npz archive as a data set: x_train, y_train and, when there is a test set, x_test, y_test.
import { basename } from 'node:path';
import { MftError } from '../core/errors.js';
import type { Warning } from '../core/results.js';
import type { DataOptions } from './bytes.js';
import { formatError } from './files.js';
import { labelsOf, missingClasses } from './labels.js';
import type { NpyArray } from './npy.js';
import { readNpz } from './npz.js';
import { type Channels, channelsFirst, channelsOf, type PixelRange, pixelRange } from './pixels.js';

/** What an archive holds of a split. */
interface ArchiveImages {
  readonly shape: readonly number[];
  readonly classes: number;
  readonly images: Uint8Array | Float32Array;
  readonly labels: Uint8Array;
  readonly labelForm: 'numbers' | 'oneHot';
  readonly range: PixelRange;
  readonly channels: Channels;
  readonly warnings: readonly Warning[];
  readonly sha256: string;
}

export async function readArchive(path: string, split: 'train' | 'test', options: DataOptions): Promise<ArchiveImages> {
  const file = basename(path);
  const { arrays, sha256 } = await readNpz(path, [`x_${split}`, `y_${split}`], options).catch((error: unknown) => {
    if (error instanceof MftError && error.code === 'ERR_MFT_DATA_NOT_FOUND')
      throw new MftError('ERR_MFT_DATA_NOT_FOUND', `The data set ${path} was not found.`, {
        parameter: 'dataset',
        cause: error,
      });
    throw error;
  });
  const [images, labels] = [arrays.get(`x_${split}`), arrays.get(`y_${split}`)];
  if (images === undefined || labels === undefined) throw formatError(file, 'lost an array.');
  const count = images.shape[0] ?? 0;
  const shape = images.shape.slice(1);
  if (images.shape.length < 2 || count === 0 || shape.includes(0))
    throw formatError(file, `x_${split} has shape (${images.shape.join(', ')}); images × components are expected.`);
  if (labels.shape[0] !== count)
    throw formatError(file, `x_${split} holds ${count} images, y_${split} ${labels.shape[0] ?? 1} labels.`);
  const { range, ...read } = imagesAndLabels(images, labels, [`${file}: x_${split}`, `${file}: y_${split}`], options);
  return { ...read, range: split === 'test' ? await trainRange(path, range, options) : range, sha256 };
}

/** Images (count × components) and labels as a data set holds them: channels first, whole numbers as bytes, what was guessed. */
export function imagesAndLabels(
  images: Pick<NpyArray, 'values' | 'shape' | 'type'>,
  labels: Pick<NpyArray, 'values' | 'shape'>,
  [imagesName, labelsName]: readonly [string, string],
  options: Pick<DataOptions, 'pixelMaximum' | 'channelAxis'>,
): Omit<ArchiveImages, 'sha256'> {
  const shape = images.shape.slice(1);
  const { values, form, classes } = labelsOf(labels.values, labels.shape, labelsName);
  const pixels = pixelRange(images.values, images.type, options.pixelMaximum, imagesName);
  const axis = channelsOf(shape, options.channelAxis, imagesName);
  const ordered = storedPixels(images, pixels.isWhole, imagesName);
  const isLast = axis.channels.axis === 'last';
  const [height, width, colors] = shape as [number, number, number];
  return {
    shape: isLast ? [colors, height, width] : shape,
    classes,
    images: isLast ? channelsFirst(ordered, [height, width, colors]) : ordered,
    labels: values,
    labelForm: form,
    range: pixels.range,
    channels: axis.channels,
    warnings: [...pixels.warnings, ...axis.warnings, ...labelWarnings(values, classes, form, labelsName)],
  };
}

/** White is what it is in the training images: the test images alone may all be dark. */
async function trainRange(path: string, own: PixelRange, options: DataOptions): Promise<PixelRange> {
  try {
    const images = (await readNpz(path, ['x_train'], options)).arrays.get('x_train') as NpyArray;
    const { unit, from } = pixelRange(images.values, images.type, options.pixelMaximum, 'x_train').range;
    return { ...own, unit, from };
  } catch (error) {
    if (error instanceof MftError && error.message.includes('no array "x_train"')) return own;
    throw error;
  }
}

/** Whole numbers of 0 to 255 as bytes, whatever type they were saved in; everything else as float32. */
function storedPixels({ values }: Pick<NpyArray, 'values'>, isWhole: boolean, name: string): Uint8Array | Float32Array {
  if (values instanceof Uint8Array) return values;
  const result = isWhole
    ? new Uint8Array(new SharedArrayBuffer(values.length))
    : new Float32Array(new SharedArrayBuffer(4 * values.length));
  for (let i = 0; i < values.length; i++) {
    result[i] = values[i] as number;
    if (!Number.isFinite(result[i]))
      throw formatError(name, `component ${i} of the images is ${values[i]}, not a finite float32 number.`);
  }
  return result;
}

function labelWarnings(labels: Uint8Array, classes: number, form: 'numbers' | 'oneHot', name: string): Warning[] {
  const missing = missingClasses(labels, classes);
  const list: Warning[] = [];
  if (form === 'oneHot')
    list.push({
      id: 'oneHotLabels',
      message: `${name} is one-hot (${labels.length} × ${classes}): the place of the 1 is the label.`,
    });
  if (missing.length > 0) {
    const named = `${missing.slice(0, 5).join(', ')}${missing.length > 5 ? ', …' : ''}`;
    list.push({
      id: 'labelGaps',
      message: `${name}: no image has the label ${named} (${missing.length} of ${classes} classes, 0 to the largest).`,
    });
  }
  return list;
}
