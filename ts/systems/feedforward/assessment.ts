// What advice needs to know of a network, and when it is content with it: the same for the network given and for every change.
import { MftError } from '../../core/errors.js';
import { normalTwoSided } from '../../statistics/distributions.js';
import { fixedPointsVariance } from '../../gaussian/fixed-points.js';
import type { Layer } from '../../gaussian/variance-map.js';
import { shareOutside } from './ends-law.js';
import { layerParameters } from './forward.js';
import type { Multipliers } from '../../gaussian/multipliers.js';
import { largestTerm } from './allowances.js';
import { reachedMultipliers, repeatedLayer, startingVariance } from './fixed-point-quantities.js';
import { type NetworkProfile, networkProfile, type ProfileOptions, type SingleProfile } from './profile.js';
import type { ResolvedFeedforwardSpec } from './spec.js';
import { isDeepEnough, type NetworkTrainability, networkTrainability } from './trainable-depth.js';

/** Squared gradients, and variances, of the first and last layer may differ by e^this before it is a warning. */
export const noticeable = Math.log(10);
/** … before a change is looked for, and at most after it … */
export const acceptable = 6;
/** … and before it is critical: the 12 of 12 ξ_1. */
export const severe = 12;
/** Variance of the logarithm over networks from which on the typical network is another than the mean says. */
const scattered = 1;

export interface Assessment {
  readonly spec: ResolvedFeedforwardSpec;
  readonly profile: NetworkProfile;
  /** The layer that repeats; undefined when layers differ. */
  readonly layer: Layer | undefined;
  /** At the fixed point that q^1 reaches; undefined where there is none. */
  readonly found: Multipliers | undefined;
  /** Why there is no fixed point. */
  readonly reason: string | undefined;
  readonly trainable: NetworkTrainability;
}

/** The network of a spec, assessed. @throws MftError like the Gaussian moments */
export async function assess(spec: ResolvedFeedforwardSpec, options: ProfileOptions): Promise<Assessment> {
  const profile = await networkProfile(spec, options);
  const layer = repeatedLayer(spec);
  const reached = layer === undefined ? undefined : reachedMultipliers(layer, profile.variance[0] as number);
  const found = reached instanceof MftError ? undefined : reached;
  return {
    spec,
    profile,
    layer,
    found,
    reason: reached instanceof MftError ? reached.message : undefined,
    trainable: networkTrainability(found, spec.depth, profile),
  };
}

/** log |∂E/∂z^1|²/|∂E/∂z^L|² of a typical network of these widths, where networks scatter. */
function typicalRatio({ profile }: Assessment): number {
  const shift = isScattered(profile) ? (profile.finiteWidth?.shift ?? 0) : 0;
  return (profile.logGradientRatio ?? Number.NEGATIVE_INFINITY) + shift;
}

/**
 * The share of networks of these widths that end on the other side of a separating fixed point than the one of infinite width: by the
 * Markov chain of the variance, or, where its steps are too narrow to be followed, with q^l lognormal to leading order in 1/width at
 * the layer where it is nearest to the point for its scatter. 0 where no term of finite width is known.
 */
export function otherSide({ layer, profile, spec }: Assessment, separating: readonly number[]): number {
  const { variance, finiteWidth } = profile;
  if (layer === undefined || finiteWidth === undefined) return 0;
  const last = variance.at(-1) as number;
  const low = separating.findLast((point) => point <= last) ?? 0;
  const high = separating.find((point) => point > last) ?? Infinity;
  const start = { first: variance[0] as number, spread: finiteWidth.signalSpread[0] as number };
  const share = shareOutside(layer, layerParameters(spec).width, start, [low, high], spec.weights === 'orthogonal');
  return share ?? leadingOtherSide(profile, separating);
}

function leadingOtherSide({ variance, finiteWidth }: NetworkProfile, separating: readonly number[]): number {
  let share = 0;
  for (const point of separating) {
    let nearest = Infinity;
    let here = 0;
    for (const [l, q] of variance.entries()) {
      const spread = Math.log1p(finiteWidth?.signalSpread[l] ?? 0);
      const distance = Math.log(q / point);
      if (!(spread > 0 && Math.abs(distance) / Math.sqrt(spread) < nearest)) continue;
      nearest = Math.abs(distance) / Math.sqrt(spread);
      const median = (distance - spread / 2) / Math.sqrt(spread);
      here = normalTwoSided(Math.abs(median)) / 2;
      if (median > 0 !== distance > 0) here = 1 - here;
    }
    share = Math.max(share, here);
  }
  return share;
}

/** The leading term in depth/width where it is no small correction and says nothing of the typical network either. */
export function unknownShift(profile: NetworkProfile): number | undefined {
  const { finiteWidth } = profile;
  return finiteWidth === undefined || isScattered(profile) || Math.abs(finiteWidth.shift) <= largestTerm
    ? undefined
    : finiteWidth.shift;
}

export function isScattered({ finiteWidth }: NetworkProfile): boolean {
  // A leading correction larger than the scatter is no correction: there the theory of infinite width is all there is.
  return (
    finiteWidth !== undefined &&
    (finiteWidth.variance > scattered || Math.abs(finiteWidth.shift) > largestTerm) &&
    Math.abs(finiteWidth.shift) <= Math.max(finiteWidth.variance, scattered)
  );
}

/** What a change has to bring: 6 ξ_c where no calibration reaches, and the largest logarithm of gradients' growth. */
export interface Demand {
  readonly length: number;
  readonly gradient: number;
}

/** Cheap first, without pairs and without terms of finite width: whether `isEven` can hold. */
export function mayBeEven(
  { logGradientRatio = Number.NEGATIVE_INFINITY, logVarianceRatio = Number.NEGATIVE_INFINITY }: SingleProfile,
  { gradient }: Demand,
): boolean {
  return Math.abs(logGradientRatio) <= gradient && Math.abs(logVarianceRatio) <= acceptable;
}

/** Whether signals and gradients stay of a size over the depth. */
export function isEven(assessment: Assessment, largest = acceptable): boolean {
  const { logVarianceRatio = Number.NEGATIVE_INFINITY, logGradientRatio: mean = Number.NEGATIVE_INFINITY } =
    assessment.profile;
  const gradient = Math.max(Math.abs(mean), Math.abs(typicalRatio(assessment)));
  return gradient <= largest && Math.abs(logVarianceRatio) <= acceptable;
}

/** Whether the network is expected to train: that, and its depth within the interval. */
export function isSound(
  assessment: Assessment,
  { length, gradient }: Demand = { length: 0, gradient: acceptable },
): boolean {
  return isDeepEnough(assessment.spec.depth, assessment.trainable, length) && isEven(assessment, gradient);
}

/** The attracting states of a repeated layer, when there are two or more; growth without bound counts. */
export function attractors({ layer, profile }: Assessment):
  | {
      readonly stable: readonly number[];
      readonly separating: readonly number[];
      readonly diverges: boolean;
    }
  | undefined {
  if (layer === undefined) return undefined;
  const first = profile.variance[0] as number;
  const { points } = fixedPointsVariance(layer, startingVariance(layer, first));
  const stable = points.filter((point) => point.isStable).map(({ variance }) => variance);
  const separating = points.filter((point) => !point.isStable && point.variance > 0).map(({ variance }) => variance);
  const top = separating.at(-1);
  const diverges = top !== undefined && top > (stable.at(-1) ?? -1);
  return stable.length + (diverges ? 1 : 0) >= 2 && separating.length > 0
    ? { stable, separating, diverges }
    : undefined;
}
