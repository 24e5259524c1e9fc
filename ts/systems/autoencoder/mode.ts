// One direction of the data: what its dynamics is made of, fixed points, equivalences, curvature, rates. Plain functions of numbers.
import { expectedError, MftError } from '../../core/errors.js';
import { type DoubleDouble, exactSum } from '../../numeric/double-double.js';

/** A direction with its noise and decay: ν, s², g. */
export interface Mode {
  readonly inputVariance: number;
  readonly noiseVariance: number;
  readonly weightDecay: number;
}

/** k = ν + s²: what a unit of mapping costs. */
export const stiffness = ({ inputVariance, noiseVariance }: Mode): number => inputVariance + noiseVariance;

/** m = ν − g: growth of a small mapping per unit of time, half of its rate. */
export const growth = ({ inputVariance, weightDecay }: Mode): number => inputVariance - weightDecay;

/** m without rounding. */
export const exactGrowth = ({ inputVariance, weightDecay }: Mode): DoubleDouble =>
  exactSum(inputVariance, -weightDecay);

/** w* = max(0, (ν − g)/(ν + s²)); of a direction without variance 0. */
export function fixedPoint(mode: Mode): number {
  const m = growth(mode);
  return m <= 0 ? 0 : m / stiffness(mode);
}

/** g = ν s²/(ν + s²), the decay with the fixed point of noise s². */
export function equivalentWeightDecay(inputVariance: number, noiseVariance: number): number {
  return inputVariance === 0 ? 0 : inputVariance * (noiseVariance / (inputVariance + noiseVariance));
}

/** s² = ν g/(ν − g), the noise with the fixed point of decay g. @throws MftError ERR_MFT_OUT_OF_RANGE for g ≥ ν. */
export function equivalentNoiseVariance(inputVariance: number, weightDecay: number): number {
  if (weightDecay === 0) return 0;
  if (weightDecay >= inputVariance)
    throw new MftError(
      'ERR_MFT_OUT_OF_RANGE',
      `Expected \`weightDecay\` to be below \`inputVariance\` (${inputVariance}), received ${weightDecay}: ` +
        'no noise level gives an exactly zero mapping.',
      { parameter: 'weightDecay', expected: `a number below ${inputVariance}`, received: weightDecay },
    );
  return inputVariance * (weightDecay / (inputVariance - weightDecay));
}

/** Loss of a direction: ν(1 − w)²/2 + s² w²/2 + g (w1² + w2²)/2. */
export function modeLoss({ inputVariance, noiseVariance, weightDecay }: Mode, w: number, squares: number): number {
  return (inputVariance * (1 - w) ** 2 + noiseVariance * w * w + weightDecay * squares) / 2;
}

/** Eigenvalues of the Hessian of the mode loss, ascending. */
export function curvature(mode: Mode, w1: number, w2: number): [number, number] {
  const k = stiffness(mode);
  const { inputVariance, weightDecay } = mode;
  const squares = w1 * w1 + w2 * w2;
  const mean = (k * squares) / 2 + weightDecay;
  const radius = Math.hypot((k * (w2 - w1) * (w2 + w1)) / 2, 2 * k * w1 * w2 - inputVariance);
  const largest = mean + radius;
  if (largest === 0) return [0, 0];
  // The product of both in factors: where one of them nearly vanishes (at an optimum), mean − radius would cancel.
  const flow = k * w1 * w2;
  const product = weightDecay * (k * squares + weightDecay) - (3 * flow - inputVariance) * (flow - inputVariance);
  return [product / largest, largest];
}

/**
 * Rates of one direction with noise s² and the decay that matches it: [1/(2ν + 3s²), 1/(2ν + g), their ratio (first over second),
 * 1/ν, 1/max(ν − g, g)]: one over the largest curvature at w1 = w2 = 1, then the limits of stability at the balanced optimum.
 */
export function learningRates(
  inputVariance: number,
  noiseVariance: number,
): readonly (number | { readonly reason: string })[] {
  const total = inputVariance + noiseVariance;
  const g = equivalentWeightDecay(inputVariance, noiseVariance);
  // ν − g = ν²/(ν + s²): nothing cancels.
  const rest = inputVariance === 0 ? 0 : inputVariance * (inputVariance / total);
  const [noise, decay] = [2 * inputVariance + 3 * noiseVariance, 2 * inputVariance + g];
  return [
    1 / noise,
    1 / decay,
    noise === 0 ? { reason: 'without variance and noise no rate is too large' } : decay / noise,
    1 / inputVariance,
    1 / Math.max(rest, g),
  ];
}

/** Of a loss that is averaged over samples and coordinates: α = 2a/D, g = c D/2. */
export function effectiveHyperparameters(
  learningRate: number,
  weightDecay: number,
  dimension: number,
): [number, number] {
  return [(2 * learningRate) / dimension, (weightDecay * dimension) / 2];
}

/**
 * Loss of the best network with H hidden units: its H leading directions at their fixed point, the others unlearned.
 * `lossNoise` is the noise under which the loss is taken, the one it was trained with by default.
 */
export function optimumLoss(
  spectrum: readonly number[],
  hidden: number,
  noiseVariance: number,
  weightDecay: number,
  lossNoise = noiseVariance,
): number {
  const sorted = [...spectrum].sort((a, b) => b - a);
  return sorted.reduce((sum, inputVariance, i) => {
    const w = i < hidden ? fixedPoint({ inputVariance, noiseVariance, weightDecay }) : 0;
    return sum + modeLoss({ inputVariance, noiseVariance: lossNoise, weightDecay }, w, 2 * w);
  }, 0);
}

/** Refuses what grows without bound. */
export function diverged(step: number, limit: number): MftError {
  return new MftError(
    'ERR_MFT_NOT_FINITE',
    `The descent leaves the range of numbers at step ${step}; a rate below ${limit.toPrecision(4)} is stable at the optimum.`,
    { parameter: 'learningRate', expected: `a number below ${limit}` },
  );
}

/** Refuses a mapping that balanced weights cannot have. */
export function checkMapping(initialMapping: number): void {
  if (!(initialMapping >= 0))
    throw expectedError(
      'ERR_MFT_OUT_OF_RANGE',
      'initialMapping',
      'a number >= 0 (equal weights have no negative product; give `w1` and `w2`)',
      initialMapping,
    );
}
