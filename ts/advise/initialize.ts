// initialize: variances for a network of this depth, activation and dropout, what they keep, and code that sets them.
import type { ActivationSpec } from '../gaussian/activations.js';
import { plainCopy } from '../core/copy.js';
import { withJson } from '../core/codec.js';
import { type ControlOptions, throwIfAborted } from '../core/control.js';
import { expectedError, MftError } from '../core/errors.js';
import { controlOptions } from '../core/options.js';
import { type Provenance, schemaVersion } from '../core/results.js';
import { criticalInitialization, variancePreservingInitialization } from '../gaussian/initialization.js';
import { gaussianFunctionOf } from '../gaussian/expectation.js';
import { predict } from '../verbs/predict.js';
import { type FeedforwardSpec, resolveFeedforwardSpec } from '../systems/feedforward/spec.js';
import { type LibraryCode, libraryCode } from './initialize-code.js';

/** An initialization, what it keeps, and code for other libraries. */
export interface Initialization {
  readonly kind: 'initialization';
  readonly schemaVersion: typeof schemaVersion;
  /** The network as a spec, with one weight variance per layer. */
  readonly spec: FeedforwardSpec;
  /** σ_w² of the first layer: it brings inputs of the stated mean square to `variance` at once. */
  readonly firstWeightVariance: number;
  /** σ_w² of the other layers. */
  readonly weightVariance: number;
  readonly biasVariance: number;
  /** q, the variance of every layer's pre-activations. */
  readonly variance: number;
  /** Whether the variance returns to q after a disturbance; false: it is kept on average, or only from the stated inputs. */
  readonly isStable: boolean;
  /** Depth that trains, with its 80 % interval, as `advise` states it. */
  readonly trainableDepth: {
    readonly depth: number;
    readonly low: number;
    readonly high: number;
    readonly calibration: string;
  };
  /** Prediction of `spec`: log q^L/q^1, and log |∂E/∂z^1|²/|∂E/∂z^L|². */
  readonly check: { readonly logVarianceRatio: number; readonly logGradientRatio: number };
  /** What is kept, and why these variances. */
  readonly keeps: string;
  readonly code: LibraryCode;
  readonly provenance: Provenance;
}

/** σ_b² where none is asked for: at 0 the critical point of smooth odd φ loses gradients as 1/L. */
const standardBias = 0.05;

/**
 * Stable variances for a fully connected network, the depth that trains with them, and code for PyTorch, TensorFlow.js, Keras
 * and Flax. The British spelling `initialise` is the same function.
 *
 * @param spec `activation`, `keepProbability`, `depth`, `width`, the mean square of the `inputs`; `biasVariance` when it is to be
 *   that one. `weightVariance` is what is looked for.
 * @param options `signal` and `onProgress`
 * @returns a promise of plain data. Formula: σ_w² = ρ/E φ'(u)², u ~ N(0, q*), at an attracting critical point with signals
 *   (ReLU-like: every q, on average); where there is none σ_w² = ρ (q − σ_b²)/E φ², which keeps q = 1 + σ_b². The first layer has
 *   σ_w² = ρ₀ (q − σ_b²)/s for inputs of mean square s, so that the network starts where it stays.
 * @throws MftError (rejects) like `predict`; ERR_MFT_UNSUPPORTED for keep probabilities that differ
 *
 * **Numerics**: those of `criticalInitialization`; `check` is the prediction of `spec` itself.
 * **Source**: derived; the critical line: Schoenholz et al. 2017.
 *
 * @example
 * import { initialize } from 'mft-native';
 * const { weightVariance, biasVariance, code } = await initialize({ activation: 'gelu', keepProbability: 0.9, depth: 30 });
 * console.log(weightVariance, biasVariance, code.pytorch);
 */
export async function initialize(
  spec: FeedforwardSpec & { readonly system?: 'feedforward' },
  options: ControlOptions = {},
): Promise<Initialization> {
  const control = controlOptions(options);
  throwIfAborted(control);
  const resolved = resolveFeedforwardSpec(plainCopy(spec, 'spec'));
  const activation = oneActivation(resolved);
  const { depth, width, inputs, inputKeepProbability, keepProbability: keeps } = resolved;
  const keepProbability = typeof keeps === 'number' ? keeps : (keeps[0] ?? 1);
  if (Array.isArray(keeps) && keeps.some((keep) => keep !== keepProbability))
    throw new MftError('ERR_MFT_UNSUPPORTED', 'Expected one `keepProbability` for all layers.', {
      parameter: 'keepProbability',
    });
  if ('values' in inputs || 'dataset' in inputs)
    throw new MftError('ERR_MFT_UNSUPPORTED', 'Expected `inputs` by their mean square: { secondMoment }.', {
      parameter: 'inputs',
    });
  const chosen = chosenPoint(activation, keepProbability, spec.biasVariance);
  const { weightVariance, biasVariance, variance } = chosen;
  const secondMoment = inputs.secondMoment ?? 1;
  const firstWeightVariance = (inputKeepProbability * (variance - biasVariance)) / secondMoment;
  const common = {
    system: 'feedforward',
    activation,
    depth,
    width,
    keepProbability,
    inputKeepProbability,
    biasVariance,
  } as const;
  // The same network with equal layers and inputs scaled instead: it has a fixed point to speak of.
  const alike = await predict(
    {
      ...common,
      weightVariance,
      inputs: { ...inputs, secondMoment: (inputKeepProbability * (variance - biasVariance)) / weightVariance },
    },
    control,
  );
  const made: FeedforwardSpec & { readonly system: 'feedforward' } = {
    ...common,
    weightVariance: [firstWeightVariance, ...new Array<number>(depth - 1).fill(weightVariance)],
    inputs: { ...inputs, secondMoment },
  };
  const check = await predict({ ...made, inputs: { count: 1, secondMoment } }, control);
  const over = (values: Float64Array | undefined): number => (values?.[0] as number) - (values?.at(-1) as number);
  const { trainableLength, low, high, calibration } = alike.quantities.trainableLengths as unknown as {
    readonly [name in 'trainableLength' | 'low' | 'high']: number;
  } & { readonly calibration: string };
  const variances = check.observables.variance?.values;
  const shown = typeof activation === 'string' ? activation : JSON.stringify(activation).replaceAll(/[\\"`$]/g, ' ');
  const dropRate = Number((1 - keepProbability).toPrecision(6));
  return withJson({
    kind: 'initialization',
    schemaVersion,
    spec: made,
    firstWeightVariance,
    weightVariance,
    biasVariance,
    variance,
    isStable: chosen.isStable,
    trainableDepth: { depth: trainableLength, low, high, calibration },
    check: {
      logVarianceRatio: Math.log(variances?.at(-1) as number) - Math.log(variances?.[0] as number),
      logGradientRatio: over(check.observables.errorNorm?.values),
    },
    keeps: chosen.keeps,
    code: libraryCode({
      title: `${shown}, dropout ${dropRate}, ${depth} layers: keeps ${chosen.keeps}.`,
      weightVariance,
      biasVariance,
      firstSignal: inputKeepProbability * (variance - biasVariance),
      secondMoment,
    }),
    provenance: check.provenance,
  });
}

/** φ of a network of equal layers. @throws MftError ERR_MFT_UNSUPPORTED for the layers that `initialize` does not know */
function oneActivation(spec: ReturnType<typeof resolveFeedforwardSpec>): ActivationSpec {
  const { activation, biasMean, dropout } = spec;
  const parameter = biasMean === 0 ? (dropout === 'plain' ? 'activation' : 'dropout') : 'biasMean';
  if (parameter === 'activation' && !Array.isArray(activation)) return activation as ActivationSpec;
  throw expectedError(
    'ERR_MFT_UNSUPPORTED',
    parameter,
    { activation: 'one for all layers', biasMean: '0', dropout: 'plain' }[parameter] + ', for layers that are alike',
    spec[parameter],
  );
}

interface ChosenPoint {
  readonly weightVariance: number;
  readonly biasVariance: number;
  readonly variance: number;
  readonly isStable: boolean;
  readonly keeps: string;
}

function chosenPoint(
  activation: ActivationSpec,
  keepProbability: number,
  asked: FeedforwardSpec['biasVariance'],
): ChosenPoint {
  const isHomogeneous = gaussianFunctionOf(activation).homogeneousDegree === 1;
  const biasVariance = typeof asked === 'number' ? asked : isHomogeneous ? 0 : standardBias;
  try {
    const point = criticalInitialization(activation, { biasVariance, keepProbability });
    if (point.fixedPointVariance > 0 && (typeof asked !== 'number' || point.biasVariance === asked))
      return {
        weightVariance: point.weightVariance,
        biasVariance: point.biasVariance,
        variance: point.fixedPointVariance,
        isStable: !isHomogeneous,
        keeps: point.keeps,
      };
  } catch (error) {
    if (!(error instanceof MftError && error.code === 'ERR_MFT_NO_FIXED_POINT')) throw error;
  }
  const { weightVariance, variance, keeps } = variancePreservingInitialization(activation, {
    biasVariance,
    keepProbability,
  });
  return { weightVariance, biasVariance, variance, isStable: false, keeps };
}

/** The British spelling of `initialize`. */
export const initialise = initialize;
