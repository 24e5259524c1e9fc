// Examples for the contract test.
import type { ContractCase } from '../../contract/case.js';

const smooth = { activation: 'tanh', weightVariance: 1.6, biasVariance: 0.1, keepProbability: 0.9 };

export const contract: ContractCase = {
  small: { ...smooth, width: 12, depth: 3, inputWidth: 6 },
  run: { trials: 60, seed: 3 },
  other: { weightVariance: 2.5, depth: 5 },
  grows: [{ spec: { width: 600 } }, { spec: { depth: 300 } }, { run: { trials: 100_000, rawTrials: true } }],
  heavy: { spec: { width: 1500, depth: 30 }, run: { trials: 100, threads: 1 } },
  busy: {
    predict: { activation: 'tanh', depth: 2000, weightVariance: 3 },
    advise: { activation: 'tanh', depth: 20_000, weightVariance: 3 },
    figure: 'profile',
    trainOptions: { noiseVariance: 'likelihood', trainCount: 400 },
  },
  agreement: [
    // One hidden layer has the mean of infinite width.
    {
      spec: { ...smooth, depth: 1, width: 200, inputWidth: 20 },
      run: { trials: 4000, seed: 11 },
      only: ['nngp', 'ntk', 'variance', 'covariance'],
    },
    {
      spec: { activation: 'relu', weightVariance: 1.8, biasVariance: 0.2, depth: 2, width: 2000, inputWidth: 20 },
      run: { trials: 300, seed: 12, hasTangent: false },
      only: ['normalizedKernel'],
    },
    {
      spec: { activation: 'gelu', weightVariance: 1.5, depth: 1, width: 200, inputWidth: 20, keepProbability: 0.9 },
      run: { trials: 400, seed: 13, hasTangent: false, estimator: 'conditional' },
      only: ['nngp', 'variance', 'covariance'],
    },
  ],
  twoWidths: {
    spec: { activation: 'relu', weightVariance: 2, depth: 4, inputWidth: 20 },
    run: { trials: 60_000, seed: 5 },
    widths: [20, 40],
  },
  references: 286,
  memory: [
    {
      spec: { width: 4000, depth: 3, inputs: { values: Array.from({ length: 300 }, (_, i) => [i, 1, i % 7]) } },
      run: { trials: 1, threads: 1 },
    },
    { spec: { width: 10, depth: 100, inputWidth: 4 }, run: { trials: 30_000, threads: 1 } },
  ],
};
