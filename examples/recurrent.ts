// Which bias of the update or forget gate is right for my sequence length?
import { advise, compare, evaluate, predict, simulate } from 'mft-native';

// The usual values of the bias, and how many steps they hold in a cell with one gate and unit variances.
for (const biasMean of [0, 1, 2, 5])
  console.log('bias', biasMean, 'holds', await evaluate('recurrent', 'memoryTimescale', { cell: 'minimal', biasMean }));
console.log('for 100 steps', await evaluate('recurrent', 'biasMeanForTimescale', { cell: 'minimal', timescale: 100 }));

// One network that is kept over time remembers longer than the usual theory says: overlap with the past after 20 steps.
const cell = {
  cell: 'minimal',
  recurrentWeightVariance: 47.3,
  inputWeightVariance: 1.93,
  inputVariance: 0.46,
} as const;
for (const weightSharing of ['untied', 'tied'] as const) {
  const options = { ...cell, biasMean: 3.5, weightSharing, steps: 20, samples: 131_072 };
  const curve = (await evaluate('recurrent', 'memoryCurve', options)) as readonly number[];
  console.log(weightSharing, 'overlap after 20 steps', curve.at(-1));
}

// Theory and simulation of a GRU of 200 units, weights shared over time.
const spec = { system: 'recurrent', cell: 'gru', biasMean: 1, width: 200, steps: 6 } as const;
console.log('simulation', compare(await predict(spec), await simulate(spec, { trials: 20, seed: 1 })).verdict);

const { sections } = await advise({ system: 'recurrent', cell: 'gru', biasMean: 1, steps: 50 });
const [section] = sections;
if (section !== undefined && 'length' in section.findings)
  for (const finding of section.findings) console.log(finding.severity, finding.claim);
