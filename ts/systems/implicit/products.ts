// Products of dense matrices and graph operators: the native kernels, and the few loops over vectors that solvers share.
import { addon } from '../../core/addon.js';

export type Vector = Float64Array;

/** C (m × n) = op(A) op(B), row-major. */
export function multiply(
  [m, n, k]: readonly [number, number, number],
  a: Vector,
  b: Vector,
  transposed: { readonly a?: boolean; readonly b?: boolean } = {},
): Vector {
  const c = new Float64Array(m * n);
  addon().implicitMultiply(transposed.a ?? false, transposed.b ?? false, m, n, k, a, b, c);
  return c;
}

export function dot(x: Vector, y: Vector): number {
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += (x[i] as number) * (y[i] as number);
  return sum;
}

/** Euclidean length, without overflow or underflow. */
export function norm(x: Vector): number {
  const plain = Math.sqrt(dot(x, x));
  if (plain > 1e-140 && plain < 1e140) return plain;
  const largest = maximumOf(x);
  if (largest === 0 || !Number.isFinite(largest)) return largest;
  return largest * Math.sqrt(x.reduce((sum, value) => sum + (value / largest) ** 2, 0));
}

export function maximumOf(x: Vector): number {
  let largest = 0;
  for (let i = 0; i < x.length; i++) {
    const size = Math.abs(x[i] as number);
    if (!(size <= largest)) largest = size;
  }
  return largest;
}

/** a x + y. */
export function combined(a: number, x: Vector, y: Vector): Vector {
  const result = new Float64Array(x.length);
  for (let i = 0; i < x.length; i++) result[i] = a * (x[i] as number) + (y[i] as number);
  return result;
}

/** x − y. */
export function difference(x: Vector, y: Vector): Vector {
  const result = new Float64Array(x.length);
  for (let i = 0; i < x.length; i++) result[i] = (x[i] as number) - (y[i] as number);
  return result;
}

/** x ∘ y. */
export function byComponent(x: Vector, y: Vector): Vector {
  const result = new Float64Array(x.length);
  for (let i = 0; i < x.length; i++) result[i] = (x[i] as number) * (y[i] as number);
  return result;
}

/** J as a matrix, row-major, from its products with unit vectors. */
export function matrixOf(size: number, jvp: (v: Vector) => Vector): Vector {
  const matrix = new Float64Array(size * size);
  const unit = new Float64Array(size);
  for (let j = 0; j < size; j++) {
    unit[j] = 1;
    const column = jvp(unit);
    unit[j] = 0;
    for (let i = 0; i < size; i++) matrix[i * size + j] = column[i] as number;
  }
  return matrix;
}

/** Parts of the spectrum of a square matrix. */
export interface Spectrum {
  readonly radius: number;
  readonly real: Vector;
  readonly imaginary: Vector;
  /** Decreasing, of the matrix. */
  readonly singular: Vector;
  /** Decreasing, of I minus it. */
  readonly singularOfRest: Vector;
}

export async function spectrumOf(size: number, matrix: Vector): Promise<Spectrum> {
  const all = await addon().implicitSpectrum(size, matrix);
  const part = (k: number): Vector => all.slice(k * size, (k + 1) * size);
  const [real, imaginary] = [part(0), part(1)];
  const radius = real.reduce((most, x, i) => Math.max(most, Math.hypot(x, imaginary[i] as number)), 0);
  return { radius, real, imaginary, singular: part(2), singularOfRest: part(3) };
}

/** The solution of (I − J) x = b, or (I − J)ᵀ x = b; undefined where the matrix is exactly singular. */
export async function solveDense(
  size: number,
  jacobian: Vector,
  b: Vector,
  transposed: boolean,
): Promise<Vector | undefined> {
  const matrix = new Float64Array(size * size);
  for (let i = 0; i < size; i++)
    for (let j = 0; j < size; j++)
      matrix[i * size + j] = (i === j ? 1 : 0) - (jacobian[transposed ? j * size + i : i * size + j] as number);
  const x = await addon().implicitSolve(size, matrix, b);
  if (x.length !== size || !x.every(Number.isFinite)) return undefined;
  // One step of refinement: the residual of the solution, solved for once more.
  const rest = difference(b, multiply([size, 1, size], matrix, x));
  const correction = await addon().implicitSolve(size, matrix, rest);
  return combined(1, x, correction);
}
