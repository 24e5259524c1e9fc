// What the components of images mean: which value is white, and which axis holds the colours. Both are stated in results;
// neither depends on the type the numbers were saved in, but for bytes, which mean value/255.
import { expectedError, MftError } from '../core/errors.js';
import type { Warning } from '../core/results.js';

/** The range of the components as they lie in the file. */
export interface PixelRange {
  readonly smallest: number;
  readonly largest: number;
  /** What `unit` maps to 1: the value of white. */
  readonly unit: number;
  /** Who says so: the format (bytes, booleans), the values, or the option `pixelMaximum`. */
  readonly from: 'format' | 'values' | 'option';
}

/** Where the colours of an image are. Images are channels-first in memory, whatever the file's order. */
export interface Channels {
  readonly count: number;
  /** The axis in the file. */
  readonly axis: 'first' | 'last' | 'none';
  readonly from: 'shape' | 'option';
}

type Values = ArrayLike<number> & { readonly length: number };
/** A byte that is white in a photograph is 255; in no ordinary set of images is the brightest pixel below half of that. */
const dim = 128;

/** Range and unit of components. `type` is NumPy's: "|u1", "|b1", "<f4", … */
export function pixelRange(
  values: Values,
  type: string,
  given: number | undefined,
  name: string,
): { range: PixelRange; isWhole: boolean; warnings: Warning[] } {
  if (given !== undefined && !(Number.isFinite(given) && given > 0))
    throw expectedError('ERR_MFT_OUT_OF_RANGE', 'pixelMaximum', 'a finite number > 0', given);
  let [smallest, largest, isWhole] = [Infinity, -Infinity, true];
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    if (value < smallest) smallest = value;
    if (value > largest) largest = value;
    isWhole &&= Number.isInteger(value);
  }
  const isBytes = type.endsWith('u1');
  const looksLikeBytes = isWhole && smallest >= 0 && largest > 1 && largest <= 255;
  const unit = given ?? (isBytes || looksLikeBytes ? 255 : 1);
  const from = given !== undefined ? 'option' : isBytes || type.endsWith('b1') ? 'format' : 'values';
  const warnings: Warning[] = [];
  const warn = (text: string): number =>
    warnings.push({ id: 'pixelRange', message: `${name}: components lie in [${smallest}, ${largest}] and ${text}.` });
  if (given !== undefined && (smallest < 0 || largest > given)) warn(`not in [0, pixelMaximum] = [0, ${given}]`);
  if (given === undefined && unit === 255 && largest < dim)
    warn('are divided by 255 as bytes are; `pixelMaximum` says another value of white');
  if (given === undefined && unit === 1 && largest > 1 && (smallest >= 0 || /[iu]\d$/.test(type)))
    warn('are taken as they are, not divided; `pixelMaximum` says the value of white');
  return { range: { smallest, largest, unit, from }, isWhole: looksLikeBytes || isBytes, warnings };
}

const colors: ReadonlySet<number> = new Set([1, 3, 4]);

/** The axis of colours of images of this shape: the last when it alone has 1, 3 or 4 values, else the first when it has.
 * Where both have, the one beside a square. */
export function channelsOf(
  shape: readonly number[],
  given: Channels['axis'] | undefined,
  name: string,
): { channels: Channels; warnings: Warning[] } {
  if (given !== undefined && !['first', 'last', 'none'].includes(given))
    throw expectedError('ERR_MFT_INVALID_ARGUMENT', 'channelAxis', 'first, last or none', given);
  const [first, middle, last] = shape as [number, number, number];
  if (shape.length !== 3) {
    if (given === 'first' || given === 'last')
      throw new MftError(
        'ERR_MFT_SHAPE',
        `Expected \`channelAxis\` to be none, received ${given}: images of ${name} have shape (${shape.join(', ')}).`,
        { parameter: 'channelAxis', expected: 'none', received: given },
      );
    return { channels: { count: 1, axis: 'none', from: given === undefined ? 'shape' : 'option' }, warnings: [] };
  }
  // Where both ends could be colors, the one that leaves a square is.
  const isFirst = colors.has(first) && !(colors.has(last) && first === middle && last !== middle);
  const isLast = colors.has(last) && !(colors.has(first) && last === middle && first !== middle);
  const axis = given ?? (isFirst ? 'first' : isLast ? 'last' : 'none');
  const count = { first, last, none: 1 }[axis];
  const text = isFirst
    ? 'may have their colors first or last; the first axis is taken'
    : 'have no axis of 1, 3 or 4 colors; all components are one';
  const message = `${name}: images of shape (${shape.join(', ')}) ${text}; \`channelAxis\` says which.`;
  const isGuess = given === undefined && isFirst === isLast;
  return {
    channels: { count, axis, from: given === undefined ? 'shape' : 'option' },
    warnings: isGuess ? [{ id: 'channelAxis', message }] : [],
  };
}

/** Images of height × width × channels as channels × height × width, over shared memory. */
export function channelsFirst<T extends Uint8Array | Float32Array>(images: T, [h, w, c]: [number, number, number]): T {
  const make = images.constructor as new (buffer: SharedArrayBuffer) => T;
  const result = new make(new SharedArrayBuffer(images.byteLength));
  const pixels = h * w;
  for (let start = 0; start < images.length; start += pixels * c)
    for (let pixel = 0; pixel < pixels; pixel++)
      for (let channel = 0; channel < c; channel++)
        result[start + channel * pixels + pixel] = images[start + pixel * c + channel] as number;
  return result;
}
