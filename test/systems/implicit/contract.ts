// Examples for the contract test.
import type { ContractCase } from '../../contract/case.js';

const stable = { activation: 'tanh', weightVariance: 0.5, inputVariance: 0.5, keepProbability: 0.9 };

export const contract: ContractCase = {
  small: { ...stable, width: 12, termCount: 4 },
  run: { trials: 30, seed: 3 },
  other: { weightVariance: 0.9, termCount: 6 },
  grows: [{ spec: { width: 300 } }, { spec: { termCount: 2000 } }, { run: { trials: 30_000, rawTrials: true } }],
  heavy: { spec: { ...stable, width: 1000, termCount: 10 }, run: { trials: 200, threads: 1 } },
  busy: { figure: 'convergence', train: { width: 100, weightVariance: 0.5 } },
  agreement: [
    { spec: { ...stable, weightVariance: 0.4, width: 1000, termCount: 2 }, run: { trials: 600, seed: 11 } },
    {
      spec: { ...stable, activation: 'relu', weightVariance: 0.6, width: 1000, termCount: 3 },
      run: { trials: 400, seed: 12 },
      only: ['preActivationVariance', 'squaredJacobianRadius', 'termNorm', 'neumannError'],
    },
  ],
  twoWidths: { spec: { ...stable, termCount: 3 }, run: { trials: 30_000, seed: 5 }, widths: [16, 32] },
  references: 17,
  memory: [
    { spec: { ...stable, width: 2500, termCount: 5 }, run: { trials: 2, threads: 1 } },
    { spec: { ...stable, width: 10, termCount: 100 }, run: { trials: 20_000, threads: 1 } },
  ],
};
