// Fixed points of the correlation map of a pair, the multipliers of a layer and depth scales.
import { MftError } from '../core/errors.js';
import { alphaDropout } from './alpha-dropout.js';
import type { GaussianFunction } from './expectation.js';
import { deficit, expectation, pairExpectation } from './moments.js';
import { rootBetween } from '../numeric/roots.js';
import { gain, isAlpha, type Layer, layerFunction, marginality, scaled } from './variance-map.js';
import { reachedFixedPoint } from './reached-fixed-point.js';

/** What independent masks take from a pair of equal inputs: E u² − E u_a u_b, (1/ρ − 1) E φ² where dropped units are 0. */
function maskNoise(layer: Layer, phi: GaussianFunction, variance: number): number {
  const keep = layer.keepProbability ?? 1;
  const plain = ((1 - keep) / keep) * expectation(phi, { value: 2 }, variance);
  if (!isAlpha(layer)) return plain;
  const { c } = alphaDropout(keep);
  return plain + (1 - keep) * c * (keep * c - 2 * expectation(phi, { value: 1 }, variance));
}

/**
 * δ* = 1 − c*, the attracting fixed point of the correlation map of a pair with variances q*.
 *
 * @throws MftError ERR_MFT_DEGENERATE at q* = 0, where a correlation is 0/0
 */
export function fixedPointDelta(layer: Layer, variance: number): number {
  if (variance === 0) {
    throw new MftError(
      'ERR_MFT_DEGENERATE',
      'At the fixed point variance 0 all signals vanish: the correlation of a pair is undefined there.',
      { parameter: 'weightVariance' },
    );
  }
  const phi = layerFunction(layer);
  const keep = layer.keepProbability ?? 1;
  const isShared = layer.maskSharing === 'shared';
  const pairGain = layer.weightVariance * (isShared ? 1 / keep : 1);
  const floor = isShared ? 0 : layer.weightVariance * maskNoise(layer, phi, variance);
  if (floor === 0 && scaled(gain(layer), expectation(phi, { first: 2 }, variance)) <= 1 + marginality) return 0;
  const map = (delta: number): number => (floor + pairGain * deficit(phi, variance, delta)) / variance;
  // T(δ)/δ falls with δ (the correlation map is convex): one root, bracketed from 1 downwards, found in log δ.
  if (map(1) >= 1 - 4 * Number.EPSILON) return 1;
  let low = 1;
  do low /= 16;
  while (map(low) <= low && low > 1e-17);
  if (low <= 1e-17) return 0;
  const root = rootBetween(
    (x) => {
      const delta = Math.exp(x);
      const ratio = map(delta) / delta;
      return {
        value: ratio - 1,
        slope: pairGain * pairExpectation(phi, { first: 1 }, variance, variance, delta) - ratio,
      };
    },
    Math.log(low),
    Math.min(0, Math.log(low * 16)),
  );
  // One Newton step in δ itself: the logarithm of a δ near 1 has fewer digits than δ.
  const delta = Math.exp(root);
  const slope = pairGain * pairExpectation(phi, { first: 1 }, variance, variance, delta);
  const step = (map(delta) - delta) / (1 - slope);
  return Math.min(1, Math.abs(step) < 1e-6 * delta ? delta + step : delta);
}

/** The multipliers at the fixed point. */
export interface Multipliers {
  readonly fixedPointVariance: number;
  readonly isMarginal: boolean;
  /** δ* = 1 − c*; absent at q* = 0. */
  readonly oneMinusFixedPointCorrelation?: number;
  /** χ_q = (σ_w²/ρ) v2(q*). */
  readonly varianceMultiplier: number;
  /** χ₁ = (σ_w²/ρ) s2(q*). */
  readonly gradientMultiplier: number;
  /** χ_c = σ_w² F(q*, δ*); absent at q* = 0. */
  readonly correlationMultiplier?: number;
  /** At q* = 0 with dropout: slope of the correlation map of signals that vanish, at its own fixed point. It does not depend on σ_w². */
  readonly vanishingCorrelationMultiplier?: number;
}

/** q*, c* and the multipliers χ_q, χ₁, χ_c of a layer. @throws MftError like `reachedFixedPoint` */
export function multipliers(layer: Layer, start = 1): Multipliers {
  const phi = layerFunction(layer);
  const { variance, multiplier, isMarginal } = reachedFixedPoint(layer, start);
  const gradientMultiplier = scaled(gain(layer), expectation(phi, { first: 2 }, variance));
  const single = { fixedPointVariance: variance, isMarginal, varianceMultiplier: multiplier, gradientMultiplier };
  if (variance === 0) return { ...single, ...vanishingCorrelation(layer, phi) };
  const delta = fixedPointDelta(layer, variance);
  return {
    ...single,
    oneMinusFixedPointCorrelation: delta,
    correlationMultiplier: correlationMultiplier(layer, variance, delta),
  };
}

/** Small enough for φ(x) ≈ φ'(0) x, or for both slopes at a kink at 0. */
const vanishing = 1e-10;

/**
 * The layer with the σ_w² that keeps a vanishing variance: correlations go through it as through any σ_w². Without
 * dropout inputs stay as they are.
 */
function vanishingCorrelation(
  layer: Layer,
  phi: GaussianFunction,
): Pick<Multipliers, 'vanishingCorrelationMultiplier'> {
  const weightVariance = ((layer.keepProbability ?? 1) * vanishing) / expectation(phi, { value: 2 }, vanishing);
  if ((layer.keepProbability ?? 1) === 1 || !Number.isFinite(weightVariance)) return {};
  const kept = { ...layer, weightVariance };
  return { vanishingCorrelationMultiplier: correlationMultiplier(kept, vanishing, fixedPointDelta(kept, vanishing)) };
}

/** χ_c = σ_w² F(q, δ) (σ_w²/ρ with shared masks). */
export function correlationMultiplier(layer: Layer, variance: number, delta: number): number {
  const pairGain = layer.maskSharing === 'shared' ? gain(layer) : layer.weightVariance;
  return scaled(pairGain, pairExpectation(layerFunction(layer), { first: 1 }, variance, variance, delta));
}

/** ξ = −1/log|χ|: positive decays, negative grows, Infinity is critical (within rounding), 0 ends in one layer. */
export function depthScale(multiplier: number): number {
  const size = Math.abs(multiplier);
  if (size === 0 || size === Infinity) return 0;
  if (Math.abs(size - 1) < marginality) return Infinity;
  return -1 / Math.log(size);
}
