// The factorisation behind every regression, beside OpenBLAS's own.
const competitor = (name, program, isOurs) => ({ name, program, precision: 'float64', isOurs, options: () => ({}) });

export const task = {
  name: 'kernel-cholesky',
  title: 'Cholesky factor of a positive definite matrix; seconds',
  cases: (isQuick) =>
    (isQuick ? [400] : [2000, 5000]).map((size) => ({ name: `${size} x ${size}`, options: { size } })),
  reference: 'native tiles',
  needsLimits: false,
  competitors: [
    competitor('native tiles', 'native.cc', true),
    { ...competitor('OpenBLAS dpotrf', 'openblas.cc', false), kind: 'limit' },
  ],
  scale: () => 1,
  // Of exp(-|i - j|/50): a chain whose factors are known.
  expected: ({ size }) => (size - 1) * Math.log1p(-Math.exp(-2 / 50)),
  isRight: (expected, { observables }) => {
    const difference = Math.abs(observables.logDeterminant[0] / expected - 1);
    return {
      isRight: difference < 1e-9,
      detail: `log determinant: relative difference ${difference.toExponential(1)}`,
    };
  },
};
