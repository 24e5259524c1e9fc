// Learning rates that are safe for a direction.
import type { Mode } from './mode.js';

/** Largest stable rate at the balanced optimum: 1/max(ν − g, g), curvatures 2(ν − g) and 2g; of a dead direction 2/(ν + g). */
export function stableLearningRate({ inputVariance, weightDecay }: Mode): number {
  return inputVariance > weightDecay
    ? 1 / Math.max(inputVariance - weightDecay, weightDecay)
    : 2 / (inputVariance + weightDecay);
}
