// The backward recursions (3.9) of docs/systems/feedforward.md, layer by layer: per-layer variances, keep probabilities and
// widths, inputs of any lengths, shared or independent backward weights.
//
// Given the forward pass, (W^{l+1})ᵀ δ^{l+1} = κ_l u^l + e with e Gaussian, independent of z^l (Stein's lemma):
//   κ_{l−1} = (σ_l²/ρ_l) v2(q^l) (N_l/N_{l−1}) κ_l,   κ_{L−1} = σ_L² (N_L/N_{L−1}) E ℓ''
//   E δ_a²  = (1/ρ) s2 E e² + κ² E[φ²φ'²]/ρ³,          E e_a e_b = σ²_{l+1} (N_{l+1}/N_l) E δ_aδ_b
//   E δ_aδ_b = F E e_a e_b + κ_aκ_b P_ab/ρ²            (one more 1/ρ in both terms with shared masks)
// For orthogonal weights |Wᵀδ|² = σ²|δ|² exactly, so that E e_a e_b loses the coherent part κ_aκ_b E u_a u_b (derived).
import { coherentAbsoluteProduct } from './absolute-error.js';
import type { ControlOptions } from '../../core/control.js';
import { expectation, varianceSlope } from '../../gaussian/moments.js';
import { absoluteProduct, type ForwardPass, type InputGram, type LayerParameters, type PairState } from './forward.js';
import { pairMoments } from './pair-moments.js';
import type { ResolvedFeedforwardSpec } from './spec.js';

/** Coherent part below which Wᵀδ is taken as Gaussian, and number of pairs up to which a larger one is integrated. */
export const negligible = 1e-4;
export const exactPairs = 16;

/** Per-layer second moments of the errors and the activities below, index l − 1; those of errors times exp(−logScale). */
export interface BackwardPass {
  readonly logScale: Float64Array;
  /** E δ_a² per unit, [layer][input]. */
  readonly error: readonly Float64Array[];
  /** E δ_aδ_b per unit, [layer][pair]. */
  readonly errorPair: readonly Float64Array[];
  /** E|δ_aδ_b| per unit; with more than `exactPairs` pairs an approximation where the coherent part is not negligible. */
  readonly errorAbsolute: readonly Float64Array[];
  /** Part of E(Wᵀδ)² that is coherent with u, [layer][pair] (larger of the two inputs). */
  readonly coherence: readonly Float64Array[];
  /** κ_l of W^{l+1}ᵀδ, [layer][input], times exp(−logScale/2) of the layer above. */
  readonly coupling: readonly Float64Array[];
  /** F = E φ'(u_a)φ'(u_b) at layer l + 1. */
  readonly pairSlope: (l: number, p: number) => number;
  /** |u^{l−1}|²/N, u_a·u_b/N and Σ|u_a u_b|/N that enter W^l. */
  readonly activity: readonly Float64Array[];
  readonly activityPair: readonly Float64Array[];
  readonly activityAbsolute: readonly Float64Array[];
}

export async function backwardPass(
  spec: ResolvedFeedforwardSpec,
  layers: LayerParameters,
  gram: InputGram,
  forward: ForwardPass,
  options: ControlOptions,
): Promise<BackwardPass> {
  const { depth, phi } = layers;
  const pairs = gram.pairs.length;
  const states = forward.pair.flat();
  const along = async (integrand: Parameters<typeof pairMoments>[1]): Promise<(l: number, p: number) => number> => {
    const values = await pairMoments(phi, integrand, states, options);
    return (l, p) => values[l * pairs + p] as number;
  };
  const slopes = await along({ first: 1 });
  const products = await along({ value: 1, first: 1 });
  const values = await along({ value: 1 });
  const absoluteSlopes = await along({ first: 1, isAbsolute: true });
  const absoluteValues = await along({ value: 1, isAbsolute: true });
  const absoluteProducts =
    spec.output === 'postactivation' ? await along({ value: 1, first: 1, isAbsolute: true }) : () => 0;

  const { isShared } = layers;
  const sharedFactor = (keep: number): number => (isShared ? 1 / keep : 1);
  const q = (l: number, a: number): number => (forward.variance[l] as Float64Array)[a] as number;
  const single = (name: 'second' | 'slope' | 'product' | 'bend', variance: number): number => {
    if (name === 'bend') return varianceSlope(phi, variance);
    return expectation(
      phi,
      name === 'second' ? { value: 2 } : name === 'slope' ? { first: 2 } : { value: 2, first: 2 },
      variance,
    );
  };

  const logScale = new Float64Array(depth);
  const error: Float64Array[] = new Array(depth);
  const errorPair: Float64Array[] = new Array(depth);
  const errorAbsolute: Float64Array[] = new Array(depth);
  const coherence: Float64Array[] = new Array(depth);
  const couplings: Float64Array[] = new Array(depth).fill(new Float64Array(gram.count));
  const last = depth - 1;
  const state = (l: number, p: number): PairState => (forward.pair[l] as readonly PairState[])[p] as PairState;
  const covariance = (s: PairState): number => Math.sqrt(s.varianceA * s.varianceB) * (1 - s.delta);
  // --- the output layer
  const start = {
    preactivation: {
      a: (variance: number) => 4 * variance,
      t: () => 2,
      h: (p: number) => 4 * covariance(state(last, p)),
    },
    postactivation: {
      a: (variance: number) => 4 * single('product', variance),
      t: (variance: number) => 2 * single('bend', variance),
      h: (p: number) => 4 * products(last, p),
    },
    randomReadout: { a: () => 1, t: () => 0, h: () => 0 },
  }[spec.output];
  const startAbsolute = (p: number): number => {
    const s = state(last, p);
    if (spec.output === 'postactivation') return 4 * absoluteProducts(last, p);
    return spec.output === 'preactivation'
      ? 4 * Math.sqrt(s.varianceA * s.varianceB) * absoluteProduct(1 - s.delta)
      : absoluteProduct(0);
  };
  const inputs = Array.from({ length: gram.count }, (_, a) => a);
  error[last] = Float64Array.from(inputs, (a) => start.a(q(last, a)));
  errorPair[last] = Float64Array.from(gram.pairs, (_, p) => start.h(p));
  errorAbsolute[last] = Float64Array.from(gram.pairs, (_, p) => startAbsolute(p));
  coherence[last] = new Float64Array(pairs);
  let slopeOfError = Float64Array.from(inputs, (a) => (spec.backwardWeights === 'shared' ? start.t(q(last, a)) : 0));
  // --- down to the first layer
  for (let l = last - 1; l >= 0; l--) {
    const keep = layers.keepProbability[l] as number;
    const passed =
      ((layers.weightVariance[l + 1] as number) * (layers.width[l + 1] as number)) / (layers.width[l] as number);
    const kappa = slopeOfError.map((t) => passed * t);
    couplings[l] = kappa;
    const isOrthogonal = spec.weights === 'orthogonal' && spec.backwardWeights === 'shared';
    const above = error[l + 1] as Float64Array;
    const noise = (a: number): number => {
      const k = kappa[a] as number;
      return Math.max(
        0,
        passed * (above[a] as number) - (isOrthogonal ? (k * k * single('second', q(l, a))) / keep : 0),
      );
    };
    error[l] = Float64Array.from(
      inputs,
      (a) =>
        (single('slope', q(l, a)) * noise(a)) / keep +
        ((kappa[a] as number) ** 2 * single('product', q(l, a))) / keep ** 3,
    );
    const pairNoise = (p: number, coupling: number): number =>
      passed * ((errorPair[l + 1] as Float64Array)[p] as number) -
      (isOrthogonal ? coupling * values(l, p) * sharedFactor(keep) : 0);
    errorPair[l] = Float64Array.from(gram.pairs, ({ a, b }, p) => {
      const coupling = (kappa[a] as number) * (kappa[b] as number);
      return sharedFactor(keep) * (slopes(l, p) * pairNoise(p, coupling) + (coupling * products(l, p)) / keep ** 2);
    });
    coherence[l] = new Float64Array(pairs);
    errorAbsolute[l] = Float64Array.from(gram.pairs, ({ a, b }, p) => {
      const coupling = (kappa[a] as number) * (kappa[b] as number);
      const coherent = (c: number): number => ((kappa[c] as number) ** 2 * single('second', q(l, c))) / keep ** 2;
      const [sizeA, sizeB] = [noise(a) + coherent(a), noise(b) + coherent(b)];
      const size = Math.sqrt(sizeA * sizeB);
      if (size === 0) return 0;
      const part = Math.max(coherent(a) / sizeA, coherent(b) / sizeB);
      (coherence[l] as Float64Array)[p] = part;
      const native = phi.native;
      if (part > negligible && pairs <= exactPairs && native !== undefined) {
        const parts = {
          couplingA: (kappa[a] as number) / keep,
          couplingB: (kappa[b] as number) / keep,
          noiseA: noise(a),
          noiseB: noise(b),
          noisePair: pairNoise(p, coupling),
        };
        return sharedFactor(keep) * coherentAbsoluteProduct(native, state(l, p), parts);
      }
      // Wᵀδ given that the unit is kept, as a Gaussian pair of the right covariance, independent of z
      const correlation = (pairNoise(p, coupling) + (coupling * values(l, p)) / keep ** 2) / size;
      return sharedFactor(keep) * absoluteSlopes(l, p) * size * absoluteProduct(correlation);
    });
    slopeOfError = kappa.map((k, a) => (k * single('bend', q(l, a))) / keep);
    // The recursion is linear in the errors' second moments and in the square of the coupling: keep both in range.
    logScale[l] = logScale[l + 1] as number;
    const largest = Math.max(...(error[l] as Float64Array));
    if (largest > 0 && (largest > 1e100 || largest < 1e-100)) {
      for (const moments of [error, errorPair, errorAbsolute])
        moments[l] = (moments[l] as Float64Array).map((value) => value / largest);
      slopeOfError = slopeOfError.map((t) => t / Math.sqrt(largest));
      logScale[l] = (logScale[l] as number) + Math.log(largest);
    }
  }
  // --- what enters each matrix from below
  const below = (f: (l: number, keep: number) => Float64Array, first: () => Float64Array): Float64Array[] =>
    Array.from({ length: depth }, (_, l) => (l === 0 ? first() : f(l - 1, layers.keepProbability[l - 1] as number)));
  const firstPair = (isAbsolute: boolean) => (): Float64Array =>
    Float64Array.from(gram.pairs, ({ a, b, delta, absolute }) => {
      const product = isAbsolute
        ? absolute
        : Math.sqrt((gram.secondMoment[a] as number) * (gram.secondMoment[b] as number)) * (1 - delta);
      return product * sharedFactor(layers.inputKeepProbability);
    });
  return {
    logScale,
    error,
    errorPair,
    errorAbsolute,
    coherence,
    coupling: couplings,
    pairSlope: slopes,
    activity: below(
      (l, keep) => Float64Array.from(inputs, (a) => single('second', q(l, a)) / keep),
      () => gram.secondMoment.map((s) => s / layers.inputKeepProbability),
    ),
    activityPair: below(
      (l, keep) => Float64Array.from(gram.pairs, (_, p) => values(l, p) * sharedFactor(keep)),
      firstPair(false),
    ),
    activityAbsolute: below(
      (l, keep) => Float64Array.from(gram.pairs, (_, p) => absoluteValues(l, p) * sharedFactor(keep)),
      firstPair(true),
    ),
  };
}
