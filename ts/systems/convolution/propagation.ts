// Closed statements of the mean field: how spatial modes decay, what zero padding takes, what a mean over a pool keeps.
import { expectedError } from '../../core/errors.js';
import type { Undefined } from '../../core/results.js';
import { multipliers } from '../../gaussian/multipliers.js';
import type { ConvolutionActivation, Padding } from './architecture.js';
import { source, type Step, tapMean } from './covariance.js';
import { momentsOf } from './moments.js';

/** λ = (1/k)|Σ_j e^{2πi m j/n}| of `periods` m over a side of n with circular padding: sin(πmk/n)/(k sin(πm/n)), with its sign. */
export function circularMultiplier(kernel: number, side: number, periods: number): number {
  if (kernel > side) throw expectedError('ERR_MFT_SHAPE', 'kernel', `at most ${side}, the side`, kernel);
  const turn = (Math.PI * (periods % side)) / side;
  return turn === 0 ? 1 : Math.sin(kernel * turn) / (kernel * Math.sin(turn));
}

/** χ_q λ and χ_c λ: factors per layer of a spatial mode of the variance and of 1 − c, near the fixed point. */
export function modeMultiplier(given: {
  readonly activation: ConvolutionActivation;
  readonly weightVariance: number;
  readonly biasVariance: number;
  readonly kernel: number;
  readonly height: number;
  readonly width: number;
  readonly rowPeriods: number;
  readonly columnPeriods: number;
}): { spatial: number; variance: number; correlation: number | Undefined } {
  const spatial =
    circularMultiplier(given.kernel, given.height, given.rowPeriods) *
    circularMultiplier(given.kernel, given.width, given.columnPeriods);
  const { activation, weightVariance, biasVariance } = given;
  const { varianceMultiplier, correlationMultiplier } = multipliers({ activation, weightVariance, biasVariance });
  return {
    spatial,
    variance: varianceMultiplier * spatial,
    correlation:
      correlationMultiplier === undefined
        ? { reason: 'the variance vanishes at the fixed point' }
        : correlationMultiplier * spatial,
  };
}

/** Variance of every position after `layers` layers from the same variance everywhere. */
export function paddedVariance(given: {
  readonly activation: ConvolutionActivation;
  readonly weightVariance: number;
  readonly biasVariance: number;
  readonly variance: number;
  readonly kernel: number;
  readonly height: number;
  readonly width: number;
  readonly padding: Exclude<Padding, 'valid'>;
  readonly layers: number;
}): { mean: number; corner: number; centre: number } {
  const { kernel, height, width, padding } = given;
  if (padding === 'circular' && kernel > Math.min(height, width))
    throw expectedError('ERR_MFT_SHAPE', 'kernel', `at most ${Math.min(height, width)}, the side`, kernel);
  const grid = { height, width };
  const step: Step = { kernel, stride: 1, input: grid, output: grid, padding };
  const moments = momentsOf(given.activation);
  let q = new Float64Array(height * width).fill(given.variance);
  for (let l = 0; l < given.layers; l++) {
    const squares = q.map((value) => moments.at(value).second);
    q = tapMean(squares, step).map((value) => given.weightVariance * value + given.biasVariance);
  }
  const sum = q.reduce((total, value) => total + value, 0);
  const centre = q[Math.floor(height / 2) * width + Math.floor(width / 2)] as number;
  return { mean: sum / q.length, corner: q[0] as number, centre };
}

/** Share of the mean square that zero padding leaves per layer at great depth: the largest eigenvalue of the mean over taps. */
export function paddingRate(kernel: number, height: number, width: number): number {
  return sideRate(kernel, height) * sideRate(kernel, width);
}

/** Of one side: (1 + 2 cos(π/(n + 1)))/3 for three taps, else by iteration of the band matrix, sharpened by squaring. */
function sideRate(kernel: number, side: number): number {
  if (kernel === 1 || side === 1) return 1 / kernel ** (side === 1 ? 1 : 0);
  if (kernel === 3) return (1 + 2 * Math.cos(Math.PI / (side + 1))) / 3;
  let vector = Float64Array.from({ length: side }, (_, i) => Math.sin((Math.PI * (i + 1)) / (side + 1)));
  let rate = 0;
  for (let round = 0; round < 1_000_000; round++) {
    const next = new Float64Array(side);
    for (let o = 0; o < side; o++)
      for (let j = 0; j < kernel; j++) {
        const from = source('zero', side, kernel, o, j);
        if (from >= 0) next[o] = (next[o] as number) + (vector[from] as number) / kernel;
      }
    const norm = Math.hypot(...next);
    vector = next.map((value) => value / norm);
    if (Math.abs(norm - rate) <= 1e-16 * norm) return norm;
    rate = norm;
  }
  return rate;
}

/** E y² of the mean over side × side units whose pre-activations have one variance and one correlation. */
export function averagePoolMoment(
  activation: ConvolutionActivation,
  variance: number,
  correlation: number,
  pool: number,
): number {
  const count = pool ** 2;
  if (correlation < -1 / (count - 1) && count > 1)
    throw expectedError(
      'ERR_MFT_OUT_OF_RANGE',
      'correlation',
      `at least ${-1 / (count - 1)}: so many units cannot all be further apart`,
      correlation,
    );
  const moments = momentsOf(activation);
  const unit = moments.at(variance);
  return (unit.second + (count - 1) * moments.pair(unit, unit, correlation * variance)) / count;
}
