// Curves of one direction: the closed form at many steps, beside NumPy's exponentials on the published arrangement of it.
import { modeCurve } from '../../dist/index.js';
import { compareValues } from '../runner/answers.mjs';
import { looked, stepsOf } from './steps.mjs';

export const task = {
  name: 'autoencoder-curves',
  title:
    'Mappings of a direction of a linear autoencoder at many steps; seconds per 1e7 points (below 1: more than 1e7 a second)',
  cases: (isQuick) =>
    [
      { name: 'equal weights', options: { noiseVariance: 0.5, learningRate: 0.001, initialMapping: 1e-6 } },
      { name: 'any two weights, noise', options: { noiseVariance: 0.5, learningRate: 0.001, w1: 0.3, w2: -0.1 } },
    ].slice(0, isQuick ? 1 : 2),
  reference: 'native closed form',
  needsLimits: false,
  competitors: [
    {
      name: 'native closed form',
      program: 'native.mjs',
      precision: 'float64',
      isOurs: true,
      options: () => ({ points: 2_000_000 }),
      isFor: (_, threads) => threads === 1,
    },
    {
      name: 'NumPy',
      program: 'numpy.py',
      precision: 'float64',
      options: () => ({ points: 2_000_000 }),
      isFor: (_, threads) => threads === 1,
    },
  ],
  scale: ({ points }) => 1e7 / points,
  expected: async ({ points, threads: _, ...options }) => {
    const curve = modeCurve({ inputVariance: 1, ...options }, stepsOf(points));
    return { observables: { mapping: looked(curve) } };
  },
  isRight: (expected, answer) => compareValues(expected, answer, 1e-9),
};
