// What a network does over its own depth: the recursions of `predict` for one input and a pair like it, reduced to the numbers
// that advice reads.
import { ticker } from '../../core/control.js';
import type { SystemOptions } from '../../core/system.js';
import { isBeyondTerms, knowledgeOf } from './allowances.js';
import { backwardPass } from './backward.js';
import { inputTerms, orthogonalTerms } from './corrections.js';
import {
  type ForwardPass,
  forwardPass,
  type InputGram,
  inputGram,
  type LayerParameters,
  layerParameters,
  type PairState,
} from './forward.js';
import { pairMoments } from './pair-moments.js';
import { activationOf, type ResolvedFeedforwardSpec } from './spec.js';
import { correlationMultiplier, fixedPointDelta } from '../../gaussian/multipliers.js';
import type { Layer } from '../../gaussian/variance-map.js';

/** The first input of a spec, layer by layer; logarithms are natural, ratios are of layer 1 to layer L. */
export interface NetworkProfile {
  /** q^1 … q^L. */
  readonly variance: Float64Array;
  /** log |∂E/∂z^1|²/|∂E/∂z^L|² at infinite width; −Infinity when nothing arrives, undefined when layer L has no gradient. */
  readonly logGradientRatio: number | undefined;
  /** The same of the mean square of an entry of ∂E/∂W. */
  readonly logWeightGradientRatio: number | undefined;
  /** log q^L/q^1; −Infinity when the signal ends, undefined when there is none. */
  readonly logVarianceRatio: number | undefined;
  /** 1 − c^l of a pair of such inputs. */
  readonly oneMinusCorrelation: Float64Array;
  /** log |dc^L/dc^1|: what is left of a small difference in correlation; undefined without signals. */
  readonly logCorrelationResponse: number | undefined;
  /**
   * What a correlation loses at its fixed points, −Σ log of the slopes there, each layer as if it repeated at its own variance; of φ of
   * degree 1, whose correlation map knows no scale. It has no transient, and is that of the fixed point where signals have one.
   */
  readonly scaleFreeLoss: number | undefined;
  /** How far log |∂E/∂z^1|²/|∂E/∂z^L|² of a typical network lies from the value above, and its variance. */
  readonly finiteWidth: FiniteWidth | undefined;
}

interface FiniteWidth {
  readonly shift: number;
  /** How far the logarithm of its mean over networks does. */
  readonly mean: number;
  /** The same as `shift` of log (∂E/∂W)². */
  readonly weightShift: number;
  readonly variance: number;
  /** Var q^l/(q^l)² over networks, leading order in 1/width. */
  readonly signalSpread: Float64Array;
}

/** How the images of a spec that names a data set reach the recursions. */
export type ProfileOptions = Pick<SystemOptions, 'inputs' | 'signal'>;

/** The inputs reduced to one, twice, at the correlation of the first pair (0.5 where there is none, or it is ±1). */
function pairLike(gram: InputGram): InputGram {
  const delta = gram.pairs[0]?.delta ?? 0.5;
  const moment = gram.secondMoment[0] as number;
  return {
    count: 2,
    dimension: gram.dimension,
    secondMoment: Float64Array.of(moment, moment),
    kurtosis: Float64Array.of(gram.kurtosis[0] as number, gram.kurtosis[0] as number),
    pairs: [{ a: 0, b: 1, delta: delta > 0 && delta < 2 ? delta : 0.5, absolute: 0, square: 0 }],
  };
}

/** log a/b, with 0/b = −Infinity; undefined where b is 0 or something is not a number. */
function logRatio(a: number, b: number): number | undefined {
  const ratio = Math.log(a) - Math.log(b);
  return b > 0 && b < Infinity && !Number.isNaN(ratio) ? ratio : undefined;
}

/** Signals and gradients of one input: what is cheap to follow. */
export type SingleProfile = Pick<
  NetworkProfile,
  'variance' | 'logGradientRatio' | 'logWeightGradientRatio' | 'logVarianceRatio'
>;

/** One input followed forward and backward, without pairs. @throws MftError like the Gaussian moments */
export async function singleProfile(spec: ResolvedFeedforwardSpec, options: ProfileOptions): Promise<SingleProfile> {
  return (await followed(spec, options)).profile;
}

async function followed(
  spec: ResolvedFeedforwardSpec,
  options: ProfileOptions,
): Promise<{ readonly profile: SingleProfile; readonly forward: ForwardPass; readonly gram: InputGram }> {
  const layers = layerParameters(spec);
  const { depth, width } = layers;
  const control = options.signal === undefined ? {} : { signal: options.signal };
  const gram = pairLike(inputGram(spec, options.inputs));
  const one = { ...gram, count: 1, secondMoment: gram.secondMoment.subarray(0, 1), pairs: [] };
  const forward = await forwardPass(layers, one, ticker(depth, control));
  const { error, activity, logScale } = await backwardPass(spec, layers, one, forward, control);
  const last = depth - 1;
  const of = (rows: readonly Float64Array[], l: number): number => (rows[l] as Float64Array)[0] as number;
  const scale = (logScale[0] as number) - (logScale[last] as number);
  const ratio = (f: (l: number) => number): number | undefined => {
    const value = logRatio(f(0), f(last));
    return value === undefined ? undefined : value + scale;
  };
  const variance = Float64Array.from(
    forward.variance,
    (row, l) => (row[0] as number) + (layers.biasMean[l] as number) ** 2,
  );
  return {
    profile: {
      variance,
      logGradientRatio: ratio((l) => of(error, l) * (width[l] as number)),
      logWeightGradientRatio: ratio((l) => of(error, l) * of(activity, l)),
      logVarianceRatio: logRatio(variance[last] as number, variance[0] as number),
    },
    forward,
    gram,
  };
}

/** The profile. @throws MftError like the Gaussian moments; `signal.reason` when cancelled */
export async function networkProfile(spec: ResolvedFeedforwardSpec, options: ProfileOptions): Promise<NetworkProfile> {
  const layers = layerParameters(spec);
  const { profile, forward: single, gram } = await followed(spec, options);
  const control = options.signal === undefined ? {} : { signal: options.signal };
  const forward = await forwardPass(layers, gram, ticker(layers.depth, control));
  const states = forward.pair.map((row) => row[0] as PairState);
  return {
    ...profile,
    oneMinusCorrelation: Float64Array.from(states, ({ delta }) => delta),
    logCorrelationResponse: await correlationResponse(spec, states, options),
    scaleFreeLoss: scaleFreeLoss(spec, layers, profile.variance),
    finiteWidth: finiteWidth(spec, layers, single),
  };
}

function scaleFreeLoss(
  spec: ResolvedFeedforwardSpec,
  { phi, weightVariance, biasVariance, keepProbability, depth }: LayerParameters,
  variance: Float64Array,
): number | undefined {
  if (phi.slice(0, depth - 1).some(({ homogeneousDegree }) => homogeneousDegree !== 1)) return undefined;
  let [sum, last, slope] = [0, '', 1];
  for (let l = 1; l < depth; l++) {
    const ratio = (variance[l - 1] as number) / (variance[l] as number);
    if (!(ratio > 0 && ratio < Infinity)) return undefined;
    const layer: Layer = {
      activation: activationOf(spec, l - 1),
      weightVariance: (weightVariance[l] as number) * ratio,
      biasVariance: (biasVariance[l] as number) / (variance[l] as number),
      keepProbability: keepProbability[l - 1] as number,
      maskSharing: spec.maskSharing,
    };
    const key = JSON.stringify(layer);
    if (key !== last) slope = correlationMultiplier(layer, 1, fixedPointDelta(layer, 1));
    last = key;
    sum -= Math.log(slope);
  }
  return sum;
}

/** Terms of order 1/width; undefined where none are known. */
function finiteWidth(
  spec: ResolvedFeedforwardSpec,
  layers: LayerParameters,
  single: ForwardPass,
): FiniteWidth | undefined {
  if (isBeyondTerms(layers) || !knowledgeOf(spec, layers).hasFourthMoment) return undefined;
  const terms = (spec.weights === 'orthogonal' ? orthogonalTerms : inputTerms)(spec, layers, single, 0);
  const difference = (values: Float64Array): number => (values[0] as number) - (values[layers.depth - 1] as number);
  const typical = (mean: Float64Array, variance: Float64Array): number => difference(mean) - 0.5 * difference(variance);
  const shift = typical(terms.meanError, terms.logError);
  // Squares of variances leave the range of numbers beyond 1e±154: nothing is known there.
  if (!Number.isFinite(shift)) return undefined;
  return {
    shift,
    weightShift: typical(terms.meanGradient, terms.logGradient),
    mean: difference(terms.meanError),
    variance: Math.max(
      0,
      (terms.logError[0] as number) +
        (terms.logError[layers.depth - 1] as number) -
        2 * (terms.withOutput[0] as number),
    ),
    signalSpread: terms.spread.map((spread, l) => {
      const q = (single.variance[l] as Float64Array)[0] as number;
      return spread > 0 ? spread / q ** 2 : 0;
    }),
  };
}

/** Σ log dc^{l+1}/dc^l with dc^{l+1}/dc^l = σ_w² F(q^l, c^l) q^l/q^{l+1} (σ_w²/ρ with shared masks). */
async function correlationResponse(
  spec: ResolvedFeedforwardSpec,
  states: readonly PairState[],
  options: ProfileOptions,
): Promise<number | undefined> {
  const { phi, weightVariance, keepProbability, isShared } = layerParameters(spec);
  if (states.some(({ varianceA }) => !(varianceA > 0 && varianceA < Infinity))) return undefined;
  const below = states.slice(0, -1);
  const slopes = await pairMoments(
    phi,
    { first: 1 },
    below.map((state) => [state]),
    options.signal === undefined ? {} : { signal: options.signal },
  );
  let sum = 0;
  for (const [l, { varianceA }] of below.entries()) {
    const gain = (weightVariance[l + 1] as number) / (isShared ? (keepProbability[l] as number) : 1);
    sum += Math.log(Math.abs(gain * (slopes[l] as number)) * (varianceA / (states[l + 1] as PairState).varianceA));
  }
  return Number.isNaN(sum) ? undefined : sum;
}
