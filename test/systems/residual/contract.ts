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
  busy: {
    predict: { width: 50, depth: 2_000_000 },
    evaluate: { quantity: 'logGradientRatio', parameters: { width: 50, depth: 2_000_000 } },
    map: {
      spec: { width: 50, depth: 1000 },
      axes: [
        { field: 'innerWeightVariance', from: 1, to: 2 },
        { field: 'outerWeightVariance', from: 1, to: 2 },
      ],
    },
    advise: { width: 50, depth: 1_000_000 },
    figure: 'widthVariation',
    train: { width: 100, depth: 5 },
  },
  agreement: [
    { spec: { ...network, width: 5000, depth: 4, inputs: { correlation: 0.6 } }, run: { trials: 3000, seed: 11 } },
    // A variance is known to √(2/trials): 2 % at five standard errors takes 125,000 trials and more.
    {
      only: ['secondMomentSpread', 'gradientSpread'],
      spec: { ...network, width: 500, depth: 2, inputs: { count: 1 } },
      run: { trials: 220_000, seed: 11 },
    },
  ],
  twoWidths: {
    spec: { ...network, depth: 4, inputs: { correlation: 0.6 } },
    run: { trials: 20_000, seed: 5 },
    widths: [200, 400],
  },
  references: 60,
  memory: [
    { spec: { width: 50, depth: 100_000 } },
    { spec: { width: 2, depth: 1 }, run: { trials: 3_000_000, threads: 1 } },
    { spec: { width: 400_000, depth: 10 }, run: { trials: 1, threads: 1 } },
    { spec: { width: 20, depth: 300 }, run: { trials: 4000, rawTrials: true, threads: 1 } },
    { spec: { width: 2, depth: 30_000 }, run: { trials: 1, threads: 1 } },
    { spec: { width: 20_000, depth: 100 }, run: { trials: 1, threads: 1 } },
  ],
};
