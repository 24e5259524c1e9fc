// Every recurrent cell at 400 and 800 units, with shared weights and with weights drawn anew, on its own theory.
import t from 'tap';
import { compare, predict, type RecurrentSpec, simulate } from 'mft-native';

const lstmGates = {
  i: { biasVariance: 0.1, biasMean: 0.5 },
  f: { biasMean: 1 },
  g: { biasVariance: 0.1, biasMean: 0.3 },
} as const;
const gruGates = {
  z: { recurrentWeightVariance: 3, biasVariance: 0.2, biasMean: 1 },
  r: { recurrentWeightVariance: 2, biasMean: 0.5 },
  g: { recurrentWeightVariance: 4, biasVariance: 0.1, biasMean: 0.3 },
} as const;
const cells: readonly RecurrentSpec[] = [
  { cell: 'vanilla', recurrentWeightVariance: 1.5, biasVariance: 0.1, biasMean: 0.3, initialStateVariance: 0.5 },
  { cell: 'minimal', recurrentWeightVariance: 6.88 ** 2, inputWeightVariance: 1.39 ** 2, inputVariance: 0.46 },
  { cell: 'gru', gates: gruGates },
  { cell: 'gru', gates: gruGates, resetAfter: true, candidateRecurrentBias: 0.3 },
  { cell: 'peepholeLstm', gates: lstmGates },
  { cell: 'lstm', recurrentWeightVariance: 3, gates: lstmGates },
  { cell: 'minGru', biasMean: 1 },
  { cell: 'minLstm', biasMean: 1 },
];

for (const width of [400, 800])
  for (const weightSharing of ['tied', 'untied'] as const)
    t.test(`${width} units, ${weightSharing}`, async (t) => {
      for (const cell of cells) {
        // Pairs of GRUs with reset after the product are four-dimensional integrals: fewer steps.
        const steps = cell.resetAfter === true && weightSharing === 'untied' ? 2 : 5;
        const spec = { system: 'recurrent', inputCorrelation: 0.5, ...cell, width, steps, weightSharing } as const;
        const { largestZ, tests } = compare(await predict(spec), await simulate(spec, { trials: 20, seed: 11 }));
        t.ok(largestZ < 4.5 && tests >= 9, `${cell.cell}: |z| up to ${largestZ.toFixed(2)} of ${tests}`);
      }
    });
