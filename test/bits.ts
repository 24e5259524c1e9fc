// "The same bits": the one comparison that tests use for it. tap's `same` and `strictSame` take any two ArrayBuffers for equal, and
// 0 for −0, and `same` a Float64Array for a list.
import type { Test } from 'tap';

const hex = (bytes: ArrayBufferLike, offset = 0, length = bytes.byteLength): string =>
  Buffer.from(bytes, offset, length).toString('hex');

/** A number's own bytes; every NaN is the same NaN, because its sign and payload mean nothing. */
const ofNumber = (value: number): string => (Number.isNaN(value) ? 'NaN' : hex(Float64Array.of(value).buffer));

/** Every leaf of a value as `path → text`; numbers and buffers as their bytes, with the kind of array. */
function leaves(value: unknown, path: string, found: Map<string, string>): void {
  const isFloat = value instanceof Float64Array || value instanceof Float32Array;
  if (isFloat && value.some(Number.isNaN)) {
    found.set(path, `${value.constructor.name} ${Array.from(value, ofNumber).join(' ')}`);
  } else if (ArrayBuffer.isView(value)) {
    found.set(path, `${value.constructor.name} ${hex(value.buffer, value.byteOffset, value.byteLength)}`);
  } else if (value instanceof ArrayBuffer || value instanceof SharedArrayBuffer) {
    found.set(path, `bytes ${hex(value)}`);
  } else if (typeof value === 'number') {
    found.set(path, ofNumber(value));
  } else if (typeof value === 'object' && value !== null) {
    const entries = value instanceof Map ? [...value] : Object.entries(value);
    found.set(path, `${value.constructor?.name ?? 'object'} of ${entries.length}`);
    for (const [name, inner] of entries) leaves(inner, `${path}.${String(name)}`, found);
  } else if (typeof value === 'function' || typeof value === 'symbol') {
    throw new TypeError(`bits: ${path} is a ${typeof value}, which has no bits`);
  } else found.set(path, `${typeof value} ${String(value)}`);
}

/** Where the bits of two values differ first, or undefined. Fields whose names are in `except` are passed over at any depth. */
export function bitDifference(found: unknown, wanted: unknown, except: readonly string[] = []): string | undefined {
  const [a, b] = [found, wanted].map((value) => {
    const map = new Map<string, string>();
    leaves(value, 'value', map);
    for (const path of [...map.keys()]) if (path.split('.').some((part) => except.includes(part))) map.delete(path);
    return map;
  }) as [Map<string, string>, Map<string, string>];
  if (a.size <= 1 && [undefined, null].includes(found as null | undefined)) return 'value: there is nothing to compare';
  for (const path of new Set([...a.keys(), ...b.keys()]))
    if (a.get(path) !== b.get(path))
      return `${path}: ${(a.get(path) ?? 'absent').slice(0, 120)} against ${(b.get(path) ?? 'absent').slice(0, 120)}`;
  return undefined;
}

/** Asserts that two values (numbers, typed arrays, buffers, and lists and records of them) have the same bits. */
export function sameBits(t: Test, found: unknown, wanted: unknown, what: string, except: readonly string[] = []): void {
  const difference = bitDifference(found, wanted, except);
  t.equal(difference, undefined, difference === undefined ? `${what}: same bits` : `${what}: ${difference}`);
}

/** Asserts that the bits differ somewhere: another seed, another law. */
export function otherBits(
  t: Test,
  found: unknown,
  wanted: unknown,
  what: string,
  except: readonly string[] = [],
): void {
  t.not(bitDifference(found, wanted, except), undefined, `${what}: other bits`);
}
