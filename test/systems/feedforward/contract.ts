// Examples for the contract test.
import type { ContractCase } from '../../contract/case.js';

const network = { activation: 'tanh', weightVariance: 1.4, biasVariance: 0.1 };

export const contract: ContractCase = {
  small: { ...network, width: 40, depth: 4, keepProbability: 0.9, inputs: { correlation: 0.4 } },
  run: { trials: 7, seed: 3 },
  other: { weightVariance: 1.9, biasVariance: 0.2, depth: 6, keepProbability: 0.7 },
  grows: [{ spec: { width: 4000 } }, { spec: { depth: 400 } }, { run: { trials: 70_000 } }],
  heavy: { spec: { width: 100_000, depth: 100 }, run: { trials: 100, threads: 1 } },
  agreement: [
    {
      spec: { ...network, width: 20_000, depth: 5, keepProbability: 0.8, inputs: { correlation: 0.6 } },
      run: { trials: 1500, seed: 11 },
    },
  ],
  // Its theory is an approximation: the stated error is 0.06 at this coherence of the two inputs.
  resolves: { gradientPairAbsolute: 0.1 },
  memory: [
    { spec: { width: 400_000, depth: 10 }, run: { trials: 2, threads: 1 } },
    { spec: { width: 50, depth: 400 }, run: { trials: 4000, rawTrials: true, threads: 1 } },
  ],
};
