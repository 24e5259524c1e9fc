// Phase and trainable depth of a feedforward network.
import { depthScale, type Multipliers } from '../../gaussian/multipliers.js';

type Phase = 'ordered' | 'critical' | 'chaotic';

/** The phase by χ₁: gradients (and, without dropout, distances of inputs) shrink, keep or grow. */
export function phaseOf(gradientMultiplier: number): Phase {
  if (depthScale(gradientMultiplier) === Infinity) return 'critical';
  return gradientMultiplier < 1 ? 'ordered' : 'chaotic';
}

/** Depths up to which a network was found to train, by the formulas of both papers. */
interface TrainableLengths {
  /** 6ξ₂: B's criterion, the best of the four as it is printed (docs/papers.md); what `trainableLength` is calibrated on. */
  readonly trainableLengthSixCorrelation: number;
  /** 12 min(|ξ₁|, ξ₂): our reading of A's heat maps, not established. */
  readonly trainableLengthTwelveMin: number;
  /** 12|ξ₁|: A; far too large with dropout where χ₁ is near 1. */
  readonly trainableLengthTwelveGradient: number;
  /** 12ξ₂: A. */
  readonly trainableLengthTwelveCorrelation: number;
  readonly validity: string;
}

const validity =
  'Rules of thumb for tanh networks of width 300 to 400 trained for hundreds to thousands of steps; 6 ξ_c is from Deep ' +
  'Information Propagation, 12 ξ from the deep dropout paper. The factor changes with the accuracy asked for.';

/**
 * The estimates of both papers. At q* = 0, where signals vanish and c* is 0/0, ξ₁ stands for ξ₂ (its limit); with dropout the
 * correlations of the vanishing signals decay as well, and the shorter of both counts.
 */
export function trainableLengths(found: Multipliers): TrainableLengths {
  const gradient = Math.abs(depthScale(found.gradientMultiplier));
  const { correlationMultiplier = found.gradientMultiplier, vanishingCorrelationMultiplier = 1 } = found;
  const correlation = Math.min(Math.abs(depthScale(correlationMultiplier)), depthScale(vanishingCorrelationMultiplier));
  return {
    trainableLengthSixCorrelation: 6 * correlation,
    trainableLengthTwelveMin: 12 * Math.min(gradient, correlation),
    trainableLengthTwelveGradient: 12 * gradient,
    trainableLengthTwelveCorrelation: 12 * correlation,
    validity,
  };
}
