// Residual networks: a pair of inputs through tanh blocks of real width and the gradients back through the same weights.
import { predict } from '../../dist/index.js';

const variances = { innerWeightVariance: 1, innerBiasVariance: 1, outerWeightVariance: 1, outerBiasVariance: 1 };
/** The spec of a case; competitors get the same numbers. */
export const specOf = ({ width, depth }) => ({
  system: 'residual',
  activation: 'tanh',
  width: width,
  depth,
  ...variances,
});

const native = (engine, networks) => ({
  name: `native ${engine} float64`,
  program: 'native.mjs',
  precision: 'float64',
  isOurs: true,
  options: () => ({ engine, networks }),
});
const largestZ = 5.5;

export const task = {
  name: 'residual-propagation',
  title:
    'Residual networks: a pair of inputs through tanh blocks, forward and backward with the same weights; seconds per network',
  perNetwork: true,
  cases: (isQuick) => [
    isQuick
      ? { name: 'width 64, depth 10', options: { width: 64, depth: 10 } }
      : { name: 'width 1024, depth 50', options: { width: 1024, depth: 50 } },
  ],
  check: ({ depth }) => ({ width: 64, depth, networks: 200 }),
  reference: 'native conditioned float64',
  needsLimits: false,
  competitors: [
    native('conditioned', 200),
    native('dense', 2),
    {
      name: 'naive JavaScript',
      program: 'naive.mjs',
      precision: 'float64',
      options: () => ({ networks: 1 }),
      isFor: (_, threads) => threads === 1,
    },
    { name: 'PyTorch', program: 'torch.py', precision: 'float32', options: () => ({ networks: 2 }) },
  ],
  // The recurrences, and the variances over networks they state.
  expected: async (options) => {
    const { observables, quantities } = await predict(specOf(options));
    const [length, gradient] = [observables.secondMoment.values, observables.gradientSecondMoment.values];
    return {
      secondMoment: Math.exp(length.at(-1)),
      gradient: Math.exp(gradient[0] - gradient.at(-1)),
      lengthSpread: quantities.relativeStandardDeviationOfSecondMoment,
      gradientSpread: Math.sqrt(Math.expm1(quantities.varianceOfLogGradient)),
    };
  },
  isRight: ({ secondMoment, gradient, lengthSpread, gradientSpread }, { networks, observables }) => {
    const z = (found, wanted, spread) => (found / wanted - 1) / (spread / Math.sqrt(networks));
    const found = [
      z(observables.secondMoment[0], secondMoment, lengthSpread),
      z(observables.gradient[0], gradient, gradientSpread),
    ];
    return {
      isRight: found.every((value) => Math.abs(value) < largestZ),
      detail: `|x_L|²/N and χ_0/χ_L against the recurrences: z ${found.map((value) => value.toFixed(2)).join(', ')}`,
    };
  },
};
