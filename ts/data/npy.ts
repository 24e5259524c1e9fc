// NumPy .npy arrays: a magic, a Python dictionary as header, then the raw values.
import { type ByteReader, type DataOptions, readWhole } from './bytes.js';
import { formatError } from './files.js';
import { parseNpyHeader } from './npy-header.js';
import { dataOptions } from './options.js';

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

/** What is read of each type of NumPy's: bytes of an element, and its values. float16 has no array of its own in this language. */
const elements: Readonly<
  Record<string, { bytes: number; make: (buffer: SharedArrayBuffer, name: string) => NpyValues }>
> = {
  b1: { bytes: 1, make: booleans },
  u1: { bytes: 1, make: (buffer) => new Uint8Array(buffer) },
  i1: { bytes: 1, make: (buffer) => new Int8Array(buffer) },
  u2: { bytes: 2, make: (buffer) => new Uint16Array(buffer) },
  i2: { bytes: 2, make: (buffer) => new Int16Array(buffer) },
  u4: { bytes: 4, make: (buffer) => new Uint32Array(buffer) },
  i4: { bytes: 4, make: (buffer) => new Int32Array(buffer) },
  u8: { bytes: 8, make: (buffer, name) => doubles(new BigUint64Array(buffer), name) },
  i8: { bytes: 8, make: (buffer, name) => doubles(new BigInt64Array(buffer), name) },
  f2: { bytes: 2, make: halves },
  f4: { bytes: 4, make: (buffer) => new Float32Array(buffer) },
  f8: { bytes: 8, make: (buffer) => new Float64Array(buffer) },
};

/**
 * Reads a .npy file (format versions 1 to 3; booleans, integers, float16, float32 and float64; C or Fortran order; headers of
 * Python 2 and of other writers). Values come row-major whatever the file's order; float16 as float32, exactly.
 *
 * @param path the file
 * @param options memory limit, cancellation
 * @returns a promise of the shape and the values, row-major
 * @throws MftError (rejects) ERR_MFT_DATA_FORMAT: no .npy file, objects, structures, texts, complex numbers, a boolean that is
 * neither 0 nor 1, a size that does not fit; ERR_MFT_DATA_NOT_FOUND, ERR_MFT_DISK, ERR_MFT_MEMORY
 *
 * **Numerics**: values as stored; float16 to float32 exactly.
 * **Source**: the format of NumPy (NEP 1).
 *
 * @example
 * const array = await readNpy('images.npy');
 * console.log(array.shape, array.values);
 */
export async function readNpy(
  path: string,
  options: DataOptions = {},
): Promise<NpyArray & { readonly sha256: string }> {
  const { value, sha256 } = await readWhole(path, dataOptions(options), readNpyBytes);
  return { ...value, sha256 };
}

/** Types by name, as NumPy takes them too; like codes without a byte order they are in this machine's. */
const names: Readonly<Record<string, string>> = {
  bool: 'b1',
  '?': 'b1',
  int8: 'i1',
  int16: 'i2',
  int32: 'i4',
  int64: 'i8',
  uint8: 'u1',
  uint16: 'u2',
  uint32: 'u4',
  uint64: 'u8',
  float16: 'f2',
  float32: 'f4',
  float64: 'f8',
};

/** Reads an array from a stream that holds one .npy file (a member of a .npz archive is one). */
export async function readNpyBytes(bytes: ByteReader): Promise<NpyArray> {
  const start = await bytes.take(8);
  if (!start.subarray(0, 6).equals(magic)) throw formatError(bytes.name, 'is no .npy file: its magic is missing.');
  const [major, minor] = [start[6] ?? 0, start[7] ?? 0];
  if (major < 1 || major > 3 || minor !== 0)
    throw formatError(bytes.name, `has .npy format version ${major}.${minor}; 1.0, 2.0 and 3.0 are read.`);
  const length = major === 1 ? (await bytes.take(2)).readUInt16LE(0) : (await bytes.take(4)).readUInt32LE(0);
  if (length > largestHeader)
    throw formatError(bytes.name, `declares a header of ${length} bytes; at most ${largestHeader} are read.`);
  const { type: given, isFortran, shape } = parseNpyHeader((await bytes.take(length)).toString('latin1'), bytes.name);
  const type = /^[<>|=]/.test(given) ? given : `=${names[given] ?? given}`;
  const element = Object.hasOwn(elements, type.slice(1)) ? elements[type.slice(1)] : undefined;
  if (element === undefined)
    throw formatError(
      bytes.name,
      `holds values of type "${given.slice(0, 20)}"; read are booleans, integers of 1 to 8 bytes, float16, float32 and float64.`,
    );
  const count = elementsIn(shape, bytes.name);
  const isTransposed = isFortran && shape.filter((size) => size > 1).length > 1;
  await bytes.expect(count * element.bytes, (isTransposed ? 2 : 1) * count * Math.max(element.bytes, 4));
  const buffer = new SharedArrayBuffer(count * element.bytes);
  await bytes.fill(new Uint8Array(buffer));
  if (type[0] === '>') swapped(buffer, element.bytes);
  const values = element.make(buffer, bytes.name);
  return { shape, type, values: isTransposed ? rowMajor(values, shape) : values };
}

/** Big-endian to little-endian, in place. */
export function swapped(buffer: SharedArrayBuffer, elementBytes: number): void {
  const bytes = Buffer.from(buffer);
  if (elementBytes === 2) bytes.swap16();
  if (elementBytes === 4) bytes.swap32();
  if (elementBytes === 8) bytes.swap64();
}

/** Elements of an array of this shape, when a number of this language can count them. */
export function elementsIn(shape: readonly number[], name: string): number {
  const count = shape.includes(0) ? 0 : shape.reduce((product, size) => product * size, 1);
  if (!Number.isSafeInteger(8 * count))
    throw formatError(name, `declares the shape (${shape.join(', ').slice(0, 60)}), which is too large to be read.`);
  return count;
}

/** A new array over shared memory, of the same type. */
function alike<T extends NpyValues>(values: T): T {
  const make = values.constructor as new (buffer: SharedArrayBuffer) => T;
  return new make(new SharedArrayBuffer(values.byteLength));
}

/** Values whose first axis runs fastest, with the last one fastest. */
function rowMajor(values: NpyValues, shape: readonly number[]): NpyValues {
  const result = alike(values);
  const strides = shape.map((_, axis) => shape.slice(0, axis).reduce((product, size) => product * size, 1));
  const index = shape.map(() => 0);
  let from = 0;
  for (let to = 0; to < values.length; to++) {
    result[to] = values[from] as number;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      index[axis] = (index[axis] as number) + 1;
      from += strides[axis] as number;
      if ((index[axis] as number) < (shape[axis] as number)) break;
      from -= (shape[axis] as number) * (strides[axis] as number);
      index[axis] = 0;
    }
  }
  return result;
}

function booleans(buffer: SharedArrayBuffer, name: string): Uint8Array {
  const values = new Uint8Array(buffer);
  const wrong = values.findIndex((value) => value > 1);
  if (wrong >= 0) throw formatError(name, `element ${wrong} is the byte ${values[wrong]}; booleans are 0 or 1.`);
  return values;
}

/** The number of an IEEE binary16: sign, five bits of exponent, ten of fraction; each is a float32. */
export function halfNumber(half: number): number {
  const [exponent, fraction] = [(half >> 10) & 31, half & 1023];
  const magnitude =
    exponent === 31
      ? fraction === 0
        ? Infinity
        : NaN
      : exponent === 0
        ? fraction * 2 ** -24
        : (1024 + fraction) * 2 ** (exponent - 25);
  return half >= 0x8000 ? -magnitude : magnitude;
}

function halves(buffer: SharedArrayBuffer): Float32Array {
  const bits = new Uint16Array(buffer);
  const values = new Float32Array(new SharedArrayBuffer(4 * bits.length));
  for (let i = 0; i < bits.length; i++) values[i] = halfNumber(bits[i] as number);
  return values;
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
