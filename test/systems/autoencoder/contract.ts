// Examples for the contract test.
import type { ContractCase } from '../../contract/case.js';

const aligned = { initial: 'aligned', initialVariance: 0.09, learningRate: 0.02, noiseVariance: 0.3, weightDecay: 0.1 };

export const contract: ContractCase = {
  small: { inputVariance: [2, 1, 0.5], width: 4, noiseVariance: 0.2, initialVariance: 0.01, steps: 60 },
  run: { trials: 300, seed: 3 },
  other: { inputVariance: [3, 1, 0.2], weightDecay: 0.1, steps: 80 },
  grows: [
    // A network on few modes costs no more than one of twice as many hidden units.
    { spec: { width: 400, inputVariance: Array.from({ length: 40 }, (_, i) => 2 / (1 + i)) } },
    { spec: { steps: 40_000, recordEvery: 10 } },
    { run: { trials: 300_000, rawTrials: true } },
  ],
  heavy: { spec: { inputVariance: [2, 1, 0.5], width: 64, steps: 10_000 }, run: { trials: 2000, threads: 1 } },
  busy: {
    predict: { ...aligned, inputVariance: [4, 3, 2, 1, 0.5, 0.2], steps: 50_000 },
    evaluate: {
      quantity: 'descentWeights',
      parameters: { inputVariance: 1, noiseVariance: 0.5, learningRate: 1e-9, w1: 0.1, w2: 0.2, steps: 1_000_000_000 },
    },
    figure: 'learning',
    train: { width: 4, training: { modes: 4 } },
  },
  agreement: [
    {
      spec: { ...aligned, inputVariance: [4, 2, 1], steps: 100, recordEvery: 20, firstRecord: 40 },
      run: { trials: 60_000, seed: 11 },
    },
  ],
  twoWidths: {
    spec: { ...aligned, inputVariance: [4, 2, 1], steps: 100, recordEvery: 20, firstRecord: 40 },
    run: { trials: 20_000, seed: 5 },
    widths: [3, 6],
    isExact: true,
  },
  references: 1,
  memory: [
    {
      spec: { inputVariance: [4, 2, 1], width: 3, steps: 20_000, recordEvery: 10 },
      run: { trials: 300, threads: 1, rawTrials: true },
    },
  ],
};
