// Examples for the contract test.
import type { ContractCase } from '../../contract/case.js';

const minimal = { cell: 'minimal', weightSharing: 'untied', recurrentWeightVariance: 4, biasMean: 1 };
const vanilla = {
  weightSharing: 'untied',
  recurrentWeightVariance: 1.5,
  biasVariance: 0.1,
  biasMean: 0.3,
  initialStateVariance: 0.5,
  inputCorrelation: 0.5,
};

export const contract: ContractCase = {
  small: { ...minimal, inputCorrelation: 0.5, width: 6, steps: 3 },
  run: { trials: 40, seed: 3 },
  other: { biasMean: 2, recurrentWeightVariance: 300, steps: 4 },
  grows: [{ spec: { width: 100 } }, { spec: { steps: 300 } }, { run: { trials: 40_000, rawTrials: true } }],
  heavy: { spec: { ...minimal, width: 400, steps: 100 }, run: { trials: 100, threads: 1 } },
  busy: {
    predict: { cell: 'lstm', steps: 60 },
    evaluate: {
      quantity: 'tiedStateSecondMoment',
      parameters: { cell: 'minimal', step: 100, samples: 8_388_608 },
    },
    map: {
      spec: { cell: 'minimal', inputCorrelation: 0.5, biasVariance: 0.1 },
      axes: [
        { field: 'biasMean', from: -2, to: 6 },
        { field: 'recurrentWeightVariance', from: 1, to: 40 },
      ],
    },
    figure: 'profile',
    train: { cell: 'vanilla', width: 40, steps: 28 },
  },
  agreement: [
    { spec: { ...vanilla, width: 400, steps: 3 }, run: { trials: 900, seed: 11 } },
    {
      spec: { ...vanilla, width: 200, steps: 2 },
      run: { trials: 300, seed: 12 },
      only: ['jacobianSecondMoment'],
    },
  ],
  twoWidths: { spec: { ...vanilla, steps: 4 }, run: { trials: 60_000, seed: 5 }, widths: [8, 16] },
  references: 135,
  memory: [
    { spec: { cell: 'lstm', width: 1000, steps: 4 }, run: { trials: 2, threads: 1 } },
    { spec: { cell: 'minimal', width: 1000, steps: 2 }, run: { trials: 1, threads: 1, jacobian: true } },
    { spec: { cell: 'minimal', steps: 60 } },
  ],
};
