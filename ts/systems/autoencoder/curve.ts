// Mappings at many steps, under hyperparameters that change from piece to piece: every piece is exact.
import { addon } from '../../core/addon.js';
import { type DoubleDouble, exactProduct, product } from '../../numeric/double-double.js';
import { flow, riccatiForm } from './flow.js';
import { exactGrowth, type Mode, stiffness } from './mode.js';
import type { Piece } from './schedule.js';
import type { Squares } from './taylor.js';

/** One piece at many steps: the closed forms with one exponential natively, the others step by step. */
function pieceValues(mode: Mode, start: Squares, rate: number, steps: Float64Array, first: number): Float64Array {
  const [m, k] = [exactGrowth(mode), stiffness(mode)];
  // What happens in a step, without rounding.
  const perStep = (perTime: DoubleDouble): { readonly rate: number; readonly rateRest: number } => {
    const { hi, lo } = product(perTime, { hi: rate, lo: 0 });
    return { rate: hi, rateRest: lo };
  };
  if (start.Q === 0 && m.hi > 0)
    return addon().autoencoderCurve({
      steps,
      first,
      ...perStep({ hi: 2 * m.hi, lo: 2 * m.lo }),
      coefficients: Float64Array.of(start.w, (k * start.w) / m.hi),
    });
  if (start.P > 0 && start.Q > 0 && mode.weightDecay === 0 && k > 0) {
    const { rate: perTime, coefficients } = riccatiForm(mode, start);
    if (coefficients.every(Number.isFinite))
      return addon().autoencoderCurve({
        steps,
        first,
        ...perStep(perTime),
        coefficients: Float64Array.from(coefficients),
      });
  }
  return steps.map((step) => flow(mode, start, exactProduct(rate, step - first)).w);
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
  if (schedule.length === 0) return pieceValues(mode, start, learningRate, steps, 0);
  const values = new Float64Array(steps.length);
  let [of, rate, first, state] = [mode, learningRate, 0, start];
  let at = 0;
  for (const piece of [...schedule, undefined]) {
    const last = piece?.fromStep ?? Infinity;
    let end = at;
    while (end < steps.length && (steps[end] as number) < last) end++;
    values.set(pieceValues(of, state, rate, steps.subarray(at, end), first), at);
    at = end;
    if (piece === undefined) break;
    state = flow(of, state, exactProduct(rate, last - first));
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
