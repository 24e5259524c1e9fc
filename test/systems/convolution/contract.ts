// Examples for the contract test.
import type { ContractCase } from '../../contract/case.js';

const relu = { activation: 'relu', weightVariance: 2, kernel: 3, pool: 1 } as const;
const small = { ...relu, input: [8, 8, 1], depth: 3, width: 6, padding: 'circular', image: 'impulse' } as const;

export const contract: ContractCase = {
  small,
  run: { trials: 300, seed: 3 },
  other: { weightVariance: 1.5, norm: 2, image: 'grating' },
  grows: [{ spec: { width: 60 } }, { spec: { depth: 30 } }, { run: { trials: 300_000, rawTrials: true } }],
  heavy: { spec: { ...small, input: [32, 32, 3], width: 64, depth: 6 }, run: { trials: 2000, threads: 1 } },
  busy: {
    train: { input: [28, 28, 1], depth: 2, width: 8, kernel: 5 },
    figure: 'profile',
  },
  agreement: [
    // Rectified units without biases: variances and gradients are exact at every width.
    {
      spec: { ...small, padding: 'zero', depth: 4, width: 20, image: 'grating' },
      run: { trials: 12_000, seed: 11 },
      only: ['variance', 'cornerVariance', 'gradient'],
    },
    // A bright point between circular edges has every mode.
    {
      spec: { ...small, input: [5, 5, 1], depth: 2, width: 64 },
      run: { trials: 16_000, seed: 12 },
      only: ['varianceMode'],
    },
    // Behind the first layer, which is Gaussian, products of positions are exact as well.
    {
      spec: { ...small, padding: 'zero', depth: 2, width: 20, image: 'grating' },
      run: { trials: 20_000, seed: 13 },
      only: ['neighbourCovariance'],
    },
  ],
  twoWidths: {
    spec: { ...relu, activation: 'tanh', input: [6, 6, 1], depth: 3, padding: 'circular', biasVariance: 0.1 },
    run: { trials: 20_000, seed: 5 },
    widths: [8, 16],
  },
  references: 143,
  memory: [
    {
      spec: { ...small, input: [3, 3, 1], width: 2, depth: 100 },
      run: { trials: 10_000, threads: 1, rawTrials: true },
    },
    { spec: { ...small, input: [48, 48, 1], width: 128 }, run: { trials: 2, threads: 1 } },
  ],
};
