// Spectrum of a data set: second moment, eigenvalues and directions from bytes, beside one call of dsyrk on doubles.
import { dataSpectrum } from '../../dist/index.js';
import { setOf } from './images.mjs';

export const task = {
  name: 'autoencoder-spectrum',
  title: 'Spectrum of a data set: second moment, eigenvalues and eigenvectors; seconds',
  cases: (isQuick) =>
    (isQuick ? [{ count: 2000, dimension: 100 }] : [{ count: 50_000, dimension: 784 }]).map((options) => ({
      name: `${options.count} × ${options.dimension}`,
      options,
    })),
  check: (options) => options,
  reference: 'native, from bytes',
  needsLimits: false,
  competitors: [
    { name: 'native, from bytes', program: 'native.mjs', precision: 'float64', isOurs: true, options: () => ({}) },
    {
      name: 'NumPy, dsyrk alone',
      program: 'numpy.py',
      precision: 'float64',
      options: () => ({ eigenvectors: false }),
    },
    {
      name: 'NumPy, dsyrk and eigh',
      program: 'numpy.py',
      precision: 'float64',
      options: () => ({ eigenvectors: true }),
    },
  ],
  scale: () => 1,
  expected: async ({ count, dimension }) => {
    const { inputVariance, trace } = await dataSpectrum(setOf(count, dimension));
    return { observables: { spectrum: Array.from(inputVariance.slice(0, 16)), trace: [trace] } };
  },
  isRight: (expected, { observables }) => {
    const errors = Object.entries(observables).flatMap(([name, values]) =>
      values.map((value, i) => Math.abs(value / expected.observables[name][i] - 1)),
    );
    const largest = Math.max(...errors);
    return { isRight: largest < 1e-9, detail: `largest relative difference ${largest.toExponential(1)}` };
  },
};
