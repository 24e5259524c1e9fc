// The one codec between results and JSON: ±Infinity as strings, typed arrays as number lists with their type, and the
// canonical form (RFC 8785) that is hashed into keys.
import { createHash } from 'node:crypto';
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
    if (Number.isNaN(value)) throw new MftError('ERR_MFT_NOT_FINITE', `Expected \`${path}\` to hold numbers, found NaN.`, { parameter: path });
    if (Number.isFinite(value)) return Object.is(value, -0) ? 0 : value;
    return value > 0 ? 'Infinity' : '-Infinity';
  }
  if (ArrayBuffer.isView(value) && !(value instanceof DataView)) {
    return Array.from(value as unknown as ArrayLike<number>, (item, i) => toJson(item, `${path}[${i}]`));
  }
  if (Array.isArray(value)) return value.map((item, i) => toJson(item, `${path}[${i}]`));
  if (typeof value === 'object') {
    const result: Record<string, Json> = {};
    for (const [key, item] of Object.entries(value)) if (item !== undefined) result[key] = toJson(item, `${path}.${key}`);
    return result;
  }
  throw new MftError('ERR_MFT_INVALID_ARGUMENT', `Expected \`${path}\` to be plain data, received a ${typeof value}.`, { parameter: path });
}

/** The canonical text of plain data (RFC 8785: sorted keys, ECMAScript numbers, no white space). */
export function canonicalJson(value: unknown): string {
  return write(toJson(value));
}

function write(value: Json): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(write).join(',')}]`;
  const object = value as { readonly [key: string]: Json };
  const entries = Object.keys(object).sort().map((key) => `${JSON.stringify(key)}:${write(object[key] ?? null)}`);
  return `{${entries.join(',')}}`;
}

/** SHA-256 of the canonical text, in hexadecimal. */
export function canonicalHash(value: unknown): string {
  return createHash('sha256').update(canonicalJson(value)).digest('hex');
}

/** Number from JSON data that may be "Infinity" or "-Infinity". */
export function numberFromJson(value: unknown): number {
  if (value === 'Infinity') return Infinity;
  if (value === '-Infinity') return -Infinity;
  if (typeof value === 'number') return value;
  throw new MftError('ERR_MFT_INVALID_ARGUMENT', `Expected a number, "Infinity" or "-Infinity", received ${JSON.stringify(value)}.`);
}
