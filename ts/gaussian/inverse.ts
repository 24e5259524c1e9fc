// Inverse questions: the variances or the keep probability that give a wanted depth scale or correlation.
import { depthScaleOptions, givenLayer } from './checks.js';
import { expectedError, MftError } from '../core/errors.js';
import { type CriticalOptions, type CriticalPoint, pointsOfGradientMultiplier } from './critical.js';
import { gaussianFunctionOf } from './expectation.js';
import { fixedPointDelta } from './multipliers.js';
import { fixedPointsVariance } from './fixed-points.js';
import type { Layer } from './variance-map.js';
import { deficit, expectation } from './moments.js';
import { rootBetween } from '../numeric/roots.js';
import { searchRange } from './search-range.js';

/** Where, and which depth scale. */
export interface WantedDepthScale extends CriticalOptions {
  /** ξ_∇ = −1/log χ₁: positive, gradients shrink; negative, they grow; Infinity, critical. Without dropout ξ_c in the ordered phase. */
  readonly depthScale: number;
}

/**
 * All σ_w² at which gradients shrink by e per `depthScale` layers: χ₁ = e^(−1/ξ) at a fixed point of the length map.
 *
 * @param activation φ
 * @param options ξ, σ_b², ρ
 * @returns points by increasing q*, each with its stability; only attracting ones are settled into
 * @throws MftError ERR_MFT_OUT_OF_RANGE for ξ = 0; ERR_MFT_NO_FIXED_POINT when no σ_w² has that depth scale
 * **Numerics**: like `criticalPoints`, relative error 1e-12.
 * **Source**: derived from χ₁ = (σ_w²/ρ) E φ'² (Schoenholz et al. 2017).
 *
 * @example
 * weightVariancesForDepthScale('tanh', { depthScale: 10, biasVariance: 0.09 })[0]?.weightVariance; // 1.5585250…
 */
export function weightVariancesForDepthScale(
  activation: Layer['activation'],
  options: WantedDepthScale,
): readonly CriticalPoint[] {
  const { depthScale, ...critical } = depthScaleOptions(options);
  if (typeof depthScale !== 'number' || Number.isNaN(depthScale))
    throw expectedError('ERR_MFT_INVALID_ARGUMENT', 'depthScale', 'a number other than 0', depthScale);
  const multiplier = Math.exp(-1 / (depthScale as number));
  if (depthScale === 0 || !(multiplier > 0) || !Number.isFinite(multiplier))
    throw expectedError('ERR_MFT_OUT_OF_RANGE', 'depthScale', 'a number of size at least 0.01', depthScale);
  const points = pointsOfGradientMultiplier(activation, multiplier, critical);
  if (points.length > 0) return points;
  throw new MftError(
    'ERR_MFT_NO_FIXED_POINT',
    `No weight variance has the depth scale ${depthScale} with \`biasVariance\` ${options.biasVariance ?? 0}: ` +
      `χ₁ = ${multiplier} at no fixed point.`,
    { parameter: 'depthScale', received: depthScale },
  );
}

/** A layer without ρ, and the correlation that its fixed point is to have. */
export interface CorrelationOptions extends Omit<Layer, 'keepProbability' | 'maskSharing' | 'dropout'> {
  /** c* in (0, 1). */
  readonly correlation: number;
}

/** Where the correlation map has the wanted fixed point. */
export interface KeepProbabilityPoint {
  readonly keepProbability: number;
  /** q* there. */
  readonly fixedPointVariance: number;
}

/**
 * All ρ at which the attracting fixed point of the correlation map, with independent masks, is the given one.
 *
 * With q − σ_b² = (σ_w²/ρ) m2 the condition on δ = 1 − c reads 1 − ρ (1 − D(q, δ)/m2) = q δ/(q − σ_b²): ρ as a function of q,
 * so that one equation in q is left.
 *
 * @param options σ_w², σ_b², φ and the correlation wanted
 * @returns points by increasing q*, those whose fixed points attract
 * @throws MftError ERR_MFT_OUT_OF_RANGE for a correlation outside (0, 1); ERR_MFT_NO_FIXED_POINT when no ρ gives it
 * **Numerics**: sign changes on a logarithmic grid in q, bisection to rounding; relative error 1e-10.
 * **Source**: derived.
 *
 * @example
 * keepProbabilitiesForCorrelation({ activation: 'tanh', weightVariance: 1.7, biasVariance: 0.1, correlation: 0.8 });
 */
export function keepProbabilitiesForCorrelation(options: CorrelationOptions): readonly KeepProbabilityPoint[] {
  const { activation, weightVariance, biasVariance, correlation, dropout } = givenLayer(
    options as Layer & CorrelationOptions,
  );
  if (dropout === 'alpha') throw expectedError('ERR_MFT_UNSUPPORTED', 'dropout', 'plain', dropout);
  if (typeof correlation !== 'number')
    throw expectedError('ERR_MFT_INVALID_ARGUMENT', 'correlation', 'a number between 0 and 1', correlation);
  if (!(correlation > 0 && correlation < 1))
    throw expectedError('ERR_MFT_OUT_OF_RANGE', 'correlation', 'a number between 0 and 1, ends excluded', correlation);
  const phi = gaussianFunctionOf(activation);
  const delta = 1 - correlation;
  const second = (q: number): number => expectation(phi, { value: 2 }, q);
  const keepAt = (q: number): number =>
    (1 - (q * delta) / (q - biasVariance)) / (1 - deficit(phi, q, delta) / second(q));
  const excess = (q: number): number => keepAt(q) - (weightVariance * second(q)) / (q - biasVariance);
  const points: KeepProbabilityPoint[] = [];
  let last: { readonly q: number; readonly sign: number } | undefined;
  for (const q of searchRange(phi, { biasVariance })) {
    const value = q > biasVariance ? excess(q) : Number.NaN;
    if (!Number.isFinite(value)) continue;
    const sign = Math.sign(value);
    if (last !== undefined && sign !== last.sign) {
      const x = rootBetween(
        (at) => ({ value: excess(Math.exp(at)), slope: Number.NaN }),
        Math.log(last.q),
        Math.log(q),
      );
      const found = { keepProbability: keepAt(Math.exp(x)), fixedPointVariance: Math.exp(x) };
      if (isAttracting(options, found, delta)) points.push(found);
    }
    last = { q, sign };
  }
  if (points.length > 0) return points;
  throw new MftError(
    'ERR_MFT_NO_FIXED_POINT',
    `No keep probability gives the correlation ${correlation} at a fixed point of these variances.`,
    { parameter: 'correlation', received: correlation },
  );
}

function isAttracting(options: CorrelationOptions, point: KeepProbabilityPoint, delta: number): boolean {
  const { keepProbability, fixedPointVariance: q } = point;
  if (!(keepProbability > 0 && keepProbability <= 1)) return false;
  const layer: Layer = { ...options, keepProbability, maskSharing: 'independent' };
  const near = fixedPointsVariance(layer, q).points.find(({ variance }) => Math.abs(variance - q) <= 1e-6 * q);
  return near?.isStable === true && Math.abs(fixedPointDelta(layer, near.variance) - delta) <= 1e-6 * delta;
}
