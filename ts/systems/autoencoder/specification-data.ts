// The data and the starts on which reference values of networks are given: sines, the same on every machine.
import { eigen } from './symmetric.js';

/** Entry (n, d) = sin(1 + 3n + 7d) + cos(2 + 5nd)/(1 + d): samples × dimension, row-major. */
function specificationData(samples: number, dimension: number): Float64Array {
  return Float64Array.from({ length: samples * dimension }, (_, i) => {
    const [n, d] = [Math.floor(i / dimension), i % dimension];
    return Math.sin(1 + 3 * n + 7 * d) + Math.cos(2 + 5 * n * d) / (1 + d);
  });
}

/** S = (1/N) Σ x xᵀ of rows. */
function secondMoment(rows: Float64Array, samples: number, dimension: number): Float64Array {
  const moment = new Float64Array(dimension * dimension);
  for (let n = 0; n < samples; n++) {
    for (let i = 0; i < dimension; i++) {
      const x = rows[n * dimension + i] as number;
      for (let j = 0; j <= i; j++)
        moment[i * dimension + j] = (moment[i * dimension + j] as number) + x * (rows[n * dimension + j] as number);
    }
  }
  for (let i = 0; i < dimension; i++) {
    for (let j = 0; j <= i; j++) {
      const value = (moment[i * dimension + j] as number) / samples;
      moment[i * dimension + j] = value;
      moment[j * dimension + i] = value;
    }
  }
  return moment;
}

/** Eigenvalues of the second moment of that data; what rounding leaves of a null direction is 0. */
export function specificationSpectrum(samples: number, dimension: number): Float64Array {
  const { values } = eigen(secondMoment(specificationData(samples, dimension), samples, dimension), dimension);
  const least = 64 * Number.EPSILON * (values[0] as number);
  return values.map((value) => (value < least ? 0 : value));
}
