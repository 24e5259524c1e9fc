// The one codec between results and JSON: ±Infinity as strings, typed arrays as number lists (the shape of a result says
// which type they had), and the canonical form (RFC 8785) that is hashed into keys.
import { hash } from 'node:crypto';
import { MftError } from './errors.js';

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/**
 * A result as plain JSON data: `Infinity` becomes `"Infinity"`, `-Infinity` `"-Infinity"`, typed arrays become lists,
 * keys with value undefined are left out. A NaN is a defect and is refused.
 *
 * @throws MftError ERR_MFT_NOT_FINITE for a NaN, ERR_MFT_INVALID_ARGUMENT for functions and other non-data.
 */
export function toJson(value: unknown, path = 'value'): Json {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return value;
  if (typeof value === 'number') {
    if (Number.isNaN(value))
      throw new MftError('ERR_MFT_NOT_FINITE', `Expected \`${path}\` to hold numbers, found NaN.`, { parameter: path });
    if (Number.isFinite(value)) return Object.is(value, -0) ? 0 : value;
    return value > 0 ? 'Infinity' : '-Infinity';
  }
  if (ArrayBuffer.isView(value) && !(value instanceof DataView)) {
    return Array.from(value as unknown as ArrayLike<number>, (item, i) => toJson(item, `${path}[${i}]`));
  }
  if (Array.isArray(value)) return value.map((item, i) => toJson(item, `${path}[${i}]`));
  if (typeof value === 'object') {
    const result: Record<string, Json> = {};
    for (const [key, item] of Object.entries(value))
      if (item !== undefined) result[key] = toJson(item, `${path}.${key}`);
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
 * observable (an object with `axes` and `scale`) become typed arrays: `sign` an Int8Array, `index` an Int32Array, all others
 * Float64Arrays.
 */
export function fromJson(value: unknown): unknown {
  if (value === 'Infinity') return Infinity;
  if (value === '-Infinity') return -Infinity;
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value;
  if (Array.isArray(value)) return value.map(fromJson);
  const isObservable = 'axes' in value && 'scale' in value;
  const result: Record<string, unknown> = {};
  for (const [key, item] of Object.entries(value)) {
    result[key] = isObservable ? observableField(key, item) : fromJson(item);
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
  if (key === 'sign' && isList(item)) return Int8Array.from(item, numberFromJson);
  if (key === 'index' && isList(item)) return Int32Array.from(item, numberFromJson);
  return observableLists.has(key) && isList(item) ? Float64Array.from(item, numberFromJson) : fromJson(item);
}

function valuesTyped(item: unknown): unknown {
  if (typeof item !== 'object' || item === null || !('values' in item) || !isList(item.values)) return fromJson(item);
  const typed = { ...(fromJson(item) as object), values: Float64Array.from(item.values, numberFromJson) };
  if (!('allowance' in item && isList(item.allowance))) return typed;
  return { ...typed, allowance: Float64Array.from(item.allowance, numberFromJson) };
}

function isList(value: unknown): value is ArrayLike<unknown> {
  return Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView));
}
