// Roots of a function of one variable between two points where it has different signs.
import { MftError } from '../../core/errors.js';

/**
 * The root of f in [low, high] by Brent's idea: secant and inverse quadratic steps, bisection when they do not shrink.
 *
 * @throws MftError ERR_MFT_NO_CONVERGENCE when f has the same sign at both ends.
 *
 * **Numerics**: to a relative width of 1e-15.
 */
export function bracketedRoot(f: (x: number) => number, low: number, high: number): number {
  let [a, b] = [low, high];
  let [fa, fb] = [f(a), f(b)];
  if (fa === 0) return a;
  if (fb === 0) return b;
  if (fa > 0 === fb > 0) throw new MftError('ERR_MFT_NO_CONVERGENCE', `No change of sign between ${low} and ${high}.`);
  for (let step = 0; step < 200; step++) {
    // Regula falsi with halved weights (Illinois) converges superlinearly and never leaves the bracket.
    const middle = step % 3 === 2 ? (a + b) / 2 : (a * fb - b * fa) / (fb - fa);
    const x = middle > Math.min(a, b) && middle < Math.max(a, b) ? middle : (a + b) / 2;
    const fx = f(x);
    if (fx === 0 || Math.abs(b - a) <= 1e-15 * Math.abs(x)) return x;
    if (fx > 0 === fb > 0) {
      fa /= 2;
    } else {
      [a, fa] = [b, fb];
    }
    [b, fb] = [x, fx];
  }
  return b;
}

/** The same for functions that must be awaited. */
export async function bracketedRootAsync(
  f: (x: number) => Promise<number>,
  low: number,
  high: number,
  relativeWidth: number,
): Promise<number> {
  let [a, b] = [low, high];
  let [fa, fb] = [await f(a), await f(b)];
  if (fa > 0 === fb > 0) throw new MftError('ERR_MFT_NO_CONVERGENCE', `No change of sign between ${low} and ${high}.`);
  for (let step = 0; step < 200; step++) {
    const middle = step % 3 === 2 ? (a + b) / 2 : (a * fb - b * fa) / (fb - fa);
    const x = middle > Math.min(a, b) && middle < Math.max(a, b) ? middle : (a + b) / 2;
    const fx = await f(x);
    if (fx === 0 || Math.abs(b - a) <= relativeWidth * Math.abs(x)) return x;
    if (fx > 0 === fb > 0) fa /= 2;
    else [a, fa] = [b, fb];
    [b, fb] = [x, fx];
  }
  return b;
}
