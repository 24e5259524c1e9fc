// NumPy .npy arrays: a magic, a Python dictionary as header, then the raw values.
import type { ControlOptions } from '../core/control.js';
import { type ByteReader, formatError, readWhole } from './bytes.js';

export type NpyValues =
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | Float32Array
  | Float64Array;

/** A NumPy array. Values are row-major; 64-bit integers are given as doubles (refused beyond 2^53), booleans as bytes. */
export interface NpyArray {
  readonly shape: readonly number[];
  /** NumPy's name of the type, e.g. "<f4". */
  readonly type: string;
  readonly values: NpyValues;
}

const magic = Buffer.from([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59]);
const largestHeader = 65_536;
const largestDimensions = 32;

interface Element {
  readonly bytes: number;
  readonly make: (buffer: SharedArrayBuffer) => NpyValues | BigInt64Array | BigUint64Array;
}

const elements: Readonly<Record<string, Element>> = {
  b1: { bytes: 1, make: (buffer) => new Uint8Array(buffer) },
  u1: { bytes: 1, make: (buffer) => new Uint8Array(buffer) },
  i1: { bytes: 1, make: (buffer) => new Int8Array(buffer) },
  u2: { bytes: 2, make: (buffer) => new Uint16Array(buffer) },
  i2: { bytes: 2, make: (buffer) => new Int16Array(buffer) },
  u4: { bytes: 4, make: (buffer) => new Uint32Array(buffer) },
  i4: { bytes: 4, make: (buffer) => new Int32Array(buffer) },
  u8: { bytes: 8, make: (buffer) => new BigUint64Array(buffer) },
  i8: { bytes: 8, make: (buffer) => new BigInt64Array(buffer) },
  f4: { bytes: 4, make: (buffer) => new Float32Array(buffer) },
  f8: { bytes: 8, make: (buffer) => new Float64Array(buffer) },
};

/**
 * Reads a .npy file (format versions 1 to 3; integers, booleans, float32 and float64; C order).
 *
 * @throws MftError (rejects) ERR_MFT_DATA_FORMAT: no .npy file, an object array, a Fortran-ordered array, a size that does not fit
 *
 * @example
 * const { shape, values } = await readNpy('images.npy');
 */
export async function readNpy(
  path: string,
  options: ControlOptions = {},
): Promise<NpyArray & { readonly sha256: string }> {
  const { value, sha256 } = await readWhole(path, options, readNpyBytes);
  return { ...value, sha256 };
}

/** Reads an array from a stream that holds one .npy file (a member of a .npz archive is one). */
export async function readNpyBytes(bytes: ByteReader): Promise<NpyArray> {
  const start = await bytes.take(8);
  if (!start.subarray(0, 6).equals(magic)) throw formatError(bytes.name, 'is no .npy file: its magic is missing.');
  const major = start[6] ?? 0;
  if (major < 1 || major > 3) throw formatError(bytes.name, `has .npy format version ${major}; 1 to 3 are read.`);
  const length = major === 1 ? (await bytes.take(2)).readUInt16LE(0) : (await bytes.take(4)).readUInt32LE(0);
  if (length > largestHeader)
    throw formatError(bytes.name, `declares a header of ${length} bytes; at most ${largestHeader} are read.`);
  const { type, order, shape } = parseHeader((await bytes.take(length)).toString('latin1'), bytes.name);
  const element = elements[type.slice(1)];
  if (element === undefined || !'<>|='.includes(type[0] ?? ''))
    throw formatError(
      bytes.name,
      `holds values of type "${type.slice(0, 20)}"; read are booleans, integers of 1 to 8 bytes, float32 and float64.`,
    );
  if (order && shape.length > 1)
    throw formatError(bytes.name, 'is in Fortran order; save it with numpy.ascontiguousarray.');
  const count = shape.reduce((product, size) => product * size, 1);
  await bytes.expect(count * element.bytes);
  const buffer = new SharedArrayBuffer(count * element.bytes);
  const raw = new Uint8Array(buffer);
  await bytes.fill(raw);
  if (type[0] === '>')
    Buffer.from(buffer)[
      element.bytes === 2 ? 'swap16' : element.bytes === 4 ? 'swap32' : element.bytes === 8 ? 'swap64' : 'valueOf'
    ]();
  const values = element.make(buffer);
  return {
    shape,
    type,
    values: values instanceof BigInt64Array || values instanceof BigUint64Array ? doubles(values, bytes.name) : values,
  };
}

function doubles(values: BigInt64Array | BigUint64Array, name: string): Float64Array {
  const result = new Float64Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const value = Number(values[i]);
    if (!Number.isSafeInteger(value)) throw formatError(name, `holds the integer ${values[i]}, which is beyond 2^53.`);
    result[i] = value;
  }
  return result;
}

/** The header is a Python literal with exactly three keys; NumPy writes it in one form, which is all that is accepted. */
function parseHeader(text: string, name: string): { type: string; order: boolean; shape: number[] } {
  const entry = (pattern: RegExp, what: string): string => {
    const found = pattern.exec(text);
    if (found?.[1] === undefined) throw formatError(name, `has a header without ${what}.`);
    return found[1];
  };
  if (!/^\{.*\}[ \n]*$/s.test(text)) throw formatError(name, 'has a header that is no Python dictionary.');
  const type = entry(/'descr': '([^']*)'/, "a simple 'descr' (structured arrays are not read)");
  const order = entry(/'fortran_order': (True|False)/, "'fortran_order'") === 'True';
  const sizes = entry(/'shape': \(([0-9, ]*)\)/, "'shape'");
  const shape = sizes
    .split(',')
    .map((size) => size.trim())
    .filter((size) => size !== '')
    .map(Number);
  if (shape.length > largestDimensions || !shape.every((size) => Number.isSafeInteger(size)))
    throw formatError(name, `declares the shape (${sizes.slice(0, 60)}), which is not read.`);
  return { type, order, shape };
}

/** The bytes of a .npy file (version 1) with these values. */
export function encodeNpy(
  shape: readonly number[],
  type: '|u1' | '<i4' | '<f4' | '<f8',
  values: Uint8Array | Int32Array | Float32Array | Float64Array,
): Buffer {
  const dictionary = `{'descr': '${type}', 'fortran_order': False, 'shape': (${shape.join(', ')}${shape.length === 1 ? ',' : ''}), }`;
  const padded = `${dictionary.padEnd(64 * Math.ceil((dictionary.length + 11) / 64) - 11)}\n`;
  const start = Buffer.from([...magic, 1, 0, padded.length % 256, Math.floor(padded.length / 256)]);
  return Buffer.concat([
    start,
    Buffer.from(padded, 'latin1'),
    Buffer.from(values.buffer, values.byteOffset, values.byteLength),
  ]);
}
