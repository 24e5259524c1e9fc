// Noise and decay together from any start: Riccati's equation with an exponential coefficient, solved by Bessel functions.
import { balancedMapping } from './balanced.js';
import { besselRatios, largestArgument, largestOrder, lowerRatios } from './bessel.js';
import { growth, type Mode, stiffness } from './mode.js';
import { type Squares, taylorFlow } from './taylor.js';

/** Below this share of P the difference Q counts no more, and the balanced form goes on. */
const negligible = 1e-18;
/** After so many decay times a start is balanced, or so small that its equations are linear. */
const settledDecays = 60;

/**
 * P = (w1 + w2)², Q = (w1 − w2)² and w at time s. w1² − w2² decays as c = c_0 e^{−2gs}, so that Q = c²/P, and with μ = ν − g,
 * n = |μ|/(2g), z = k c/(4g), R = P/c,
 *
 *     R = [a_I b_K − ρ a_K b_I + R_0 (b_K + ρ b_I)]/[a_I + ρ a_K + R_0 (1 − ρ)],  ρ = I_n(z) K_n(z_0)/(I_n(z_0) K_n(z))
 *
 * where a (at z_0) and b (at z) are I_j/I_n and K_j/K_n with j = n + 1, for μ < 0 j = n − 1. Where the first difference
 * cancels, or w = c (R − 1/R)/4 does, and for n > 10,000 or z_0 > 500, the Taylor series of the flow is taken.
 */
export function noiseAndDecay(mode: Mode, start: Squares, time: number): Squares {
  const { weightDecay: g } = mode;
  const c0 = Math.sqrt(start.P) * Math.sqrt(start.Q);
  const z0 = (stiffness(mode) * c0) / (4 * g);
  const n = Math.abs(growth(mode)) / (2 * g);
  if (!(n <= largestOrder && z0 <= largestArgument && z0 > 1e-150)) return byTaylor(mode, start, time);
  // After a while the start is balanced to all digits: from there (3.1).
  const settled = settledDecays / g;
  if (time > settled) {
    const then = besselStep(mode, start, settled, n, z0);
    if (then !== undefined && then.Q < negligible * then.P) {
      const w = balancedMapping(mode, then.w, time - settled);
      const c = c0 * Math.exp(-2 * g * time);
      return { P: 4 * w, Q: w === 0 ? 0 : (c / (4 * w)) * c, w };
    }
  }
  return besselStep(mode, start, time, n, z0) ?? byTaylor(mode, start, time);
}

/** Taylor's series until the start is balanced, (3.1) from there. */
function byTaylor(mode: Mode, start: Squares, time: number): Squares {
  const settled = settledDecays / mode.weightDecay;
  if (time <= settled) return taylorFlow(mode, start, time);
  const then = taylorFlow(mode, start, settled);
  if (then.Q >= negligible * then.P) {
    if (stiffness(mode) * (then.P + then.Q) > 1e-17 * Math.abs(growth(mode)))
      return taylorFlow(mode, then, time - settled);
    const { inputVariance: nu, weightDecay: g } = mode;
    const [P, Q] = [
      then.P * Math.exp(2 * (nu - g) * (time - settled)),
      then.Q * Math.exp(-2 * (nu + g) * (time - settled)),
    ];
    return { P, Q, w: (P - Q) / 4 };
  }
  const w = balancedMapping(mode, then.w, time - settled);
  return { P: 4 * w, Q: then.Q * Math.exp(-4 * mode.weightDecay * (time - settled)) * (then.P / (4 * w) || 0), w };
}

/** The closed form, or undefined where it would lose digits. */
function besselStep(mode: Mode, start: Squares, time: number, n: number, z0: number): Squares | undefined {
  const { weightDecay: g } = mode;
  const [m, k] = [growth(mode), stiffness(mode)];
  const z = z0 * Math.exp(-2 * g * time);
  if (!(z > 1e-290)) return undefined;
  const [at0, at] = [besselRatios(n, z0), besselRatios(n, z)];
  const upper = (z * (at.second + at.first)) / (z0 * (at0.second + at0.first));
  const rho = (Math.exp(-Math.abs(m) * time) * (at.series / at0.series)) ** 2 * upper;
  const [a, b] = m >= 0 ? [at0, at] : [lowerRatios(n, z0, at0), lowerRatios(n, z, at)];
  const R0 = Math.sqrt(start.P / start.Q);
  const [gain, loss] = [a.first * b.second, rho * a.second * b.first];
  const grown = R0 * (b.second + rho * b.first);
  const numerator = gain - loss + grown;
  if (numerator < 0.03 * gain) return undefined;
  const R = numerator / (a.first + rho * a.second + R0 * (1 - rho));
  if (Math.abs(R - 1) < 0.03) return undefined;
  const c = (4 * g * z) / k;
  return { P: c * R, Q: c / R, w: (c * (R - 1) * (1 + 1 / R)) / 4 };
}
