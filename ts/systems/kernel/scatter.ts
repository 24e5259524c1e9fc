// How much the diagonal of a kernel scatters over networks: relative variances to first order in 1/width, layer by layer.
import { expectation } from '../../gaussian/moments.js';
import type { DataMatrix, KernelModel } from './model.js';

/** Beyond this many inputs or layers nothing is said. */
export const mostFollowed = 4096;

/**
 * Relative variance of K^l_aa, (depth + 1) × count; undefined where it would cost more than the kernels.
 *
 * K^1 scatters by the masks of the inputs, (1/ρ_0 − 1) Σx⁴/(Σx²)²; each hidden layer adds (E φ⁴/(ρ (E φ²)²) − 1)/N and hands on χ² times
 * what it got, χ = d log E φ²/d log K: 1 + v' = (1 + χ² v)(1 + own), exact for φ of degree 1. Biases lessen both by their share.
 */
export function scatterOf(model: KernelModel, data: DataMatrix, variance: Float64Array): Float64Array | undefined {
  const { depth, phi } = model;
  const { count, dimension, values } = data;
  if (count * depth > mostFollowed) return undefined;
  const result = new Float64Array((depth + 1) * count);
  for (let a = 0; a < count; a++) {
    let spread = (1 / model.inputKeep - 1) * shareOf(values.subarray(a * dimension, (a + 1) * dimension));
    for (let l = 0; l <= depth; l++) {
      const q = variance[l * count + a] as number;
      const signal = q > 0 ? 1 - (model.biases[l] as number) / q : 0;
      spread *= signal * signal;
      result[l * count + a] = spread;
      if (l === depth || !(q > 0)) break;
      const second = expectation(phi, { value: 2 }, q);
      const fourth = expectation(phi, { value: 4 }, q);
      if (!(second > 0) || !(fourth < Infinity)) break;
      const slope = expectation(phi, { value: 1, first: 1, argument: 1 }, q) / second;
      const own = (fourth / ((model.keeps[l] as number) * second * second) - 1) / (model.widths[l] ?? Infinity);
      spread = (1 + slope * slope * spread) * (1 + Math.max(0, own)) - 1;
      if (!Number.isFinite(spread)) break;
    }
  }
  return result;
}

/** Σ x⁴/(Σ x²)². */
function shareOf(x: Float64Array): number {
  let [squares, fourths] = [0, 0];
  const size = x.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  if (size === 0) return 0;
  for (const value of x) {
    const square = (value / size) ** 2;
    squares += square;
    fourths += square * square;
  }
  return fourths / squares ** 2;
}
