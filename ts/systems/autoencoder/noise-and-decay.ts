// Noise and decay together from any start: Riccati's equation with an exponential coefficient, solved by Bessel functions.
import { type DoubleDouble, exactSum, exponential, exponentialMinusOne, product } from '../../numeric/double-double.js';
import { ascendingRatio } from './ascending.js';
import { balancedMapping } from './balanced.js';
import { ascendingSeries, baseRatio, besselRatios, largestArgument } from './bessel.js';
import { type BesselRatios, debyeQuotient, debyeRatios, expansion, smallestRadius } from './debye.js';
import { exactGrowth, growth, type Mode, stiffness } from './mode.js';
import { type Squares, taylorFlow } from './taylor.js';

/** Below this share of P the difference Q counts no more, and each goes its own way. */
const negligible = 1e-18;
/** Squares below this have hardly digits. */
const smallest = 1e-290;
/** Longer times are taken in parts of so many decay times, in each of which c = √(PQ) falls by e^{−16}: powers of it stay exact. */
const settledDecays = 8;
/** The closed form is taken where no difference in it leaves less than this share. */
const smallestShare = 0.35;

/**
 * P = (w1 + w2)², Q = (w1 − w2)² and w at time s. w1² − w2² decays as c = c_0 e^{−2gs}, so that Q = c²/P, and with μ = ν − g,
 * n = |μ|/(2g), z = k c/(4g), R = P/c,
 *
 *     R − 1 = {(b_K − 1)(a_I + 1) − ρ (b_I + 1)(a_K − 1) + (R_0 − 1) [b_K − 1 + ρ (b_I + 1)]}/D,  D = a_I + ρ a_K + R_0 (1 − ρ)
 *     R = {a_I b_K − ρ a_K b_I + R_0 (b_K + ρ b_I)}/D,  ρ = I_n(z) K_n(z_0)/(I_n(z_0) K_n(z))
 *
 * where a (at z_0) and b (at z) are I_j/I_n and K_j/K_n with j = n + 1, for μ < 0 j = n − 1. Their differences cancel after short
 * times only, for which the Taylor series of the flow takes a few steps.
 */
export function noiseAndDecay(mode: Mode, start: Squares, time: DoubleDouble): Squares {
  const settled = settledDecays / mode.weightDecay;
  let [state, left] = [start, time];
  while (true) {
    const k = stiffness(mode);
    const areApart =
      state.Q <= negligible * state.P ||
      k * (state.P + state.Q) <= negligible * Math.abs(growth(mode)) ||
      state.P + state.Q < smallest ||
      state.P === 0;
    if (areApart) return apart(mode, state, left);
    if (left.hi <= settled) return closedForm(mode, state, left) ?? taylorFlow(mode, state, left);
    const part = { hi: settled, lo: 0 };
    state = closedForm(mode, state, part) ?? taylorFlow(mode, state, part);
    const { hi, lo } = exactSum(left.hi, -settled);
    left = exactSum(hi, lo + left.lo);
  }
}

const times = (factor: number, { hi, lo }: DoubleDouble): DoubleDouble => product({ hi: factor, lo: 0 }, { hi, lo });

/** P and Q where their product has no part in the dynamics of P: the balanced form, and Q = c²/P. */
export function apart(mode: Mode, { P: P0, Q: Q0, w: w0 }: Squares, time: DoubleDouble): Squares {
  const { inputVariance, weightDecay: g } = mode;
  if (P0 === 0) {
    const fallen = exponential(times(-2, product(exactSum(inputVariance, g), time)));
    return { P: 0, Q: Q0 * fallen, w: -(Q0 * fallen) / 4 };
  }
  // Where Q is negligible, w is known better than P.
  const P = 4 * balancedMapping(mode, Q0 <= negligible * P0 ? w0 : P0 / 4, time);
  const Q =
    P === 0
      ? Q0 * exponential(times(-2, product(exactSum(inputVariance, g), time)))
      : Q0 * exponential(times(-4 * g, time)) * (P0 / P);
  return { P, Q, w: (P - Q) / 4 };
}

/** From w < 0, R this far from 1 gives R − 1 better than the difference in which its source cancels. */
const apartFromOne = 0.25;

interface Functions {
  readonly at0: BesselRatios;
  readonly at: BesselRatios;
  readonly rho: number;
}

/** Ratios at both ends and ρ, by Debye's expansion or by series; `shrinks` is z/z_0, `falls` its square less 1. */
function functions(
  mode: Mode,
  n: number,
  z0: number,
  time: DoubleDouble,
  shrinks: number,
  falls: number,
): Functions | undefined {
  const z = z0 * shrinks;
  const m = exactGrowth(mode);
  const power = exponential(times(m.hi < 0 ? 2 : -2, product(m, time)));
  if (Math.hypot(n, z) >= smallestRadius) {
    const [of0, of] = [expansion(n, z0), expansion(n, z)];
    return {
      at0: debyeRatios(n, z0, of0),
      at: debyeRatios(n, z, of),
      rho: power * debyeQuotient(n, z0, of0, of, falls),
    };
  }
  if (!(z > 1e-290)) return undefined;
  const at = besselRatios(n, z);
  // From so far e^{−2(z_0 − z)} is nothing: the start is forgotten.
  if (z0 > largestArgument) return { at0: debyeRatios(n, z0, expansion(n, z0)), at, rho: 0 };
  const at0 = besselRatios(n, z0);
  const wronskian = (shrinks * (at.second + 1 + at.first)) / (at0.second + 1 + at0.first);
  return { at0, at, rho: power * (ascendingSeries(n, z) / ascendingSeries(n, z0)) ** 2 * wronskian };
}

/** R by ascending series, where they lose less; h = ν/(2g) is known better than n = ½ − h. */
const seriesRatio = (
  mode: Mode,
  R0: number,
  n: number,
  z0: number,
  z: number,
  time: DoubleDouble,
): number | undefined =>
  ascendingRatio(
    n,
    mode.inputVariance / (2 * mode.weightDecay),
    R0,
    z0,
    z,
    exponential(times(2 * mode.inputVariance, time)),
  );

/** The closed form, or undefined where it would lose digits. */
function closedForm(mode: Mode, start: Squares, time: DoubleDouble): Squares | undefined {
  const { weightDecay: g, inputVariance } = mode;
  const [m, k] = [growth(mode), stiffness(mode)];
  const [p, q] = [Math.sqrt(start.P), Math.sqrt(start.Q)];
  const [n, z0] = [Math.abs(m) / (2 * g), (k * (p * q)) / (4 * g)];
  const shrinks = exponential(times(-2 * g, time));
  const found = functions(mode, n, z0, time, shrinks, exponentialMinusOne(times(-4 * g, time)));
  if (found === undefined || !(found.rho < 1 - smallestShare)) return undefined;
  const { rho } = found;
  let [[aI, aK], [bI, bK]] = [
    [found.at0.first, found.at0.second],
    [found.at.first, found.at.second],
  ];
  if (m < 0) {
    // I_{n−1}/I_n = I_{n+1}/I_n + 2n/z; ½ − n = ν/(2g) is known better than n.
    const half = inputVariance / (2 * g);
    const z = z0 * shrinks;
    [aI, aK] = [(2 * n) / z0 + aI, baseRatio(-n, half, z0)];
    [bI, bK] = [(2 * n) / z + bI, baseRatio(-n, half, z)];
  }
  // From here aK and bK are K_j/K_n − 1.
  const R0 = p / q;
  const excess = ((4 * start.w) / q / (p + q)) * (bK + rho * (bI + 1));
  const source = bK * (aI + 1);
  const grown = source - rho * (bI + 1) * aK;
  const below = aI + rho * (aK + 1) + R0 * (1 - rho);
  const series = m < 0 ? seriesRatio(mode, R0, n, z0, z0 * shrinks, time) : undefined;
  const isKept = grown + Math.abs(excess) >= smallestShare * source;
  if (!isKept && series === undefined) return undefined;
  let difference = (grown + excess) / below;
  let R = series ?? 1 + difference;
  if (excess < 0 && series === undefined) {
    // From w < 0: R in its own form, and R − 1 from the one that cancels less.
    const gain = aI * (bK + 1);
    const above = gain - rho * (aK + 1) * bI + R0 * (bK + 1 + rho * bI);
    if (above < smallestShare * gain) return undefined;
    R = above / below;
  }
  const isApart = excess < 0 && series !== undefined && Math.abs(R - 1) > apartFromOne;
  if (isApart || grown + excess < smallestShare * source) difference = R - 1;
  const c = p * q * shrinks;
  return { P: c * R, Q: c / R, w: (c * difference * (1 + 1 / R)) / 4 };
}
