// Directions of like variance: they are learnt together, as one subspace, in a basis that the start chooses.
import type { QuantityValue } from '../../core/results.js';
import { eigen } from './symmetric.js';

/** Directions first … first + count − 1. */
export interface Cluster {
  readonly first: number;
  readonly count: number;
}

/** Growth apart by less than e^{2·0.1} until both are half learnt is none. */
const together = 0.1;

/**
 * Clusters of directions (variances falling) whose growth α t (ν_i − ν_{i+1}) until the later of both is half learnt, or for the whole
 * run of `steps`, does not tell them apart; `elapsed`: α t of a step. A direction of its own is a cluster of one.
 */
export function clustersOf(
  variances: ArrayLike<number>,
  elapsed: (step: number) => number,
  steps: number,
  times: readonly QuantityValue[],
  limit = together,
): Cluster[] {
  const clusters: Cluster[] = [];
  let first = 0;
  for (let i = 1; i <= variances.length; i++) {
    const time = times[i];
    const lasting = typeof time === 'number' ? Math.min(time, steps) : steps;
    const gap = i < variances.length ? (variances[i - 1] as number) - (variances[i] as number) : Infinity;
    if (variances[i] !== 0 && elapsed(lasting) * gap < limit) continue;
    clusters.push({ first, count: i - first });
    first = i;
  }
  return clusters;
}

/** More zeros than this are those of a smaller matrix of the same shape. */
const mostZeros = 64;

/**
 * Typical eigenvalues of G Gᵀ for a matrix G of count × components independent standard normals: the zeros of its mean characteristic
 * polynomial, which is Laguerre's. With a common factor χ²_m/m, m = count + components − 1, their mean and mean square are exact, and
 * with one direction the law is χ² itself.
 */
export function wishartEigenvalues(count: number, components: number): Float64Array {
  const [small, large] = [Math.min(count, components), Math.max(count, components)];
  const size = Math.min(small, mostZeros);
  const scale = small / size;
  const alpha = (large - small) / scale;
  const matrix = new Float64Array(size * size);
  for (let k = 0; k < size; k++) {
    matrix[k * size + k] = 2 * k + 1 + alpha;
    const off = Math.sqrt((k + 1) * (k + 1 + alpha));
    if (k + 1 < size) [matrix[k * size + k + 1], matrix[(k + 1) * size + k]] = [off, off];
  }
  return eigen(matrix, size).values.map((zero) => scale * zero);
}
