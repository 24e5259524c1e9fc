// The flow of a direction with noise and decay from any start, by Taylor series of high order: the equations are polynomial, so the
// coefficients follow from products of series, and a step is as exact as a closed form. Holds where Bessel functions give out.
import { MftError } from '../../core/errors.js';
import { type Mode, stiffness } from './mode.js';

const order = 24;
const mostSteps = 20_000_000;

/** w = w1 w2 and M = w1² + w2². */
export interface Products {
  readonly w: number;
  readonly squares: number;
}

/**
 * dw/ds = M(ν − k w) − 2 g w, dM/ds = 4 w(ν − k w) − 2 g M, from `start` for the time s. Each step takes 24 terms; its length
 * keeps the last two below 2^-54 of the solution and inside the range where the series is stable.
 */
export function taylorFlow(mode: Mode, start: Products, time: number): Products {
  const k = stiffness(mode);
  const { inputVariance, weightDecay: g } = mode;
  const w = new Float64Array(order + 1);
  const m = new Float64Array(order + 1);
  const d = new Float64Array(order + 1);
  [w[0], m[0]] = [start.w, start.squares];
  let left = time;
  for (let step = 0; left > 0; step++) {
    if (step === mostSteps)
      throw new MftError(
        'ERR_MFT_NO_CONVERGENCE',
        `The flow takes more than ${mostSteps} steps of its series: lower \`step\` or \`learningRate\`.`,
        { parameter: 'step' },
      );
    d[0] = inputVariance - k * (w[0] as number);
    for (let n = 0; n < order; n++) {
      let [up, down] = [0, 0];
      for (let i = 0; i <= n; i++) {
        up += (m[i] as number) * (d[n - i] as number);
        down += (w[i] as number) * (d[n - i] as number);
      }
      w[n + 1] = (up - 2 * g * (w[n] as number)) / (n + 1);
      m[n + 1] = (4 * down - 2 * g * (m[n] as number)) / (n + 1);
      d[n + 1] = -k * (w[n + 1] as number);
    }
    const length = Math.min(left, reach(w), reach(m), 3 / (k * (m[0] as number) + inputVariance + 2 * g));
    [w[0], m[0]] = [series(w, length), series(m, length)];
    left = length === left ? 0 : left - length;
  }
  return { w: w[0] as number, squares: m[0] as number };
}

/** The step at which the last two terms reach 2^-54 of the first that counts. */
function reach(terms: Float64Array): number {
  const size = Math.max(Math.abs(terms[0] as number), Number.MIN_VALUE);
  const limit = (n: number): number => (2 ** -54 / (Math.abs(terms[n] as number) / size)) ** (1 / n);
  return Math.min(limit(order), limit(order - 1));
}

function series(terms: Float64Array, x: number): number {
  let sum = terms[order] as number;
  for (let n = order - 1; n >= 0; n--) sum = sum * x + (terms[n] as number);
  return sum;
}
