// The addon's functions for `feedforward` (native/node/feedforward.cc), merged into the addon's interface.
import type { ResolvedActivation } from '../../gaussian/activations.js';
import type { NativeGaussianFunction } from '../../gaussian/expectation.js';
import type { RowTable } from '../../statistics/trials.js';

/** One call of the native engines; fields as in native/systems/feedforward/simulation.h. */
export interface FeedforwardParameters {
  /** One for all layers, or one per layer. */
  readonly activations: readonly ResolvedActivation[];
  readonly width: Float64Array;
  readonly weightVariance: Float64Array;
  readonly biasVariance: Float64Array;
  readonly biasMean: Float64Array;
  readonly keepProbability: Float64Array;
  /** What u is at dropped units of the hidden layers; empty: 0. */
  readonly droppedValue: Float64Array;
  readonly inputKeepProbability: number;
  readonly maskSharing: string;
  readonly inputs: number;
  readonly inputVariance: Float64Array;
  readonly inputCorrelation: Float64Array;
  readonly inputVectors: Float64Array;
  readonly output: string;
  readonly weightLaw: string;
  readonly lawParameter: number;
  readonly backwardWeights: string;
  readonly engine: string;
  readonly precision: string;
  readonly pairedInputs: number;
  readonly rankTolerance: number;
  readonly memoryBudget: number;
  readonly seed: Float64Array;
  readonly firstTrial: number;
  readonly trials: number;
  readonly threads: number;
}

/** Values in a trial's row, native/systems/feedforward/simulation.h. */
export type FeedforwardPlace =
  | 'variance'
  | 'covariance'
  | 'correlation'
  | 'oneMinusCorrelation'
  | 'correlationDefined'
  | 'logErrorSquaredNorm'
  | 'errorCosine'
  | 'errorCosineDefined'
  | 'logGradientSingle'
  | 'gradientPairSign'
  | 'logGradientPair'
  | 'logGradientPairAbsolute';

/** Points of a phase diagram (native/systems/feedforward/phase.h). */
interface FeedforwardPhasePoints {
  readonly activation: NativeGaussianFunction;
  readonly weightVariance: Float64Array;
  readonly biasVariance: Float64Array;
  readonly keepProbability: Float64Array;
  readonly sharesMasks: boolean;
  readonly valueAtZero: number;
  readonly threads: number;
}

/** E|δ_aδ_b| of a layer whose errors are coherent with its activities (native/systems/feedforward/absolute_product.h). */
interface FeedforwardAbsoluteProduct {
  readonly activation: ResolvedActivation;
  readonly kinks: Float64Array;
  readonly varianceA: number;
  readonly varianceB: number;
  readonly oneMinusCorrelation: number;
  /** κ_a/ρ, κ_b/ρ. */
  readonly couplingA: number;
  readonly couplingB: number;
  /** The covariance of e. */
  readonly noiseA: number;
  readonly noiseB: number;
  readonly noisePair: number;
}

declare module '../../core/addon.js' {
  interface NativeAddon {
    feedforwardLayout(parameters: FeedforwardParameters): RowTable<FeedforwardPlace>;
    feedforwardMemory(parameters: FeedforwardParameters): number;
    feedforwardPhase(points: FeedforwardPhasePoints, slots?: Int32Array): Promise<Float64Array>;
    feedforwardAbsoluteProduct(question: FeedforwardAbsoluteProduct): number;
    simulateFeedforward(parameters: FeedforwardParameters, control: Int32Array): Promise<Float64Array>;
  }
}
