// Gradient descent of one direction, step by step: what a scalar network really does.
import { type ControlOptions, pause } from '../../core/control.js';
import { diverged, type Mode, stiffness } from './mode.js';
import { stableLearningRate } from './rates.js';
import type { Weights } from './flow.js';

const stepsBetweenLooks = 4_000_000;

/**
 * The weights after `steps` steps of gradient descent with rate α; `tied` weights get the sum of both gradients.
 *
 * @throws MftError ERR_MFT_NOT_FINITE with the step at which the weights leave the range of numbers
 */
export async function descendMode(
  mode: Mode,
  { w1, w2 }: Weights,
  learningRate: number,
  steps: number,
  tied: boolean,
  options: ControlOptions = {},
): Promise<[number, number]> {
  const k = stiffness(mode);
  const { inputVariance, weightDecay } = mode;
  const rate = tied ? 2 * learningRate : learningRate;
  const kept = 1 - rate * weightDecay;
  let [a, b] = [w1, w2];
  for (let first = 0; first < steps; first += stepsBetweenLooks) {
    const last = Math.min(steps, first + stepsBetweenLooks);
    for (let step = first; step < last; step++) {
      const pull = rate * (inputVariance - k * a * b);
      const next = kept * a + pull * b;
      b = kept * b + pull * a;
      a = next;
      if (!(Math.abs(a) < 1e150 && Math.abs(b) < 1e150)) throw diverged(step + 1, stableLearningRate(mode));
    }
    if (last < steps) await pause(options);
  }
  return [a, b];
}
