// Texts of other people's files: bytes to characters whatever editor or shell wrote them, and characters that no terminal
// obeys. One place, so that a spec, a plan and a list of numbers are read alike.
import { MftError } from './errors.js';

/**
 * The characters of a text file: UTF-8 with or without byte-order mark, UTF-16 with one (what PowerShell's `>` writes). A
 * leading U+FEFF is dropped; line endings stay as they are.
 *
 * @param bytes the whole file
 * @param name what the messages call it
 * @throws MftError ERR_MFT_INVALID_ARGUMENT for UTF-16 without mark, UTF-32 and bytes that are no UTF-8
 */
export function decodeText(bytes: Uint8Array, name: string): string {
  const [a, b, c, d] = bytes;
  const refuse = (what: string, cause?: unknown): MftError =>
    new MftError('ERR_MFT_INVALID_ARGUMENT', `Expected ${printable(name)} to be text in UTF-8, received ${what}.`, {
      parameter: name,
      expected: 'text in UTF-8',
      ...(cause === undefined ? {} : { cause }),
    });
  if ((a === 0xff && b === 0xfe && c === 0 && d === 0) || (a === 0 && b === 0 && c === 0xfe && d === 0xff))
    throw refuse('UTF-32; save it as UTF-8');
  const encoding = a === 0xff && b === 0xfe ? 'utf-16le' : a === 0xfe && b === 0xff ? 'utf-16be' : 'utf-8';
  // JSON and CSV begin with an ASCII character: a zero beside it is UTF-16 without its mark.
  if (encoding === 'utf-8' && bytes.length >= 2 && (a === 0) !== (b === 0))
    throw refuse('UTF-16 without byte-order mark; save it as UTF-8');
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch (cause) {
    const name16 = encoding === 'utf-8' ? 'bytes that are no UTF-8' : 'damaged UTF-16';
    throw refuse(`${name16} (another encoding, or no text)`, cause);
  }
}

/**
 * The value of a JSON text; the message of a failure shows the characters that nobody sees.
 *
 * @throws MftError ERR_MFT_INVALID_ARGUMENT
 */
export function parseJson(text: string, name: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new MftError('ERR_MFT_INVALID_ARGUMENT', `Expected ${printable(name)} to hold JSON: ${printable(why)}.`, {
      parameter: name,
      cause,
    });
  }
}

// Controls (C0 but for newline and tab, DEL, C1), line separators, direction marks and overrides, the byte-order mark.
const unseen = /[\0-\x08\v-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

/** The same JSON text with the characters that nobody sees as escapes. */
export function printableJson(json: string): string {
  return json.replace(unseen, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/**
 * The text with every control character written out (`\x1b`, `\u202e`), so that a foreign file's names and messages
 * neither move a terminal's cursor nor hide what they say. Newlines and tabs stay.
 */
export function printable(text: string): string {
  return text.replace(unseen, (character) => {
    const code = character.charCodeAt(0);
    return code < 256 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`;
  });
}

/** A name of the API in the letters of another place: `separated('weightVariance', '-')` is `weight-variance`. */
export function separated(name: string, separator: string): string {
  return name.replace(/[A-Z]/g, (letter) => `${separator}${letter.toLowerCase()}`);
}
