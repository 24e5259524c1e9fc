// The header of a .npy file: a Python dictionary with exactly three keys. The whole of it is parsed, as Python would, so
// that nothing in it can say something else to NumPy than to us; what Python allows beyond this grammar is refused.
import { formatError } from './files.js';

interface NpyHeader {
  /** NumPy's name of the type, e.g. "<f4". */
  readonly type: string;
  readonly isFortran: boolean;
  readonly shape: readonly number[];
}

const largestDimensions = 32;
// A string (of either quotes, or Python 2's u''), a whole number (Python 2: with an L), a word, or a sign.
const token =
  /[ \t\r\n]*(?:u?'([^'\\\n]*)'|u?"([^"\\\n]*)"|(0|[1-9][0-9]*)L?(?![0-9A-Za-z_.])|(True|False)\b|([{}()[\],:]))/y;

type Token =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'flag'; readonly value: boolean }
  | { readonly kind: 'sign'; readonly text: string };

/**
 * header := '{' entry (',' entry)* [','] '}'; entry := key ':' value; each of 'descr', 'fortran_order' and 'shape' once.
 * Blanks and line ends may stand between tokens, quotes may be single or double, numbers may end in L.
 *
 * @throws MftError ERR_MFT_DATA_FORMAT
 */
export function parseNpyHeader(text: string, name: string): NpyHeader {
  const tokens = tokensOf(text, name);
  let at = 0;
  const next = (): Token | undefined => tokens[at++];
  const isSign = (sign: string): boolean => {
    const here = tokens[at];
    if (here?.kind !== 'sign' || here.text !== sign) return false;
    at++;
    return true;
  };
  const need = (sign: string, where: string): void => {
    if (!isSign(sign)) throw formatError(name, `has a header without "${sign}" ${where}.`);
  };
  if (!isSign('{')) throw formatError(name, 'has a header that is no Python dictionary.');
  const found: { type?: string; isFortran?: boolean; shape?: number[] } = {};
  while (!isSign('}')) {
    const key = next();
    if (key?.kind !== 'text') throw formatError(name, 'has a header with a key that is no text.');
    need(':', `after '${key.text.slice(0, 20)}'`);
    const field = ({ descr: 'type', fortran_order: 'isFortran', shape: 'shape' } as const)[key.text];
    if (field === undefined) throw formatError(name, `has a header with the unknown key '${key.text.slice(0, 20)}'.`);
    if (found[field] !== undefined) throw formatError(name, `has a header with two entries '${key.text}'.`);
    if (field === 'shape') found.shape = tuple();
    else {
      const value = next();
      if (field === 'type' && value?.kind === 'text') found.type = value.text;
      else if (field === 'isFortran' && value?.kind === 'flag') found.isFortran = value.value;
      else if (field === 'type' && value?.kind === 'sign' && value.text === '[')
        throw formatError(name, 'holds a structured array; read are arrays of one number per element.');
      else
        throw formatError(
          name,
          `has a header whose '${key.text}' is no ${field === 'type' ? 'text' : 'True or False'}.`,
        );
    }
    if (!isSign(',')) {
      need('}', `after '${key.text}'`);
      break;
    }
  }
  if (at < tokens.length) throw formatError(name, 'has a header with something after its dictionary.');
  const { type, isFortran, shape } = found;
  const missing = type === undefined ? 'descr' : isFortran === undefined ? 'fortran_order' : 'shape';
  if (type === undefined || isFortran === undefined || shape === undefined)
    throw formatError(name, `has a header without '${missing}'.`);
  return { type, isFortran, shape };

  /** '()' or '(n,)' or '(n, m)' or '(n, m,)', …: '(n)' is a number in Python, no tuple. */
  function tuple(): number[] {
    const refuse = (): never => {
      throw formatError(name, "has a header whose 'shape' is no tuple of whole numbers.");
    };
    if (!isSign('(')) refuse();
    const sizes: number[] = [];
    while (!isSign(')')) {
      const size = next();
      if (size?.kind !== 'number') return refuse();
      sizes.push(size.value);
      if (isSign(',')) continue;
      if (sizes.length < 2 || !isSign(')')) refuse();
      break;
    }
    if (sizes.length > largestDimensions || !sizes.every((size) => Number.isSafeInteger(size)))
      throw formatError(name, `declares the shape (${sizes.join(', ').slice(0, 60)}), which is too large to be read.`);
    return sizes;
  }
}

function tokensOf(text: string, name: string): Token[] {
  // Blanks as Python has them: `trimEnd` would take others, which NumPy refuses.
  const end = text.replace(/[ \t\r\n]+$/, '').length;
  const tokens: Token[] = [];
  token.lastIndex = 0;
  for (let at = 0; at < end; at = token.lastIndex) {
    const found = token.exec(text);
    if (found === null)
      throw formatError(name, `has a header that is not understood at "${text.slice(at, at + 20).trim()}".`);
    const [, single, double, digits, flag, sign] = found;
    const quoted = single ?? double;
    if (quoted !== undefined) tokens.push({ kind: 'text', text: quoted });
    else if (digits !== undefined) tokens.push({ kind: 'number', value: Number(digits) });
    else if (flag !== undefined) tokens.push({ kind: 'flag', value: flag === 'True' });
    else tokens.push({ kind: 'sign', text: sign as string });
  }
  return tokens;
}
