// Upper bounds of the spectral radius that hold whatever the rounding, and the lower estimate beside them.
import { matrixOf, type Vector } from './products.js';
import type { Linearization } from './dynamics.js';

const floor = 1e-12;
const powerSteps = 200;

/**
 * Collatz–Wielandt: ρ(J) ≤ max_i (|J| x)_i / x_i for any x > 0; x from power steps on |J|, floored so that zero rows (clamped
 * components) count as 0.
 */
export function perronBound(size: number, matrix: Vector, transposed = false, averaged = false): number {
  const absolute = matrix.map(Math.abs);
  const times = (x: Vector): Vector => {
    const y = new Float64Array(size);
    for (let i = 0; i < size; i++)
      for (let j = 0; j < size; j++) {
        const [to, from] = transposed ? [j, i] : [i, j];
        y[to] = (y[to] as number) + (absolute[i * size + j] as number) * (x[from] as number);
      }
    return y;
  };
  let x: Vector = new Float64Array(size).fill(1);
  for (let step = 0; step < powerSteps; step++) {
    const y = times(x);
    const largest = y.reduce((most, value) => Math.max(most, value), 0);
    if (largest === 0) return 0;
    // Where paths have a period (two units that drive each other) plain power steps alternate for ever; means with x do not.
    x = y.map((value, i) => Math.max(averaged ? 0.5 * (value / largest + (x[i] as number)) : value / largest, floor));
  }
  return times(x).reduce((most, value, i) => Math.max(most, value / (x[i] as number)), 0);
}

/**
 * The least of Collatz–Wielandt of J and Jᵀ (plain and averaged power steps), both sum norms and Frobenius', each enlarged by
 * what rounding may take.
 */
export function certificateOf(size: number, matrix: Vector): number {
  const columns = new Float64Array(size);
  let [rows, squares] = [0, 0];
  for (let i = 0; i < size; i++) {
    let row = 0;
    for (let j = 0; j < size; j++) {
      const entry = Math.abs(matrix[i * size + j] as number);
      row += entry;
      columns[j] = (columns[j] as number) + entry;
      squares += entry * entry;
    }
    rows = Math.max(rows, row);
  }
  const bounds = [
    perronBound(size, matrix),
    perronBound(size, matrix, true),
    perronBound(size, matrix, false, true),
    perronBound(size, matrix, true, true),
    rows,
    Math.max(...columns),
    Math.sqrt(squares),
  ];
  return Math.min(...bounds) * (1 + 4 * size * Number.EPSILON);
}

export const jacobianOf = (size: number, at: Linearization): Vector => matrixOf(size, at.jvp);
