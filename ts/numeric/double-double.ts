// Numbers as unevaluated sums of two doubles, for exponents: a rounding there is multiplied by the exponent.

/** hi + lo with |lo| at most half a unit in the last place of hi. */
export interface DoubleDouble {
  readonly hi: number;
  readonly lo: number;
}

/** a + b without error (Knuth). */
export function exactSum(a: number, b: number): DoubleDouble {
  const hi = a + b;
  const part = hi - a;
  return { hi, lo: Number.isFinite(hi) ? a - (hi - part) + (b - part) : 0 };
}

const splitter = 2 ** 27 + 1;
const largestSplit = 2 ** 996;

/** a·b without error (Dekker), where neither factor is beyond 2^996 and the error is no subnormal number; else rounded. */
export function exactProduct(a: number, b: number): DoubleDouble {
  const hi = a * b;
  if (!(Math.abs(a) < largestSplit && Math.abs(b) < largestSplit && Math.abs(hi) < largestSplit)) return { hi, lo: 0 };
  const [bigA, bigB] = [a * splitter, b * splitter];
  const [a1, b1] = [bigA - (bigA - a), bigB - (bigB - b)];
  const [a2, b2] = [a - a1, b - b1];
  return { hi, lo: a1 * b1 - hi + a1 * b2 + a2 * b1 + a2 * b2 };
}

/** The product of two sums, to about 2^-104. */
export function product(a: DoubleDouble, b: DoubleDouble): DoubleDouble {
  const { hi, lo } = exactProduct(a.hi, b.hi);
  const rest = lo + (a.hi * b.lo + a.lo * b.hi);
  // Infinity·0 in the rest is no number: the product is then infinite or rounded anyway.
  return Number.isFinite(rest) ? exactSum(hi, rest) : { hi, lo: 0 };
}

/** e^x: the rest is a factor 1 + lo. */
export const exponential = ({ hi, lo }: DoubleDouble): number => Math.exp(hi) * (1 + lo);

/** e^x − 1. */
export const exponentialMinusOne = ({ hi, lo }: DoubleDouble): number => {
  const value = Math.expm1(hi);
  return value + (1 + value) * lo;
};
