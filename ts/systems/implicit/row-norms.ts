// Rows of a matrix brought into a ball of the l1 norm, and upper bounds of norms that rounding cannot break.
import { multiply, norm, type Vector } from './products.js';

/** Unit roundoff of a double. */
const unit = 2 ** -53;

/**
 * The nearest matrix (rows × columns, row-major) whose rows have an l1 norm of at most `bound`: of a row beyond it the sizes of all
 * entries are lowered by one threshold, to 0 at most (Duchi et al. 2008).
 */
export function projectInfinityNorm(matrix: Vector, rows: number, columns: number, bound: number): Vector {
  const result = matrix.slice();
  for (let i = 0; i < rows; i++) {
    const row = result.subarray(i * columns, (i + 1) * columns);
    if (rowSum(row) <= bound) continue;
    const sizes = row.map(Math.abs).sort().reverse();
    let [sum, threshold] = [0, 0];
    for (let k = 0; k < columns; k++) {
      sum += sizes[k] as number;
      const next = (sum - bound) / (k + 1);
      if (next >= (sizes[k] as number)) break;
      threshold = next;
    }
    // A threshold that rounding made too low is raised until the row is inside.
    for (let raised = threshold; ; raised += 4 * columns * unit * Math.max(bound, raised)) {
      for (let j = 0; j < columns; j++) {
        const given = matrix[i * columns + j] as number;
        row[j] = Math.sign(given) * Math.max(0, Math.abs(given) - raised);
      }
      if (rowSum(row) <= bound) break;
    }
  }
  return result;
}

/** An upper bound of Σ |x|. */
function rowSum(row: Vector): number {
  let sum = 0;
  for (const x of row) sum += Math.abs(x);
  return sum * (1 + 2 * row.length * unit);
}

/** An upper bound of the largest l1 norm of a row: ‖W‖_∞. */
export function infinityNormBound(matrix: Vector, rows: number, columns: number): number {
  let largest = 0;
  for (let i = 0; i < rows; i++) largest = Math.max(largest, rowSum(matrix.subarray(i * columns, (i + 1) * columns)));
  return largest;
}

/**
 * An upper bound of ‖W‖₂ from any V (columns × columns) that is nearly orthogonal: ‖W V‖² is at most the largest row sum of |(W V)ᵀ W V|
 * (Gershgorin), ‖VᵀV − I‖ at most that of its entries, and ‖W‖ ≤ ‖W V‖/√(1 − ‖VᵀV − I‖). Rounding of the products is added:
 * k ε of |W|·|V| for sums of k products. Right singular vectors make it tight to about n ε.
 */
export function spectralNormBound(matrix: Vector, rows: number, columns: number, directions: Vector): number {
  const image = multiply([columns, rows, columns], directions, matrix, { b: true });
  const squares = multiply([columns, columns, rows], image, image, { b: true });
  const skew = multiply([columns, columns, columns], directions, directions, { b: true });
  for (let k = 0; k < columns; k++) skew[k * (columns + 1)] = (skew[k * (columns + 1)] as number) - 1;
  const whole = norm(matrix);
  const lost = 4 * (rows + columns) * unit;
  const slack = infinityNormBound(skew, columns, columns) + columns * lost;
  if (slack >= 1) return whole * (1 + lost);
  const largest = infinityNormBound(squares, columns, columns);
  const ofImage = Math.sqrt(largest + columns * lost * whole * whole) + Math.sqrt(columns) * lost * whole;
  return Math.min(whole * (1 + lost), (ofImage / Math.sqrt(1 - slack)) * (1 + lost));
}
