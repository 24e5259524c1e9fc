// Making a map contract: singular values cut off, rows brought into a ball, and what each certifies.
import { dot, norm, type Vector } from './products.js';

/** Sweeps of one-sided Jacobi rotations after which columns are orthogonal to rounding. */
const sweeps = 40;

/**
 * The nearest matrix (rows × columns, row-major) whose singular values are at most `bound`: they are cut off. One-sided Jacobi rotations
 * make W V = columns of lengths s; W ← (W V) diag(min(1, bound/s)) Vᵀ.
 */
export function projectSpectralNorm(matrix: Vector, rows: number, columns: number, bound: number): Vector {
  const { images, directions } = rotated(matrix, rows, columns);
  const factors = images.map((x) => Math.min(1, bound / norm(x)));
  if (factors.every((x) => x === 1)) return matrix.slice();
  const result = new Float64Array(rows * columns);
  for (const [k, x] of images.entries()) {
    const [factor, y] = [factors[k] as number, directions[k] as Vector];
    for (let i = 0; i < rows; i++) {
      const left = factor * (x[i] as number);
      for (let j = 0; j < columns; j++)
        result[i * columns + j] = (result[i * columns + j] as number) + left * (y[j] as number);
    }
  }
  return result;
}

/** Orthogonal directions v_k (right singular vectors) and their images W v_k, which are orthogonal to rounding. */
export function rotated(
  matrix: Vector,
  rows: number,
  columns: number,
): { readonly images: readonly Vector[]; readonly directions: readonly Vector[] } {
  const column = (from: Vector, count: number, j: number): Vector =>
    Float64Array.from({ length: count }, (_, i) => from[i * columns + j] as number);
  const u = Array.from({ length: columns }, (_, j) => column(matrix, rows, j));
  const v = Array.from({ length: columns }, (_, j) => {
    const unit = new Float64Array(columns);
    unit[j] = 1;
    return unit as Vector;
  });
  for (let sweep = 0; sweep < sweeps; sweep++) {
    let largest = 0;
    for (let p = 0; p < columns; p++)
      for (let q = p + 1; q < columns; q++) {
        const [a, b] = [u[p] as Vector, u[q] as Vector];
        const [alpha, beta, gamma] = [dot(a, a), dot(b, b), dot(a, b)];
        const scale = Math.sqrt(alpha * beta);
        if (scale === 0 || Math.abs(gamma) <= 1e-15 * scale) continue;
        largest = Math.max(largest, Math.abs(gamma) / scale);
        const zeta = (beta - alpha) / (2 * gamma);
        const t = (zeta >= 0 ? 1 : -1) / (Math.abs(zeta) + Math.sqrt(1 + zeta * zeta));
        const c = 1 / Math.sqrt(1 + t * t);
        for (const [x, y] of [
          [a, b],
          [v[p] as Vector, v[q] as Vector],
        ] as const)
          for (let i = 0; i < x.length; i++) {
            const [xi, yi] = [x[i] as number, y[i] as number];
            x[i] = c * xi - c * t * yi;
            y[i] = c * t * xi + c * yi;
          }
      }
    if (largest <= 1e-14) break;
  }
  return { images: u, directions: v };
}
