// The depth that trains, with its uncertainty: a line through measured boundaries against 6 ξ_c.
import type { Multipliers } from '../../gaussian/fixed-points.js';
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
export interface TrainableDepth {
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
 * The depth up to which a network is expected to train under the conditions of the calibration.
 *
 * Formula: log depth = ȳ + b (log 6 ξ_c − x̄) ± t s √(1 + 1/n + (log 6 ξ_c − x̄)²/S_xx), the least-squares line through n = 10
 * measured boundaries and its 80 % prediction interval. Of 6 ξ_c and 12 min(|ξ_1|, ξ_c), 6 ξ_c leaves the smaller residual
 * (0.21 against 0.31 in the logarithm). b is below 1: in a few hundred steps the deepest networks fall short of the law.
 *
 * **Source**: derived; ξ_c as the scale is Schoenholz and others (2017).
 */
export function trainableDepth(found: Multipliers): TrainableDepth {
  const length = trainableLengths(found).trainableLengthSixCorrelation;
  if (length === 0) return { depth: 0, low: 0, high: 0, isUnbounded: false };
  const isUnbounded = length > largest * (1 + 1e-6);
  const from = Math.log(isUnbounded ? largest : length) - line.centre;
  const log = line.level + line.slope * from;
  const half = student80 * line.residual * Math.sqrt(1 + 1 / line.count + from ** 2 / line.spread);
  return { depth: Math.exp(log), low: Math.exp(log - half), high: Math.exp(log + half), isUnbounded };
}
