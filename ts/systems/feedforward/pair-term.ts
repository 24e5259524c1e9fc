// The term of pair gradients that decides where two inputs are nearly uncorrelated (derived; (3.14) of
// docs/systems/feedforward.md). With S^l = u_a·u_b/N_l and s = E u_a u_b a network's own overlap wanders about its mean,
//   Var S^l = (E u_a²u_b² − s²)/N_l + (σ_w² F)² Var S^{l−1}                                    (shared masks: F/ρ),
// and g_ab^l is the product of S^{l−1} and of what the errors make of K^l = σ_w² S^{l−1} + σ_b², whose mean is h^l(K^l):
//   E g_ab^l = s h^l + σ_w² Var S^{l−1} dh^l/dK,   dh^l/dK = κ_aκ_b (dP_ab/dK)/ρ² + (σ_w² F)² (N_{l+1}/N_l) dh^{l+1}/dK,
// from dh^L/dK = 4 for the loss Σ z², 4 dP_ab/dK for Σ φ(z)². Relative to g_ab it is of order 1/(N c²).
import type { ControlOptions } from '../../core/control.js';
import type { Integrand } from '../../gaussian/integrand.js';
import type { BackwardPass } from './backward.js';
import { type ForwardPass, type InputGram, inputMaskNoise, type LayerParameters, type PairState } from './forward.js';
import { pairMoments } from './pair-moments.js';
import type { ResolvedFeedforwardSpec } from './spec.js';

/** Half the distance in δ over which dP_ab/dK is taken. */
const step = 0.01;

/** The term relative to g_ab, [layer][pair]; 0 where g_ab is 0. */
export async function pairTerm(
  spec: ResolvedFeedforwardSpec,
  layers: LayerParameters,
  gram: InputGram,
  forward: ForwardPass,
  backward: BackwardPass,
  options: ControlOptions,
): Promise<readonly Float64Array[]> {
  const { depth, phi, width, isShared } = layers;
  const count = gram.pairs.length;
  const term = Array.from({ length: depth }, () => new Float64Array(count));
  if (spec.output === 'randomReadout' || count === 0) return term;
  const states = forward.pair.flat();
  const along = async (integrand: Integrand, at: readonly PairState[]): Promise<(l: number, p: number) => number> => {
    const byLayer = Array.from({ length: depth }, (_, l) => at.slice(l * count, (l + 1) * count));
    const values = await pairMoments(phi, integrand, byLayer, options);
    return (l, p) => values[l * count + p] as number;
  };
  const squares = await along({ value: 2 }, states);
  const [nearer, farther] = [
    states.map((state) => ({ ...state, delta: Math.max(0, state.delta - step) })),
    states.map((state) => ({ ...state, delta: Math.min(2, state.delta + step) })),
  ];
  const isCoherent = spec.output === 'postactivation' || spec.backwardWeights === 'shared';
  const near = isCoherent ? await along({ value: 1, first: 1 }, nearer) : () => 0;
  const far = isCoherent ? await along({ value: 1, first: 1 }, farther) : () => 0;
  const productSlope = (l: number, p: number): number => {
    const i = l * count + p;
    const { varianceA, varianceB } = states[i] as PairState;
    const size = Math.sqrt(varianceA) * Math.sqrt(varianceB);
    const distance = (farther[i] as PairState).delta - (nearer[i] as PairState).delta;
    return size > 0 ? (near(l, p) - far(l, p)) / (distance * size) : 0;
  };
  const masks = inputMaskNoise(layers, gram).pair;
  const sharedFactor = (l: number): number => (isShared ? 1 / (layers.keepProbability[l] as number) : 1);
  for (let p = 0; p < count; p++) {
    const { a, b } = gram.pairs[p] as { a: number; b: number };
    // Var S of layer l, from the first layer up: the inputs are given.
    const variance = new Float64Array(depth);
    const first = (backward.activityPair[0] as Float64Array)[p] as number;
    const noise = masks[p] as number;
    const masked = noise === Infinity || noise === 0 ? 0 : noise * first ** 2;
    for (let l = 0; l + 1 < depth; l++) {
      const keep = layers.keepProbability[l] as number;
      const overlap = (backward.activityPair[l + 1] as Float64Array)[p] as number;
      const product = (squares(l, p) / keep ** 2) * sharedFactor(l);
      const carried =
        (l === 0 ? masked : (variance[l - 1] as number)) *
        ((layers.weightVariance[l] as number) * backward.pairSlope(l, p) * sharedFactor(l)) ** 2;
      variance[l] = Math.max(0, product - overlap ** 2) / (width[l] as number) + carried;
    }
    let response = 0; // dh/dK, in the units of the layer's errors
    for (let l = depth - 1; l >= 0; l--) {
      if (l === depth - 1) response = spec.output === 'preactivation' ? 4 : 4 * productSlope(l, p);
      else {
        const [keep, shared] = [layers.keepProbability[l] as number, sharedFactor(l)];
        const weight = layers.weightVariance[l + 1] as number;
        const passed = (weight * (width[l + 1] as number)) / (width[l] as number);
        const coupling = backward.coupling[l] as Float64Array;
        const coherent = ((coupling[a] as number) * (coupling[b] as number) * productSlope(l, p)) / keep ** 2;
        const slope = shared * backward.pairSlope(l, p);
        response = shared * coherent + slope * passed * slope * weight * response;
        response *= Math.exp((backward.logScale[l + 1] as number) - (backward.logScale[l] as number));
      }
      const overlap = (backward.activityPair[l] as Float64Array)[p] as number;
      const mean = overlap * ((backward.errorPair[l] as Float64Array)[p] as number);
      const shift = (l === 0 ? masked : (variance[l - 1] as number)) * (layers.weightVariance[l] as number) * response;
      (term[l] as Float64Array)[p] = mean === 0 ? 0 : shift / mean;
    }
  }
  return term;
}
