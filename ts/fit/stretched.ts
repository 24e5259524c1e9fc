// The stretched exponential: for each exponent β it is an exponential in x^β; β is searched outside.
import { numberList } from '../core/copy.js';
import { fitOptions } from './options.js';
import { expectedError } from '../core/errors.js';
import { type Fit, fitExponential, type FitOptions } from './laws.js';
import { invert } from './separable.js';
import { largestOf, leastOf } from '../numeric/extremes.js';

/**
 * Fits y = A·exp(−(x/ξ)^β), x ≥ 0, β in [0.1, 4].
 *
 * @param x, y at least 4 points, x ≥ 0
 * @param given standard errors of y, a window of x
 * @returns amplitude A, depthScale ξ, exponent β with standard errors; `converged` as `fitExponential`
 * @throws MftError as `fitExponential`; ERR_MFT_OUT_OF_RANGE for x < 0; ERR_MFT_INVALID_ARGUMENT for a free offset
 *
 * **Numerics**: nested search (β outside; amplitude exact and ξ inside), covariance from the Gauss–Newton matrix.
 * **Source**: Golub and Pereyra 1973; the nesting is ours.
 *
 * @example
 * const x = [1, 2, 3, 5, 8, 13, 21];
 * fitStretched(x, x.map((l) => Math.exp(-Math.sqrt(l / 4)))).parameters.exponent; // 0.5
 */
export function fitStretched(x: ArrayLike<number>, y: ArrayLike<number>, given: FitOptions = {}): Fit {
  const options = fitOptions(given);
  if (options.offset === 'free')
    throw expectedError('ERR_MFT_INVALID_ARGUMENT', 'offset', 'a number for a stretched exponential', options.offset);
  const negative = numberList(x, 'x').find((at) => at < 0);
  if (negative !== undefined)
    throw expectedError('ERR_MFT_OUT_OF_RANGE', 'x', 'numbers >= 0 for a stretched exponential', negative);
  const inner = (beta: number): Fit => {
    const window =
      options.window === undefined
        ? {}
        : { window: options.window.map((edge) => Math.sign(edge) * Math.abs(edge) ** beta) as [number, number] };
    return fitExponential(
      Array.from(x, (at) => at ** beta),
      y,
      { ...options, ...window },
    );
  };
  const grid = Array.from({ length: 40 }, (_, i) => 0.1 * (i + 1));
  const squares = grid.map((beta) => inner(beta).residualSquares);
  const best = squares.indexOf(leastOf(squares));
  let [low, high] = [grid[Math.max(0, best - 1)] as number, grid[Math.min(grid.length - 1, best + 1)] as number];
  for (let i = 0; i < 60; i++) {
    const [a, b] = [low + 0.382 * (high - low), low + 0.618 * (high - low)];
    if (inner(a).residualSquares <= inner(b).residualSquares) high = b;
    else low = a;
  }
  const beta = (low + high) / 2;
  return withErrors(inner(beta), beta, best === 0 || best === grid.length - 1, x, options);
}

function withErrors(fit: Fit, beta: number, isAtEdge: boolean, x: ArrayLike<number>, options: FitOptions): Fit {
  const { amplitude, depthScale } = fit.parameters as { amplitude: number; depthScale: number };
  const scale = Math.sign(depthScale) * Math.abs(depthScale) ** (1 / beta);
  const [low, high] = options.window ?? [-Infinity, Infinity];
  const normal = Array.from({ length: 3 }, () => [0, 0, 0]);
  let points = 0;
  for (let i = 0; i < x.length; i++) {
    const at = x[i] as number;
    if (at < low || at > high) continue;
    points++;
    const weight = options.standardErrors === undefined ? 1 : 1 / (options.standardErrors[i] as number);
    const power = (at / Math.abs(scale)) ** beta * Math.sign(scale);
    const value = amplitude * Math.exp(-power);
    const row = [
      value / amplitude,
      (value * power * beta) / scale,
      at > 0 ? -value * power * Math.log(at / Math.abs(scale)) : 0,
    ].map((entry) => entry * weight);
    for (let r = 0; r < 3; r++)
      for (let c = 0; c < 3; c++)
        (normal[r] as number[])[c] = ((normal[r] as number[])[c] as number) + (row[r] as number) * (row[c] as number);
  }
  const degreesOfFreedom = points - 3;
  const inverse = invert(normal);
  const factor =
    options.standardErrors !== undefined ? 1 : degreesOfFreedom > 0 ? fit.residualSquares / degreesOfFreedom : Infinity;
  const covariance = (inverse ?? []).map((row) => row.map((entry) => entry * factor));
  const error = (i: number): number => Math.sqrt(covariance[i]?.[i] ?? Infinity);
  const reason =
    degreesOfFreedom < 1
      ? 'as many parameters as points: no error can be given'
      : isAtEdge
        ? 'the best exponent lies outside [0.1, 4]'
        : inverse === undefined
          ? 'the parameters cannot be told apart on these points'
          : fit.reason === 'converged' || fit.reason.startsWith('as many')
            ? 'converged'
            : fit.reason;
  return {
    ...fit,
    law: 'stretched',
    parameters: { amplitude, depthScale: scale, exponent: beta, offset: fit.parameters.offset ?? 0 },
    standardErrors: { amplitude: error(0), depthScale: error(1), exponent: error(2), offset: 0 },
    covariance,
    parameterNames: ['amplitude', 'depthScale', 'exponent'],
    degreesOfFreedom,
    window: options.window ?? [leastOf(Array.from(x)), largestOf(Array.from(x))],
    points,
    converged: reason === 'converged',
    reason,
  };
}
