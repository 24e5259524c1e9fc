// Ratios of modified Bessel functions of real order, all from sums of positive terms: nothing overflows, nothing cancels.

/** Of order n ≥ 0 at z: I_{n+1}/I_n, K_{n+1}/K_n, and Σ with I_n = (z/2)ⁿ Σ/Γ(n + 1). */
interface BesselRatios {
  readonly first: number;
  readonly second: number;
  readonly series: number;
}

/** Orders and arguments beyond these are left to integration. */
export const largestOrder = 10_000;
export const largestArgument = 500;

/** Σ_k (z²/4)^k/(k! (n+1)…(n+k)): at most e^500. */
function ascendingSeries(n: number, z: number): number {
  const square = (z * z) / 4;
  let [term, sum] = [1, 1];
  for (let k = 1; term > 1e-18 * sum; k++) {
    term *= square / (k * (n + k));
    sum += term;
  }
  return sum;
}

/**
 * K_{ν+1}/K_ν for |ν| ≤ 1/2: both are ∫_0^∞ e^{−z cosh t} cosh(νt) dt, whose trapezoid sums are exact to
 * rounding: the integrand is entire and falls doubly exponentially, at large z like a normal density of variance 1/z.
 */
function baseRatio(nu: number, z: number): number {
  const spacing = Math.min(0.125, 0.68 / Math.sqrt(z));
  let [low, high] = [0.5, 0.5];
  for (let i = 1; ; i++) {
    const t = i * spacing;
    // cosh t − 1 = 2 sinh²(t/2).
    const decay = Math.exp(-2 * z * Math.sinh(t / 2) ** 2);
    const added = decay * Math.cosh((nu + 1) * t);
    low += decay * Math.cosh(nu * t);
    high += added;
    if (added < 1e-18 * high) return high / low;
  }
}

/** The ratios for 0 ≤ n ≤ 10,000 and 0 < z ≤ 500: within about 1e-14. */
export function besselRatios(n: number, z: number): BesselRatios {
  const series = ascendingSeries(n, z);
  const first = (z / (2 * (n + 1))) * (ascendingSeries(n + 1, z) / series);
  const whole = Math.round(n);
  let nu = n - whole;
  let second = baseRatio(nu, z);
  // K_{ν+1} = K_{ν−1} + (2ν/z) K_ν upwards, where all is positive; the first step may start below 0.
  for (let i = 0; i < whole; i++) {
    nu++;
    second = (2 * nu) / z + 1 / second;
  }
  return { first, second, series };
}

/** I_{n−1}/I_n and K_{1−n}/K_n for 0 ≤ n ≤ 1/2, where the recurrence downwards would cancel. */
export function lowerRatios(n: number, z: number, { first }: BesselRatios): Pick<BesselRatios, 'first' | 'second'> {
  return { first: (2 * n) / z + first, second: baseRatio(-n, z) };
}
