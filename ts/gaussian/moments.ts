// Gaussian moments of an activation: synchronous, scalar, cached per activation and argument. Public under these names;
// the solvers and the systems use the same functions.
import { readOnce } from '../core/copy.js';
import { expectedError, MftError } from '../core/errors.js';
import { type Activation, type GaussianFunction, gaussianFunctionOf } from './expectation.js';
import type { Integrand } from './integrand.js';

/** Argument of the moments of one variable: q, the variance of the Gaussian. */
export interface VarianceArgument {
  /** q ≥ 0. */
  readonly variance: number;
}

/** Argument of the moments of a pair at equal variances; the correlation or its distance from 1, not both. */
export interface PairArgument extends VarianceArgument {
  /** c in [−1, 1]. */
  readonly correlation?: number;
  /** δ = 1 − c in [0, 2]: for pairs nearer than double precision of `correlation` can say. */
  readonly oneMinusCorrelation?: number;
}

/** A variance so small that every activation is its own straight line: stands for 0 where one-sided derivatives differ. */
const vanishing = 1e-20;
const overshoot = 1e-15;

/**
 * E φ(u), u ~ N(0, q).
 *
 * @param activation φ: a name, {name, …}, {expression} or functions
 * @param argument `variance` q ≥ 0
 * @returns the mean; relative error 1e-12 of √E φ²
 * @throws MftError ERR_MFT_INVALID_ARGUMENT, ERR_MFT_OUT_OF_RANGE, ERR_MFT_NO_CONVERGENCE (an expression too sharp to integrate)
 * **Numerics**: closed form or composite Gauss–Legendre panels graded around 0 and every kink.
 * **Source**: closed forms derived.
 *
 * @example
 * gaussianMean('relu', { variance: 1 }); // 0.3989422804014327
 */
export function gaussianMean(activation: Activation, argument: VarianceArgument): number {
  return expectation(gaussianFunctionOf(activation), { value: 1 }, checkedVariance(argument));
}

/**
 * m2(q) = E φ(u)², u ~ N(0, q): the mean square of an activation.
 *
 * @param activation φ: a name, {name, …}, {expression} or functions
 * @param argument `variance` q ≥ 0
 * @returns m2 ≥ 0; relative error at most 1e-12 for q from 1e-8 to 1e4
 * @throws MftError ERR_MFT_INVALID_ARGUMENT, ERR_MFT_OUT_OF_RANGE, ERR_MFT_NO_CONVERGENCE
 * **Numerics**: closed form, else graded Gauss–Legendre panels (about 1000 evaluations of φ).
 * **Source**: Schoenholz et al. 2017 (the length map); closed forms derived.
 *
 * @example
 * gaussianSecondMoment('tanh', { variance: 1 }); // 0.3942944903978412
 */
export function gaussianSecondMoment(activation: Activation, argument: VarianceArgument): number {
  return expectation(gaussianFunctionOf(activation), { value: 2 }, checkedVariance(argument));
}

/**
 * s2(q) = E φ'(u)², u ~ N(0, q). Infinity for an activation that jumps.
 *
 * @param activation φ
 * @param argument `variance` q ≥ 0
 * @returns s2 ≥ 0; relative error at most 1e-12 for q from 1e-8 to 1e4
 * @throws MftError ERR_MFT_INVALID_ARGUMENT, ERR_MFT_OUT_OF_RANGE, ERR_MFT_NO_CONVERGENCE
 * **Source**: Schoenholz et al. 2017: χ₁ = σ_w² E φ'².
 * **Numerics**: closed form, else graded Gauss–Legendre panels.
 *
 * @example
 * gaussianDerivativeSecondMoment('tanh', { variance: 1 }); // 0.4644029024482683
 */
export function gaussianDerivativeSecondMoment(activation: Activation, argument: VarianceArgument): number {
  return expectation(gaussianFunctionOf(activation), { first: 2 }, checkedVariance(argument));
}

/**
 * k2(q) = E φ''(u)². Infinity for an activation whose derivative jumps (relu, hardTanh, selu, elu with alpha ≠ 1).
 *
 * @param activation φ
 * @param argument `variance` q ≥ 0
 * @returns k2 ≥ 0 or Infinity; relative error at most 1e-12
 * @throws MftError ERR_MFT_INVALID_ARGUMENT, ERR_MFT_OUT_OF_RANGE, ERR_MFT_NO_CONVERGENCE
 * **Source**: Poole et al. 2016 (curvature).
 * **Numerics**: closed form, else graded Gauss–Legendre panels.
 *
 * @example
 * gaussianSecondDerivativeSecondMoment('tanh', { variance: 1.7 }); // 0.26244578560881393
 */
export function gaussianSecondDerivativeSecondMoment(activation: Activation, argument: VarianceArgument): number {
  return expectation(gaussianFunctionOf(activation), { second: 2 }, checkedVariance(argument));
}

/**
 * v2(q) = d E φ²/dq = E[u φ φ']/q = E[φ'² + φ φ''].
 *
 * @param activation φ
 * @param argument `variance` q ≥ 0
 * @returns v2; relative error at most 1e-11 for q from 1e-8 to 1e4
 * @throws MftError ERR_MFT_INVALID_ARGUMENT, ERR_MFT_OUT_OF_RANGE, ERR_MFT_NO_CONVERGENCE
 * **Numerics**: the form without second derivative (kinks; q ≥ 1), else the second form (nothing is divided by q).
 * **Source**: Schoenholz et al. 2017 (slope of the length map); first form derived.
 *
 * @example
 * gaussianVarianceSlopeMoment('relu', { variance: 3 }); // 0.5
 */
export function gaussianVarianceSlopeMoment(activation: Activation, argument: VarianceArgument): number {
  return varianceSlope(gaussianFunctionOf(activation), checkedVariance(argument));
}

/**
 * M(q, δ) = E φ(u₁)φ(u₂) for a Gaussian pair of variance q and correlation c = 1 − δ.
 *
 * @param activation φ
 * @param argument `variance` and `correlation` or `oneMinusCorrelation`
 * @returns M; error at most 1e-12 of E φ²
 * @throws MftError ERR_MFT_INVALID_ARGUMENT (both or neither), ERR_MFT_OUT_OF_RANGE, ERR_MFT_NO_CONVERGENCE
 * **Numerics**: closed form, else graded panels in the symmetric variables u = A s ± B t (10⁵ to 10⁶ points).
 * **Source**: Poole et al. 2016 (correlation map).
 *
 * @example
 * gaussianPairMoment('tanh', { variance: 0.8, correlation: 0.5 }); // 0.1690827643479774
 */
export function gaussianPairMoment(activation: Activation, argument: PairArgument): number {
  const { variance, delta } = checkedPair(argument);
  return pairExpectation(gaussianFunctionOf(activation), { value: 1 }, variance, variance, delta);
}

/**
 * F(q, δ) = E φ'(u₁)φ'(u₂): the derivative of M by the covariance (Price).
 *
 * @param activation φ
 * @param argument `variance` and `correlation` or `oneMinusCorrelation`
 * @returns F; error at most 1e-12 of E φ'²
 * @throws MftError ERR_MFT_INVALID_ARGUMENT, ERR_MFT_OUT_OF_RANGE, ERR_MFT_NO_CONVERGENCE
 *
 * **Numerics**: closed form, else graded panels as `gaussianPairMoment`.
 * **Source**: Poole et al. 2016 (slope of the correlation map).
 *
 * @example
 * gaussianDerivativePairMoment('relu', { variance: 1, oneMinusCorrelation: 1e-12 }); // 0.49999977492092096
 */
export function gaussianDerivativePairMoment(activation: Activation, argument: PairArgument): number {
  const { variance, delta } = checkedPair(argument);
  return pairExpectation(gaussianFunctionOf(activation), { first: 1 }, variance, variance, delta);
}

/**
 * D(q, δ) = E φ² − M(q, δ) = ½E(φ(u₁) − φ(u₂))²: what is left of M when the inputs merge, without cancellation.
 *
 * @param activation φ
 * @param argument `variance` and `correlation` or `oneMinusCorrelation`
 * @returns D ≥ 0; relative error at most 1e-11 for δ from 1e-14 to 2
 * @throws MftError ERR_MFT_INVALID_ARGUMENT, ERR_MFT_OUT_OF_RANGE, ERR_MFT_NO_CONVERGENCE
 * **Numerics**: closed form; the squared difference where it keeps its digits; Price's integral 2qδ∫y F(q, δy²)dy otherwise.
 * **Source**: derived.
 *
 * @example
 * gaussianPairMomentDeficit('tanh', { variance: 1, oneMinusCorrelation: 1e-12 }); // 4.644029024481182e-13
 */
export function gaussianPairMomentDeficit(activation: Activation, argument: PairArgument): number {
  const { variance, delta } = checkedPair(argument);
  return deficit(gaussianFunctionOf(activation), variance, delta);
}

// --- the same for the solvers and the systems: prepared activations, no checks ---------------------------------------

/** E f(u), u ~ N(0, q), f a product of powers of φ, φ', φ'', u. At q = 0 its limit from above. */
export function expectation(phi: GaussianFunction, integrand: Integrand, variance: number): number {
  const { first = 0, second = 0 } = integrand;
  const q = variance === 0 && (first > 0 || second > 0) ? vanishing : variance;
  const answer = phi.ask({ what: 'moment', integrand, varianceA: q, varianceB: q, oneMinusCorrelation: 0 });
  if (variance > 0 || first === 0 || !isOnlyOfSlope(integrand) || !Number.isFinite(answer)) return answer;
  const limit = slopeLimit(phi, first);
  return Number.isNaN(limit) ? answer : limit;
}

function isOnlyOfSlope({ value = 0, second = 0, argument = 0, isAbsolute = false }: Integrand): boolean {
  return value === 0 && second === 0 && argument === 0 && !isAbsolute;
}

/** lim E φ'(u)^n as q → 0: half the inputs meet the slope of each side; Infinity where one is infinite. NaN: not known. */
function slopeLimit(phi: GaussianFunction, power: number): number {
  const { below, above } = phi.atZero;
  return (below ** power + above ** power) / 2;
}

/** E f(u₁)f(u₂) for variances q₁, q₂ and correlation 1 − δ. */
export function pairExpectation(
  phi: GaussianFunction,
  integrand: Integrand,
  varianceA: number,
  varianceB: number,
  delta: number,
): number {
  if (delta === 0 && varianceA === varianceB) return expectation(phi, squared(integrand), varianceA);
  return phi.ask({ what: 'pair', integrand, varianceA, varianceB, oneMinusCorrelation: delta });
}

function squared({ value = 0, first = 0, second = 0, argument = 0 }: Integrand): Integrand {
  return { value: 2 * value, first: 2 * first, second: 2 * second, argument: 2 * argument };
}

/** D(q, δ). */
export function deficit(phi: GaussianFunction, variance: number, delta: number): number {
  return phi.ask({
    what: 'deficit',
    integrand: {},
    varianceA: variance,
    varianceB: variance,
    oneMinusCorrelation: delta,
  });
}

/** v2(q). At q = 0 its limit from above: E φ'² where φ(0) = 0. */
export function varianceSlope(phi: GaussianFunction, variance: number): number {
  if (variance === 0 && phi.atZero.value === 0) {
    const jumps = !Number.isFinite(expectation(phi, { first: 2 }, vanishing));
    const limit = jumps ? Number.NaN : slopeLimit(phi, 2);
    if (!Number.isNaN(limit)) return limit;
  }
  if (variance < 1 && phi.isSmooth) {
    return expectation(phi, { first: 2 }, variance) + expectation(phi, { value: 1, second: 1 }, variance);
  }
  const q = variance === 0 ? vanishing : variance;
  return expectation(phi, { value: 1, first: 1, argument: 1 }, q) / q;
}

// --- checks ----------------------------------------------------------------------------------------------------------

function checkedVariance(argument: VarianceArgument): number {
  const { variance } = recordOf(argument);
  if (typeof variance !== 'number')
    throw expectedError('ERR_MFT_INVALID_ARGUMENT', 'variance', 'a number >= 0', variance);
  if (!(variance >= 0 && variance < Infinity))
    throw expectedError('ERR_MFT_OUT_OF_RANGE', 'variance', 'a finite number >= 0', variance);
  return variance;
}

function recordOf<T extends object>(argument: T): T {
  if (typeof argument !== 'object' || argument === null)
    throw expectedError('ERR_MFT_INVALID_ARGUMENT', 'argument', 'an object with `variance`', argument);
  return readOnce('argument', () => ({ ...argument }));
}

function checkedPair(argument: PairArgument): { readonly variance: number; readonly delta: number } {
  return { variance: checkedVariance(argument), delta: deltaOf(argument) };
}

/**
 * δ = 1 − c from the one of the two that is given; an overshoot of 1e-15 is rounding and is clamped.
 *
 * @throws MftError ERR_MFT_INVALID_ARGUMENT when both or neither are given, ERR_MFT_OUT_OF_RANGE
 */
function deltaOf(argument: {
  readonly correlation?: number | undefined;
  readonly oneMinusCorrelation?: number | undefined;
}): number {
  const { correlation, oneMinusCorrelation } = recordOf(argument);
  if ((correlation === undefined) === (oneMinusCorrelation === undefined)) {
    throw new MftError(
      'ERR_MFT_INVALID_ARGUMENT',
      'Expected either `correlation` or `oneMinusCorrelation`, received ' +
        (correlation === undefined ? 'neither.' : 'both.'),
      { parameter: 'correlation' },
    );
  }
  const [name, value, low, high] =
    correlation !== undefined
      ? (['correlation', correlation, -1, 1] as const)
      : (['oneMinusCorrelation', oneMinusCorrelation, 0, 2] as const);
  if (typeof value !== 'number')
    throw expectedError('ERR_MFT_INVALID_ARGUMENT', name, `a number in [${low}, ${high}]`, value);
  if (!(value >= low - overshoot && value <= high + overshoot))
    throw expectedError('ERR_MFT_OUT_OF_RANGE', name, `a number in [${low}, ${high}]`, value);
  return Math.min(2, Math.max(0, correlation !== undefined ? 1 - value : value));
}
