// Kernel matrices: NNGP and NTK of a ReLU perceptron on a data matrix, against numpy doing the same formulas.
const limit = (name, fresh, layer) => ({
  name,
  program: 'limit.cc',
  precision: 'float64',
  kind: 'limit',
  answersNothing: true,
  options: () => ({ fresh, layer }),
});

export const task = {
  name: 'kernel-matrix',
  title: 'Kernel matrices: NNGP and NTK of a ReLU perceptron with biases, depth 5, all pairs of inputs; seconds',
  cases: (isQuick) =>
    (isQuick
      ? [{ count: 300, dimension: 50 }]
      : [
          { count: 1000, dimension: 784 },
          { count: 4000, dimension: 784 },
        ]
    ).map(({ count, dimension }) => ({
      name: `${count} inputs of ${dimension} components`,
      options: { activation: 'relu', count, dimension, depth: 5, weightVariance: 2, biasVariance: 0.1 },
    })),
  reference: 'native maps',
  needsLimits: false,
  competitors: [
    {
      name: 'native maps',
      program: 'native.mjs',
      precision: 'float64',
      isOurs: true,
      options: () => ({ networks: 1 }),
    },
    {
      name: 'native maps, tanh',
      program: 'native.mjs',
      precision: 'float64',
      isOurs: true,
      options: () => ({ networks: 1, activation: 'tanh' }),
    },
    limit('limit: dsyrk and a pass for every layer', 'no', 'no'),
    limit('the same into fresh memory', 'yes', 'no'),
    limit('dsyrk and a root and an arc tangent for every layer', 'no', 'yes'),
    limit('the same into fresh memory, with them', 'yes', 'yes'),
    { name: 'numpy', program: 'numpy_kernels.py', precision: 'float64', options: () => ({ networks: 1 }) },
  ],
  scale: () => 1,
  expected: async (options) => {
    const { answerOf } = await import('./native.mjs');
    return answerOf(options);
  },
  isRight: (expected, { observables }) => {
    const largest = Math.max(
      ...['nngp', 'ntk'].flatMap((name) =>
        observables[name].map((value, i) => Math.abs(value / expected.observables[name][i] - 1)),
      ),
    );
    return {
      isRight: largest < 1e-11,
      detail: `first row of both kernels: largest relative difference ${largest.toExponential(1)}`,
    };
  },
};
