// The network that learns the gratings: one convolution, sigmoid units, all images in every step.
import type { GapTraining } from './gap-runs.js';

/** With fewer steps the training risk is not small yet. */
export const leastSteps = 400;

/** 12 → 8 → 4 with kernels of 5, four channels and pools of 2; `changed`: other fields of the network. */
export const gratingsTraining = (changed: Readonly<Record<string, unknown>> = {}): GapTraining => ({
  network: {
    system: 'convolution',
    input: [12, 12, 1],
    classes: 4,
    depth: 1,
    width: 4,
    kernel: 5,
    pool: 2,
    weightVariance: 4,
    ...changed,
  },
  options: { loss: 'brier', normalization: 'unit', optimizer: 'adam', learningRate: 0.05, hasBiases: false },
  steps: 600,
});
