// JSON of foreign files: measured before it is built, and without a key that stands twice, of which readers take different ones.
import { formatError } from '../data/files.js';
import type { Room } from './stored.js';

/** What V8 takes for a value of a list or an object, at most. */
const bytesPerValue = 160;
const [quote, backslash] = [0x22, 0x5c];

/** Values of a JSON text, at most: every one but the first follows a sign outside of texts. */
function valuesIn(bytes: Uint8Array): number {
  let count = 1;
  let isText = false;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i] as number;
    if (isText && byte === backslash) i++;
    else if (byte === quote) isText = !isText;
    // [ { , :
    else if (!isText && (byte === 0x5b || byte === 0x7b || byte === 0x2c || byte === 0x3a)) count++;
  }
  return count;
}

/**
 * The value of a JSON text in UTF-8.
 *
 * @throws MftError ERR_MFT_DATA_FORMAT: no JSON, a key that stands twice; ERR_MFT_MEMORY: more values than there is room for
 */
export function parseForeign(bytes: Buffer, name: string, room: Room): unknown {
  room.take(2 * bytes.length + bytesPerValue * valuesIn(bytes));
  let text: string;
  let value: unknown;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    value = JSON.parse(text);
  } catch (cause) {
    throw formatError(name, 'holds no JSON where JSON is expected.', cause);
  }
  const twice = doubledKey(text);
  if (twice !== undefined) throw formatError(name, `has two entries ${twice.slice(0, 60)}.`);
  return value;
}

const token = /"(?:[^"\\]|\\.)*"|[{}[\]:,]/g;

/** The first key that stands twice in one object of a valid JSON text. */
function doubledKey(text: string): string | undefined {
  const open: (Set<string> | undefined)[] = [];
  let last: string | undefined;
  for (const [sign] of text.matchAll(token)) {
    if (sign === '{') open.push(new Set());
    else if (sign === '[') open.push(undefined);
    else if (sign === '}' || sign === ']') open.pop();
    else if (sign === ':' && last !== undefined) {
      const keys = open[open.length - 1];
      // As it is written and as it is meant: "a" is the same name.
      const key = JSON.parse(last) as string;
      if (keys?.has(key) === true) return JSON.stringify(key);
      keys?.add(key);
    }
    last = sign.startsWith('"') ? sign : undefined;
  }
  return undefined;
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
