// Examples for the contract test.
import type { ContractCase } from '../../contract/case.js';

const network = {
  activation: 'tanh',
  innerWeightVariance: 1.2,
  innerBiasVariance: 0.1,
  outerWeightVariance: 0.8,
  outerBiasVariance: 0.2,
};

export const contract: ContractCase = {
  small: { ...network, width: 40, depth: 4, inputs: { correlation: 0.4 } },
  run: { trials: 7, seed: 3 },
  other: { width: 80, depth: 7, innerWeightVariance: 2, inputs: { oneMinusCorrelation: 1e-6 } },
  grows: [{ spec: { width: 4000 } }, { spec: { depth: 400 } }, { run: { trials: 70_000 } }],
  heavy: { spec: { width: 100_000, depth: 100 }, run: { trials: 100, threads: 1 } },
  agreement: [
    { spec: { ...network, width: 5000, depth: 4, inputs: { correlation: 0.6 } }, run: { trials: 6000, seed: 11 } },
  ],
  memory: [
    { spec: { width: 400_000, depth: 10 }, run: { trials: 2, threads: 1 } },
    { spec: { width: 50, depth: 400 }, run: { trials: 4000, rawTrials: true, threads: 1 } },
  ],
};
