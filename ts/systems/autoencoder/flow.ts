// The gradient flow of a direction from any two weights: closed forms that hold for every time, without cancellation or overflow.
import {
  type DoubleDouble,
  exactProduct,
  exactSum,
  exponential,
  exponentialMinusOne,
  product,
} from '../../numeric/double-double.js';
import { balancedMapping } from './balanced.js';
import { fixedPoint, growth, type Mode, stiffness } from './mode.js';
import { apart, noiseAndDecay } from './noise-and-decay.js';
import type { Squares } from './taylor.js';

/** A start by the weights w1, w2. */
export interface Weights {
  readonly w1: number;
  readonly w2: number;
}

/** P, Q and w of two weights. */
export function squaresOf({ w1, w2 }: Weights): Squares {
  return { P: (w1 + w2) ** 2, Q: (w1 - w2) ** 2, w: w1 * w2 };
}

/** A decay this far below every other rate, and over this little time, is none. */
const negligibleDecay = 1e-18;

/** Squares whose products are no numbers: weights below 1e-75. */
const smallest = 1e-150;

/** α·step without rounding: the time of the flow. */
export const flowTime = exactProduct;

/** P = (w1 + w2)², Q = (w1 − w2)² and w of the flow at time s = α·step. */
export function flow(mode: Mode, start: Squares, time: DoubleDouble | number): Squares {
  const s = typeof time === 'number' ? { hi: time, lo: 0 } : time;
  const { inputVariance, noiseVariance, weightDecay } = mode;
  if (s.hi === 0) return start;
  if (stiffness(mode) === 0) {
    const left = exponential(product({ hi: -2 * weightDecay, lo: 0 }, s));
    return { P: start.P * left, Q: start.Q * left, w: start.w * left };
  }
  if (start.Q === 0) {
    const w = balancedMapping(mode, start.w, s);
    return { P: 4 * w, Q: 0, w };
  }
  if (start.P === 0) {
    // w1 = −w2: −w obeys the balanced equation with m = −(ν + g), the same k, and ends at the saddle 0.
    const turned = { inputVariance: -inputVariance, noiseVariance: noiseVariance + 2 * inputVariance, weightDecay };
    const size = balancedMapping(turned, -start.w, s);
    return { P: 0, Q: 4 * size, w: -size };
  }
  if (start.P + start.Q < smallest) return apart(mode, start, s);
  const fastest = Math.hypot(growth(mode), stiffness(mode) * Math.sqrt(start.P) * Math.sqrt(start.Q));
  const isKept = weightDecay <= negligibleDecay * fastest && weightDecay * s.hi <= negligibleDecay;
  return isKept ? riccati(mode, start, s) : noiseAndDecay(mode, start, s);
}

/**
 * Noise alone: P and Q obey Riccati equations with the conserved product c_0² = P Q. With u = ν/k, a = 2(u + √(u² + c_0²/4)),
 * b = c_0²/a, e = e^{−(a+b) k s/2}, d = 1 − e,
 *
 *     P = N/D,  N = P_0 (a + b e) + c_0² d,  D = P_0 d + b + a e
 *
 * and w = (P − Q)/4 = (N − c_0 D)(N + c_0 D)/(4 N D), whose first factor is written without its cancellation.
 */
function riccati(mode: Mode, start: Squares, time: DoubleDouble): Squares {
  const { rate, coefficients } = riccatiForm(mode, start);
  const [P0, a, b, c, f, g] = coefficients;
  const { hi, lo } = product(rate, time);
  const e = exponential({ hi: -hi, lo: -lo });
  const d = -exponentialMinusOne({ hi: -hi, lo: -lo });
  const N = P0 * (a + b * e) + c * c * d;
  const D = P0 * d + b + a * e;
  const P = N / D;
  return { P, Q: (c / P) * c, w: ((f * e + g * d * (P0 + b)) / D) * ((N + c * D) / N / 4) };
}

type RiccatiCoefficients = readonly [P0: number, a: number, b: number, c: number, f: number, g: number];

/** What does not depend on time in it: N − c_0 D = f e + g d (P_0 + b), with p(p − q) = 4 w_0 p/(p + q), √a − √b = 4u/(√a + √b). */
export function riccatiForm(
  mode: Mode,
  { P, Q, w }: Squares,
): { readonly rate: DoubleDouble; readonly coefficients: RiccatiCoefficients } {
  const k = stiffness(mode);
  const [p, q] = [Math.sqrt(P), Math.sqrt(Q)];
  const c = p * q;
  const u = mode.inputVariance / k;
  const root = Math.hypot(u, c / 2);
  const a = 2 * (u + root);
  const b = (c / a) * c;
  const [rootA, rootB] = [Math.sqrt(a), Math.sqrt(b)];
  const f = ((4 * p * w) / (p + q)) * (a + b);
  // (a + b) k/2 = √((2ν)² + (k c_0)²): where e^{−…} is amplified, c_0 is small and 2ν exact.
  const twice = 2 * mode.inputVariance;
  const imbalance = k * c;
  const rate = exactSum(twice, imbalance === 0 ? 0 : imbalance * (imbalance / (twice + Math.hypot(twice, imbalance))));
  return { rate, coefficients: [P, a, b, c, f, (4 * u * rootA) / (rootA + rootB)] };
}

/** The weights [w1, w2] of the flow at time s = α·step. */
export function flowWeights(mode: Mode, { w1, w2 }: Weights, time: DoubleDouble | number): [number, number] {
  const s = typeof time === 'number' ? { hi: time, lo: 0 } : time;
  if (s.hi === 0 || (w1 === 0 && w2 === 0)) return [w1, w2];
  if (stiffness(mode) === 0) {
    const left = exponential(product({ hi: -mode.weightDecay, lo: 0 }, s));
    return [w1 * left, w2 * left];
  }
  const { P, Q, w } = flow(mode, squaresOf({ w1, w2 }), s);
  if (Math.abs(w1) === Math.abs(w2)) {
    const size = Math.sqrt(Math.abs(w));
    return [Math.sign(w1) * size, Math.sign(w2) * size];
  }
  // w1² − w2² keeps its sign: the larger weight stays the larger, with its sign; the other is w over it.
  const isFirst = Math.abs(w1) > Math.abs(w2);
  const larger = ((Math.sqrt(P) + Math.sqrt(Q)) / 2) * Math.sign(isFirst ? w1 : w2);
  const smaller = larger === 0 ? 0 : w / larger;
  return isFirst ? [larger, smaller] : [smaller, larger];
}

/** Where the flow ends, and whether that is the saddle: w1 = −w2 (or both 0) in a direction that would otherwise be learnt. */
export function flowEnd(
  mode: Mode,
  { w1, w2 }: Weights,
): { readonly mapping: number; readonly w1: number; readonly w2: number; readonly isSaddle: boolean } {
  const { weightDecay: g } = mode;
  // Nothing pulls: where it starts it stays.
  if (stiffness(mode) === 0 && g === 0) return { mapping: w1 * w2, w1, w2, isSaddle: false };
  if (w1 === -w2) return { mapping: 0, w1: 0, w2: 0, isSaddle: growth(mode) > 0 };
  if (g > 0) {
    const mapping = fixedPoint(mode);
    const size = Math.sign(w1 + w2) * Math.sqrt(mapping);
    return { mapping, w1: size, w2: size, isSaddle: false };
  }
  const [, a, b] = riccatiForm(mode, squaresOf({ w1, w2 })).coefficients;
  const [p, q] = [Math.sign(w1 + w2) * Math.sqrt(a), Math.sign(w1 - w2) * Math.sqrt(b)];
  // The larger weight, and the other as the mapping over it: nothing cancels.
  const mapping = fixedPoint(mode);
  const isFirst = p * q >= 0;
  const larger = (p + (isFirst ? q : -q)) / 2;
  const smaller = larger === 0 ? 0 : mapping / larger;
  return { mapping, w1: isFirst ? larger : smaller, w2: isFirst ? smaller : larger, isSaddle: false };
}
