// Intervals with outward rounding: the exact result of a formula lies between the two ends, whatever each step rounds.
import type { Arithmetic } from './arithmetic.js';

export interface Interval {
  readonly low: number;
  readonly high: number;
}

const number = new Float64Array(1);
const bits = new BigInt64Array(number.buffer);

/** The number `steps` places above x (below it where negative); infinities stay. */
function neighbour(x: number, steps: number): number {
  if (!Number.isFinite(x)) return x;
  number[0] = x;
  // Places in the order of the numbers: those of negative numbers run the other way.
  const place = (bits[0] as bigint) < 0n ? -((bits[0] as bigint) & 0x7fffffffffffffffn) : (bits[0] as bigint);
  const next = place + BigInt(steps);
  bits[0] = next < 0n ? -next | -0x8000000000000000n : next;
  return number[0];
}

/** +, −, ·, / and √ are rounded to the nearest number: the exact value is within one place. */
const wide = (low: number, high: number): Interval => ({ low: neighbour(low, -1), high: neighbour(high, 1) });

/** log, exp and log1p of the engine are those of fdlibm, whose stated error is below one unit in the last place. Four are taken. */
const places = 4;
const wideFunction = (low: number, high: number): Interval => ({
  low: neighbour(low, -places),
  high: neighbour(high, places),
});

const point = (value: number): Interval => ({ low: value, high: value });

/** log(1 + e^x) at one number: max(x, 0) + log1p(e^−|x|), of which the second part is between 0 and log 2. */
function softplusAt(x: number): Interval {
  const small = Math.exp(-Math.abs(x));
  const power = wideFunction(small, small);
  const rest = wideFunction(Math.log1p(Math.max(0, power.low)), Math.log1p(power.high));
  const whole = Math.max(x, 0);
  return wide(whole + Math.max(0, rest.low), whole + rest.high);
}

const smaller = (a: Interval, b: Interval): Interval => ({
  low: Math.min(a.low, b.low),
  high: Math.min(a.high, b.high),
});

/** Intervals of which the exact value is never outside. Factors, divisors and what is rooted are not negative. */
export const intervals: Arithmetic<Interval> = {
  of: point,
  add: (a, b) => wide(a.low + b.low, a.high + b.high),
  subtract: (a, b) => wide(a.low - b.high, a.high - b.low),
  multiply: (a, b) => {
    const ends = [a.low * b.low, a.low * b.high, a.high * b.low, a.high * b.high];
    return wide(Math.min(...ends), Math.max(...ends));
  },
  divide: (a, b) => {
    const ends = [a.low / b.low, a.low / b.high, a.high / b.low, a.high / b.high];
    return wide(Math.min(...ends), Math.max(...ends));
  },
  squareRoot: (a) => {
    const { low, high } = wide(Math.sqrt(Math.max(0, a.low)), Math.sqrt(a.high));
    return { low: Math.max(0, low), high };
  },
  // log 1 is 0 and nothing else is.
  logarithm: (a) =>
    a.low === 1 && a.high === 1 ? point(0) : wideFunction(Math.log(Math.max(0, a.low)), Math.log(a.high)),
  softplus: (a) => ({ low: softplusAt(a.low).low, high: softplusAt(a.high).high }),
  smaller,
  // Where the sign of b is not known, both are possible.
  smallerWherePositive: (a, b) => {
    if (b.high <= 0) return a;
    return b.low > 0 ? smaller(a, b) : { low: Math.min(a.low, 0), high: a.high };
  },
  isLogarithmOfZero: (a) => a.high === -Infinity,
};
