// The logistic curve of a direction that is learnt: plateau, step of half of it, rate; Gauss and Newton, damped.
import { largestOf, leastOf } from '../numeric/extremes.js';
import { numberList } from '../core/copy.js';
import { expectedError } from '../core/errors.js';
import { chiSquareTail } from '../statistics/distributions.js';
import { type Fit, type FitOptions, select } from './laws.js';
import { fitOptions } from './options.js';
import { invert } from './separable.js';

type Parameters3 = readonly [amplitude: number, halfTime: number, rate: number];
const names = ['amplitude', 'halfTime', 'rate'] as const;
const mostIterations = 200;

/** 1/(1 + e^{−u}) and its derivative, for any u. */
function sigmoid(u: number): readonly [value: number, slope: number] {
  const e = Math.exp(-Math.abs(u));
  const value = u >= 0 ? 1 / (1 + e) : e / (1 + e);
  return [value, e / (1 + e) ** 2];
}

/** Where y first passes half of its largest value, and the growth of log y before that. */
function guess(x: readonly number[], y: readonly number[]): Parameters3 | undefined {
  const order = x.map((_, i) => i).sort((a, b) => (x[a] as number) - (x[b] as number));
  const amplitude = largestOf(y);
  if (!(amplitude > 0)) return undefined;
  const at = order.findIndex((i) => (y[i] as number) >= amplitude / 2);
  const [here, before] = [order[at] as number, order[Math.max(0, at - 1)] as number];
  const [x0, x1] = [x[before] as number, x[here] as number];
  const [y0, y1] = [y[before] as number, y[here] as number];
  const half = y1 === y0 ? x1 : x0 + ((x1 - x0) * (amplitude / 2 - y0)) / (y1 - y0);
  // A curve goes from a quarter to three quarters in 2 log 3/rate.
  const passed = (share: number): number =>
    x[order.find((i) => (y[i] as number) >= share * amplitude) as number] as number;
  const width = passed(0.75) - passed(0.25);
  const span = largestOf(x) - leastOf(x);
  return [amplitude, half, (2 * Math.log(3)) / (width > 0 ? width : span / x.length)];
}

/**
 * Fits y = A/(1 + exp(−r (x − t))): plateau A, step t of half of it, rate r. This is the mapping of a balanced direction of a linear
 * autoencoder exactly (A = w*, r = 2 α (ν − g)), and of networks from small starts nearly.
 *
 * @param x, y at least 4 points, finite; y rises towards a plateau above 0
 * @param given standard errors of y, a window of x, a fixed offset
 * @returns amplitude A, halfTime t, rate r with standard errors and covariance; `converged` false with a `reason` when the points
 *   do not fix them (half of the plateau outside the window, a step without points on its flank)
 * @throws MftError as `fitExponential`; ERR_MFT_INVALID_ARGUMENT for a free offset
 *
 * **Numerics**: damped Gauss–Newton steps to a relative change of 1e-13; agrees with SciPy's curve_fit to 1e-6 of a standard error.
 * **Source**: derived; docs/systems/autoencoder.md (3.1).
 *
 * @example
 * const x = [0, 100, 200, 300, 400, 500];
 * fitLogistic(x, x.map((s) => 0.8 / (1 + Math.exp(-0.03 * (s - 210))))).parameters.halfTime; // 210
 */
export function fitLogistic(x: ArrayLike<number>, y: ArrayLike<number>, given: FitOptions = {}): Fit {
  const options = fitOptions(given);
  if (options.offset === 'free')
    throw expectedError('ERR_MFT_INVALID_ARGUMENT', 'offset', 'a number for a logistic curve', options.offset);
  const offset = options.offset ?? 0;
  const points = select(
    x,
    numberList(y, 'y').map((value) => value - offset),
    options,
    4,
  );
  const start = guess(points.x, points.y);
  const degreesOfFreedom = points.x.length - names.length;
  const best = start === undefined ? undefined : descend(points, start);
  const scale =
    points.isWeighted || best === undefined
      ? 1
      : degreesOfFreedom > 0
        ? best.residualSquares / degreesOfFreedom
        : Infinity;
  const covariance = (best?.inverse ?? []).map((row) => row.map((entry) => entry * scale));
  const errors = names.map((_, i) => Math.sqrt(covariance[i]?.[i] ?? Infinity));
  const values = best?.parameters ?? [0, 0, 0];
  const reason = failure(values, errors, points.window, degreesOfFreedom, best);
  const residualSquares = best?.residualSquares ?? Infinity;
  const named = (list: readonly number[], last: number): Record<string, number> => ({
    ...Object.fromEntries(names.map((name, i) => [name, list[i] as number])),
    offset: last,
  });
  return {
    law: 'logistic',
    parameters: named(values, offset),
    standardErrors: named(errors, 0),
    covariance,
    parameterNames: names,
    residualSquares,
    degreesOfFreedom,
    ...(points.isWeighted && degreesOfFreedom > 0 && best !== undefined
      ? { goodness: chiSquareTail(residualSquares, degreesOfFreedom) }
      : {}),
    window: points.window,
    points: points.x.length,
    converged: reason === '',
    reason: reason === '' ? 'converged' : reason,
  };
}

interface Solution {
  readonly parameters: Parameters3;
  readonly residualSquares: number;
  readonly inverse: readonly (readonly number[])[] | undefined;
  readonly hasSettled: boolean;
}

interface Weighted {
  readonly x: readonly number[];
  readonly y: readonly number[];
  readonly weight: readonly number[];
}

function squares({ x, y, weight }: Weighted, [A, t, r]: Parameters3): number {
  return x.reduce((sum, at, i) => {
    const [value] = sigmoid(r * (at - t));
    return sum + ((weight[i] as number) * ((y[i] as number) - A * value)) ** 2;
  }, 0);
}

/** JᵀWJ and JᵀW(y − f). */
function system({ x, y, weight }: Weighted, [A, t, r]: Parameters3): { normal: number[][]; right: number[] } {
  const normal = [
    [0, 0, 0],
    [0, 0, 0],
    [0, 0, 0],
  ];
  const right = [0, 0, 0];
  x.forEach((at, i) => {
    const [value, slope] = sigmoid(r * (at - t));
    const row = [value, -A * r * slope, A * (at - t) * slope].map((entry) => entry * (weight[i] as number));
    const rest = (weight[i] as number) * ((y[i] as number) - A * value);
    for (let a = 0; a < 3; a++) {
      right[a] = (right[a] as number) + (row[a] as number) * rest;
      for (let b = 0; b < 3; b++)
        (normal[a] as number[])[b] = (normal[a]?.[b] as number) + (row[a] as number) * (row[b] as number);
    }
  });
  return { normal, right };
}

function descend(points: Weighted, start: Parameters3): Solution {
  let parameters = start;
  let residualSquares = squares(points, parameters);
  let damping = 1e-3;
  let hasSettled = false;
  for (let i = 0; i < mostIterations && !hasSettled; i++) {
    const { normal, right } = system(points, parameters);
    const inverse = invert(normal.map((row, a) => row.map((entry, b) => (a === b ? entry * (1 + damping) : entry))));
    if (inverse === undefined) break;
    const step = inverse.map((row) => row.reduce((sum, entry, b) => sum + entry * (right[b] as number), 0));
    const next = parameters.map((value, a) => value + (step[a] as number)) as unknown as Parameters3;
    const found = squares(points, next);
    hasSettled = step.every((change, a) => Math.abs(change) <= 1e-13 * Math.abs(next[a] as number)) || damping > 1e12;
    if (found <= residualSquares) {
      [parameters, residualSquares] = [next, found];
      damping = Math.max(1e-15, damping / 10);
    } else damping *= 10;
  }
  return { parameters, residualSquares, inverse: invert(system(points, parameters).normal), hasSettled };
}

function failure(
  [amplitude, halfTime, rate]: Parameters3,
  errors: readonly number[],
  [low, high]: readonly [number, number],
  degreesOfFreedom: number,
  best: Solution | undefined,
): string {
  if (best === undefined) return 'no value is above 0';
  if (degreesOfFreedom < 1) return 'as many parameters as points: no error can be given';
  if (best.inverse === undefined || !best.hasSettled) return 'the parameters cannot be told apart on these points';
  if (halfTime < low || halfTime > high) return 'half of the plateau lies outside the window';
  if (Math.abs(amplitude) < 2 * (errors[0] as number))
    return 'the amplitude is not significant (below 2 standard errors)';
  return rate > 2 * (errors[2] as number) ? '' : 'the rate is not significant (below 2 standard errors)';
}
