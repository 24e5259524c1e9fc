// The gradient flow of a direction from any two weights: closed forms that hold for every time, without cancellation or overflow.
import { balancedMapping } from './balanced.js';
import { type Mode, stiffness } from './mode.js';
import { type Products, taylorFlow } from './taylor.js';

/** A start by the weights w1, w2. */
export interface Weights {
  readonly w1: number;
  readonly w2: number;
}

/** w and w1² + w2² of the flow at time s = α·step. */
export function flowProducts(mode: Mode, { w1, w2 }: Weights, time: number): Products {
  const smaller = Math.min(Math.abs(w1), Math.abs(w2));
  const larger = Math.max(Math.abs(w1), Math.abs(w2));
  if (larger === 0) return { w: 0, squares: 0 };
  const sign = Math.sign(w1) * Math.sign(w2) < 0 ? -1 : 1;
  if (time === 0) return { w: sign * smaller * larger, squares: w1 * w1 + w2 * w2 };
  if (smaller === larger) {
    // w1 = −w2: −w obeys the balanced equation with m = −(ν + g) and ends at the saddle 0.
    const turned =
      sign > 0
        ? mode
        : { ...mode, inputVariance: -mode.inputVariance, noiseVariance: mode.noiseVariance + 2 * mode.inputVariance };
    const size = balancedMapping(turned, smaller * larger, time);
    return { w: sign * size, squares: 2 * size };
  }
  if (mode.weightDecay > 0) return taylorFlow(mode, { w: sign * smaller * larger, squares: w1 * w1 + w2 * w2 }, time);
  return riccati(mode, larger, smaller, sign, time);
}

/**
 * Noise alone: P = (w1 + w2)² and Q = (w1 − w2)² obey Riccati equations with the conserved product P Q = c_0². With u = ν/k,
 * a = 2(u + √(u² + c_0²/4)), b = c_0²/a, e = e^{−(a+b)k s/2}, d = 1 − e,
 *
 *     P = N/D,  N = P_0 (a + b e) + c_0² d,  D = P_0 d + b + a e
 *
 * and w = (P − Q)/4 = (N − c_0 D)(N + c_0 D)/(4 N D), whose first factor is written without its cancellation.
 */
function riccati(mode: Mode, larger: number, smaller: number, sign: number, time: number): Products {
  const k = stiffness(mode);
  const squares0 = larger * larger + smaller * smaller;
  if (k === 0) return { w: sign * smaller * larger, squares: squares0 };
  const [p, q] = sign > 0 ? [larger + smaller, larger - smaller] : [larger - smaller, larger + smaller];
  const c = p * q;
  const u = mode.inputVariance / k;
  const root = Math.hypot(u, c / 2);
  const a = 2 * (u + root);
  const b = (c / a) * c;
  const e = Math.exp(-2 * k * root * time);
  const d = -Math.expm1(-2 * k * root * time);
  const P0 = p * p;
  const N = P0 * (a + b * e) + c * c * d;
  const D = P0 * d + b + a * e;
  const [rootA, rootB] = [Math.sqrt(a), Math.sqrt(b)];
  // |p| − |q| = ±2·smaller, √a − √b = 4u/(√a + √b).
  const difference = e * 2 * p * sign * smaller * (a + b) + ((d * 4 * u * rootA) / (rootA + rootB)) * (P0 + b);
  const P = N / D;
  return { w: (difference / D) * ((N + c * D) / N / 4), squares: (P + (c / P) * c) / 2 };
}

/** The weights [w1, w2] of the flow at time s = α·step. */
export function flowWeights(mode: Mode, start: Weights, time: number): [number, number] {
  const { w1, w2 } = start;
  if (time === 0) return [w1, w2];
  const { w, squares } = flowProducts(mode, start, time);
  const isFirst = Math.abs(w1) >= Math.abs(w2);
  if (Math.abs(w1) === Math.abs(w2)) {
    const size = Math.sqrt(Math.abs(w));
    return [Math.sign(w1) * size, Math.sign(w2) * size];
  }
  // w1² − w2² decays by e^{−2gs} and keeps its sign: the larger weight stays the larger, with its sign; the other is w over it.
  const imbalance = Math.abs(w1 - w2) * Math.abs(w1 + w2) * Math.exp(-2 * mode.weightDecay * time);
  const larger = Math.sqrt((squares + imbalance) / 2) * Math.sign(isFirst ? w1 : w2);
  const smaller = larger === 0 ? 0 : w / larger;
  return isFirst ? [larger, smaller] : [smaller, larger];
}
