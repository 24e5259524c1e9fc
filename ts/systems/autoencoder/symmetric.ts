// Eigenvalues and eigenvectors of a small symmetric matrix by Jacobi rotations.

/** Eigenvalues in falling order, and the eigenvectors as rows in the same order. `matrix`: n × n, row-major. */
export function eigen(
  matrix: Float64Array,
  n: number,
): { readonly values: Float64Array; readonly vectors: Float64Array } {
  const a = matrix.slice();
  const v = Float64Array.from({ length: n * n }, (_, i) => (i % (n + 1) === 0 ? 1 : 0));
  const at = (i: number, j: number): number => a[i * n + j] as number;
  for (let sweep = 0; sweep < 60; sweep++) {
    let rotations = 0;
    for (let p = 0; p < n - 1; p++) {
      for (let q = p + 1; q < n; q++) {
        const off = at(p, q);
        // Below this a rotation changes no digit of either eigenvalue, however small.
        if (Math.abs(off) <= Number.EPSILON * 0.01 * Math.sqrt(Math.abs(at(p, p) * at(q, q)))) continue;
        rotations++;
        const theta = (at(q, q) - at(p, p)) / (2 * off);
        const t = (theta >= 0 ? 1 : -1) / (Math.abs(theta) + Math.hypot(theta, 1));
        const c = 1 / Math.hypot(t, 1);
        rotate(a, n, p, q, c, t * c);
        for (let i = 0; i < n; i++) {
          const [x, y] = [v[p * n + i] as number, v[q * n + i] as number];
          v[p * n + i] = c * x - t * c * y;
          v[q * n + i] = t * c * x + c * y;
        }
      }
    }
    if (rotations === 0) break;
  }
  const order = Array.from({ length: n }, (_, i) => i).sort((i, j) => at(j, j) - at(i, i));
  return {
    values: Float64Array.from(order, (i) => at(i, i)),
    vectors: Float64Array.from(
      { length: n * n },
      (_, i) => v[(order[Math.floor(i / n)] as number) * n + (i % n)] as number,
    ),
  };
}

/** Rows and columns p and q of a, turned. */
function rotate(a: Float64Array, n: number, p: number, q: number, c: number, s: number): void {
  for (let i = 0; i < n; i++) {
    const [x, y] = [a[i * n + p] as number, a[i * n + q] as number];
    a[i * n + p] = c * x - s * y;
    a[i * n + q] = s * x + c * y;
  }
  for (let i = 0; i < n; i++) {
    const [x, y] = [a[p * n + i] as number, a[q * n + i] as number];
    a[p * n + i] = c * x - s * y;
    a[q * n + i] = s * x + c * y;
  }
  a[p * n + q] = 0;
  a[q * n + p] = 0;
}
