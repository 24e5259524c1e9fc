// Leading 1/width terms: the shift of the mean length, and the variance of log g_aa that separates the mean of the logarithm
// from the logarithm of the mean (theory section 3.11, generalised layer by layer; derived).
//
// Every layer j of width N_j adds to the variance of the next pre-activations a noise η_j with N_j Var η_j = V_e, and to
// log|δ^j|² a noise ξ_j with N_j Var ξ_j = V_x, N_j Cov(ξ_j, η_j) = C. A deviation of q^k moves log s2(q^k) by c'_k.
import { expectation, varianceSlope } from '../../gaussian/moments.js';
import type { ForwardPass, LayerParameters } from './forward.js';

/** Moments of one layer that the finite-width law needs. */
interface LayerLaw {
  /** Slope of the length map to the next layer, and half its curvature. */
  readonly slope: number;
  readonly halfCurvature: number;
  /** d log s2/dq. */
  readonly response: number;
  readonly own: number;
  readonly cross: number;
  readonly length: number;
}

export interface FiniteSize {
  /** Shift of the mean of q^l. */
  readonly variance: Float64Array;
  /** Variance of log|δ^l|² and of log g_aa at layer l. */
  readonly logError: Float64Array;
  readonly logGradient: Float64Array;
}

/** The leading terms for one input. `outputResponse` is d log E(δ^L)²/dq^L. */
export function finiteSize(layers: LayerParameters, forward: ForwardPass, input: number, outputResponse: number): FiniteSize {
  const { depth, width } = layers;
  const laws = Array.from({ length: depth - 1 }, (_, l) => layerLaw(layers, l, (forward.variance[l] as Float64Array)[input] as number));
  const variance = new Float64Array(depth);
  let spread = 0;
  for (let l = 0; l + 1 < depth; l++) {
    const law = laws[l] as LayerLaw;
    variance[l + 1] = law.slope * (variance[l] as number) + law.halfCurvature * spread;
    spread = law.slope ** 2 * spread + law.length / (width[l] as number);
  }
  const logError = new Float64Array(depth);
  const logGradient = new Float64Array(depth);
  // Spread of q^l itself (from the layers below l), and what the layers from l on add when their own noise is followed upward.
  const spreads = new Float64Array(depth);
  for (let l = 0; l + 1 < depth; l++) spreads[l + 1] = (laws[l] as LayerLaw).slope ** 2 * (spreads[l] as number) + (laws[l] as LayerLaw).length / (width[l] as number);
  let reach = outputResponse; // derivative of log|δ^l|² with respect to q^{l+1}
  let gathered = 0;
  const outputLaw = 2 / (width[depth - 1] as number);
  for (let l = depth - 1; l >= 0; l--) {
    if (l < depth - 1) {
      const law = laws[l] as LayerLaw;
      gathered += (law.own + 2 * reach * law.cross + reach ** 2 * law.length) / (width[l] as number);
      reach = law.response + law.slope * reach;
    }
    const q = (forward.variance[l] as Float64Array)[input] as number;
    const w = layers.weightVariance[l] as number;
    const signal = q - (layers.biasVariance[l] as number);
    logError[l] = outputLaw + gathered + reach ** 2 * (spreads[l] as number);
    // log |u^{l−1}|²/N moves with q^l: d log u²/dq = 1/(q − σ_b²).
    const moved = l > 0 && w > 0 && signal > 0 ? reach + 1 / signal : reach;
    logGradient[l] = outputLaw + gathered + moved ** 2 * (spreads[l] as number);
  }
  return { variance, logError, logGradient };
}

function layerLaw(layers: LayerParameters, l: number, q: number): LayerLaw {
  const { subject } = layers;
  const keep = layers.keepProbability[l] as number;
  const w = layers.weightVariance[l + 1] as number;
  if (q === 0) return { slope: (w / keep) * varianceSlope(subject, 0), halfCurvature: 0, response: 0, own: 0, cross: 0, length: 0 };
  const second = expectation(subject, { value: 2 }, q);
  const slope = expectation(subject, { first: 2 }, q);
  const step = 1e-3 * q;
  const bend = (varianceSlope(subject, q + step) - varianceSlope(subject, q - step)) / (2 * step);
  return {
    slope: (w / keep) * varianceSlope(subject, q),
    halfCurvature: 0.5 * (w / keep) * bend,
    response: slope > 0 ? (expectation(subject, { first: 2, argument: 2 }, q) / q - slope) / (2 * q * slope) : 0,
    own: slope > 0 ? (3 * expectation(subject, { first: 4 }, q)) / (keep * slope ** 2) - 1 : 0,
    cross: slope > 0 ? w * (expectation(subject, { value: 2, first: 2 }, q) / (keep ** 2 * slope) - second / keep) : 0,
    length: w ** 2 * (expectation(subject, { value: 4 }, q) / keep ** 3 - (second / keep) ** 2),
  };
}
