// The backward recursions (3.9) of docs/systems/feedforward.md, layer by layer: per-layer variances, keep probabilities and
// widths, inputs of any lengths, shared or independent backward weights.
//
// Given the forward pass, (W^{l+1})ᵀ δ^{l+1} = κ_l u^l + e with e Gaussian, independent of z^l (Stein's lemma):
//   κ_{l−1} = (σ_l²/ρ_l) v2(q^l) (N_l/N_{l−1}) κ_l,   κ_{L−1} = σ_L² (N_L/N_{L−1}) E ℓ''
//   E δ_a²  = (1/ρ) s2 E e² + κ² E[φ²φ'²]/ρ³,          E e_a e_b = σ²_{l+1} (N_{l+1}/N_l) E δ_aδ_b
//   E δ_aδ_b = F E e_a e_b + κ_aκ_b P_ab/ρ²            (one more 1/ρ in both terms with shared masks)
// For orthogonal weights |Wᵀδ|² = σ²|δ|² exactly, so that E e_a e_b loses the coherent part κ_aκ_b E u_a u_b (derived);
// where columns and not rows are orthonormal (N_{l+1} > N_l), N_l/N_{l+1} of it. With alpha dropout φ stands for ρ(aφ + b), and
// dropped units add to E u_a u_b.
import { addon } from '../../core/addon.js';
import type { ControlOptions } from '../../core/control.js';
import { affineFunctionOf, type GaussianFunction } from '../../gaussian/expectation.js';
import { expectation, pairExpectation, varianceSlope } from '../../gaussian/moments.js';
import {
  absoluteProduct,
  droppedProduct,
  type ForwardPass,
  type InputGram,
  type LayerParameters,
  type PairState,
  rootProduct,
} from './forward.js';
import { pairMoments } from './pair-moments.js';
import type { ResolvedFeedforwardSpec } from './spec.js';
import { largestOf } from '../../numeric/extremes.js';

/** Coherent part below which Wᵀδ is taken as Gaussian, and number of pairs up to which a larger one is integrated. */
export const negligible = 1e-4;
export const exactPairs = 16;
/** Relative error of the integrals: |x| has a corner on their grid, and so may φ beyond its kinks. */
export const absoluteProductError = 1e-2;

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

/** Gaussian moments of φ at layer index l: of one input a, or of a pair p. */
interface Moments {
  /** E φ². */
  readonly second: (l: number, a: number) => number;
  /** E φ'² = s2. */
  readonly slope: (l: number, a: number) => number;
  /** E φ²φ'². */
  readonly product: (l: number, a: number) => number;
  /** v2 = dE φ²/dq. */
  readonly bend: (l: number, a: number) => number;
  /** E φ_aφ_b, F = E φ'_aφ'_b and P_ab = E φ_aφ_b φ'_aφ'_b, and those of the absolute values. */
  readonly pairSecond: (l: number, p: number) => number;
  readonly pairSlope: (l: number, p: number) => number;
  readonly pairProduct: (l: number, p: number) => number;
  readonly absoluteSecond: (l: number, p: number) => number;
  readonly absoluteSlope: (l: number, p: number) => number;
  readonly absoluteProduct: (l: number, p: number) => number;
  /** E u_a², E u_a u_b and E|u_a u_b| of the masked activities. */
  readonly activity: (l: number, a: number) => number;
  readonly activityPair: (l: number, p: number) => number;
  readonly activityAbsolute: (l: number, p: number) => number;
}

/** What every step down reads. */
interface Network {
  readonly spec: ResolvedFeedforwardSpec;
  readonly layers: LayerParameters;
  readonly gram: InputGram;
  readonly forward: ForwardPass;
  readonly moments: Moments;
}

/** The errors of one layer; second moments times exp(−logScale), slopes times exp(−logScale/2). */
interface LayerErrors {
  readonly logScale: number;
  readonly error: Float64Array;
  readonly errorPair: Float64Array;
  readonly errorAbsolute: Float64Array;
  readonly coherence: Float64Array;
  /** κ of Wᵀδ that comes from above, in the scale of the layer above; 0 at the output. */
  readonly coupling: Float64Array;
  /** E ∂δ_a/∂z_a per input, from which the κ of the layer below follows; 0 with independent backward weights. */
  readonly slope: Float64Array;
}

export async function backwardPass(
  spec: ResolvedFeedforwardSpec,
  layers: LayerParameters,
  gram: InputGram,
  forward: ForwardPass,
  options: ControlOptions,
): Promise<BackwardPass> {
  const network = { spec, layers, gram, forward, moments: await momentsOf(spec, layers, gram, forward, options) };
  const errors = [outputErrors(network)];
  for (let l = layers.depth - 2; l >= 0; l--)
    errors.push(inRange(errorsBelow(network, l, errors.at(-1) as LayerErrors)));
  errors.reverse();
  return {
    logScale: Float64Array.from(errors, ({ logScale }) => logScale),
    error: errors.map(({ error }) => error),
    errorPair: errors.map(({ errorPair }) => errorPair),
    errorAbsolute: errors.map(({ errorAbsolute }) => errorAbsolute),
    coherence: errors.map(({ coherence }) => coherence),
    coupling: errors.map(({ coupling }) => coupling),
    pairSlope: network.moments.pairSlope,
    ...activities(network),
  };
}

async function momentsOf(
  spec: ResolvedFeedforwardSpec,
  layers: LayerParameters,
  gram: InputGram,
  forward: ForwardPass,
  options: ControlOptions,
): Promise<Moments> {
  const along = async (integrand: Parameters<typeof pairMoments>[1]): Promise<(l: number, p: number) => number> => {
    const values = await pairMoments(layers.phi, integrand, forward.pair, options);
    return (l, p) => values[l * gram.pairs.length + p] as number;
  };
  const q = (l: number, a: number): number => (forward.variance[l] as Float64Array)[a] as number;
  const phi = (l: number): GaussianFunction => layers.phi[l] as GaussianFunction;
  const keep = (l: number): number => layers.keepProbability[l] as number;
  const dropped = (l: number): number => layers.dropped[l] as number;
  const second = (l: number, a: number): number => expectation(phi(l), { value: 2 }, q(l, a));
  const pairSecond = await along({ value: 1 });
  const absoluteSecond = await along({ value: 1, isAbsolute: true });
  /** What dropped units with a value of their own add to E u_a u_b, or to E|u_a u_b|. */
  const added = (l: number, p: number, isAbsolute: boolean): number => {
    if (dropped(l) === 0) return 0;
    const { a, b } = gram.pairs[p] as { a: number; b: number };
    const means = [a, b].map((k) => expectation(phi(l), { value: 1, isAbsolute }, q(l, k)));
    return droppedProduct(keep(l), isAbsolute ? Math.abs(dropped(l)) : dropped(l), layers.isShared, means);
  };
  return {
    second,
    slope: (l, a) => expectation(phi(l), { first: 2 }, q(l, a)),
    product: (l, a) => expectation(phi(l), { value: 2, first: 2 }, q(l, a)),
    bend: (l, a) => varianceSlope(phi(l), q(l, a)),
    activity: (l, a) => second(l, a) / keep(l) + (dropped(l) === 0 ? 0 : (1 - keep(l)) * dropped(l) ** 2),
    activityPair: (l, p) => pairSecond(l, p) * sharedFactor(layers, keep(l)) + added(l, p, false),
    activityAbsolute: (l, p) => absoluteSecond(l, p) * sharedFactor(layers, keep(l)) + added(l, p, true),
    pairSlope: await along({ first: 1 }),
    pairProduct: await along({ value: 1, first: 1 }),
    pairSecond,
    absoluteSlope: await along({ first: 1, isAbsolute: true }),
    absoluteSecond,
    absoluteProduct: spec.output === 'postactivation' ? await along({ value: 1, first: 1, isAbsolute: true }) : () => 0,
  };
}

const perInput = ({ gram }: Network, f: (a: number) => number): Float64Array =>
  Float64Array.from({ length: gram.count }, (_, a) => f(a));

const stateOf = ({ forward }: Network, l: number, p: number): PairState =>
  (forward.pair[l] as readonly PairState[])[p] as PairState;

/** 1/ρ once more where both inputs have the same masks. */
const sharedFactor = ({ isShared }: LayerParameters, keep: number): number => (isShared ? 1 / keep : 1);

/** The errors of the last layer: δ = ℓ'(z) for ℓ = z², φ(z)² or a random readout of variance 1. */
function outputErrors(network: Network): LayerErrors {
  const { spec, layers, gram, forward, moments } = network;
  const last = layers.depth - 1;
  const q = (a: number): number => (forward.variance[last] as Float64Array)[a] as number;
  const geometric = (p: number): number => {
    const { varianceA, varianceB } = stateOf(network, last, p);
    return rootProduct(varianceA, varianceB);
  };
  const correlation = (p: number): number => 1 - stateOf(network, last, p).delta;
  const mean = layers.biasMean[last] as number;
  /** E|z_a z_b| with the mean of the biases. */
  const absoluteLine = (p: number): number => {
    if (mean === 0) return geometric(p) * absoluteProduct(correlation(p));
    const line = affineFunctionOf('linear', { shift: mean, scale: 1, offset: 0 });
    const { varianceA, varianceB, delta } = stateOf(network, last, p);
    return pairExpectation(line, { value: 1, isAbsolute: true }, varianceA, varianceB, delta);
  };
  const { error, slope, pair, absolute } = {
    preactivation: {
      error: (a: number) => 4 * (q(a) + mean * mean),
      slope: () => 2,
      pair: (p: number) => 4 * (geometric(p) * correlation(p) + mean * mean),
      absolute: (p: number) => 4 * absoluteLine(p),
    },
    postactivation: {
      error: (a: number) => 4 * moments.product(last, a),
      slope: (a: number) => 2 * moments.bend(last, a),
      pair: (p: number) => 4 * moments.pairProduct(last, p),
      absolute: (p: number) => 4 * moments.absoluteProduct(last, p),
    },
    randomReadout: { error: () => 1, slope: () => 0, pair: () => 0, absolute: () => absoluteProduct(0) },
  }[spec.output];
  return {
    logScale: 0,
    error: perInput(network, error),
    errorPair: Float64Array.from(gram.pairs, (_, p) => pair(p)),
    errorAbsolute: Float64Array.from(gram.pairs, (_, p) => absolute(p)),
    coherence: new Float64Array(gram.pairs.length),
    coupling: new Float64Array(gram.count),
    slope: perInput(network, (a) => (spec.backwardWeights === 'shared' ? slope(a) : 0)),
  };
}

/** One step of the recursion: the errors of layer index l from those of the layer above it. */
function errorsBelow(network: Network, l: number, above: LayerErrors): LayerErrors {
  const { spec, layers, gram, moments } = network;
  const keep = layers.keepProbability[l] as number;
  const factor = sharedFactor(layers, keep);
  const passed =
    ((layers.weightVariance[l + 1] as number) * (layers.width[l + 1] as number)) / (layers.width[l] as number);
  const kappas = above.slope.map((t) => passed * t);
  const kappa = (a: number): number => kappas[a] as number;
  const isOrthogonal = spec.weights === 'orthogonal' && spec.backwardWeights === 'shared';
  // Orthonormal rows keep |Wᵀδ| as it is; of orthonormal columns only the part of δ in their span comes through.
  const retained = Math.min(1, (layers.width[l] as number) / (layers.width[l + 1] as number));
  // E e_a² and E e_a e_b; `coupling` is κ_aκ_b
  const noise = (a: number): number => {
    const lost = isOrthogonal ? retained * kappa(a) * kappa(a) * moments.activity(l, a) : 0;
    return Math.max(0, passed * (above.error[a] as number) - lost);
  };
  const pairNoise = (p: number, coupling: number): number =>
    passed * (above.errorPair[p] as number) - (isOrthogonal ? retained * coupling * moments.activityPair(l, p) : 0);
  const coherent = (a: number): number => (kappa(a) ** 2 * moments.second(l, a)) / keep ** 2;

  const coherence = new Float64Array(gram.pairs.length);
  const absolute = (a: number, b: number, p: number): number => {
    const [sizeA, sizeB] = [noise(a) + coherent(a), noise(b) + coherent(b)];
    const size = rootProduct(sizeA, sizeB);
    if (size === 0) return 0;
    const part = Math.max(coherent(a) / sizeA, coherent(b) / sizeB);
    coherence[p] = part;
    const coupling = kappa(a) * kappa(b);
    const native = layers.phi[l]?.native;
    if (part > negligible && gram.pairs.length <= exactPairs && native !== undefined) {
      const { varianceA, varianceB, delta } = stateOf(network, l, p);
      const exact = addon().feedforwardAbsoluteProduct({
        activation: native,
        kinks: native.kinks,
        varianceA,
        varianceB,
        oneMinusCorrelation: delta,
        couplingA: kappa(a) / keep,
        couplingB: kappa(b) / keep,
        noiseA: noise(a),
        noiseB: noise(b),
        noisePair: pairNoise(p, coupling),
      });
      return factor * exact;
    }
    // Wᵀδ given that the unit is kept, as a Gaussian pair of the right covariance, independent of z
    const correlation = (pairNoise(p, coupling) + (coupling * moments.pairSecond(l, p)) / keep ** 2) / size;
    return factor * moments.absoluteSlope(l, p) * size * absoluteProduct(correlation);
  };
  return {
    logScale: above.logScale,
    error: perInput(
      network,
      (a) => (moments.slope(l, a) * noise(a)) / keep + (kappa(a) ** 2 * moments.product(l, a)) / keep ** 3,
    ),
    errorPair: Float64Array.from(gram.pairs, ({ a, b }, p) => {
      const coupling = kappa(a) * kappa(b);
      const fromNoise = moments.pairSlope(l, p) * pairNoise(p, coupling);
      return factor * (fromNoise + (coupling * moments.pairProduct(l, p)) / keep ** 2);
    }),
    errorAbsolute: Float64Array.from(gram.pairs, ({ a, b }, p) => absolute(a, b, p)),
    coherence,
    coupling: kappas,
    slope: perInput(network, (a) => (kappa(a) * moments.bend(l, a)) / keep),
  };
}

/** The recursion is linear in the errors' second moments and in the square of the slopes: both are kept in range. */
function inRange(errors: LayerErrors): LayerErrors {
  const largest = largestOf(errors.error);
  if (!(largest > 1e100 || (largest > 0 && largest < 1e-100))) return errors;
  const scaled = (moments: Float64Array): Float64Array => moments.map((value) => value / largest);
  return {
    ...errors,
    logScale: errors.logScale + Math.log(largest),
    error: scaled(errors.error),
    errorPair: scaled(errors.errorPair),
    errorAbsolute: scaled(errors.errorAbsolute),
    slope: errors.slope.map((t) => t / Math.sqrt(largest)),
  };
}

/** What enters each matrix from below: the inputs, then the activities of every hidden layer. */
function activities(network: Network): Pick<BackwardPass, 'activity' | 'activityPair' | 'activityAbsolute'> {
  const { layers, gram, moments } = network;
  const { inputKeepProbability } = layers;
  const below = (first: Float64Array, f: (l: number) => Float64Array): Float64Array[] => [
    first,
    ...layers.keepProbability.map((_, l) => f(l)),
  ];
  const firstPair = (product: (pair: InputGram['pairs'][number]) => number): Float64Array =>
    Float64Array.from(gram.pairs, (pair) => product(pair) * sharedFactor(layers, inputKeepProbability));
  const moment = (a: number): number => gram.secondMoment[a] as number;
  return {
    activity: below(
      gram.secondMoment.map((s) => s / inputKeepProbability),
      (l) => perInput(network, (a) => moments.activity(l, a)),
    ),
    activityPair: below(
      firstPair(({ a, b, delta }) => rootProduct(moment(a), moment(b)) * (1 - delta)),
      (l) => Float64Array.from(gram.pairs, (_, p) => moments.activityPair(l, p)),
    ),
    activityAbsolute: below(
      firstPair(({ absolute }) => absolute),
      (l) => Float64Array.from(gram.pairs, (_, p) => moments.activityAbsolute(l, p)),
    ),
  };
}
