// The laws that are fitted: exponential, power, stretched exponential; each by separable least squares.
import { numberList } from '../core/copy.js';
import { expectedError, MftError } from '../core/errors.js';
import { linearGrid } from '../numeric/grids.js';
import { chiSquareTail } from '../statistics/distributions.js';
import { type SeparableProblem, solve } from './separable.js';
import { fitOptions } from './options.js';
import { largestOf, leastOf } from '../numeric/extremes.js';

export interface FitOptions {
  /** Standard error of each y. When absent all points weigh alike and the errors are scaled by the residual. */
  readonly standardErrors?: ArrayLike<number>;
  /** Constant added to the law: 'free' (fitted) or a number. Default 0. */
  readonly offset?: 'free' | number;
  /** Only points with x in [low, high]. */
  readonly window?: readonly [number, number];
}

export interface Fit {
  readonly law: 'exponential' | 'power' | 'stretched' | 'logistic';
  /**
   * exponential: amplitude, depthScale, offset; power: amplitude, exponent, offset; stretched: amplitude, depthScale, exponent;
   * logistic: amplitude, halfTime, rate.
   */
  readonly parameters: Readonly<Record<string, number>>;
  readonly standardErrors: Readonly<Record<string, number>>;
  /** Covariance of the parameters, in the order of `parameterNames`. */
  readonly covariance: readonly (readonly number[])[];
  readonly parameterNames: readonly string[];
  readonly residualSquares: number;
  readonly degreesOfFreedom: number;
  /** P(χ² > residual) when standard errors were given. */
  readonly goodness?: number;
  readonly window: readonly [number, number];
  readonly points: number;
  /** False when the numbers must not be trusted; `reason` says why. */
  readonly converged: boolean;
  readonly reason: string;
}

interface Points {
  readonly x: number[];
  readonly y: number[];
  readonly weight: number[];
  readonly isWeighted: boolean;
  readonly window: readonly [number, number];
}

/** The points of the window. @throws MftError ERR_MFT_SHAPE, ERR_MFT_NOT_FINITE, ERR_MFT_OUT_OF_RANGE */
export function select(
  givenX: ArrayLike<number>,
  givenY: ArrayLike<number>,
  options: FitOptions,
  needed: number,
): Points {
  const [x, y] = [numberList(givenX, 'x'), numberList(givenY, 'y')];
  if (x.length !== y.length)
    throw new MftError(
      'ERR_MFT_SHAPE',
      `Expected \`y\` to have as many values as \`x\` (${x.length}), received ${y.length}.`,
      { parameter: 'y' },
    );
  const errors = options.standardErrors;
  if (errors !== undefined && errors.length !== x.length)
    throw new MftError(
      'ERR_MFT_SHAPE',
      `Expected \`standardErrors\` to have ${x.length} values, received ${errors.length}.`,
      { parameter: 'standardErrors' },
    );
  const [low, high] = options.window ?? [-Infinity, Infinity];
  const chosen: Points = { x: [], y: [], weight: [], isWeighted: errors !== undefined, window: [low, high] };
  for (let i = 0; i < x.length; i++) {
    const at = x[i] as number;
    const value = y[i] as number;
    const error = errors === undefined ? 1 : (errors[i] as number);
    if (!Number.isFinite(at) || !Number.isFinite(value))
      throw expectedError(
        'ERR_MFT_NOT_FINITE',
        Number.isFinite(at) ? 'y' : 'x',
        'finite numbers',
        Number.isFinite(at) ? value : at,
      );
    if (!(error > 0)) throw expectedError('ERR_MFT_OUT_OF_RANGE', 'standardErrors', 'numbers > 0', error);
    if (at < low || at > high || error === Infinity) continue;
    chosen.x.push(at);
    chosen.y.push(value);
    chosen.weight.push(1 / error);
  }
  if (new Set(chosen.x).size < needed)
    throw new MftError(
      'ERR_MFT_SHAPE',
      `Expected at least ${needed} different x in the window, received ${new Set(chosen.x).size}.`,
      { parameter: 'x' },
    );
  return { ...chosen, window: [leastOf(chosen.x), largestOf(chosen.x)] };
}

interface Model {
  readonly law: Fit['law'];
  /** Names in the order (nonlinear, amplitude, offset?). */
  readonly names: readonly string[];
  readonly problem: SeparableProblem;
  readonly grids: readonly (readonly number[])[];
  /** θ → the reported nonlinear parameter and its derivative by θ. */
  readonly report: (theta: number) => { readonly value: number; readonly slope: number };
  readonly fixedOffset: number;
}

function run(points: Points, model: Model): Fit {
  const solutions = model.grids.map((grid) => solve(model.problem, grid));
  const solution = solutions.reduce((best, next) => (next.residualSquares < best.residualSquares ? next : best));
  const columns = solution.amplitudes.length;
  const degreesOfFreedom = points.x.length - columns - 1;
  const scale = points.isWeighted ? 1 : degreesOfFreedom > 0 ? solution.residualSquares / degreesOfFreedom : Infinity;
  const { value, slope } = model.report(solution.theta);
  const jacobian = [slope, ...solution.amplitudes.map(() => 1)];
  const covariance = (solution.covariance ?? []).map((row, i) =>
    row.map((entry, j) => entry * scale * (jacobian[i] as number) * (jacobian[j] as number)),
  );
  const values = [value, ...solution.amplitudes];
  const parameters: Record<string, number> = {};
  const standardErrors: Record<string, number> = {};
  model.names.forEach((name, i) => {
    parameters[name] = values[i] as number;
    standardErrors[name] = Math.sqrt(covariance[i]?.[i] ?? Infinity);
  });
  if (!model.names.includes('offset')) {
    parameters.offset = model.fixedOffset;
    standardErrors.offset = 0;
  }
  const reason = failure(solution, degreesOfFreedom, parameters, standardErrors);
  return {
    law: model.law,
    parameters,
    standardErrors,
    covariance,
    parameterNames: model.names,
    residualSquares: solution.residualSquares,
    degreesOfFreedom,
    ...(points.isWeighted && degreesOfFreedom > 0
      ? { goodness: chiSquareTail(solution.residualSquares, degreesOfFreedom) }
      : {}),
    window: points.window,
    points: points.x.length,
    converged: reason === '',
    reason: reason === '' ? 'converged' : reason,
  };
}

function failure(
  solution: { isAtEdge: boolean; covariance: unknown; residualSquares: number },
  degreesOfFreedom: number,
  parameters: Readonly<Record<string, number>>,
  errors: Readonly<Record<string, number>>,
): string {
  if (degreesOfFreedom < 1) return 'as many parameters as points: no error can be given';
  if (!Number.isFinite(solution.residualSquares)) return 'the law is singular on these points';
  if (solution.isAtEdge) return 'the best scale lies outside the range that these points can resolve';
  if (solution.covariance === undefined) return 'the parameters cannot be told apart on these points';
  if (Math.abs(parameters.amplitude as number) < 2 * (errors.amplitude as number))
    return 'the amplitude is not significant (below 2 standard errors)';
  return '';
}

/**
 * Fits y = A·exp(−x/ξ) + C. ξ > 0 decays, ξ < 0 grows.
 *
 * @param x, y at least 4 points (5 with a free offset), finite
 * @param given standard errors of y, a free or fixed offset, a window of x
 * @returns amplitude A, depthScale ξ, offset C with standard errors and covariance; `converged` false with a `reason`
 *   when the data cannot fix them
 * @throws MftError ERR_MFT_SHAPE, ERR_MFT_NOT_FINITE, ERR_MFT_OUT_OF_RANGE
 *
 * **Numerics**: separable least squares (amplitudes exact, one-dimensional search in log|ξ|, both signs); agrees with SciPy's
 * curve_fit to 1e-6 on the fixtures, and with amplitudes of 1e-12 as well as 1. **Source**: Golub and Pereyra 1973.
 *
 * @example
 * const x = [0, 1, 2, 3, 4, 5, 6, 7];
 * fitExponential(x, x.map((l) => 1e-4 * Math.exp(-l / 30))).parameters.depthScale; // 30
 */
export function fitExponential(x: ArrayLike<number>, y: ArrayLike<number>, given: FitOptions = {}): Fit {
  const options = fitOptions(given);
  const isFree = options.offset === 'free';
  const points = select(x, y, options, isFree ? 5 : 4);
  const fixedOffset = typeof options.offset === 'number' ? options.offset : 0;
  const [low, high] = points.window;
  const range = high - low;
  const model = (sign: 1 | -1): SeparableProblem => {
    const decay = (theta: number, at: number): number => (sign * (at - reference(sign))) / Math.exp(theta);
    const value = (theta: number, at: number): number => Math.exp(-decay(theta, at));
    return {
      x: points.x,
      y: points.y.map((measured) => measured - fixedOffset),
      weight: points.weight,
      basis: (theta, at) => (isFree ? [value(theta, at), 1] : [value(theta, at)]),
      slope: (theta, at) => value(theta, at) * decay(theta, at),
    };
  };
  // The exponential is 1 at the end where it is largest, so that nothing overflows.
  const reference = (sign: 1 | -1): number => (sign > 0 ? low : high);
  const grid = linearGrid(Math.log(range / 400), Math.log(range * 1e4), 121);
  const fits = ([1, -1] as const).map((sign) => {
    const fit = run(points, {
      law: 'exponential',
      names: isFree ? ['depthScale', 'amplitude', 'offset'] : ['depthScale', 'amplitude'],
      problem: model(sign),
      grids: [grid],
      report: (theta) => ({ value: sign * Math.exp(theta), slope: sign * Math.exp(theta) }),
      fixedOffset,
    });
    return atOrigin(fit, reference(sign));
  });
  const [decay, growth] = fits as [Fit, Fit];
  return growth.residualSquares < decay.residualSquares ? growth : decay;
}

/** The amplitude at x = 0 instead of the reference point: A_0 = A_r exp(r/ξ). */
function atOrigin(fit: Fit, reference: number): Fit {
  const { depthScale, amplitude } = fit.parameters as { depthScale: number; amplitude: number };
  const factor = Math.exp(reference / depthScale);
  const slope = (-amplitude * factor * reference) / depthScale ** 2;
  // Variances are squares of these.
  if (factor === 0 || !Number.isFinite(factor ** 2) || !Number.isFinite(slope ** 2))
    return {
      ...fit,
      converged: false,
      reason: `the amplitude at x = 0 is beyond the range of numbers (this is the one at x = ${reference}); shift x`,
    };
  return withAmplitude(fit, factor, slope);
}

/** The fit with amplitude A' = A·factor, where `slope` is ∂A'/∂θ of the first parameter; its covariance is JCJᵀ. */
function withAmplitude(fit: Fit, factor: number, slope: number): Fit {
  const names = fit.parameterNames;
  // J is the identity but for the row of the amplitude, which is the second parameter.
  const jacobian = names.map((name, i) =>
    name === 'amplitude' ? [slope, factor, 0].slice(0, names.length) : names.map((_, j) => (i === j ? 1 : 0)),
  );
  const covariance = fit.covariance.length === 0 ? [] : congruent(jacobian, fit.covariance);
  const variance = covariance[1]?.[1] ?? Infinity;
  return {
    ...fit,
    parameters: { ...fit.parameters, amplitude: (fit.parameters.amplitude as number) * factor },
    standardErrors: { ...fit.standardErrors, amplitude: Math.sqrt(Math.max(0, variance)) },
    covariance,
  };
}

/** J C Jᵀ. */
function congruent(jacobian: readonly (readonly number[])[], covariance: Fit['covariance']): Fit['covariance'] {
  const dot = (a: readonly number[], b: readonly number[]): number =>
    a.reduce((sum, value, k) => sum + value * (b[k] as number), 0);
  // C is symmetric: its rows are its columns.
  const half = jacobian.map((row) => covariance.map((column) => dot(row, column)));
  return half.map((row) => jacobian.map((other) => dot(row, other)));
}

/**
 * Fits y = A·x^p + C for x > 0.
 *
 * @param x, y at least 4 points (5 with a free offset), x > 0
 * @param given standard errors of y, a free or fixed offset, a window of x
 * @returns amplitude A, exponent p, offset C; errors and `converged` as `fitExponential`
 * @throws MftError as `fitExponential`, and ERR_MFT_OUT_OF_RANGE for x ≤ 0
 *
 * **Numerics**: as `fitExponential`: the amplitude exact, one search over p.
 * **Source**: Golub and Pereyra 1973.
 *
 * @example
 * const x = [1, 2, 4, 8, 16];
 * fitPower(x, x.map((l) => 3 * l ** -0.5)).parameters.exponent; // -0.5
 */
export function fitPower(x: ArrayLike<number>, y: ArrayLike<number>, given: FitOptions = {}): Fit {
  const options = fitOptions(given);
  const isFree = options.offset === 'free';
  const points = select(x, y, options, isFree ? 5 : 4);
  const wrong = points.x.find((at) => at <= 0);
  if (wrong !== undefined) throw expectedError('ERR_MFT_OUT_OF_RANGE', 'x', 'numbers > 0 for a power law', wrong);
  const fixedOffset = typeof options.offset === 'number' ? options.offset : 0;
  const middle = Math.exp(points.x.reduce((sum, at) => sum + Math.log(at), 0) / points.x.length);
  const fit = run(points, {
    law: 'power',
    names: isFree ? ['exponent', 'amplitude', 'offset'] : ['exponent', 'amplitude'],
    problem: {
      x: points.x,
      y: points.y.map((value) => value - fixedOffset),
      weight: points.weight,
      basis: (theta, at) => (isFree ? [(at / middle) ** theta, 1] : [(at / middle) ** theta]),
      slope: (theta, at) => (at / middle) ** theta * Math.log(at / middle),
    },
    grids: [linearGrid(-20, 20, 401)],
    report: (theta) => ({ value: theta, slope: 1 }),
    fixedOffset,
  });
  const { exponent, amplitude } = fit.parameters as { exponent: number; amplitude: number };
  const factor = middle ** -exponent;
  return withAmplitude(fit, factor, -Math.log(middle) * amplitude * factor);
}
