// Leading 1/width terms: the shift of the mean length, the shift of the logarithm of the mean of |δ|² and g_aa, and the
// variance of their logarithms that separates the mean of the logarithm from it ((3.11) of docs/systems/feedforward.md, layer by
// layer; derived). For errors independent of the weights at the output, or
// of fresh weights below it; errors of a loss on the output through the transposed weights: finite-size-tied.ts.
//
// Every layer j of width N_j adds to the variance of the next pre-activations a noise η_j with N_j Var η_j = V_e, and to
// log|δ^j|² a noise ξ_j with N_j Var ξ_j = V_x, N_j Cov(ξ_j, η_j) = C. A deviation ε_k of q^k multiplies s2(q^k) by
// 1 + c'_k ε_k + c''_k ε_k²/2. Errors are never quite independent of the activities above which they were propagated: with
// (W^{l+1})ᵀδ = κu + e the excess y_l of N_l E κ² over that of independent vectors is
//   y_{L−1} = 0,   y_{l−1} = (q^l − σ_b²)(v2² y_l/(s2 m2) + 2c'_l),
// and multiplies E|δ^l|² by 1 + y_l E[φ²φ'²]/(ρ N_l m2 s2) (derived for errors independent of the weights at the output).
// A product of factors 1 + x_k has the mean 1 + Σ E x_k + (Var Σ x_k − Σ Var x_k)/2.
import type { GaussianFunction } from '../../gaussian/expectation.js';
import { expectation, varianceSlope } from '../../gaussian/moments.js';
import type { ForwardPass, LayerParameters } from './forward.js';

/** Moments of one layer that the finite-width law needs. */
interface LayerLaw {
  /** Slope of the length map to the next layer, and half its curvature. */
  readonly slope: number;
  readonly halfCurvature: number;
  /** d log s2/dq, and s2''/s2. */
  readonly response: number;
  readonly secondResponse: number;
  /** v2²/(s2 m2) and E[φ²φ'²]/(ρ m2 s2). */
  readonly memory: number;
  readonly coherent: number;
  readonly own: number;
  readonly cross: number;
  readonly length: number;
  /** E φ⁴/(ρ m2²) − 1. */
  readonly activity: number;
}

export interface FiniteSize {
  /** Shift of the mean of q^l, and its variance over networks (given the activities below). */
  readonly variance: Float64Array;
  readonly spread: Float64Array;
  /** N_l times the relative variance that layer l adds to squared errors and to squared activities, together. */
  readonly noise: Float64Array;
  /** Variance of log|δ^l|² and of log g_aa at layer l. */
  readonly logError: Float64Array;
  readonly logGradient: Float64Array;
  /** Covariance of log|δ^l|² with log|δ^L|². */
  readonly withOutput: Float64Array;
  /** Shift of the logarithm of their means. */
  readonly meanError: Float64Array;
  readonly meanGradient: Float64Array;
}

/** How the output layer starts the errors: relative derivatives of E(δ^L)² with q^L, and N_L times the variance of |δ^L|². */
export interface OutputLaw {
  readonly response: number;
  readonly secondResponse: number;
  readonly own: number;
}

/** Which weights the terms are of: `isTied`: the backward pass uses the transposed weights of the forward pass. */
interface WeightTerms {
  readonly isTied: boolean;
  readonly isOrthogonal?: boolean;
}

/** The leading terms for one input. */
export function finiteSize(
  layers: LayerParameters,
  forward: ForwardPass,
  input: number,
  output: OutputLaw,
  { isTied, isOrthogonal = false }: WeightTerms,
): FiniteSize {
  const { depth, width } = layers;
  const laws = Array.from({ length: depth - 1 }, (_, l): LayerLaw => {
    const law = layerLaw(layers, l, (forward.variance[l] as Float64Array)[input] as number);
    return isOrthogonal ? { ...law, ...ofFixedLength(layers, l, forward, input, law) } : law;
  });
  const variance = new Float64Array(depth);
  const firstSignal = ((forward.variance[0] as Float64Array)[input] as number) - (layers.biasVariance[0] as number);
  // What masks of the inputs make of q^1.
  const maskNoise = forward.maskNoise[input] as number;
  const first = maskNoise === 0 ? 0 : firstSignal ** 2 * maskNoise;
  let spread = first;
  for (let l = 0; l + 1 < depth; l++) {
    const law = laws[l] as LayerLaw;
    variance[l + 1] = law.slope * (variance[l] as number) + law.halfCurvature * spread;
    spread = law.slope ** 2 * spread + law.length / (width[l] as number);
  }
  const logError = new Float64Array(depth);
  const logGradient = new Float64Array(depth);
  const withOutput = new Float64Array(depth);
  const meanError = new Float64Array(depth);
  const meanGradient = new Float64Array(depth);
  // Spread of q^l itself (from the layers below l), and what the layers from l on add when their own noise is followed upward.
  const spreads = new Float64Array(depth);
  spreads[0] = first;
  for (let l = 0; l + 1 < depth; l++)
    spreads[l + 1] =
      (laws[l] as LayerLaw).slope ** 2 * (spreads[l] as number) + (laws[l] as LayerLaw).length / (width[l] as number);
  const last = depth - 1;
  let reach = output.response; // derivative of log|δ^l|² with respect to q^l
  let gathered = output.own / (width[last] as number); // noise of the layers from l on
  let separate = gathered + reach ** 2 * (spreads[last] as number); // Σ Var x_k
  let drift = reach * (variance[last] as number) + 0.5 * output.secondResponse * (spreads[last] as number); // Σ E x_k
  let excess = 0; // y_l
  let shared = gathered; // covariance with log|δ^L|² of the noise of the layers from l on
  let outputReach = output.response; // derivative of log|δ^L|² with respect to q^l
  for (let l = last; l >= 0; l--) {
    const spread = spreads[l] as number;
    const signal = ((forward.variance[l] as Float64Array)[input] as number) - (layers.biasVariance[l] as number);
    if (l < last) {
      const law = laws[l] as LayerLaw;
      shared += (outputReach * (law.cross + reach * law.length)) / (width[l] as number);
      outputReach *= law.slope;
      gathered += (law.own + 2 * reach * law.cross + reach ** 2 * law.length) / (width[l] as number);
      reach = law.response + law.slope * reach;
      separate += law.own / (width[l] as number) + law.response ** 2 * spread;
      drift +=
        law.response * (variance[l] as number) +
        0.5 * law.secondResponse * spread +
        (excess * law.coherent) / (width[l] as number);
      // Fresh backward weights know nothing of the activities above: no excess.
      excess = isTied ? signal * (law.memory * excess + 2 * law.response) : 0;
    }
    // |u^{l−1}|²/N is proportional to q^l − σ_b².
    const below = (layers.weightVariance[l] as number) > 0 && signal > 0 ? 1 / signal : 0;
    logError[l] = gathered + reach ** 2 * spread;
    withOutput[l] = shared + reach * outputReach * spread;
    logGradient[l] = gathered + (reach + below) ** 2 * spread;
    meanError[l] = drift + 0.5 * ((logError[l] as number) - separate);
    meanGradient[l] =
      drift + below * (variance[l] as number) + 0.5 * ((logGradient[l] as number) - separate - below ** 2 * spread);
  }
  const noise = Float64Array.from(laws, ({ own, activity }) => own + activity);
  return { variance, spread: spreads, noise, logError, logGradient, withOutput, meanError, meanGradient };
}

/**
 * Orthogonal weights keep lengths ((3.18), layer by layer, with dropout): |z|² fluctuates with |u|² only and |Wᵀδ|² with |δ|² only,
 * where the layer does not lower or raise the width; then the share of the directions that is kept.
 */
function ofFixedLength(
  layers: LayerParameters,
  l: number,
  forward: ForwardPass,
  input: number,
  { own, cross, length, response }: LayerLaw,
): Pick<LayerLaw, 'own' | 'cross' | 'length'> {
  const { width, biasVariance, weightVariance, keepProbability } = layers;
  const q = (forward.variance[l] as Float64Array)[input] as number;
  if (q === 0) return { own, cross, length };
  const [here, above] = [width[l] as number, width[l + 1] as number];
  // The inputs of the first layer are given: as if as wide.
  const below = l === 0 ? here : (width[l - 1] as number);
  const share = Math.min(1, here / below) * (1 - (biasVariance[l] as number) / q) ** 2;
  const [w, keep] = [weightVariance[l + 1] as number, keepProbability[l] as number];
  // E φ'²(u²/q − 1)/s2 and E φ²(u²/q − 1).
  const ofErrors = 2 * q * response;
  const ofSignals = 2 * q * varianceSlope(layers.phi[l] as GaussianFunction, q);
  return {
    own: own - 2 * Math.min(1, here / above) - (share * ofErrors ** 2) / 2,
    cross: cross - (w * share * ofErrors * ofSignals) / (2 * keep),
    length: length - (w * w * share * ofSignals ** 2) / (2 * keep * keep),
  };
}

function layerLaw(layers: LayerParameters, l: number, q: number): LayerLaw {
  const phi = layers.phi[l] as GaussianFunction;
  const keep = layers.keepProbability[l] as number;
  const w = layers.weightVariance[l + 1] as number;
  if (q === 0)
    return {
      slope: (w / keep) * varianceSlope(phi, 0),
      halfCurvature: 0,
      response: 0,
      secondResponse: 0,
      memory: 0,
      coherent: 0,
      own: 0,
      cross: 0,
      length: 0,
      activity: 0,
    };
  const second = expectation(phi, { value: 2 }, q);
  const slope = expectation(phi, { first: 2 }, q);
  const fourth = expectation(phi, { value: 4 }, q);
  const step = 1e-3 * q;
  const slopeAt = (variance: number): number => expectation(phi, { first: 2 }, variance);
  const secondDifference = (slopeAt(q + step) - 2 * slope + slopeAt(q - step)) / (step * step);
  const bend = (varianceSlope(phi, q + step) - varianceSlope(phi, q - step)) / (2 * step);
  return {
    slope: (w / keep) * varianceSlope(phi, q),
    halfCurvature: 0.5 * (w / keep) * bend,
    response: slope > 0 ? (expectation(phi, { first: 2, argument: 2 }, q) / q - slope) / (2 * q * slope) : 0,
    secondResponse: slope > 0 && phi.homogeneousDegree !== 1 ? secondDifference / slope : 0,
    memory: slope * second > 0 ? varianceSlope(phi, q) ** 2 / (slope * second) : 0,
    coherent: slope * second > 0 ? expectation(phi, { value: 2, first: 2 }, q) / (keep * second * slope) : 0,
    own: slope > 0 ? (3 * expectation(phi, { first: 4 }, q)) / (keep * slope ** 2) - 1 : 0,
    cross: slope > 0 ? w * (expectation(phi, { value: 2, first: 2 }, q) / (keep ** 2 * slope) - second / keep) : 0,
    length: w ** 2 * (fourth / keep ** 3 - (second / keep) ** 2),
    activity: second > 0 ? fourth / (keep * second ** 2) - 1 : 0,
  };
}
