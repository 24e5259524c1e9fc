// Separable least squares: y ≈ Σ_k a_k f_k(x; θ) with one nonlinear parameter θ. For each θ the amplitudes are exact
// (weighted linear least squares); θ is found by a grid in its own scale and Brent-like refinement.

export interface SeparableProblem {
  readonly x: ArrayLike<number>;
  readonly y: ArrayLike<number>;
  /** 1/σ of each point. */
  readonly weight: ArrayLike<number>;
  /** The basis functions at θ, one column each. */
  readonly basis: (theta: number, x: number) => readonly number[];
  /** ∂f_0/∂θ at θ: only the first basis function may depend on θ. */
  readonly slope: (theta: number, x: number) => number;
}

interface SeparableSolution {
  readonly theta: number;
  readonly amplitudes: readonly number[];
  readonly residualSquares: number;
  /** Inverse of JᵀWJ for (θ, a_0, a_1, …), not yet scaled by the residual variance; undefined when singular. */
  readonly covariance: readonly (readonly number[])[] | undefined;
}

/** Amplitudes and residual at one θ; a singular system (columns alike) gives an infinite residual. */
export function solveAt(problem: SeparableProblem, theta: number): { amplitudes: number[]; residualSquares: number } {
  const { x, y, weight, basis } = problem;
  const columns = basis(theta, x[0] as number).length;
  const normal = Array.from({ length: columns }, () => new Array<number>(columns).fill(0));
  const right = new Array<number>(columns).fill(0);
  for (let i = 0; i < x.length; i++) {
    const w = weight[i] as number;
    const row = basis(theta, x[i] as number).map((value) => value * w);
    for (let r = 0; r < columns; r++) {
      right[r] = (right[r] as number) + (row[r] as number) * w * (y[i] as number);
      for (let c = 0; c < columns; c++)
        (normal[r] as number[])[c] = ((normal[r] as number[])[c] as number) + (row[r] as number) * (row[c] as number);
    }
  }
  const inverse = invert(normal);
  if (inverse === undefined) return { amplitudes: new Array<number>(columns).fill(0), residualSquares: Infinity };
  const amplitudes = inverse.map((row) => row.reduce((sum, value, c) => sum + value * (right[c] as number), 0));
  let residualSquares = 0;
  for (let i = 0; i < x.length; i++) {
    const model = basis(theta, x[i] as number).reduce((sum, value, c) => sum + value * (amplitudes[c] as number), 0);
    residualSquares += ((weight[i] as number) * ((y[i] as number) - model)) ** 2;
  }
  return { amplitudes, residualSquares };
}

/** The best θ of a grid, refined by golden section between its neighbours. `grid` ascends. */
export function solve(
  problem: SeparableProblem,
  grid: readonly number[],
): SeparableSolution & { readonly isAtEdge: boolean } {
  let best = 0;
  let bestSquares = Infinity;
  grid.forEach((theta, i) => {
    const { residualSquares } = solveAt(problem, theta);
    if (residualSquares < bestSquares) {
      best = i;
      bestSquares = residualSquares;
    }
  });
  const low = grid[Math.max(0, best - 1)] as number;
  const high = grid[Math.min(grid.length - 1, best + 1)] as number;
  const theta = golden((at) => solveAt(problem, at).residualSquares, low, high);
  const { amplitudes, residualSquares } = solveAt(problem, theta);
  return {
    theta,
    amplitudes,
    residualSquares,
    covariance: curvature(problem, theta, amplitudes),
    isAtEdge: best === 0 || best === grid.length - 1,
  };
}

function golden(f: (x: number) => number, low: number, high: number): number {
  const ratio = (Math.sqrt(5) - 1) / 2;
  let a = low;
  let b = high;
  let c = b - ratio * (b - a);
  let d = a + ratio * (b - a);
  let fc = f(c);
  let fd = f(d);
  while (Math.abs(b - a) > 1e-12 * (Math.abs(a) + Math.abs(b))) {
    if (fc <= fd) {
      b = d;
      d = c;
      fd = fc;
      c = b - ratio * (b - a);
      fc = f(c);
    } else {
      a = c;
      c = d;
      fc = fd;
      d = a + ratio * (b - a);
      fd = f(d);
    }
    if (c <= a || d >= b) break;
  }
  return (a + b) / 2;
}

/** (JᵀWJ)⁻¹ for (θ, amplitudes). */
function curvature(problem: SeparableProblem, theta: number, amplitudes: readonly number[]): number[][] | undefined {
  const { x, weight, basis, slope } = problem;
  const size = amplitudes.length + 1;
  const normal = Array.from({ length: size }, () => new Array<number>(size).fill(0));
  for (let i = 0; i < x.length; i++) {
    const w = weight[i] as number;
    const row = [(amplitudes[0] as number) * slope(theta, x[i] as number), ...basis(theta, x[i] as number)].map(
      (value) => value * w,
    );
    for (let r = 0; r < size; r++)
      for (let c = 0; c < size; c++)
        (normal[r] as number[])[c] = ((normal[r] as number[])[c] as number) + (row[r] as number) * (row[c] as number);
  }
  return invert(normal);
}

/** Inverse of a small symmetric positive matrix after scaling to unit diagonal; undefined when it is singular to 1e-13. */
export function invert(matrix: readonly (readonly number[])[]): number[][] | undefined {
  const n = matrix.length;
  const scale = matrix.map((row, i) => Math.sqrt(row[i] as number));
  if (scale.some((value) => !(value > 0) || !Number.isFinite(value))) return undefined;
  const work = matrix.map((row, i) => [
    ...row.map((value, j) => value / ((scale[i] as number) * (scale[j] as number))),
    ...row.map((_, j) => (i === j ? 1 : 0)),
  ]);
  for (let column = 0; column < n; column++) {
    let pivot = column;
    for (let r = column + 1; r < n; r++)
      if (Math.abs(work[r]?.[column] as number) > Math.abs(work[pivot]?.[column] as number)) pivot = r;
    const top = work[pivot] as number[];
    if (Math.abs(top[column] as number) < 1e-13) return undefined;
    [work[column], work[pivot]] = [top, work[column] as number[]];
    const divisor = top[column] as number;
    for (let c = 0; c < 2 * n; c++) top[c] = (top[c] as number) / divisor;
    for (let r = 0; r < n; r++) {
      if (r === column) continue;
      const row = work[r] as number[];
      const factor = row[column] as number;
      for (let c = 0; c < 2 * n; c++) row[c] = (row[c] as number) - factor * (top[c] as number);
    }
  }
  return work.map((row, i) => row.slice(n).map((value, j) => value / ((scale[i] as number) * (scale[j] as number))));
}
