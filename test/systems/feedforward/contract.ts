// Examples for the contract test.
import type { ContractCase } from '../../contract/case.js';

const network = { activation: 'tanh', weightVariance: 1.4, biasVariance: 0.1 };

/** Numbers without a pattern that matters. */
const vectors = (count: number, dimension: number): number[][] =>
  Array.from({ length: count }, (_, i) =>
    Array.from({ length: dimension }, (_, j) => Math.sin(1 + 7 * i + 3 * j + i * j)),
  );

export const contract: ContractCase = {
  small: { ...network, width: 40, depth: 4, keepProbability: 0.9, inputs: { correlation: 0.4 } },
  run: { trials: 7, seed: 3 },
  other: { weightVariance: 1.9, biasVariance: 0.2, depth: 6, keepProbability: 0.7 },
  grows: [{ spec: { width: 4000 } }, { spec: { depth: 400 } }, { run: { trials: 70_000 } }],
  heavy: { spec: { width: 100_000, depth: 100 }, run: { trials: 100, threads: 1 } },
  busy: {
    predict: { depth: 100_000 },
    map: {
      spec: { activation: 'tanh' },
      axes: [
        { field: 'biasVariance', from: 0.01, to: 1 },
        { field: 'weightVariance', from: 1.1, to: 3 },
      ],
    },
    advise: { ...network, keepProbability: 0.9, depth: 60 },
    figure: 'profile',
    train: { width: 100, depth: 5 },
  },
  agreement: [
    {
      spec: { ...network, width: 20_000, depth: 5, keepProbability: 0.8, inputs: { correlation: 0.6 } },
      run: { trials: 1500, seed: 11 },
    },
    // Where errors are coherent with activities this theory is integrated to 1e-2; behind a random readout they are not.
    {
      only: ['gradientPairAbsolute'],
      spec: {
        ...network,
        width: 5000,
        depth: 5,
        keepProbability: 0.8,
        inputs: { correlation: 0.6 },
        output: 'randomReadout',
      },
      run: { trials: 1500, seed: 11 },
    },
  ],
  twoWidths: {
    spec: { ...network, depth: 6, keepProbability: 0.8, inputs: { correlation: 0.6 } },
    run: { trials: 20_000, seed: 5 },
    widths: [300, 600],
  },
  references: 60,
  memory: [
    { spec: { width: 1, depth: 100 }, run: { trials: 20_000, rawTrials: true, threads: 1 } },
    { spec: { width: 2, depth: 1000, inputs: { values: vectors(32, 4) } }, run: { trials: 1, threads: 1 } },
    { spec: { width: 400_000, depth: 10 }, run: { trials: 2, threads: 1 } },
    { spec: { width: 50, depth: 400 }, run: { trials: 4000, rawTrials: true, threads: 1 } },
    { spec: { width: 3000, depth: 20, inputs: { values: vectors(200, 8) } }, run: { trials: 1, threads: 1 } },
    {
      spec: { width: 200, depth: 300, inputs: { values: vectors(100, 8) } },
      run: { engine: 'dense', trials: 1, threads: 1 },
    },
  ],
};
