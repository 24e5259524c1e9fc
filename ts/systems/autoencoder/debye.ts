// Bessel functions where √(n² + z²) is large: Debye's expansion in 1/r, r = √(n² + z²), uniform in order and argument.

/** Ratios from which the flow with decay is made, of order n at z. */
export interface BesselRatios {
  /** I_{n+1}/I_n. */
  readonly first: number;
  /** K_{n+1}/K_n − 1, without cancellation. */
  readonly second: number;
}

/** Below this r other forms are taken; above it 18 terms leave less than 2e-17. */
export const smallestRadius = 30;
const terms = 18;

/**
 * u_k(t)/n^k = c_k(t²)/r^k, t = n/r, from u_{k+1} = ½ t² (1 − t²) u_k' + ⅛ ∫_0^t (1 − 5τ²) u_k dτ. Row k: k + 1 coefficients of
 * powers of t².
 */
const coefficients: readonly (readonly number[])[] = (() => {
  const rows: number[][] = [[1]];
  for (let k = 0; k + 1 < terms; k++) {
    const row = rows[k] as number[];
    const at = (j: number): number => row[j] ?? 0;
    rows.push(
      Array.from({ length: k + 2 }, (_, j) => {
        const [here, below] = [k + 2 * j, k + 2 * j - 2];
        const up = at(j) * (here / 2 + 1 / (8 * (here + 1)));
        return up - (j === 0 ? 0 : at(j - 1) * (below / 2 + 5 / (8 * (below + 3))));
      }),
    );
  }
  return rows;
})();

/** Sums over the expansion at (n, z); `up` with all signs plus (I), `down` with alternating ones (K). */
interface Expansion {
  readonly r: number;
  /** U: I_n ~ e^η U/√(2πr), K_n ~ e^{−η} U √(π/(2r)). */
  readonly up: number;
  readonly down: number;
  /** (V − U) r²/z², V the same of the derivatives. */
  readonly slopeUp: number;
  readonly slopeDown: number;
}

export function expansion(n: number, z: number): Expansion {
  const r = Math.hypot(n, z);
  const y = (n / r) ** 2;
  let [up, down, slopeUp, slopeDown] = [0, 0, 0, 0];
  let power = 1;
  for (let k = 0; k < terms; k++) {
    const row = coefficients[k] as readonly number[];
    let [value, slope] = [0, 0];
    for (let j = k; j >= 0; j--) {
      const c = row[j] as number;
      value = value * y + c;
      slope = slope * y + c * (0.5 + k + 2 * j);
    }
    const sign = k % 2 === 0 ? 1 : -1;
    up += value * power;
    down += sign * value * power;
    // V_{k+1} − U_{k+1} = −(z²/r²) Σ_j c_j (½ + k + 2j) t^{2j}/r^{k+1}.
    slopeUp -= (slope * power) / r;
    slopeDown += (sign * slope * power) / r;
    power /= r;
    if (power * Math.abs(value) < 1e-18 && k > 2) break;
  }
  return { r, up, down, slopeUp, slopeDown };
}

/** The ratios: I'/I = (r/z) V/U, K'/K = −(r/z) V/U, with r − n = z²/(r + n) and r − z = n²/(r + z). */
export function debyeRatios(n: number, z: number, of: Expansion): BesselRatios {
  const { r } = of;
  return {
    first: z / (r + n) + (z / r) * (of.slopeUp / of.up),
    second: (n + n * (n / (r + z)) + z * (z / r) * (of.slopeDown / of.down)) / z,
  };
}

/**
 * I_n(z) K_n(z_0)/(I_n(z_0) K_n(z)) without its factor e^{−2n log(z_0/z)}; `falls` is z²/z_0² − 1. With η = r − n asinh(n/z) and
 * δ = (r_0 − r)/(n + r_0) the rest of 2(η_0 − η) is 2[δ r_0 + n(δ + log(1 − δ))].
 */
export function debyeQuotient(n: number, z0: number, at0: Expansion, at: Expansion, falls: number): number {
  const [r0, r] = [at0.r, at.r];
  const delta = (-falls * z0 * (z0 / (r0 + r))) / (n + r0);
  const exponent = delta * r0 + n * (delta + Math.log1p(-delta));
  return Math.exp(-2 * exponent) * ((at.up / at0.up) * (at0.down / at.down));
}
