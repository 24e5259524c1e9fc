// Examples for the contract test.
import type { ContractCase } from '../../contract/case.js';

export const contract: ContractCase = {
  small: { width: 6, depth: 4, keepProbability: 0.7, edgeKeepProbability: 0.5 },
  run: { trials: 3000, seed: 3 },
  other: { width: 5, depth: 7, keepProbability: 0.6, edgeKeepProbability: 0.4 },
  grows: [{ spec: { width: 600 } }, { spec: { depth: 4000 } }, { run: { trials: 300_000, rawTrials: true } }],
  heavy: { spec: { width: 400, depth: 100, edgeKeepProbability: 0.01 }, run: { trials: 100_000, threads: 1 } },
  busy: {
    predict: { width: 20_000, depth: 100, edgeKeepProbability: 0.0001 },
    evaluate: { quantity: 'pathProbability', parameters: { width: 20_000, depth: 100, edgeKeepProbability: 0.0001 } },
    map: {
      spec: { width: 100, depth: 100 },
      axes: [
        { field: 'keepProbability', from: 0.1, to: 0.9 },
        { field: 'edgeKeepProbability', from: 0.01, to: 0.9 },
      ],
    },
    advise: { width: 20_000, depth: 100, edgeKeepProbability: 0.0001 },
    figure: 'profile',
    train: { width: 100, depth: 5, keepProbability: 0.9 },
  },
  agreement: [
    {
      spec: { width: 6, depth: 5, keepProbability: 0.7, edgeKeepProbability: 0.5 },
      run: { trials: 400_000, seed: 11 },
    },
  ],
  twoWidths: {
    spec: { depth: 4, keepProbability: 0.6, edgeKeepProbability: 0.5 },
    run: { trials: 200_000, seed: 5 },
    widths: [4, 8],
    isExact: true,
  },
  references: 53,
  memory: [
    { spec: { width: 2, depth: 99_000, edgeKeepProbability: 0.3 } },
    { spec: { width: 2, depth: 90_000 }, run: { trials: 1, threads: 1 } },
    { spec: { width: 100, depth: 20 }, run: { trials: 1_000_000, rawTrials: true, threads: 1, backward: false } },
    {
      spec: {
        width: 40,
        depth: 1,
        topology: { kind: 'conv2d', kernel: 45, periodic: true },
        keepProbability: 0.01,
        inputKeepProbability: 0.001,
        edgeKeepProbability: 0.00001,
      },
      run: { trials: 1, threads: 1, backward: false },
    },
  ],
};
