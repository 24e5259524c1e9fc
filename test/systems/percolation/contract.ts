// Examples for the contract test.
import type { ContractCase } from '../../contract/case.js';

export const contract: ContractCase = {
  small: { width: 6, depth: 4, keepProbability: 0.7, edgeKeepProbability: 0.5 },
  run: { trials: 3000, seed: 3 },
  other: { width: 5, depth: 7, keepProbability: 0.6, edgeKeepProbability: 0.4 },
  grows: [{ spec: { width: 600 } }, { spec: { depth: 4000 } }, { run: { trials: 300_000, rawTrials: true } }],
  heavy: { spec: { width: 400, depth: 100, edgeKeepProbability: 0.01 }, run: { trials: 100_000, threads: 1 } },
  agreement: [
    {
      spec: { width: 6, depth: 5, keepProbability: 0.7, edgeKeepProbability: 0.5 },
      run: { trials: 400_000, seed: 11 },
    },
  ],
  memory: [
    { spec: { width: 100, depth: 20 }, run: { trials: 1_000_000, rawTrials: true, threads: 1, backward: false } },
    { spec: { width: 3000, depth: 100, edgeKeepProbability: 0.001 }, run: { trials: 64, threads: 1 } },
  ],
};
