// What a network does over its own depth: the recursions of `predict` for one input and a pair like it, reduced to the numbers
// that advice reads.
import { ticker } from '../../core/control.js';
import type { SystemOptions } from '../../core/system.js';
import { isBeyondTerms } from './allowances.js';
import { backwardPass } from './backward.js';
import { outputLaw } from './corrections.js';
import { finiteSize } from './finite-size.js';
import { forwardPass, type InputGram, inputGram, layerParameters, type PairState } from './forward.js';
import { pairMoments } from './pair-moments.js';
import type { ResolvedFeedforwardSpec } from './spec.js';

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
  /** Gaussian weights: how far log |∂E/∂z^1|²/|∂E/∂z^L|² of a typical network lies from the value above, and its variance. */
  readonly finiteWidth: FiniteWidth | undefined;
}

interface FiniteWidth {
  readonly shift: number;
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
    pairs: [{ a: 0, b: 1, delta: delta > 0 && delta < 2 ? delta : 0.5, absolute: 0 }],
  };
}

/** log a/b, with 0/b = −Infinity; undefined where b is 0 or something is not a number. */
function logRatio(a: number, b: number): number | undefined {
  const ratio = Math.log(a) - Math.log(b);
  return b > 0 && b < Infinity && !Number.isNaN(ratio) ? ratio : undefined;
}

/** The profile. @throws MftError like the Gaussian moments; `signal.reason` when cancelled */
export async function networkProfile(spec: ResolvedFeedforwardSpec, options: ProfileOptions): Promise<NetworkProfile> {
  const layers = layerParameters(spec);
  const { depth, width } = layers;
  const gram = pairLike(inputGram(spec, options.inputs));
  const control = options.signal === undefined ? {} : { signal: options.signal };
  const forward = await forwardPass(layers, gram, ticker(depth, control));
  const single = {
    variance: forward.variance.map((row) => row.subarray(0, 1)),
    pair: forward.variance.map(() => []),
  };
  const one = { ...gram, count: 1, secondMoment: gram.secondMoment.subarray(0, 1), pairs: [] };
  const { error, activity, logScale } = await backwardPass(spec, layers, one, single, control);
  const last = depth - 1;
  const of = (rows: readonly Float64Array[], l: number): number => (rows[l] as Float64Array)[0] as number;
  const scale = (logScale[0] as number) - (logScale[last] as number);
  const ratio = (f: (l: number) => number): number | undefined => {
    const value = logRatio(f(0), f(last));
    return value === undefined ? undefined : value + scale;
  };
  const variance = Float64Array.from(
    single.variance,
    (row, l) => (row[0] as number) + (layers.biasMean[l] as number) ** 2,
  );
  const states = forward.pair.map((row) => row[0] as PairState);
  const terms =
    spec.weights === 'orthogonal' || isBeyondTerms(layers)
      ? undefined
      : finiteSize(layers, single, 0, outputLaw(spec, layers, single, 0), spec.backwardWeights === 'shared');
  const difference = (values: Float64Array): number => (values[0] as number) - (values[last] as number);
  return {
    variance,
    logGradientRatio: ratio((l) => of(error, l) * (width[l] as number)),
    logWeightGradientRatio: ratio((l) => of(error, l) * of(activity, l)),
    logVarianceRatio: logRatio(variance[last] as number, variance[0] as number),
    oneMinusCorrelation: Float64Array.from(states, ({ delta }) => delta),
    logCorrelationResponse: await correlationResponse(spec, states, options),
    ...{
      finiteWidth:
        terms === undefined
          ? undefined
          : {
              shift: difference(terms.meanError) - 0.5 * difference(terms.logError),
              variance: Math.max(0, difference(terms.logError)),
              signalSpread: terms.spread.map((spread, l) => (spread > 0 ? spread / of(single.variance, l) ** 2 : 0)),
            },
    },
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
