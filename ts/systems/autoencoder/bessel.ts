// Ratios of modified Bessel functions of real order, all from sums of positive terms: nothing overflows, nothing cancels.
import type { BesselRatios } from './debye.js';

/** Arguments beyond this are not summed: by then the other one has been forgotten. */
export const largestArgument = 500;

/** Σ with I_n = (z/2)ⁿ Σ/Γ(n + 1): Σ_k (z²/4)^k/(k! (n+1)…(n+k)), at most e^500. */
export function ascendingSeries(n: number, z: number): number {
  const square = (z * z) / 4;
  let [term, sum] = [1, 1];
  for (let k = 1; term > 1e-18 * sum; k++) {
    term *= square / (k * (n + k));
    sum += term;
  }
  return sum;
}

/** I_{n+1}/I_n = 1/(2(n + 1)/z + I_{n+2}/I_{n+1}), from an order at which what is left out is nothing. */
function firstRatio(n: number, z: number): number {
  const last = Math.ceil(1.5 * z) + 25;
  let ratio = z / (2 * (n + last + 1));
  for (let k = last; k >= 1; k--) ratio = 1 / ((2 * (n + k)) / z + ratio);
  return ratio;
}

/**
 * K_{ν+1}/K_ν − 1 for |ν + ½| ≤ 1: both are ∫_0^∞ e^{−z cosh t} cosh(νt) dt, whose difference has cosh((ν + 1)t) − cosh(νt) =
 * 2 sinh((ν + ½)t) sinh(t/2). Trapezoid sums are exact to rounding: the integrand is entire and falls doubly exponentially, at
 * large z like a normal density of variance 1/z. `half` is ν + ½, which may be tiny.
 */
export function baseRatio(nu: number, half: number, z: number): number {
  const spacing = Math.min(0.125, 0.68 / Math.sqrt(z));
  let [below, difference] = [0.5, 0];
  for (let i = 1; ; i++) {
    const t = i * spacing;
    // cosh t − 1 = 2 sinh²(t/2).
    const sine = Math.sinh(t / 2);
    const decay = Math.exp(-2 * z * sine * sine);
    const added = decay * Math.cosh(nu * t);
    const apart = 2 * decay * sine * Math.sinh(half * t);
    below += added;
    difference += apart;
    if (added < 1e-18 * below && Math.abs(apart) <= 1e-18 * Math.abs(difference)) return difference / below;
  }
}

/** The ratios for 0 ≤ n ≤ 30 and 0 < z ≤ 500, to a few units in the last place. */
export function besselRatios(n: number, z: number): BesselRatios {
  const whole = Math.round(n);
  let nu = n - whole;
  let second = baseRatio(nu, nu + 0.5, z);
  // K_{ν+1} = K_{ν−1} + (2ν/z) K_ν upwards; of what is above 1 a share of (ν − ½)/(ν + ½) at most is taken away.
  for (let i = 0; i < whole; i++) {
    nu++;
    second = (2 * nu) / z - second / (1 + second);
  }
  return { first: firstRatio(n, z), second };
}
