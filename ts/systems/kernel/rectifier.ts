// Rectifiers and jumps, φ(z) = below |z|^p or above z^p with p = 0, 1: the closed forms of (2.1) and (2.2) of docs/systems/kernel.md in
// forms that keep their digits for near, opposite and nearly independent pairs.
import type { GaussianFunction } from '../../gaussian/expectation.js';

/** What π is longer than its double. */
const piRest = 1.2246467991473532e-16;

/** An angle with its supplement: each keeps its digits where the other has lost them. */
export interface Angle {
  readonly theta: number;
  readonly rest: number;
}

export const angleOfRadians = (theta: number): Angle => ({ theta, rest: Math.max(0, Math.PI - theta + piRest) });

/** The angle of a gap 1 − cos θ. */
export function angleOfGap(gap: number): Angle {
  if (gap <= 1) {
    const theta = 2 * Math.asin(Math.sqrt(gap / 2));
    return { theta, rest: Math.PI - theta };
  }
  const rest = 2 * Math.asin(Math.sqrt(Math.max(0, 1 - gap / 2)));
  return { theta: Math.PI - rest, rest };
}

/** 1 − cos θ. */
export const gapOfAngle = (theta: number): number => 2 * Math.sin(theta / 2) ** 2;

/** S(x) = sin x − x cos x, by its series where the two cancel. */
export function sineExcess(x: number): number {
  if (x > 0.3) return Math.sin(x) - x * Math.cos(x);
  // Term j is (−1)^(j+1) 2j x^(2j+1)/(2j+1)!.
  let [term, sum] = [x ** 3 / 3, 0];
  for (let j = 1; j < 10; j++) {
    sum += term;
    term *= (-x * x * (j + 1)) / (j * (2 * j + 2) * (2 * j + 3));
  }
  return sum;
}

/** (E φ² − E φφ)/q for slopes a below zero and b above: every term keeps its digits at θ = 0 and at θ = π. */
export function rectifierGap(a: number, b: number, { theta, rest }: Angle): number {
  const bend = (b - a) ** 2 / (2 * Math.PI);
  return theta <= rest
    ? ((a * a + b * b) / 2) * gapOfAngle(theta) - bend * sineExcess(theta)
    : (a + b) ** 2 / 2 - a * b * gapOfAngle(rest) - bend * sineExcess(rest);
}

/** Slopes below and above zero of a rectifier; undefined for any other φ. */
export function slopesOf(phi: GaussianFunction): { readonly below: number; readonly above: number } | undefined {
  return phi.homogeneousDegree === 1 ? phi.atZero : undefined;
}

/** E φφ and E φ'φ' of one pair, q₁, q₂ > 0; undefined for an activation that is no rectifier and no jump. */
export function closedPair(
  phi: GaussianFunction,
  variance1: number,
  variance2: number,
  covariance: number,
): { readonly value: number; readonly slope: number } | undefined {
  const degree = phi.homogeneousDegree;
  if (degree !== 0 && degree !== 1) return undefined;
  const sine = sineOf(variance1, variance2, covariance);
  const [theta, rest] = [Math.atan2(sine, covariance), Math.atan2(sine, -covariance)];
  if (degree === 0) {
    // The sign is odd: its value is the arcsine. The step is 1 where both are positive.
    const value = phi.isOdd ? (2 / Math.PI) * Math.atan2(covariance, sine) : rest / (2 * Math.PI);
    return { value, slope: Infinity };
  }
  const { below: a, above: b } = phi.atZero;
  const bend = (b - a) ** 2 / (2 * Math.PI);
  const even = (a * a + b * b) / 2;
  if (covariance >= 0)
    return { value: bend * (sine - theta * covariance) + even * covariance, slope: even - bend * theta };
  const root = Math.sqrt(variance1) * Math.sqrt(variance2);
  return { value: a * b * covariance + bend * root * sineExcess(rest), slope: a * b + bend * rest };
}

/** √(q₁q₂ − k²) of a pair from products that are exact: nothing is lost where the pair nearly coincides. */
export function sineOf(variance1: number, variance2: number, covariance: number): number {
  if (variance1 === 0 || variance2 === 0) return 0;
  const [e1, e2] = [exponentOf(variance1), exponentOf(variance2)];
  const half = Math.floor((e1 + e2) / 2);
  const [a, b] = [timesPower(variance1, -e1), timesPower(variance2, e1 - 2 * half)];
  const k = timesPower(covariance, -half);
  const [p, q] = [exactProduct(a, b), exactProduct(k, k)];
  const determinant = p[0] - q[0] + (p[1] - q[1]);
  return timesPower(Math.sqrt(Math.max(0, determinant)), half);
}

const exponentOf = (x: number): number => Math.floor(Math.log2(x));

/** x 2^by, where 2^by alone may leave the range. */
export function timesPower(x: number, by: number): number {
  if (by === 0) return x;
  const half = Math.trunc(by / 2);
  const quarter = Math.trunc(half / 2);
  return x * 2 ** quarter * 2 ** (half - quarter) * 2 ** (by - half - quarter) * 2 ** quarter;
}

/** The product of two numbers as the sum of two doubles (Dekker). */
function exactProduct(a: number, b: number): readonly [number, number] {
  const product = a * b;
  const [ah, bh] = [high(a), high(b)];
  const [al, bl] = [a - ah, b - bh];
  return [product, al * bl - (product - ah * bh - al * bh - ah * bl)];
}

function high(x: number): number {
  const large = 134217729 * x;
  return large - (large - x);
}
