// The one codec between results and JSON: ±Infinity as strings, typed arrays as number lists (the shape of a result says
// which type they had), and the canonical form (RFC 8785) that is hashed into keys.
import { hash } from 'node:crypto';
import { plainCopy, readOnce } from './copy.js';
import { MftError } from './errors.js';

/** JSON data. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** Deeper than any result; an object that holds itself is deeper still. */
const deepest = 256;

const asJson = {
  value(this: unknown): Json {
    return toJson(this);
  },
  enumerable: false,
  configurable: true,
};

/**
 * A result that `JSON.stringify` writes as `toJson` has it, and so each of its parts: without this a typed array becomes an object and
 * Infinity null. The method is not enumerable, so the result stays plain data: equal to its structured clone, without a method of its own.
 */
export function withJson<T extends object>(result: T): T {
  if (Object.isExtensible(result)) Object.defineProperty(result, 'toJSON', asJson);
  for (const part of Object.values(result)) partsWithJson(part, deepest);
  return result;
}

/** Typed arrays, and what holds an infinite number, speak for themselves: in a copy of the result, or alone. */
function partsWithJson(part: unknown, levels: number): void {
  if (typeof part !== 'object' || part === null || levels === 0 || !Object.isExtensible(part)) return;
  if (ArrayBuffer.isView(part)) {
    Object.defineProperty(part, 'toJSON', asJson);
    return;
  }
  let isInfinite = false;
  for (const item of Object.values(part)) {
    if (item === Infinity || item === -Infinity) isInfinite = true;
    else partsWithJson(item, levels - 1);
  }
  if (isInfinite) Object.defineProperty(part, 'toJSON', asJson);
}

/**
 * A result as plain JSON data, which `fromJson` reads back: `Infinity` becomes `"Infinity"`, `-Infinity` `"-Infinity"`, typed arrays
 * become lists, keys with value undefined are left out. A NaN is a defect and is refused.
 *
 * @param value a result of any function of this package, or a part of one
 * @returns JSON data: `JSON.stringify` loses nothing of it
 * @throws MftError ERR_MFT_NOT_FINITE for a NaN, ERR_MFT_INVALID_ARGUMENT for functions and other non-data.
 *
 * **Numerics**: the shortest texts that read back as the same doubles; −0 becomes 0.
 * **Source**: ours; the words are those of RFC 8785's numbers, with "Infinity" and "-Infinity" beside them, in CSV as well.
 *
 * @example
 * toJson({ depthScale: Infinity, values: Float64Array.of(1, 2) }); // { depthScale: 'Infinity', values: [1, 2] }
 */
export function toJson(value: unknown): Json {
  return readOnce('value', () => jsonOf(value, 'value', deepest));
}

function jsonOf(value: unknown, path: string, levels: number): Json {
  if (levels === 0)
    throw new MftError('ERR_MFT_INVALID_ARGUMENT', `Expected \`value\` to be at most ${deepest} levels deep.`, {
      parameter: 'value',
    });
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return value;
  if (typeof value === 'number') {
    if (Number.isNaN(value))
      throw new MftError('ERR_MFT_NOT_FINITE', `Expected \`${path}\` to hold numbers, found NaN.`, { parameter: path });
    if (Number.isFinite(value)) return Object.is(value, -0) ? 0 : value;
    return value > 0 ? 'Infinity' : '-Infinity';
  }
  if (ArrayBuffer.isView(value) && !(value instanceof DataView)) {
    return Array.from(value as unknown as ArrayLike<number>, (item, i) => jsonOf(item, `${path}[${i}]`, levels - 1));
  }
  if (Array.isArray(value)) return Array.from(value, (item, i) => jsonOf(item, `${path}[${i}]`, levels - 1));
  if (typeof value === 'object') {
    const result: Record<string, Json> = {};
    for (const [key, item] of Object.entries(value))
      if (item !== undefined) result[key] = jsonOf(item, `${path}.${key}`, levels - 1);
    return result;
  }
  throw new MftError('ERR_MFT_INVALID_ARGUMENT', `Expected \`${path}\` to be plain data, received a ${typeof value}.`, {
    parameter: path,
  });
}

/** The canonical text of `toJson(value)` (RFC 8785: sorted keys, ECMAScript numbers, no white space). */
export function canonicalJson(value: unknown): string {
  try {
    return canonical(value);
  } catch {
    // Once more, to say where the value is that has no JSON.
    return canonical(toJson(value));
  }
}

function canonical(value: unknown): string {
  if (typeof value === 'string') return quoted(value);
  if (typeof value === 'number' && Number.isFinite(value)) return Object.is(value, -0) ? '0' : String(value);
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return JSON.stringify(toJson(value));
  const object = value as Readonly<Record<string, unknown>>;
  let text = '';
  for (const key of sortedKeys(object)) {
    const item = object[key];
    if (item !== undefined) text += `${text === '' ? '' : ','}${quoted(key)}:${canonical(item)}`;
  }
  return `{${text}}`;
}

// The jobs of a plan have the same few names and words in the same few shapes, a million times: what follows keeps the last ones.

/** Short texts met so far, quoted. */
const quotes = new Map<string, string>();
const [mostQuotes, longestQuote] = [1000, 64];

function quoted(text: string): string {
  const known = quotes.get(text);
  if (known !== undefined) return known;
  const quote = JSON.stringify(text);
  if (text.length <= longestQuote && quotes.size < mostQuotes) quotes.set(text, quote);
  return quote;
}

/** Number of keys → the keys of the last object that had so many, as they came and sorted. */
const lastKeys = new Map<number, { readonly keys: readonly string[]; readonly sorted: readonly string[] }>();
const mostKeys = 64;

function sortedKeys(object: object): readonly string[] {
  const keys = Object.keys(object);
  const last = lastKeys.get(keys.length);
  if (last?.keys.every((key, i) => key === keys[i]) === true) return last.sorted;
  const sorted = [...keys].sort();
  if (keys.length <= mostKeys) lastKeys.set(keys.length, { keys, sorted });
  return sorted;
}

/** SHA-256 of the canonical text, in hexadecimal. */
export function canonicalHash(value: unknown): string {
  return sha256(canonicalJson(value));
}

/** SHA-256 of a text or of bytes, in hexadecimal. */
export function sha256(data: string | NodeJS.ArrayBufferView): string {
  return hash('sha256', data);
}

/** Number from JSON data that may be "Infinity" or "-Infinity". */
export function numberFromJson(value: unknown): number {
  if (value === 'Infinity') return Infinity;
  if (value === '-Infinity') return -Infinity;
  if (typeof value === 'number') return value;
  throw new MftError(
    'ERR_MFT_INVALID_ARGUMENT',
    `Expected a number, "Infinity" or "-Infinity", received ${JSON.stringify(value)}.`,
  );
}

/**
 * Data read back from JSON as the verbs return it: "Infinity" and "-Infinity" become numbers, and the number lists of an
 * observable (an object with `axes` and `scale`) become typed arrays: `sign` and `trialSigns` Int8Arrays, `index` an Int32Array,
 * all others Float64Arrays.
 *
 * @param value what `JSON.parse` returned
 * @returns the result, as the verb returned it
 * @throws MftError ERR_MFT_INVALID_ARGUMENT for a list of an observable that holds something else than numbers
 *
 * **Numerics**: exact: `fromJson(toJson(result))` has the bits of `result`.
 * **Source**: ours.
 *
 * @example
 * fromJson({ depthScale: 'Infinity' }); // { depthScale: Infinity }
 */
export function fromJson(value: unknown): unknown {
  return dataOf(plainCopy(value, 'value'));
}

function dataOf(value: unknown): unknown {
  if (value === 'Infinity') return Infinity;
  if (value === '-Infinity') return -Infinity;
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value;
  if (Array.isArray(value)) return value.map(dataOf);
  const isObservable = 'axes' in value && 'scale' in value;
  const result: Record<string, unknown> = {};
  for (const [key, item] of Object.entries(value)) {
    result[key] = isObservable ? observableField(key, item) : dataOf(item);
  }
  return result;
}

const observableLists = new Set([
  'values',
  'count',
  'variance',
  'standardError',
  'trials',
  'expected',
  'estimate',
  'z',
  'pValue',
]);

function observableField(key: string, item: unknown): unknown {
  if (key === 'axes' && Array.isArray(item)) return item.map(valuesTyped);
  if (key === 'finiteSize') return valuesTyped(item);
  if (key === 'spread' && isList(item)) return Float64Array.from(item, numberFromJson);
  if ((key === 'sign' || key === 'trialSigns') && isList(item)) return Int8Array.from(item, numberFromJson);
  if (key === 'index' && isList(item)) return Int32Array.from(item, numberFromJson);
  return observableLists.has(key) && isList(item) ? Float64Array.from(item, numberFromJson) : dataOf(item);
}

function valuesTyped(item: unknown): unknown {
  if (typeof item !== 'object' || item === null || !('values' in item) || !isList(item.values)) return dataOf(item);
  const typed = { ...(dataOf(item) as object), values: Float64Array.from(item.values, numberFromJson) };
  if (!('allowance' in item && isList(item.allowance))) return typed;
  return { ...typed, allowance: Float64Array.from(item.allowance, numberFromJson) };
}

function isList(value: unknown): value is ArrayLike<unknown> {
  return Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView));
}
