// The critical line χ₁ = 1 of any activation, and its neighbours of any other χ₁.
import { criticalOptions } from './checks.js';
import { MftError } from '../core/errors.js';
import { type Activation, type GaussianFunction, gaussianFunctionOf } from './expectation.js';
import { expectation, varianceSlope } from './moments.js';
import { rootBetween } from '../numeric/roots.js';
import { searchRange } from './search-range.js';

/** A point of the critical line. */
export interface CriticalPoint {
  readonly weightVariance: number;
  readonly biasVariance: number;
  /** q* there; for a homogeneous activation every variance is fixed and this is 1. */
  readonly fixedPointVariance: number;
  /** Whether the length map is attracted to q*. An unstable one is critical only on paper. */
  readonly isStable: boolean;
}

/** Where on the critical line. */
export interface CriticalOptions {
  /** σ_b² ≥ 0. Default 0. */
  readonly biasVariance?: number;
  /** ρ in (0, 1]. Default 1. With ρ < 1 only the gradient is critical: correlations never are. */
  readonly keepProbability?: number;
}

const rounding = 1e-13;

/**
 * All σ_w² at which χ₁ = (σ_w²/ρ) E φ'² = 1 at a fixed point: σ_w²(q) = ρ/s2(q) with q − m2(q)/s2(q) = σ_b².
 *
 * @param activation φ
 * @param options σ_b², ρ
 * @returns critical points by increasing q*; empty when there is none (relu-like activations with bias, x²)
 * @throws MftError like the Gaussian moments
 * **Numerics**: sign changes on a logarithmic grid, bisection to rounding; relative error 1e-12. At q* = 0 the exact limit
 * ρ/s2(0), s2(0) = (φ'(0⁺)² + φ'(0⁻)²)/2; no point there when that is 0 or infinite.
 * **Source**: parametrisation derived; Schoenholz et al. 2017 give the line for tanh.
 *
 * @example
 * criticalPoints('tanh', { biasVariance: 0.05 })[0]?.weightVariance; // 1.7609546396067386
 */
export function criticalPoints(activation: Activation, options: CriticalOptions = {}): readonly CriticalPoint[] {
  return pointsOfGradientMultiplier(activation, 1, criticalOptions(options));
}

/** All σ_w² at which χ₁ has the given value at a fixed point: σ_w²(q) = ρ χ₁/s2(q) with q − χ₁ m2(q)/s2(q) = σ_b². */
export function pointsOfGradientMultiplier(
  activation: Activation,
  gradientMultiplier: number,
  options: CriticalOptions = {},
): readonly CriticalPoint[] {
  const { biasVariance = 0, keepProbability = 1 } = options;
  const phi = gaussianFunctionOf(activation);
  const gainAt = (q: number): number => gradientMultiplier / expectation(phi, { first: 2 }, q);
  if (phi.homogeneousDegree === 1) return homogeneousPoints(phi, gradientMultiplier, options);
  const points: CriticalPoint[] = [];
  const pointAt = (q: number, isStable: boolean): CriticalPoint => ({
    weightVariance: keepProbability * gainAt(q),
    biasVariance,
    fixedPointVariance: q,
    isStable,
  });
  if (biasVariance === 0 && phi.atZero.value === 0) {
    const gain = gainAt(0);
    // At χ₁ = 1 the slope is marginal: the next order decides, looked up a little above 0 on the scale of φ.
    const q = 1e-6 * Math.min(1, phi.scale ** 2);
    const isStable =
      gradientMultiplier < 1 || (gradientMultiplier === 1 && gain * expectation(phi, { value: 2 }, q) <= q);
    if (Number.isFinite(gain) && gain > 0) points.push(pointAt(0, isStable));
  }
  const excess = (q: number): number =>
    q - gradientMultiplier * (expectation(phi, { value: 2 }, q) / expectation(phi, { first: 2 }, q)) - biasVariance;
  let last: { readonly x: number; readonly sign: number } | undefined;
  for (const q of searchRange(phi, { biasVariance })) {
    const value = excess(q);
    if (!Number.isFinite(value) || Math.abs(value) < rounding * q) continue;
    const x = Math.log(q);
    const sign = Math.sign(value);
    if (last !== undefined && sign !== last.sign) {
      const root = Math.exp(rootBetween((at) => ({ value: excess(Math.exp(at)), slope: Number.NaN }), last.x, x));
      points.push(pointAt(root, isAttracting(phi, gainAt(root), root)));
    }
    last = { x, sign };
  }
  return points;
}

/** For φ of degree 1 every variance is fixed at the critical σ_w² without bias, and none with it. */
function homogeneousPoints(
  phi: GaussianFunction,
  gradientMultiplier: number,
  { biasVariance = 0, keepProbability = 1 }: CriticalOptions,
): readonly CriticalPoint[] {
  const weightVariance = (keepProbability * gradientMultiplier) / expectation(phi, { first: 2 }, 1);
  if (!(weightVariance > 0) || !Number.isFinite(weightVariance)) return [];
  if (gradientMultiplier === 1)
    return biasVariance === 0 ? [{ weightVariance, biasVariance, fixedPointVariance: 1, isStable: true }] : [];
  const fixedPointVariance = biasVariance / (1 - gradientMultiplier);
  if (!(fixedPointVariance >= 0)) return [];
  return [{ weightVariance, biasVariance, fixedPointVariance, isStable: gradientMultiplier < 1 }];
}

function isAttracting(phi: GaussianFunction, gain: number, variance: number): boolean {
  return Math.abs(gain * varianceSlope(phi, variance)) < 1;
}

/**
 * σ_w² on the critical line: the first stable critical point, or the first one when none is stable (`criticalInitialization`
 * never recommends such a one, and says what to take instead).
 *
 * @param activation φ
 * @param options σ_b², ρ
 * @returns σ_w² > 0
 * @throws MftError ERR_MFT_NO_FIXED_POINT when no weight variance is critical
 *
 * **Numerics**: relative error 1e-12, as `criticalPoints`.
 * **Source**: Schoenholz et al. 2017 for tanh; the parametrisation by q* is derived.
 *
 * @example
 * criticalWeightVariance('tanh', { biasVariance: 0.05 }); // 1.7609546396067386
 */
export function criticalWeightVariance(activation: Activation, options: CriticalOptions = {}): number {
  const points = criticalPoints(activation, options);
  const chosen = points.find((point) => point.isStable) ?? points[0];
  if (chosen === undefined) throw noCriticalPoint(activation, options);
  return chosen.weightVariance;
}

/** The refusal where χ₁ = 1 at no fixed point. */
export function noCriticalPoint(activation: Activation, { biasVariance = 0 }: CriticalOptions, rest = ''): MftError {
  const isHomogeneous = gaussianFunctionOf(activation).homogeneousDegree === 1;
  return new MftError(
    'ERR_MFT_NO_FIXED_POINT',
    `No weight variance makes this activation critical with \`biasVariance\` ${biasVariance}: χ₁ = 1 at no fixed point` +
      `${isHomogeneous ? ' (relu-like activations are critical only without bias)' : ''}.${rest}`,
    { parameter: 'biasVariance', received: biasVariance },
  );
}

/** The smallest σ_b² with an attracting critical point, and the critical point at `excess` times it. */
interface AttractingLimit {
  /** Where attracting and repelling critical points meet: approached from one side only. */
  readonly limit: CriticalPoint;
  readonly chosen: CriticalPoint;
}

/**
 * Along the critical line σ_b²(q) = q − m2/s2 the fixed point attracts where |v2/s2| < 1. The smallest such σ_b², and the
 * point of the same stretch of the line at σ_b² = `excess` times it; undefined when no point of the line attracts.
 */
export function smallestAttracting(
  activation: Activation,
  keepProbability: number,
  excess = 1.05,
): AttractingLimit | undefined {
  const phi = gaussianFunctionOf(activation);
  const slope = (q: number): number => expectation(phi, { first: 2 }, q);
  const biasAt = (q: number): number => q - expectation(phi, { value: 2 }, q) / slope(q);
  const distance = (q: number): number => 1 - Math.abs(varianceSlope(phi, q)) / slope(q);
  const pointAt = (q: number, isStable: boolean): CriticalPoint => ({
    weightVariance: keepProbability / slope(q),
    biasVariance: biasAt(q),
    fixedPointVariance: q,
    isStable,
  });
  const grid = searchRange(phi, { biasVariance: 0 });
  let last: { readonly q: number; readonly isIn: boolean } | undefined;
  for (const q of grid) {
    const isIn = distance(q) > 1e-9 && biasAt(q) > rounding * q;
    if (isIn && last !== undefined && !last.isIn) {
      // Where the line starts to attract; its stretch with σ_b² < 0 is cut off.
      const edge = Math.exp(logRoot((at) => Math.min(distance(at), biasAt(at) / at), last.q, q));
      const wanted = excess * Math.max(0, biasAt(edge));
      const above = grid.find((at) => at > q && biasAt(at) > wanted && distance(at) > 0);
      if (wanted > 0 && above !== undefined) {
        const chosen = Math.exp(logRoot((at) => biasAt(at) - wanted, edge, above));
        return { limit: pointAt(edge, false), chosen: { ...pointAt(chosen, true), biasVariance: wanted } };
      }
    }
    last = { q, isIn };
  }
  return undefined;
}

/** log q of the sign change of f between two variances. */
function logRoot(f: (q: number) => number, low: number, high: number): number {
  return rootBetween((x) => ({ value: f(Math.exp(x)), slope: Number.NaN }), Math.log(low), Math.log(high));
}
