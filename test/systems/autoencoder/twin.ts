// The flow of a direction by Taylor series in sums of two doubles, 32 digits: knows nothing of closed forms.
import type { Mode } from '../../../dist/systems/autoencoder/mode.js';

/** hi + lo. */
type Pair = readonly [hi: number, lo: number];

const sum = (a: number, b: number): Pair => {
  const hi = a + b;
  const part = hi - a;
  return [hi, a - (hi - part) + (b - part)];
};
const halves = (a: number): Pair => {
  const big = a * 134217729;
  const hi = big - (big - a);
  return [hi, a - hi];
};
const add = ([a, b]: Pair, [c, d]: Pair): Pair => {
  const [hi, lo] = sum(a, c);
  const [lower, rest] = sum(b, d);
  const [up, left] = sum(hi, lo + lower);
  return sum(up, left + rest);
};
const multiply = ([a, b]: Pair, [c, d]: Pair): Pair => {
  const hi = a * c;
  const [a1, a2] = halves(a);
  const [c1, c2] = halves(c);
  const lo = a1 * c1 - hi + a1 * c2 + a2 * c1 + a2 * c2;
  return sum(hi, lo + (a * d + b * c));
};
const scale = (a: Pair, by: number): Pair => multiply(a, [by, 0]);
const minus = ([a, b]: Pair): Pair => [-a, -b];
/** a/n of a small whole number: one step of Newton. */
const over = (a: Pair, n: number): Pair => {
  const guess = a[0] / n;
  const rest = add(a, minus(scale([guess, 0], n)));
  return sum(guess, rest[0] / n);
};

const order = 40;

/** P, Q and w = (P − Q)/4 at time rate·step, from two weights; all inputs are taken as they are. */
export function exactFlow(
  { inputVariance, noiseVariance, weightDecay }: Mode,
  w1: number,
  w2: number,
  rate: number,
  step: number,
): { readonly P: number; readonly Q: number; readonly w: number; readonly steps: number } {
  const k = sum(inputVariance, noiseVariance);
  const growth = sum(inputVariance, -weightDecay);
  const fall = minus(sum(inputVariance, weightDecay));
  const [plus, difference] = [sum(w1, w2), sum(w1, -w2)];
  let [P, Q] = [multiply(plus, plus), multiply(difference, difference)];
  let left = multiply([rate, 0], [step, 0]);
  let steps = 0;
  while (left[0] > 0) {
    // dP/ds = 2P(ν − g − k w), dQ/ds = −2Q(ν + g − k w), 4w = P − Q: products of series.
    const [p, q, v]: Pair[][] = [[P], [Q], [scale(multiply(k, add(P, minus(Q))), -0.25)]] as [Pair[], Pair[], Pair[]];
    for (let n = 0; n < order; n++) {
      let [ofP, ofQ]: [Pair, Pair] = [multiply(growth, p?.[n] as Pair), multiply(fall, q?.[n] as Pair)];
      for (let i = 0; i <= n; i++) {
        const slope = v?.[n - i] as Pair;
        ofP = add(ofP, multiply(p?.[i] as Pair, slope));
        ofQ = add(ofQ, minus(multiply(q?.[i] as Pair, slope)));
      }
      p?.push(over(scale(ofP, 2), n + 1));
      q?.push(over(scale(ofQ, 2), n + 1));
      v?.push(scale(multiply(k, add(p?.[n + 1] as Pair, minus(q?.[n + 1] as Pair))), -0.25));
    }
    const fastest = (k[0] * (P[0] + Q[0])) / 2 + inputVariance + 2 * weightDecay;
    const reach = (terms: readonly Pair[]): number =>
      (1e-34 / Math.abs((terms[order] as Pair)[0] / (terms[0] as Pair)[0])) ** (1 / order);
    const length = Math.min(left[0], reach(p as Pair[]), reach(q as Pair[]), 3 / fastest);
    const isLast = length === left[0];
    const at = isLast ? left : ([length, 0] as const);
    const value = (terms: readonly Pair[]): Pair => {
      let total = terms[order] as Pair;
      for (let n = order - 1; n >= 0; n--) total = add(multiply(total, at), terms[n] as Pair);
      return total;
    };
    [P, Q] = [value(p as Pair[]), value(q as Pair[])];
    left = isLast ? [0, 0] : add(left, [-length, 0]);
    steps++;
  }
  return { P: P[0], Q: Q[0], w: scale(add(P, minus(Q)), 0.25)[0], steps };
}
