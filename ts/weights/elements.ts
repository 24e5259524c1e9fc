// Element types of weights in files, whatever each format calls them, and their values as arrays of this language.
import { formatError } from '../data/files.js';
import { halfNumber, type NpyValues } from '../data/npy.js';

/** f8e4m3 has no infinities, f8e5m2 has (both of the OCP); f8e8m0 holds powers of two; bf16 is the upper half of a float32. */
export type ElementType =
  | 'bool'
  | 'u8'
  | 'i8'
  | 'u16'
  | 'i16'
  | 'u32'
  | 'i32'
  | 'u64'
  | 'i64'
  | 'f8e4m3'
  | 'f8e5m2'
  | 'f8e8m0'
  | 'f16'
  | 'bf16'
  | 'f32'
  | 'f64';

interface Element {
  /** Of an element in the file. */
  readonly bytes: number;
  /** Of its value in memory. */
  readonly held: number;
  readonly make: (count: number) => NpyValues;
  /** The value at a byte of the file; left out where the bytes of the file are the values. */
  readonly at?: (raw: Buffer, byte: number, name: string) => number;
}

const wide = (value: bigint, name: string): number => {
  const result = Number(value);
  if (!Number.isSafeInteger(result)) throw formatError(name, `holds the integer ${value}, which is beyond 2^53.`);
  return result;
};

/** The 256 numbers of an eight-bit float: `bits` of fraction, exponents counted from `bias`. */
function eightBits(bits: number, bias: number, special: (exponent: number, fraction: number) => number | undefined) {
  return Float32Array.from({ length: 256 }, (_, code) => {
    const [exponent, fraction] = [(code & 127) >> bits, code & (2 ** bits - 1)];
    const magnitude =
      special(exponent, fraction) ??
      (exponent === 0 ? fraction * 2 ** (1 - bias - bits) : (2 ** bits + fraction) * 2 ** (exponent - bias - bits));
    return code >= 128 ? -magnitude : magnitude;
  });
}

const e4m3 = eightBits(3, 7, (exponent, fraction) => (exponent === 15 && fraction === 7 ? NaN : undefined));
const e5m2 = eightBits(2, 15, (exponent, fraction) =>
  exponent === 31 ? (fraction === 0 ? Infinity : NaN) : undefined,
);
const bits = new Uint32Array(1);
const float = new Float32Array(bits.buffer);

const floats = (count: number): NpyValues => new Float32Array(count);
const doubles = (count: number): NpyValues => new Float64Array(count);

const elements: Readonly<Record<ElementType, Element>> = {
  bool: {
    bytes: 1,
    held: 1,
    make: (count) => new Uint8Array(count),
    at: (raw, byte, name) => {
      const value = raw[byte] as number;
      if (value > 1) throw formatError(name, `holds the byte ${value}; booleans are 0 or 1.`);
      return value;
    },
  },
  u8: { bytes: 1, held: 1, make: (count) => new Uint8Array(count) },
  i8: { bytes: 1, held: 1, make: (count) => new Int8Array(count) },
  u16: { bytes: 2, held: 2, make: (count) => new Uint16Array(count) },
  i16: { bytes: 2, held: 2, make: (count) => new Int16Array(count) },
  u32: { bytes: 4, held: 4, make: (count) => new Uint32Array(count) },
  i32: { bytes: 4, held: 4, make: (count) => new Int32Array(count) },
  u64: { bytes: 8, held: 8, make: doubles, at: (raw, byte, name) => wide(raw.readBigUInt64LE(byte), name) },
  i64: { bytes: 8, held: 8, make: doubles, at: (raw, byte, name) => wide(raw.readBigInt64LE(byte), name) },
  f8e4m3: { bytes: 1, held: 4, make: floats, at: (raw, byte) => e4m3[raw[byte] as number] as number },
  f8e5m2: { bytes: 1, held: 4, make: floats, at: (raw, byte) => e5m2[raw[byte] as number] as number },
  f8e8m0: {
    bytes: 1,
    held: 4,
    make: floats,
    at: (raw, byte) => (raw[byte] === 255 ? NaN : 2 ** ((raw[byte] as number) - 127)),
  },
  f16: { bytes: 2, held: 4, make: floats, at: (raw, byte) => halfNumber(raw.readUInt16LE(byte)) },
  bf16: {
    bytes: 2,
    held: 4,
    make: floats,
    at: (raw, byte) => {
      bits[0] = raw.readUInt16LE(byte) << 16;
      return float[0] as number;
    },
  },
  f32: { bytes: 4, held: 4, make: floats },
  f64: { bytes: 8, held: 8, make: doubles },
};

export const elementBytes = (type: ElementType): number => elements[type].bytes;
export const heldBytes = (type: ElementType): number => elements[type].held;

/** An array for `count` values of the type. */
export const arrayFor = (type: ElementType, count: number): NpyValues => elements[type].make(count);

/** Puts the elements of `raw` into the array, from place `to` on. */
export function decode(type: ElementType, raw: Buffer, target: NpyValues, to: number, name: string): void {
  const { bytes, at } = elements[type];
  if (at === undefined)
    new Uint8Array(target.buffer, target.byteOffset, target.byteLength).set(raw, to * target.BYTES_PER_ELEMENT);
  else for (let byte = 0, i = to; byte < raw.length; byte += bytes, i++) target[i] = at(raw, byte, name);
}
