// What follows at the fixed point of a feedforward network: gradients with shared weights, the noise floor of pairs, the
// finite-width law, the geometry of a circle. Equation numbers are those of docs/systems/feedforward.md.
import { MftError } from '../../core/errors.js';
import { gaussianFunctionOf } from '../../gaussian/expectation.js';
import { correlationMultiplier, fixedPointDelta, type Multipliers, multipliers } from '../../gaussian/multipliers.js';
import { gain, type Layer, scaled } from '../../gaussian/variance-map.js';
import { expectation, pairExpectation } from '../../gaussian/moments.js';

/** Where the loss Σ out² is taken: out = z (preactivation) or φ(z). */
type Output = 'preactivation' | 'postactivation';

/** q* and δ*, or the documented error at q* = 0. */
export function pairFixedPoint(
  layer: Layer,
  start = 1,
): Multipliers & { readonly delta: number; readonly chiC: number } {
  const found = multipliers(layer, start);
  const delta = found.oneMinusFixedPointCorrelation ?? fixedPointDelta(layer, found.fixedPointVariance);
  return {
    ...found,
    delta,
    chiC: found.correlationMultiplier ?? correlationMultiplier(layer, found.fixedPointVariance, delta),
  };
}

/** E φ'², refused where it is infinite: nothing can be divided by it. */
export function finiteSlope(layer: Layer, q: number): number {
  const slope = expectation(gaussianFunctionOf(layer.activation), { first: 2 }, q);
  if (slope < Infinity) return slope;
  throw new MftError(
    'ERR_MFT_DEGENERATE',
    'The activation jumps: its derivative is not square integrable, and gradients have no finite mean square.',
    { parameter: 'activation' },
  );
}

function keepOf(layer: Layer): number {
  return layer.keepProbability ?? 1;
}

/**
 * g_aa, `distance` layers below the output, with the same weights forward and backward (3.9):
 * a ← χ₁ a + κ² E[φ²φ'²]/ρ³, κ ← χ_q κ, g_aa = a m2/ρ.
 */
export function sharedWeightGradientSingle(layer: Layer, distance: number, output: Output): number {
  const { fixedPointVariance: q, gradientMultiplier, varianceMultiplier } = multipliers(layer);
  const phi = gaussianFunctionOf(layer.activation);
  const keep = keepOf(layer);
  finiteSlope(layer, q);
  const product = expectation(phi, { value: 2, first: 2 }, q);
  let a = output === 'preactivation' ? 4 * q : 4 * product;
  let kappa = startingCoupling(layer, output, varianceMultiplier);
  for (let m = 0; m < distance; m++) {
    a = gradientMultiplier * a + (kappa * kappa * product) / keep ** 3;
    kappa *= varianceMultiplier;
  }
  return (a * expectation(phi, { value: 2 }, q)) / keep;
}

/** g_ab of a pair at (q*, δ*) (3.9): h ← χ_c h + κ² E[(φφ')(u₁)(φφ')(u₂)]/ρ², g_ab = h M(q*, δ*). */
export function sharedWeightGradientPair(layer: Layer, distance: number, output: Output): number {
  const { fixedPointVariance: q, delta, chiC, varianceMultiplier } = pairFixedPoint(layer);
  const phi = gaussianFunctionOf(layer.activation);
  const keep = keepOf(layer);
  const product = pairExpectation(phi, { value: 1, first: 1 }, q, q, delta);
  let h = output === 'preactivation' ? 4 * q * (1 - delta) : 4 * product;
  let kappa = startingCoupling(layer, output, varianceMultiplier);
  for (let m = 0; m < distance; m++) {
    h = chiC * h + (kappa * kappa * product) / keep ** (layer.maskSharing === 'shared' ? 3 : 2);
    kappa *= varianceMultiplier;
  }
  const activity = pairExpectation(phi, { value: 1 }, q, q, delta);
  return layer.maskSharing === 'shared' ? (h * activity) / keep : h * activity;
}

/** κ₀ = σ_w² E ℓ''(z). */
function startingCoupling(layer: Layer, output: Output, varianceMultiplier: number): number {
  return output === 'preactivation' ? 2 * layer.weightVariance : 2 * keepOf(layer) * varianceMultiplier;
}

/** The formula of Huang and others 2020 for a linear network (3.8): g_aa = 4(q* /ρ)² χ^M [ρ + Σ_{k=1..M} χ^k], χ = σ_w²/ρ. */
export function linearGradientSingle(layer: Layer, distance: number): number {
  const { fixedPointVariance: q } = multipliers({ ...layer, activation: 'linear' });
  const keep = keepOf(layer);
  const chi = gain(layer);
  let sum = keep;
  for (let k = 1; k <= distance; k++) sum += chi ** k;
  return 4 * (q / keep) ** 2 * chi ** distance * sum;
}

/** The formula of Huang and others 2020 (3.8): g_ab = 4 q_ab*² σ_w^{2M} Σ_{k=0..M} (σ_w²/ρ²)^k, q_ab* = σ_b²/(1 − σ_w²). */
export function linearGradientPair(layer: Layer, distance: number): number {
  const { weightVariance, biasVariance } = layer;
  if (weightVariance >= 1 && biasVariance > 0) {
    throw new MftError(
      'ERR_MFT_NO_FIXED_POINT',
      `The covariance of a linear network has a fixed point only for \`weightVariance\` below 1, received ${weightVariance}.`,
      { parameter: 'weightVariance', expected: 'a number below 1', received: weightVariance },
    );
  }
  multipliers({ ...layer, activation: 'linear' });
  const covariance = biasVariance === 0 ? 0 : biasVariance / (1 - weightVariance);
  let sum = 0;
  for (let k = 0; k <= distance; k++) sum += (weightVariance / keepOf(layer) ** 2) ** k;
  return 4 * covariance ** 2 * weightVariance ** distance * sum;
}

/** g̃_ab/g_aa far from the output, errors uncorrelated there (3.10): (2ρ²/π) E|φ'_aφ'_b|/E φ'² · E|φ_aφ_b|/E φ². */
export function absoluteToSingleGradientRatio(layer: Layer, start = 1): number {
  const { fixedPointVariance: q, delta } = pairFixedPoint(layer, start);
  const phi = gaussianFunctionOf(layer.activation);
  const slope = finiteSlope(layer, q);
  const slopes = pairExpectation(phi, { first: 1, isAbsolute: true }, q, q, delta) / slope;
  const values = pairExpectation(phi, { value: 1, isAbsolute: true }, q, q, delta) / expectation(phi, { value: 2 }, q);
  return ((2 * keepOf(layer) ** 2) / Math.PI) * slopes * values;
}

/** The rms cosine of the errors of a pair far from the output (3.10): √(κ₄/(N(1 − (χ_c/χ₁)²))). */
export function pairGradientNoiseFloor(layer: Layer, width: number, start = 1): number {
  const { fixedPointVariance: q, delta, chiC, gradientMultiplier } = pairFixedPoint(layer, start);
  finiteSlope(layer, q);
  if (!(chiC < gradientMultiplier * (1 - 1e-12))) {
    throw new MftError(
      'ERR_MFT_WRONG_PHASE',
      'The errors of a pair have no stationary noise floor here: χ_c = χ₁, so their cosine never forgets the output.',
      { parameter: 'keepProbability' },
    );
  }
  const phi = gaussianFunctionOf(layer.activation);
  const slope = finiteSlope(layer, q);
  const fourth = pairExpectation(phi, { first: 2 }, q, q, delta) / (slope * slope);
  return Math.sqrt(fourth / (width * (1 - (chiC / gradientMultiplier) ** 2)));
}

/** β: N times the variance that log g_aa gains per layer (3.11, leading order in 1/N). */
export function logGradientVarianceRate(layer: Layer): number {
  const { fixedPointVariance: q, varianceMultiplier } = multipliers(layer);
  return logGradientVarianceRateAt(layer, q, varianceMultiplier);
}

export function logGradientVarianceRateAt(layer: Layer, q: number, varianceMultiplier: number): number {
  if (q === 0) {
    throw new MftError(
      'ERR_MFT_DEGENERATE',
      'At the fixed point variance 0 the finite-width law of gradients is not defined.',
      { parameter: 'weightVariance' },
    );
  }
  const phi = gaussianFunctionOf(layer.activation);
  const keep = keepOf(layer);
  const slope = finiteSlope(layer, q);
  const length = expectation(phi, { value: 2 }, q);
  const local = (3 * expectation(phi, { first: 4 }, q)) / (keep * slope * slope) - 1;
  const response =
    phi.homogeneousDegree === 1 ? 0 : (expectation(phi, { first: 2, argument: 2 }, q) / q - slope) / (2 * q * slope);
  if (response === 0) return local;
  const cross =
    layer.weightVariance * (expectation(phi, { value: 2, first: 2 }, q) / (keep ** 2 * slope) - length / keep);
  const lengths = layer.weightVariance ** 2 * (expectation(phi, { value: 4 }, q) / keep ** 3 - length ** 2 / keep ** 2);
  const memory = 1 - varianceMultiplier;
  return local + (2 * response * cross) / memory + (response ** 2 * lengths) / memory ** 2;
}

/** g^l of a circle pushed through the network from q* (3.12): χ₁^{l−1} q*. */
export function circleMetric(layer: Layer, at: number): number {
  const { fixedPointVariance, gradientMultiplier } = multipliers(layer);
  return fixedPointVariance * gradientMultiplier ** (at - 1);
}

/** N κ²_l of that circle (3.12): 3χ_curv/χ₁² + N κ²_{l−1}/χ₁ from 1/q*; Infinity with a kink. */
export function circleCurvature(layer: Layer, at: number): number {
  const { fixedPointVariance, gradientMultiplier } = multipliers(layer);
  if (fixedPointVariance === 0) {
    throw new MftError('ERR_MFT_DEGENERATE', 'At the fixed point variance 0 a circle has no curvature.', {
      parameter: 'weightVariance',
    });
  }
  let curvature = 1 / fixedPointVariance;
  if (at === 1) return curvature;
  if (gradientMultiplier === 0)
    throw new MftError(
      'ERR_MFT_DEGENERATE',
      'Without weights a circle is one point after the first layer and has no curvature.',
      { parameter: 'weightVariance' },
    );
  finiteSlope(layer, fixedPointVariance);
  const bend = curvatureMultiplier(layer, fixedPointVariance);
  for (let l = 2; l <= at; l++) curvature = (3 * bend) / gradientMultiplier ** 2 + curvature / gradientMultiplier;
  return curvature;
}

/** χ_curv = (σ_w²/ρ) E φ''². */
export function curvatureMultiplier(layer: Layer, q: number): number {
  return scaled(gain(layer), expectation(gaussianFunctionOf(layer.activation), { second: 2 }, q));
}
