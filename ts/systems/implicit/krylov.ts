// Krylov solvers of A x = b for products with A, from a first guess; each counts its products.
import { combined, difference, dot, norm, type Vector } from './products.js';

type Product = (v: Vector) => Vector | Promise<Vector>;

interface KrylovOptions {
  /** Of |b − A x| beside |b|. */
  readonly tolerance: number;
  readonly restart?: number;
  /** Largest number of products. */
  readonly limit: number;
  readonly guess?: Vector;
}

export interface KrylovResult {
  readonly solution: Vector;
  readonly residualNorm: number;
  readonly iterations: number;
  readonly products: number;
  readonly converged: boolean;
}

/** GMRES(m): modified Gram–Schmidt done twice, Givens rotations; an invariant space ends a cycle. */
export async function gmres(product: Product, b: Vector, options: KrylovOptions): Promise<KrylovResult> {
  const { tolerance, restart = 40, limit } = options;
  const size = norm(b);
  const wanted = tolerance * size;
  let x: Vector = options.guess?.slice() ?? new Float64Array(b.length);
  let [products, iterations] = [0, 0];
  let r: Vector = b.slice();
  if (options.guess !== undefined) {
    r = difference(b, await product(x));
    products++;
  }
  let residual = norm(r);
  while (residual > wanted && products < limit) {
    const before = residual;
    const basis: Vector[] = [r.map((value) => value / residual)];
    const columns: number[][] = [];
    const rotations: (readonly [number, number])[] = [];
    const rhs = [residual];
    for (let k = 0; k < Math.min(restart, b.length) && products < limit; k++) {
      let w: Vector = (await product(basis[k] as Vector)).slice();
      products++;
      iterations++;
      const column: number[] = basis.map(() => 0);
      const length = norm(w);
      for (let pass = 0; pass < 2; pass++)
        for (const [j, q] of basis.entries()) {
          const share = dot(w, q);
          column[j] = (column[j] as number) + share;
          w = combined(-share, q, w);
        }
      const rest = norm(w);
      const isInvariant = rest <= 1e-14 * length;
      for (const [j, [c, s]] of rotations.entries()) {
        const [upper, lower] = [column[j] as number, column[j + 1] as number];
        column[j] = c * upper + s * lower;
        column[j + 1] = c * lower - s * upper;
      }
      const diagonal = Math.hypot(column[k] as number, isInvariant ? 0 : rest);
      if (diagonal === 0) break;
      const [c, s] = [(column[k] as number) / diagonal, (isInvariant ? 0 : rest) / diagonal];
      rotations.push([c, s]);
      column[k] = diagonal;
      columns.push(column);
      rhs.push(-s * (rhs[k] as number));
      rhs[k] = c * (rhs[k] as number);
      if (Math.abs(rhs[k + 1] as number) <= wanted || isInvariant) break;
      basis.push(w.map((value) => value / rest));
    }
    const y = backSubstituted(columns, rhs);
    for (const [k, share] of y.entries()) x = combined(share, basis[k] as Vector, x);
    r = difference(b, await product(x));
    products++;
    residual = norm(r);
    if (!(residual < 0.999 * before)) break;
  }
  // The residual of a cycle is checked by one product more, which is no iteration.
  return { solution: x, residualNorm: residual, iterations, products, converged: residual <= 1.01 * wanted };
}

function backSubstituted(columns: readonly number[][], rhs: readonly number[]): number[] {
  const y = columns.map(() => 0);
  for (let k = columns.length - 1; k >= 0; k--) {
    let sum = rhs[k] as number;
    for (let j = k + 1; j < columns.length; j++) sum -= (columns[j]?.[k] as number) * (y[j] as number);
    y[k] = sum / (columns[k]?.[k] as number);
  }
  return y;
}

/** Conjugate gradient for a symmetric positive definite product; stops, unconverged, at a direction without curvature. */
export async function conjugateGradient(product: Product, b: Vector, options: KrylovOptions): Promise<KrylovResult> {
  const wanted = options.tolerance * norm(b);
  let x: Vector = new Float64Array(b.length);
  let r: Vector = b.slice();
  let p: Vector = r.slice();
  let squares = dot(r, r);
  let iterations = 0;
  while (Math.sqrt(squares) > wanted && iterations < options.limit) {
    const q = await product(p);
    iterations++;
    const curvature = dot(p, q);
    if (!(curvature > 0)) break;
    const length = squares / curvature;
    x = combined(length, p, x);
    r = combined(-length, q, r);
    const next = dot(r, r);
    p = combined(next / squares, p, r);
    squares = next;
  }
  const residualNorm = Math.sqrt(squares);
  return { solution: x, residualNorm, iterations, products: iterations, converged: residualNorm <= wanted };
}

/** CGLS: conjugate gradient on Aᵀ A x = Aᵀ b without forming it; `shift` is added to Aᵀ A. Returns the iterate it tested. */
export async function normalEquations(
  product: Product,
  transposed: Product,
  b: Vector,
  options: KrylovOptions & { readonly shift?: number },
): Promise<KrylovResult> {
  const { shift = 0, limit } = options;
  const wanted = options.tolerance * norm(b);
  let x: Vector = new Float64Array(b.length);
  let r: Vector = b.slice();
  let s: Vector = (await transposed(r)).slice();
  let p: Vector = s.slice();
  let squares = dot(s, s);
  const first = Math.sqrt(squares);
  let iterations = 0;
  // With a shift the residual of A x = b does not vanish: that of the shifted normal equations is looked at.
  const rest = (): number => (shift === 0 ? norm(r) : (Math.sqrt(squares) / first) * norm(b));
  while (rest() > wanted && iterations < limit && squares > 0) {
    const q = await product(p);
    iterations++;
    const curvature = dot(q, q) + shift * dot(p, p);
    if (!(curvature > 0)) break;
    const length = squares / curvature;
    x = combined(length, p, x);
    r = combined(-length, q, r);
    s = combined(-shift, x, await transposed(r));
    const next = dot(s, s);
    p = combined(next / squares, p, s);
    squares = next;
  }
  return { solution: x, residualNorm: norm(r), iterations, products: iterations, converged: rest() <= wanted };
}

/** BiCGSTAB; a breakdown ends it unconverged. */
export async function biCgStab(product: Product, b: Vector, options: KrylovOptions): Promise<KrylovResult> {
  const wanted = options.tolerance * norm(b);
  let x: Vector = new Float64Array(b.length);
  let r: Vector = b.slice();
  const shadow = r.slice();
  let p: Vector = r.slice();
  let rho = dot(shadow, r);
  let [iterations, products] = [0, 0];
  while (norm(r) > wanted && products < options.limit) {
    const v = await product(p);
    products++;
    iterations++;
    const denominator = dot(shadow, v);
    if (denominator === 0 || rho === 0) break;
    const alpha = rho / denominator;
    const s = combined(-alpha, v, r);
    x = combined(alpha, p, x);
    if (norm(s) <= wanted) {
      r = s;
      break;
    }
    const t = await product(s);
    products++;
    const squares = dot(t, t);
    if (squares === 0) break;
    const omega = dot(t, s) / squares;
    x = combined(omega, s, x);
    r = combined(-omega, t, s);
    const next = dot(shadow, r);
    const beta = (next / rho) * (alpha / omega);
    p = combined(
      1,
      r,
      combined(-omega, v, p).map((value) => beta * value),
    );
    rho = next;
    if (!Number.isFinite(rho)) break;
  }
  const residualNorm = norm(difference(b, await product(x)));
  return { solution: x, residualNorm, iterations, products: products + 1, converged: residualNorm <= 10 * wanted };
}
