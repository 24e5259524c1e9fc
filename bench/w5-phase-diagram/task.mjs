// W5: the phase diagram of tanh with dropout: all three depth scales on a grid. SciPy and our untabulated functions are timed on
// 64 points and scaled to the grid.
import { evaluate } from '../../dist/index.js';
import { compareValues } from '../runner/answers.mjs';
import { multipliersOf, quantities, samplePoints } from '../runner/phase-diagram.mjs';

const sampledPoints = 64;

export const task = {
  name: 'w5-phase-diagram',
  title:
    'Phase diagram: depth scales of variance, correlation and gradient of tanh, keep 0.95; seconds for the whole grid',
  cases: (isQuick) =>
    [64, 512]
      .slice(isQuick ? 0 : 1, isQuick ? 1 : 2)
      .map((size) => ({ name: `${size} × ${size} points`, options: { size, keepProbability: 0.95 } })),
  reference: 'native map',
  needsLimits: false,
  competitors: [
    { name: 'native map', program: 'native.mjs', precision: 'float64', isOurs: true },
    {
      name: 'native, point by point',
      program: 'evaluate.mjs',
      precision: 'float64',
      isOurs: true,
      options: () => ({ points: sampledPoints }),
    },
    {
      name: 'SciPy, point by point',
      program: 'scipy.py',
      precision: 'float64',
      options: () => ({ points: sampledPoints }),
    },
  ],
  scale: ({ size, points }) => (points === undefined ? 1 : size ** 2 / points),
  expected: async ({ size, keepProbability }) => {
    const observables = {};
    for (const quantity of quantities) {
      const scales = await Promise.all(
        samplePoints(size).map((point) =>
          evaluate('feedforward', quantity, { activation: 'tanh', keepProbability, ...point }),
        ),
      );
      observables[quantity] = multipliersOf(scales);
    }
    return { observables };
  },
  // Multipliers, not depth scales: near criticality a scale magnifies its multiplier's error without bound.
  isRight: (expected, answer) => compareValues(expected, answer, 1e-9),
};
