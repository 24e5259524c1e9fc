// The Gaussian expectations of an activation in the notation of this system (3.1): gap δ = variance − covariance.
import { addon } from '../../core/addon.js';
import { type ActivationSpec, canonicalActivation } from '../../gaussian/activations.js';
import {
  gaussianDerivativeSecondMoment,
  gaussianMean,
  gaussianPairMomentDeficit,
  gaussianSecondMoment,
} from '../../gaussian/moments.js';

/** V(q) = E φ(u)². */
export function secondMoment(activation: ActivationSpec, variance: number): number {
  return gaussianSecondMoment(activation, { variance });
}

/** 1 − V(q), without cancellation for tanh and erf. */
export function secondMomentComplement(activation: ActivationSpec, variance: number): number {
  const canonical = canonicalActivation(activation);
  if (canonical === 'tanh') return addon().tanhSecondMomentComplement(variance);
  if (canonical === 'erf') return (2 / Math.PI) * Math.atan2(Math.sqrt(1 + 4 * variance), 2 * variance);
  if (canonical === 'erfUnitSlope') return secondMomentComplement('erf', (Math.PI / 4) * variance);
  return 1 - secondMoment(canonical, variance);
}

/** V̇(q) = E φ'(u)². */
export function derivativeSecondMoment(activation: ActivationSpec, variance: number): number {
  return gaussianDerivativeSecondMoment(activation, { variance });
}

/** E φ(u). */
export function mean(activation: ActivationSpec, variance: number): number {
  return gaussianMean(activation, { variance });
}

/** D(q, δ) = ½ E (φ(u) − φ(u'))² at variance q and covariance q − gap. */
export function halfMeanSquareDifference(activation: ActivationSpec, variance: number, gap: number): number {
  if (variance === 0 || gap === 0) return 0;
  return gaussianPairMomentDeficit(activation, { variance, oneMinusCorrelation: Math.min(2, gap / variance) });
}
