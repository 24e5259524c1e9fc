// Weights that are not Gaussian: a pre-activation is a sum of N_{l−1} terms, and its excess kurtosis κ_w E u⁴/(N (E u²)²) moves
// moments of φ by κ E[f(z) He₄(z/√q)]/24 (Edgeworth; Stein's lemma gives q² f⁗). At 9 inputs and signs as weights that is as
// large as what finite width does. Sizes, not derived through the layers above.
import type { GaussianFunction } from '../../gaussian/expectation.js';
import { expectation } from '../../gaussian/moments.js';
import type { ForwardPass, InputGram, LayerParameters } from './forward.js';
import type { ResolvedFeedforwardSpec } from './spec.js';

/** Excess kurtosis of a weight; 0 where it is Gaussian or has no fourth moment. */
function excessKurtosis(weights: ResolvedFeedforwardSpec['weights']): number {
  if (weights === 'uniform') return -1.2;
  if (weights === 'rademacher') return -2;
  if (typeof weights !== 'object') return 0;
  if (weights.law === 'sparse') return 3 / weights.density - 3;
  return weights.degreesOfFreedom > 4 ? 6 / (weights.degreesOfFreedom - 4) : 0;
}

interface LawSizes {
  /** Relative size of what the law of the weights moves in layer l + 1, by layer. */
  readonly moved: Float64Array;
  /** Excess kurtosis of a pre-activation of layer l: z² of a unit scatters by 2 + this. */
  readonly kurtosis: Float64Array;
}

/** What the law of the weights does, for one input. */
export function lawAllowance(
  spec: ResolvedFeedforwardSpec,
  layers: LayerParameters,
  gram: InputGram,
  forward: ForwardPass,
  a: number,
): LawSizes {
  const excess = excessKurtosis(spec.weights);
  const [moved, kurtosisOf] = [new Float64Array(layers.depth), new Float64Array(layers.depth)];
  if (excess === 0) return { moved, kurtosis: kurtosisOf };
  let kurtosis = (gram.kurtosis[a] as number) / layers.inputKeepProbability;
  let fanIn = gram.dimension;
  for (let l = 0; l < layers.depth; l++) {
    const phi = layers.phi[l] as GaussianFunction;
    const q = (forward.variance[l] as Float64Array)[a] as number;
    const share = q > 0 ? (q - (layers.biasVariance[l] as number)) / q : 0;
    const own = (excess * kurtosis * share ** 2) / fanIn;
    const shift = (integrand: { readonly value?: number; readonly first?: number }): number => {
      const at = (argument: number): number => expectation(phi, { ...integrand, argument }, q) / q ** (argument / 2);
      const mean = at(0);
      return mean > 0 ? Math.abs(at(4) - 6 * at(2) + 3 * mean) / (24 * mean) : 0;
    };
    const size = q > 0 ? Math.abs(own) * Math.max(shift({ value: 2 }), shift({ first: 2 })) : 0;
    moved[l] = Number.isNaN(size) ? Infinity : size;
    kurtosisOf[l] = Number.isNaN(own) ? Infinity : own;
    const second = q > 0 ? expectation(phi, { value: 2 }, q) : 0;
    const keep = layers.keepProbability[l] ?? 1;
    kurtosis = second > 0 ? expectation(phi, { value: 4 }, q) / (keep * second * second) : 0;
    fanIn = layers.width[l] as number;
  }
  return { moved, kurtosis: kurtosisOf };
}
