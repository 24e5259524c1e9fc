// Deep linear stacks and momentum: the same directions with more than two layers, step by step.
import { type ControlOptions, pause } from '../../core/control.js';
import { bracketedRoot } from '../../numeric/roots.js';
import { diverged, type Mode, stiffness } from './mode.js';
import { stableLearningRate } from './rates.js';

/**
 * The mapping a^L at which a balanced stack of L layers rests, a^{L−2}(ν − k a^L) = g: the largest root, 0 where the decay leaves
 * none. Without decay ν/k at any depth.
 */
export function deepFixedPoint(mode: Mode, depth: number): number {
  const k = stiffness(mode);
  const { inputVariance, weightDecay } = mode;
  if (inputVariance === 0) return 0;
  if (depth === 2) return Math.max(0, (inputVariance - weightDecay) / k);
  if (weightDecay === 0) return inputVariance / k;
  const rest = (w: number): number => w ** (1 - 2 / depth) * (inputVariance - k * w) - weightDecay;
  // w^{1 − 2/L}(ν − k w) is largest here.
  const top = (inputVariance / k) * ((depth - 2) / (2 * depth - 2));
  return rest(top) <= 0 ? 0 : bracketedRoot(rest, top, inputVariance / k);
}

/**
 * Largest stable rate at the balanced optimum, with momentum β (heavy ball) 2(1 + β)/λ: the curvatures there are
 * L k a^{2L−2} − (L − 2) g and, between layers, 2g. 0 is stable for every rate below 2(1 + β)/g where L > 2.
 */
export function deepStableLearningRate(mode: Mode, depth: number, momentum: number): number {
  const factor = 1 + momentum;
  if (depth === 2) return factor * stableLearningRate(mode);
  const w = deepFixedPoint(mode, depth);
  if (w === 0) return (2 * factor) / mode.weightDecay;
  const top = depth * stiffness(mode) * w ** (2 - 2 / depth) - (depth - 2) * mode.weightDecay;
  return (2 * factor) / Math.max(top, 2 * mode.weightDecay);
}

const updatesBetweenLooks = 4_000_000;

/**
 * Mappings of a stack, the product of its layers, at rising whole `records` of v ← β v − α ∂L, a ← a + v from `layers`.
 *
 * @throws MftError ERR_MFT_NOT_FINITE with the step at which the weights leave the range of numbers
 */
export async function deepCurve(
  mode: Mode,
  layers: readonly number[],
  learningRate: number,
  momentum: number,
  records: ArrayLike<number>,
  options: ControlOptions = {},
): Promise<number[]> {
  const k = stiffness(mode);
  const { inputVariance, weightDecay } = mode;
  const a = Float64Array.from(layers);
  const depth = a.length;
  const [speed, before] = [new Float64Array(depth), new Float64Array(depth + 1)];
  const block = Math.max(1, Math.floor(updatesBetweenLooks / depth));
  const advance = (step: number): void => {
    before[0] = 1;
    for (let l = 0; l < depth; l++) before[l + 1] = (before[l] as number) * (a[l] as number);
    const pull = k * (before[depth] as number) - inputVariance;
    let after = 1;
    let largest = 0;
    for (let l = depth - 1; l >= 0; l--) {
      const weight = a[l] as number;
      const slope = pull * (before[l] as number) * after + weightDecay * weight;
      after *= weight;
      const v = momentum * (speed[l] as number) - learningRate * slope;
      speed[l] = v;
      a[l] = weight + v;
      largest = Math.max(largest, Math.abs(weight + v));
    }
    if (!(largest < 1e50)) throw diverged(step + 1, deepStableLearningRate(mode, depth, momentum));
  };
  const mappings: number[] = [];
  let step = 0;
  for (const last of Array.from(records)) {
    for (; step < last; step++) {
      if (step > 0 && step % block === 0) await pause(options);
      advance(step);
    }
    mappings.push(a.reduce((product, each) => product * each, 1));
  }
  return mappings;
}
