// The depth that trains, with its uncertainty: a line through measured boundaries against 6 ξ_c.
import { depthScale, type Multipliers } from '../../gaussian/multipliers.js';
import type { NetworkProfile } from './profile.js';
import { trainableLengths } from './trainability.js';

/**
 * Measured boundaries: [σ_w², ρ, 6 ξ_c, depth at which half of the runs reach half of the best training accuracy].
 * scripts/calibrate-depth.mjs measures them: depths 8 … 91, rates 0.03, 0.01, 0.003, seeds 1, 2, 3, 4000 images. Measured again
 * with later kernels they are the same within a factor of 1.13: a boundary moves when a single run changes sides.
 */
export const calibration = {
  source:
    '10 tanh networks of width 64 trained ' +
    'on MNIST for 300 steps, to half ' +
    'of the best accuracy; longer ' +
    'training and wider layers reach deeper',
  boundaries: [
    [1, 1, 21.7619, 30.31],
    [1.5, 1, 94.746, 59.99],
    [2, 1, 151.2805, 76.02],
    [2.5, 1, 70.7736, 47.73],
    [3, 1, 54.3087, 42.53],
    [3.5, 1, 46.61, 33.94],
    [2, 0.99, 78.7059, 42.53],
    [2, 0.95, 40.3675, 27.14],
    [2, 0.9, 27.9317, 19.18],
    [2, 0.8, 17.5282, 13.28],
  ],
} as const satisfies {
  readonly source: string;
  readonly boundaries: readonly (readonly [number, number, number, number])[];
};

/** A depth and the ends of its 80 % interval. */
interface TrainableDepth {
  readonly depth: number;
  readonly low: number;
  readonly high: number;
  /** 6 ξ_c lies above every calibrated one: the largest calibrated one is used instead. */
  readonly isUnbounded: boolean;
}

/** P(|T| > t) = 0.2 with 8 degrees of freedom: ten boundaries, two fitted numbers. */
const student80 = 1.3968153097438645;

const logs = calibration.boundaries.map(([, , length, depth]) => ({ x: Math.log(length), y: Math.log(depth) }));
const largest = calibration.boundaries.reduce((most, [, , length]) => Math.max(most, length), 0);
const line = fitted();

function fitted(): {
  readonly centre: number;
  readonly level: number;
  readonly slope: number;
  readonly spread: number;
  readonly residual: number;
  readonly count: number;
} {
  const count = logs.length;
  const centre = logs.reduce((sum, { x }) => sum + x, 0) / count;
  const level = logs.reduce((sum, { y }) => sum + y, 0) / count;
  const spread = logs.reduce((sum, { x }) => sum + (x - centre) ** 2, 0);
  const slope = logs.reduce((sum, { x, y }) => sum + (x - centre) * (y - level), 0) / spread;
  const squares = logs.reduce((sum, { x, y }) => sum + (y - level - slope * (x - centre)) ** 2, 0);
  return { centre, level, slope, spread, residual: Math.sqrt(squares / (count - 2)), count };
}

/**
 * The depth up to which a network is expected to train under the conditions of the calibration: `trainableLength` of `predict`,
 * `map` and `evaluate`, `trainableDepth` of `advise`.
 *
 * Formula: log depth = ȳ + b (log 6 ξ_c − x̄) ± t s √(1 + 1/n + (log 6 ξ_c − x̄)²/S_xx), the least-squares line through n = 10
 * measured boundaries and its 80 % prediction interval. Of 6 ξ_c and 12 min(|ξ_1|, ξ_c), 6 ξ_c leaves the smaller residual
 * (0.21 against 0.31 in the logarithm). b is below 1: in a few hundred steps the deepest networks fall short of the law.
 *
 * @param length 6 ξ_c, in layers
 *
 * **Source**: derived; ξ_c as the scale is Schoenholz and others (2017).
 */
export function trainableDepthOfLength(length: number): TrainableDepth {
  if (length === 0) return { depth: 0, low: 0, high: 0, isUnbounded: false };
  const isUnbounded = length > largest * (1 + 1e-6);
  const from = Math.log(isUnbounded ? largest : length) - line.centre;
  const log = line.level + line.slope * from;
  const half = student80 * line.residual * Math.sqrt(1 + 1 / line.count + from ** 2 / line.spread);
  return { depth: Math.exp(log), low: Math.exp(log - half), high: Math.exp(log + half), isUnbounded };
}

/** The same from the multipliers of a layer that repeats. */
export function trainableDepth(found: Multipliers): TrainableDepth {
  return trainableDepthOfLength(trainableLengths(found).trainableLengthSixCorrelation);
}

/** The depth, its interval and what that was calibrated on, as quantities. */
export function statedLengths({ depth, low, high, isUnbounded }: TrainableDepth): {
  readonly [name in 'trainableLength' | 'low' | 'high']: number;
} & { readonly isBeyondCalibration: boolean; readonly calibration: string } {
  return {
    trainableLength: depth,
    low,
    high,
    isBeyondCalibration: isUnbounded,
    calibration: `80 % interval; ${calibration.source}`,
  };
}

/** Where the length of a network comes from. */
export interface NetworkTrainability extends TrainableDepth {
  /** 6 ξ_c, or 6 (L − 1)/S with the loss S over the network's own layers. */
  readonly length: number;
  readonly from: 'fixedPoint' | 'layers';
}

/** Beyond this factor between numbers of a fixed point and those of the network's own layers, it is not near that fixed point. */
const near = 2;
const transient = 10;

/** Whether a network comes near its fixed point with signals: it is there at its last layer, or ξ_q is shorter than the network. */
export function settles(
  { fixedPointVariance: q, varianceMultiplier, isMarginal }: Multipliers,
  depth: number,
  last?: number,
): boolean {
  const isThere = last !== undefined && last <= near * q && q <= near * last;
  return isMarginal || isThere || Math.abs(depthScale(varianceMultiplier)) <= Math.max(depth, transient);
}

/**
 * The depth of a network: from ξ_c of the fixed point that it comes near to, where there is one with signals. Where signals vanish
 * or grow, layers differ, or the fixed point is farther than the network is deep, 6 ξ_c becomes 6 (L − 1)/S: S is the larger of
 * what a difference in correlation loses over the L layers, −log dc^L/dc^1, and |log q^L/q^1|. For φ of degree 1 the loss is that at
 * the layers' fixed correlations, as ξ_c itself is, so that depths go on smoothly through the marginal point (σ_w² = 2 of ReLU) and to
 * small biases; of a repeated layer whose signals vanish or grow by a constant factor it is the number of its fixed point.
 *
 * @param found multipliers at the fixed point reached, undefined where there is none
 * @param profile the network's own layers; not needed where it `settles`
 */
export function networkTrainability(
  found: Multipliers | undefined,
  depth: number,
  profile?: Pick<NetworkProfile, 'logCorrelationResponse' | 'logVarianceRatio' | 'scaleFreeLoss' | 'variance'>,
): NetworkTrainability {
  const atFixedPoint = found === undefined ? undefined : trainableLengths(found).trainableLengthSixCorrelation;
  const { logCorrelationResponse = Number.NEGATIVE_INFINITY, logVarianceRatio = Number.NEGATIVE_INFINITY } =
    profile ?? {};
  const loss = Math.max(profile?.scaleFreeLoss ?? -logCorrelationResponse, Math.abs(logVarianceRatio));
  const along = depth === 1 || loss <= 0 ? Number.POSITIVE_INFINITY : (6 * (depth - 1)) / loss;
  const isFixed =
    found !== undefined &&
    atFixedPoint !== undefined &&
    (found.correlationMultiplier !== undefined
      ? settles(found, depth, profile?.variance.at(-1))
      : along === atFixedPoint || (along <= near * atFixedPoint && atFixedPoint <= near * along));
  const length = isFixed ? (atFixedPoint as number) : along;
  return { ...trainableDepthOfLength(length), length, from: isFixed ? 'fixedPoint' : 'layers' };
}

const deepestCalibrated = trainableDepthOfLength(Number.POSITIVE_INFINITY).low;

/**
 * Whether the depth lies below the low end of the interval; deeper than the calibration reaches, whether 6 ξ_c, the criterion
 * that was calibrated, is at least the depth (and at least `required`).
 */
export function isDeepEnough(
  depth: number,
  { low, length }: { readonly low: number; readonly length: number },
  required = 0,
): boolean {
  return depth <= low || (depth > deepestCalibrated && Math.max(depth, required) <= length);
}
