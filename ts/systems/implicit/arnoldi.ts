// Eigenvalues and norms of J from products with it, where it is too large to be a matrix: lower estimates.
import { addon } from '../../core/addon.js';
import { combined, dot, norm, type Vector } from './products.js';

type Product = (v: Vector) => Vector | Promise<Vector>;

interface Ritz {
  /** Largest modulus of a Ritz value: of normal matrices never above the spectral radius, of others an estimate without direction. */
  readonly radius: number;
  /** Distance of the nearest Ritz value from 1. */
  readonly distanceFromOne: number;
  readonly values: readonly { readonly real: number; readonly imaginary: number }[];
  readonly products: number;
}

/** Ritz values of a Krylov space of at most `size` directions; modified Gram–Schmidt done twice. */
export async function arnoldi(product: Product, start: Vector, size: number): Promise<Ritz> {
  const basis: Vector[] = [start.map((x) => x / norm(start))];
  const columns: number[][] = [];
  for (let k = 0; k < Math.min(size, start.length); k++) {
    let w: Vector = (await product(basis[k] as Vector)).slice();
    const length = norm(w);
    const column = basis.map(() => 0);
    for (let pass = 0; pass < 2; pass++)
      for (const [j, q] of basis.entries()) {
        const share = dot(w, q);
        column[j] = (column[j] as number) + share;
        w = combined(-share, q, w);
      }
    const rest = norm(w);
    columns.push([...column, rest]);
    if (rest <= 1e-13 * length || length === 0) break;
    basis.push(w.map((x) => x / rest));
  }
  const m = columns.length;
  const hessenberg = new Float64Array(m * m);
  for (const [j, column] of columns.entries())
    for (const [i, x] of column.entries()) if (i < m) hessenberg[i * m + j] = x;
  const all = await addon().implicitSpectrum(m, hessenberg);
  const values = Array.from({ length: m }, (_, i) => ({ real: all[i] as number, imaginary: all[m + i] as number }));
  return {
    radius: Math.max(...values.map(({ real, imaginary }) => Math.hypot(real, imaginary))),
    distanceFromOne: Math.min(...values.map(({ real, imaginary }) => Math.hypot(real - 1, imaginary))),
    values,
    products: m,
  };
}

/** |J|₂ from below: power steps on Jᵀ J. */
export async function normEstimate(jvp: Product, vjp: Product, start: Vector, steps: number): Promise<number> {
  let v: Vector = start.map((x) => x / norm(start));
  let estimate = 0;
  for (let k = 0; k < steps; k++) {
    const forward = await jvp(v);
    const before = estimate;
    estimate = norm(forward);
    if (estimate === 0 || Math.abs(estimate - before) <= 1e-6 * estimate) break;
    const back = await vjp(forward);
    const length = norm(back);
    if (length === 0) break;
    v = back.map((x) => x / length);
  }
  return estimate;
}
