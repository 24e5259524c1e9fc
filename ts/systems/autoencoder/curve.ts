// Mappings at many steps, under hyperparameters that change from piece to piece: every piece is exact.
import { balancedMapping } from './balanced.js';
import { flow } from './flow.js';
import { growth, type Mode, stiffness } from './mode.js';
import type { Squares } from './taylor.js';

/** From this step on; what is left out stays as it was. */
interface Piece {
  readonly fromStep: number;
  readonly noiseVariance?: number | undefined;
  readonly weightDecay?: number | undefined;
  readonly learningRate?: number | undefined;
}

/** The balanced form at many times from one start, into `values` from `at` on: the inner loop of mode curves. */
function balancedValues(
  mode: Mode,
  initial: number,
  rate: number,
  steps: Float64Array,
  first: number,
  values: Float64Array,
  at: number,
  end: number,
): void {
  const [m, k] = [growth(mode), stiffness(mode)];
  if (m <= 0) {
    for (let i = at; i < end; i++) values[i] = balancedMapping(mode, initial, rate * ((steps[i] as number) - first));
    return;
  }
  const scaled = (k * initial) / m;
  for (let i = at; i < end; i++) {
    const x = -2 * m * rate * ((steps[i] as number) - first);
    const e = Math.exp(x);
    // 1 − e^x cancels only near the start.
    values[i] = initial / (e + scaled * (x < -0.7 ? 1 - e : -Math.expm1(x)));
  }
}

/**
 * The mapping at rising `steps`. A piece of constant hyperparameters starts from the P, Q, w in which the piece before ends.
 */
export function mappingCurve(
  mode: Mode,
  start: Squares,
  learningRate: number,
  steps: Float64Array,
  schedule: readonly Piece[] = [],
): Float64Array {
  const values = new Float64Array(steps.length);
  let [of, rate, first, state] = [mode, learningRate, 0, start];
  let at = 0;
  for (const piece of [...schedule, undefined]) {
    const last = piece?.fromStep ?? Infinity;
    let end = at;
    while (end < steps.length && (steps[end] as number) < last) end++;
    if (state.Q === 0) balancedValues(of, state.w, rate, steps, first, values, at, end);
    else for (let i = at; i < end; i++) values[i] = flow(of, state, rate * ((steps[i] as number) - first)).w;
    at = end;
    if (piece === undefined) break;
    state = flow(of, state, rate * (last - first));
    first = last;
    of = {
      ...of,
      noiseVariance: piece.noiseVariance ?? of.noiseVariance,
      weightDecay: piece.weightDecay ?? of.weightDecay,
    };
    rate = piece.learningRate ?? rate;
  }
  return values;
}

/** Weights with the product w and the imbalance w2² − w1² = c: from rich (c = 0) to lazy (c far above the fixed point). */
export function imbalanced(product: number, imbalance: number): { readonly w1: number; readonly w2: number } {
  const size = Math.abs(imbalance);
  const larger = Math.sqrt((size + Math.hypot(size, 2 * product)) / 2);
  const smaller = larger === 0 ? 0 : product / larger;
  return imbalance >= 0 ? { w1: smaller, w2: larger } : { w1: larger, w2: smaller };
}
