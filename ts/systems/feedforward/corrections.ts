// Terms of order 1/width of every observable: what is known (`value`), the size of what is not (`allowance`), and how much the
// numbers scatter over networks (`spread`, relative to the squared mean).
import type { ControlOptions } from '../../core/control.js';
import type { GaussianFunction } from '../../gaussian/expectation.js';
import { expectation } from '../../gaussian/moments.js';
import { isBeyondTerms, knowledgeOf, largestTerm, pairAllowances } from './allowances.js';
import type { BackwardPass } from './backward.js';
import { tiedErrors } from './finite-size-tied.js';
import { finiteSize, type FiniteSize, type OutputLaw } from './finite-size.js';
import { type ForwardPass, type InputGram, inputMaskNoise, type LayerParameters } from './forward.js';
import type { FeedforwardObservable } from './observables.js';
import { lawAllowance } from './law-allowance.js';
import { pairTerm } from './pair-term.js';
import type { ResolvedFeedforwardSpec } from './spec.js';

type Values = (l: number, k: number) => number;

export interface Correction {
  readonly value: Values;
  readonly allowance: Values;
  readonly spread?: Values;
}

export type Corrections = Readonly<Record<FeedforwardObservable, Correction>>;

/** A term and what is said of it. */
interface Term {
  readonly value: Values;
  /** Size of what is not known of it. */
  readonly unknown: Values;
  /** What the term is small or large against. */
  readonly size?: Values;
  /** Share of `size` above which the term is withheld. */
  readonly limit?: number;
  readonly spread?: Values;
}

/** The leading terms of one input, of Gaussian weights. */
export function inputTerms(
  spec: ResolvedFeedforwardSpec,
  layers: LayerParameters,
  forward: ForwardPass,
  input: number,
): FiniteSize {
  const isTied = spec.backwardWeights === 'shared';
  const free = finiteSize(layers, forward, input, outputLaw(spec, layers, forward, input), { isTied });
  if (!isTied || spec.output === 'randomReadout' || isBeyondTerms(layers)) return free;
  const profile = Float64Array.from(forward.variance, (row) => row[input] as number);
  return { ...free, ...tiedErrors(layers, spec.output, profile, free.variance, free.spread) };
}

/**
 * The same of orthogonal weights by size: to the terms of Gaussian weights comes what fixed lengths change for errors independent of
 * the weights.
 */
export function orthogonalTerms(
  spec: ResolvedFeedforwardSpec,
  layers: LayerParameters,
  forward: ForwardPass,
  input: number,
): FiniteSize {
  const isTied = spec.backwardWeights === 'shared';
  const output = outputLaw(spec, layers, forward, input);
  const [gaussian, orthogonal] = [false, true].map((isOrthogonal) =>
    finiteSize(layers, forward, input, output, { isTied, isOrthogonal }),
  ) as [FiniteSize, FiniteSize];
  const terms = inputTerms(spec, layers, forward, input);
  const changed = (name: 'meanError' | 'meanGradient' | 'logError' | 'logGradient' | 'withOutput'): Float64Array =>
    terms[name].map((value, l) => value + (orthogonal[name][l] as number) - (gaussian[name][l] as number));
  return {
    ...orthogonal,
    meanError: changed('meanError'),
    meanGradient: changed('meanGradient'),
    withOutput: changed('withOutput'),
    logError: changed('logError').map((value) => Math.max(0, value)),
    logGradient: changed('logGradient').map((value) => Math.max(0, value)),
  };
}

export async function corrections(
  spec: ResolvedFeedforwardSpec,
  layers: LayerParameters,
  gram: InputGram,
  forward: ForwardPass,
  backward: BackwardPass,
  options: ControlOptions,
): Promise<Corrections> {
  const { isGaussian, isKnown, hasFourthMoment } = knowledgeOf(spec, layers);
  const masks = inputMaskNoise(layers, gram);
  const terms = Array.from({ length: gram.count }, (_, a) => inputTerms(spec, layers, forward, a));
  const pairs = await pairTerm(spec, layers, gram, forward, backward, options);
  const sizes = pairAllowances(layers, gram, forward, backward.pairSlope, terms);
  const q: Values = (l, a) => (forward.variance[l] as Float64Array)[a] as number;
  const laws = terms.map((_, a) => lawAllowance(spec, layers, gram, forward, a));
  /** Σ of what the law of the weights moves below layer l, or in all layers. */
  const ofLaw = (l: number, a: number): number => {
    let sum = 0;
    for (let k = 0; k < l; k++) sum += laws[a]?.moved[k] as number;
    return sum;
  };
  /** Relative variance of q^l by heavy tails of the weights of the layers up to l (light tails take less than is said). */
  const tails: Values = (l, a) => {
    let sum = 0;
    for (let k = 0; k <= l; k++) sum += Math.max(0, laws[a]?.kurtosis[k] as number) / (layers.width[k] as number);
    return sum;
  };
  // Where masks leave so few inputs that q^1 scatters as much as it is large, nothing follows to first order above.
  const rough = terms.map(({ spread }, a) => {
    const [first, relative] = [q(0, a), masks.single[a] as number];
    return relative > largestTerm && (spread[0] as number) > largestTerm * first * first ? relative : 0;
  });
  const withheld = ({ value, unknown, size, limit = largestTerm, spread }: Term): Correction => {
    const isWithheld = (l: number, k: number): boolean =>
      !hasFourthMoment || !(Math.abs(value(l, k)) <= limit * (size?.(l, k) ?? 1));
    return {
      value: (l, k) => (!isKnown || isWithheld(l, k) ? 0 : value(l, k)),
      allowance: (l, k) => {
        if (isWithheld(l, k)) return Infinity;
        const size = unknown(l, k) + (isGaussian && isKnown ? 0 : Math.abs(value(l, k)));
        return Number.isNaN(size) ? Infinity : size;
      },
      ...(spread === undefined ? {} : { spread: (l, k) => (hasFourthMoment ? spread(l, k) : Infinity) }),
    };
  };

  const of =
    (name: keyof FiniteSize): Values =>
    (l, a) =>
      terms[a]?.[name][l] as number;
  const [shift, lengthSpread] = [of('variance'), of('spread')];
  const [meanError, logError] = [of('meanError'), of('logError')];
  const [meanGradient, logGradient] = [of('meanGradient'), of('logGradient')];
  const relativeSpread: Values = (l, a) => {
    const spread = q(l, a) > 0 ? lengthSpread(l, a) / q(l, a) ** 2 : 0;
    return Number.isNaN(spread) ? Infinity : spread;
  };
  const both =
    (value: Values): Values =>
    (l, p) => {
      const { a, b } = gram.pairs[p] as { a: number; b: number };
      return (Math.abs(value(l, a)) + Math.abs(value(l, b))) / 2;
    };
  const nothing: Values = () => 0;
  const unknownOf = (a: number): number => ((rough[a] as number) > 0 ? Infinity : 0);
  const ofPairMasks = (p: number): number => both((_, a) => unknownOf(a))(0, p);
  const ofAllLaws: Values = (_, a) => ofLaw(layers.depth, a);
  // Gradients have the law's size once for the errors and once for the activities below, those of pairs once more for the overlap.
  const ofErrors =
    (unknown: Values, times = 1): Values =>
    (l, a) =>
      unknown(l, a) + times * ofAllLaws(l, a) + unknownOf(a);
  /** Of other weight laws, of biases with a mean and of alpha dropout the logarithm's variance is known by size. */
  const half = (logVariance: Values): Values => (isGaussian && isKnown ? nothing : (l, a) => logVariance(l, a) / 2);
  // A product over layers that a factor of each rescales has a logarithm of independent terms: no power of its size follows.
  // But for the masks of few inputs, whose one factor may be far from 1.
  const isProduct =
    layers.phi.every(({ homogeneousDegree }) => homogeneousDegree === 1) &&
    masks.single.every((noise) => noise <= largestTerm);
  const ofLogarithm = isProduct ? Infinity : largestTerm;
  const maskedPair = (variance: number, p: number): number => {
    const noise = masks.pair[p] as number;
    return noise === 0 ? Math.expm1(variance) : Math.expm1(variance) + Math.exp(variance) * noise;
  };
  const pairSize: Values = (l, p) => both(meanGradient)(l, p) + both(logGradient)(l, p);
  const ofPair = {
    unknown: (l: number, p: number) => pairSize(l, p) + 3 * both(ofAllLaws)(l, p) + ofPairMasks(p),
    spread: (l: number, p: number) =>
      maskedPair(both(logGradient)(l, p), p) + 2 * both((_, a) => rough[a] as number)(l, p),
  };
  const open: Values = (l, p) => {
    const { a, b } = gram.pairs[p] as { a: number; b: number };
    const size =
      ((backward.error[l] as Float64Array)[a] as number) * ((backward.error[l] as Float64Array)[b] as number);
    return size > 0 ? Math.max(0, 1 - ((backward.errorPair[l] as Float64Array)[p] as number) ** 2 / size) : 0;
  };
  return {
    variance: withheld({
      value: shift,
      unknown: (l, a) => (l > 0 ? unknownOf(a) : 0) + q(l, a) * ofLaw(l, a),
      size: q,
      spread: (l, a) =>
        Math.expm1(relativeSpread(l, a)) + 2 / (layers.width[l] as number) + tails(l, a) + (rough[a] as number),
    }),
    covariance: withheld({
      value: nothing,
      unknown: (l, p) =>
        ((sizes.covariance[l] as Float64Array)[p] as number) +
        both((k, a) => q(k, a) * ofLaw(k, a))(l, p) +
        ofPairMasks(p),
      spread: (l, p) => maskedPair(both(relativeSpread)(l, p), p) + both(tails)(l, p),
    }),
    correlation: withheld({
      value: nothing,
      unknown: (l, p) =>
        ((sizes.correlation[l] as Float64Array)[p] as number) + both(ofLaw)(l, p) + both(tails)(l, p) + ofPairMasks(p),
    }),
    errorNorm: withheld({
      value: (l, a) => meanError(l, a) - logError(l, a) / 2,
      unknown: ofErrors(half(logError)),
      limit: ofLogarithm,
    }),
    errorCorrelation: withheld({
      value: nothing,
      unknown: (l, p) => 2 * both(logError)(l, p) * open(l, p) + both(ofAllLaws)(l, p) + ofPairMasks(p),
    }),
    gradientSingle: withheld({
      value: meanGradient,
      unknown: ofErrors(half(logGradient), 2),
      spread: (l, a) => Math.expm1(logGradient(l, a)) + (rough[a] as number),
    }),
    gradientPair: withheld({
      value: (l, p) => Math.log1p((pairs[l] as Float64Array)[p] as number),
      limit: Infinity,
      ...ofPair,
    }),
    gradientPairAbsolute: withheld({ value: nothing, ...ofPair }),
    typicalGradientSingle: withheld({
      value: (l, a) => meanGradient(l, a) - logGradient(l, a) / 2,
      unknown: ofErrors(half(logGradient), 2),
      limit: ofLogarithm,
    }),
  };
}

/** How E(δ^L)² follows q^L, and how much |δ^L|² fluctuates, for each loss. */
function outputLaw(
  spec: ResolvedFeedforwardSpec,
  layers: LayerParameters,
  forward: ForwardPass,
  input: number,
): OutputLaw {
  const q = (forward.variance[spec.depth - 1] as Float64Array)[input] as number;
  if (spec.output === 'randomReadout' || q === 0) return { response: 0, secondResponse: 0, own: 2 };
  if (spec.output === 'preactivation') return { response: 1 / q, secondResponse: 0, own: 2 };
  const phi = layers.phi[spec.depth - 1] as GaussianFunction;
  const at = (variance: number): number => expectation(phi, { value: 2, first: 2 }, variance);
  const [below, here, above, step] = [at(q * 0.999), at(q), at(q * 1.001), 0.001 * q];
  if (!(here > 0)) return { response: 0, secondResponse: 0, own: 0 };
  return {
    response: (above - below) / (2 * step * here),
    secondResponse: (above - 2 * here + below) / (step * step * here),
    own: expectation(phi, { value: 4, first: 4 }, q) / (here * here) - 1,
  };
}
