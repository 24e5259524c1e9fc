// The flow of a direction with noise and decay from any start, by Taylor series of high order: the equations are polynomial, so the
// coefficients follow from products of series, and a step is as exact as a closed form. Holds where Bessel functions give out.
import { MftError } from '../../core/errors.js';
import { type DoubleDouble, exactSum } from '../../numeric/double-double.js';
import { type Mode, stiffness } from './mode.js';

const order = 16;
const mostSteps = 100_000;

/** P = (w1 + w2)², Q = (w1 − w2)² and w = w1 w2 = (P − Q)/4, each with its own relative precision. */
export interface Squares {
  readonly P: number;
  readonly Q: number;
  readonly w: number;
}

/**
 * dP/ds = 2P(ν − g − k w), dQ/ds = −2Q(ν + g − k w), dw/ds = (P + Q)(ν − k w)/2 − 2 g w, from `start` for the time s. Each step
 * takes 16 terms; its length keeps the last two below 2^-54 of the solution and inside the range where the series is stable.
 */
export function taylorFlow(mode: Mode, start: Squares, time: DoubleDouble): Squares {
  const k = stiffness(mode);
  const { inputVariance, weightDecay: g } = mode;
  const [p, q, w, d] = Array.from({ length: 4 }, () => new Float64Array(order + 1)) as [
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  [p[0], q[0], w[0]] = [start.P, start.Q, start.w];
  let left = time;
  for (let step = 0; left.hi > 0; step++) {
    if (step === mostSteps)
      throw new MftError(
        'ERR_MFT_NO_CONVERGENCE',
        `The flow takes more than ${mostSteps} steps of its series: lower \`step\` or \`learningRate\`.`,
        { parameter: 'step' },
      );
    d[0] = inputVariance - k * (w[0] as number);
    for (let n = 0; n < order; n++) {
      let [ofP, ofQ] = [0, 0];
      for (let i = 0; i <= n; i++) {
        const slope = d[n - i] as number;
        ofP += (p[i] as number) * slope;
        ofQ += (q[i] as number) * slope;
      }
      p[n + 1] = (2 * ofP - 2 * g * (p[n] as number)) / (n + 1);
      q[n + 1] = (-2 * ofQ - 2 * g * (q[n] as number)) / (n + 1);
      w[n + 1] = ((ofP + ofQ) / 2 - 2 * g * (w[n] as number)) / (n + 1);
      d[n + 1] = -k * (w[n + 1] as number);
    }
    // Beyond this length the terms of what decays are larger than their sum.
    const stable = 0.75 / ((k * ((p[0] as number) + (q[0] as number))) / 2 + inputVariance + 2 * g);
    const length = Math.min(left.hi, reach(p), reach(q), reach(w), stable);
    [p[0], q[0], w[0]] = [series(p, length), series(q, length), series(w, length)];
    // Each has its own precision; where P − Q does not cancel it is the better one.
    const difference = (p[0] - q[0]) / 4;
    if (Math.abs(difference) > (p[0] + q[0]) / 16) w[0] = difference;
    // The time that is left is known to more than a double: its roundings would be exponents.
    const rest = exactSum(left.hi, -length);
    left = length === left.hi ? { hi: 0, lo: 0 } : exactSum(rest.hi, rest.lo + left.lo);
  }
  return { P: p[0] as number, Q: q[0] as number, w: w[0] as number };
}

/** The step at which the last two terms reach 2^-54 of the largest of the first two. */
function reach(terms: Float64Array): number {
  const size = Math.abs(terms[0] as number);
  if (size < Number.MIN_VALUE) return Infinity;
  const limit = (n: number): number => (2 ** -54 / (Math.abs(terms[n] as number) / size)) ** (1 / n);
  return Math.min(limit(order), limit(order - 1));
}

function series(terms: Float64Array, x: number): number {
  let sum = terms[order] as number;
  for (let n = order - 1; n >= 0; n--) sum = sum * x + (terms[n] as number);
  return sum;
}
