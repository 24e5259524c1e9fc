// Closed forms of `recurrent`: plain functions of numbers.
import { expectedError } from '../../core/errors.js';
import type { ActivationSpec } from '../../gaussian/activations.js';
import { normalTwoSided } from '../../statistics/distributions.js';

/** The |e| at which φ′(e) falls to `slope` in (0, φ′(0)), for the bell-shaped slopes that have a closed inverse. */
function whereSlopeIs(activation: ActivationSpec, slope: number): number {
  if (activation === 'tanh') return Math.acosh(Math.sqrt(1 / slope));
  const top = 2 / Math.sqrt(Math.PI);
  if (activation === 'erf') return Math.sqrt(Math.max(0, Math.log(top / slope)));
  if (activation === 'linear') return 0;
  throw expectedError(
    'ERR_MFT_UNSUPPORTED',
    'activation',
    'tanh, erf or linear, whose slope has an inverse',
    activation,
  );
}

/** P(Z > z) of a standard normal. */
const normalUpper = (z: number): number => (z >= 0 ? 0.5 * normalTwoSided(z) : 1 - 0.5 * normalTwoSided(z));

/** P(φ′(e) ≤ slope), e ~ N(μ, q): for tanh and μ = 0 erfc(acosh(√(1/slope))/√(2q)). */
export function slopeShare(
  { activation, biasMean }: { readonly activation: ActivationSpec; readonly biasMean: number },
  variance: number,
  slope: number,
): number {
  const top = activation === 'erf' ? 2 / Math.sqrt(Math.PI) : 1;
  if (slope >= top) return 1;
  if (activation === 'linear') return 0;
  if (!(slope > 0)) return 0;
  const edge = whereSlopeIs(activation, slope);
  if (variance === 0) return Math.abs(biasMean) >= edge ? 1 : 0;
  const deviation = Math.sqrt(variance);
  return normalUpper((edge - biasMean) / deviation) + normalUpper((edge + biasMean) / deviation);
}

/** E‖W^k v‖²/‖v‖² of a real Gaussian matrix of N units, σ_w = 1: coefficients of 1, N⁻¹, N⁻², …, exact for k ≤ 8. */
const powers: readonly (readonly number[])[] = [
  [1],
  [1],
  [1, 0, 2],
  [1, 0, 10, 4],
  [1, 0, 28, 28, 48],
  [1, 0, 62, 110, 468, 304],
  [1, 0, 118, 314, 2426, 3880, 3656],
  [1, 0, 204, 748, 9046, 25512, 58312, 41312],
  [1, 0, 328, 1556, 27184, 116900, 470832, 800624, 609600],
];

/** Steps for which the polynomial is known. */
export const largestKnownPower = powers.length - 1;

/** E‖W^k v‖²/‖v‖² for W_ij ~ N(0, σ²/N), kept over the k steps. */
export function tiedLinearGrowth(variance: number, width: number, steps: number): number {
  const polynomial = (powers[steps] as readonly number[]).reduceRight((sum, c) => sum / width + c, 0);
  return variance ** steps * polynomial;
}

/** Σ_k [C(T, k)(1 − ε)^(T − k)(ε σ r)^k]²: E‖J_T‖² of a tied GRU at h = 0 without inputs; keep gate 1 − ε. */
export function tiedGruGrowth(keep: number, reset: number, candidateVariance: number, steps: number): number {
  const write = (1 - keep) * Math.sqrt(candidateVariance) * reset;
  // Logarithms: binomials of hundreds of steps overflow.
  let logTerm = steps * Math.log(keep);
  let sum = 0;
  for (let k = 0; k <= steps; k++) {
    sum += Math.exp(2 * logTerm);
    if (k < steps) logTerm += Math.log(((steps - k) * write) / ((k + 1) * keep));
  }
  return sum;
}
