// Mean field theory of the adjoint solve: what two Gaussian integrals say of a random equilibrium layer.
import { MftError } from '../../core/errors.js';
import type { ActivationSpec } from '../../gaussian/activations.js';
import { gaussianFunctionOf } from '../../gaussian/expectation.js';
import { fixedPointsVariance } from '../../gaussian/fixed-points.js';
import { gain, type Layer, scaled } from '../../gaussian/variance-map.js';
import { expectation } from '../../gaussian/moments.js';

/** A random equilibrium layer of infinite width. */
interface EquilibriumLayer {
  readonly activation: ActivationSpec;
  readonly weightVariance: number;
  readonly inputVariance: number;
  readonly keepProbability: number;
}

/** Iteration starts at the state 0, whose pre-activations are the drive. */
export const layerOf = ({ activation, weightVariance, inputVariance, keepProbability }: EquilibriumLayer): Layer => ({
  activation,
  weightVariance,
  biasVariance: inputVariance,
  keepProbability,
});

/** q and χ at the steady state that iteration from 0 reaches. */
export interface MeanField {
  readonly variance: number;
  readonly chi: number;
}

/** χ(q) = σ_w²/ρ E φ'². */
function chiAt(layer: Layer, variance: number): number {
  const slopes =
    layer.weightVariance === 0 ? 0 : expectation(gaussianFunctionOf(layer.activation), { first: 2 }, variance);
  return scaled(gain(layer), slopes);
}

/** The steady state, stable or not. @throws MftError ERR_MFT_NO_FIXED_POINT where the variance grows for ever or circles */
export function meanField(equilibrium: EquilibriumLayer): MeanField {
  const layer = layerOf(equilibrium);
  const { reached } = fixedPointsVariance(layer, equilibrium.inputVariance);
  if (reached === undefined)
    throw new MftError(
      'ERR_MFT_NO_FIXED_POINT',
      'The layer has no steady state: the variance of its pre-activations grows for ever or circles; lower `weightVariance`.',
      { parameter: 'weightVariance', received: equilibrium.weightVariance },
    );
  return { variance: reached.variance, chi: chiAt(layer, reached.variance) };
}

/** Said of what exists for χ < 1 only. */
export const unstable = 'χ >= 1: a wide layer has no stable steady state, iteration and Neumann series do not settle';

/** Relative errors of the adjoint that a prediction gives the terms for. */
export const defaultTolerances = [1e-2, 1e-4, 1e-8] as const;

/**
 * The smallest T >= 1 with χ^(T/2) <= tolerance. Whole powers are exact, so that the bound itself counts as reached.
 */
export function termsToTolerance(chi: number, tolerance: number): number {
  if (tolerance >= 1) return 1;
  if (chi === 0) return 1;
  const terms = (2 * Math.log(tolerance)) / Math.log(chi);
  const nearest = Math.round(terms);
  return Math.max(1, Math.abs(terms - nearest) < 1e-11 * nearest ? nearest : Math.ceil(terms));
}

/**
 * Smallest and largest singular value of I − J for independent entries of spectral radius r, N → ∞:
 * s± ² = r² (S ± 3)³/(8 (S ± 1)), S = √(1 + 8/r²). Near r = 1, S − 3 = (8/r² − 8)/(S + 3) does not cancel.
 */
export function singularEdges(radius: number): readonly [smallest: number, largest: number] {
  if (radius === 0) return [1, 1];
  // r S and r (S − 3) stay finite as r → 0.
  const rs = Math.sqrt(radius * radius + 8);
  const minus = (8 * (1 - radius) * (1 + radius)) / (rs + 3 * radius); // r (S − 3)
  const smallest = Math.sqrt(minus ** 3 / (8 * (rs - radius)));
  const largest = Math.sqrt((rs + 3 * radius) ** 3 / (8 * (rs + radius)));
  return [smallest, largest];
}

/**
 * Relative error of T Neumann terms for a symmetric J with the semicircle on [−r, r]: √(I_T/I_0),
 * I_T = ∫ (r cos t)^{2T}/(1 − r cos t)² sin² t dt over (0, π). The integrand is even and 2π-periodic: the trapezoid rule
 * converges like (r/(1 + √(1 − r²)))^points.
 */
export function semicircleError(radius: number, terms: number): number {
  if (radius === 0) return 0;
  const ratio = radius / (1 + Math.sqrt(1 - radius * radius));
  // sin² cos^{2T} is a polynomial of degree 2T + 2: points beyond it, and those the pole asks for.
  const points = Math.min(2 ** 24, 64 + 2 * terms + Math.ceil(-45 / Math.log(ratio)));
  let [some, all] = [0, 0];
  for (let i = 0; i < points; i++) {
    const t = (Math.PI * (i + 0.5)) / points;
    const x = radius * Math.cos(t);
    const weight = (Math.sin(t) / (1 - x)) ** 2;
    some += weight * x ** (2 * terms);
    all += weight;
  }
  return Math.sqrt(some / all);
}
