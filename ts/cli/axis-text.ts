// An axis as it is typed: field=low:high:count, field=low:high:count:log or field=a,b,c.
import { expectedError } from '../core/errors.js';
import { linearGrid, logGrid } from '../numeric/grids.js';

/** How an axis is typed, for help. */
export const axisSyntax = 'field=low:high:count, field=low:high:count:log or field=a,b,c';

/** "weightVariance=1:3:60", "biasVariance=1e-3:1:20:log", "keepProbability=0.9,0.95,1"; `word` reads one value of a list. */
export function parseAxis<T>(
  text: string,
  word: (text: string) => T,
): { readonly field: string; readonly values: (number | T)[] } {
  const at = text.indexOf('=');
  const [field, values] = [text.slice(0, at), text.slice(at + 1)];
  if (at < 1 || values === '') throw expectedError('ERR_MFT_INVALID_ARGUMENT', '--axis', axisSyntax, text);
  if (!values.includes(':')) return { field, values: values.split(',').map(word) };
  const [low, high, count, scale] = values.split(':');
  const [a, b, n] = [Number(low), Number(high), Number(count)];
  if (
    !Number.isFinite(a) ||
    !Number.isFinite(b) ||
    !Number.isInteger(n) ||
    n < 2 ||
    n > 100_000 ||
    (scale !== undefined && scale !== 'log') ||
    (scale === 'log' && (a <= 0 || b <= 0))
  )
    throw expectedError('ERR_MFT_INVALID_ARGUMENT', '--axis', axisSyntax, text);
  return { field, values: [...(scale === 'log' ? logGrid(a, b, n) : linearGrid(a, b, n))] };
}
