// Roots and maxima of functions of one variable: with a slope, without, awaited. A bracket is never left.
import { MftError } from '../core/errors.js';

/** A function and its slope at x. */
interface ValueAndSlope {
  readonly value: number;
  readonly slope: number;
}

const largestSteps = 200;

/**
 * The root of f in [low, high], where f changes sign: Newton steps kept inside a shrinking bracket, bisection where they
 * leave it. Stops when the bracket or the step is below 4 units in the last place.
 */
export function rootBetween(
  f: (x: number) => ValueAndSlope,
  low: number,
  high: number,
  start = 0.5 * (low + high),
): number {
  let [a, b] = [low, high];
  const signAtLow = Math.sign(f(a).value);
  if (signAtLow === 0) return a;
  let x = start > a && start < b ? start : 0.5 * (a + b);
  for (let step = 0; step < largestSteps; step++) {
    const { value, slope } = f(x);
    if (value === 0) return x;
    if (Math.sign(value) === signAtLow) a = x;
    else b = x;
    const newton = x - value / slope;
    const next = newton > a && newton < b ? newton : 0.5 * (a + b);
    const tolerance = 4 * Number.EPSILON * Math.max(Math.abs(x), Number.MIN_VALUE);
    if (Math.abs(next - x) <= tolerance || b - a <= tolerance) return next;
    x = next;
  }
  return x;
}

/** The largest value of a function on a list of points, polished by golden sections between the neighbours. */
export function maximum(
  f: (x: number) => number,
  points: readonly number[],
): { readonly x: number; readonly value: number; readonly isAtEnd: boolean } {
  const values = points.map(f);
  const best = values.reduce((at, value, i) => (value > (values[at] as number) ? i : at), 0);
  const isAtEnd = best === 0 || best === points.length - 1;
  let low = points[Math.max(0, best - 1)] as number;
  let high = points[Math.min(points.length - 1, best + 1)] as number;
  const golden = (Math.sqrt(5) - 1) / 2;
  for (let step = 0; step < 60; step++) {
    const left = high - golden * (high - low);
    const right = low + golden * (high - low);
    if (f(left) < f(right)) low = left;
    else high = right;
  }
  const x = 0.5 * (low + high);
  const value = f(x);
  return value >= (values[best] as number)
    ? { x, value, isAtEnd }
    : { x: points[best] as number, value: values[best] as number, isAtEnd };
}

/**
 * The root of f in [low, high] where f changes sign, without its derivative: regula falsi with halved
 * weights (Illinois), every third step a bisection.
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
  if (fa > 0 === fb > 0) throw sameSign(low, high);
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

/**
 * The root of an awaited function in [low, high], where it changes sign, by Brent's method (inverse quadratic interpolation,
 * safeguarded by bisection): fewest evaluations, each of which costs a walk through a network.
 *
 * @param tolerance half the width of the bracket at x that is good enough
 * @throws MftError (rejects) ERR_MFT_NO_CONVERGENCE when f has the same sign at both ends
 *
 * **Source**: Brent, Algorithms for Minimization without Derivatives (1973), chapter 4.
 */
export async function awaitedRoot(
  f: (x: number) => Promise<number>,
  low: number,
  high: number,
  tolerance: (x: number) => number,
): Promise<number> {
  let [a, b] = [low, high];
  let [fa, fb] = [await f(a), await f(b)];
  if (fa === 0) return a;
  if (fa > 0 === fb > 0 && fb !== 0) throw sameSign(low, high);
  let [c, fc] = [a, fa];
  let step = b - a;
  let stepBefore = step;
  for (;;) {
    if (Math.abs(fc) < Math.abs(fb)) [a, b, c, fa, fb, fc] = [b, c, b, fb, fc, fb];
    const enough = tolerance(b);
    const half = (c - b) / 2;
    if (Math.abs(half) <= enough || fb === 0) return b;
    const tried =
      Math.abs(stepBefore) >= enough && Math.abs(fa) > Math.abs(fb) ? interpolation(a, b, c, fa, fb, fc) : Number.NaN;
    const isUseful =
      Number.isFinite(tried) &&
      tried * half > 0 &&
      Math.abs(tried) < Math.min(1.5 * Math.abs(half), Math.abs(stepBefore) / 2);
    stepBefore = isUseful ? step : half;
    step = isUseful ? tried : half;
    [a, fa] = [b, fb];
    b += Math.abs(step) > enough ? step : Math.sign(half) * enough;
    fb = await f(b);
    if (fb > 0 === fc > 0) {
      [c, fc] = [a, fa];
      step = b - a;
      stepBefore = step;
    }
  }
}

/** The step from b that inverse quadratic (or, of two points, linear) interpolation takes. */
function interpolation(a: number, b: number, c: number, fa: number, fb: number, fc: number): number {
  const s = fb / fa;
  if (a === c) return ((c - b) * s) / (s - 1);
  const q = fa / fc;
  const r = fb / fc;
  const p = s * ((c - b) * q * (q - r) - (b - a) * (r - 1));
  return -p / ((q - 1) * (r - 1) * (s - 1));
}

function sameSign(low: number, high: number): MftError {
  return new MftError('ERR_MFT_NO_CONVERGENCE', `No change of sign between ${low} and ${high}.`);
}
