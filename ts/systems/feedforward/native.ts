// The addon's functions for `feedforward` (native/node/feedforward.cc), merged into the addon's interface.
import type { ResolvedActivation } from '../../gaussian/activations.js';

/** One call of the native engines; fields as in native/systems/feedforward/simulation.h. */
export interface FeedforwardParameters {
  readonly activation: ResolvedActivation;
  readonly width: Float64Array;
  readonly weightVariance: Float64Array;
  readonly biasVariance: Float64Array;
  readonly keepProbability: Float64Array;
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

/** Where each value stands in a trial's row. */
export interface FeedforwardLayout {
  readonly variance: number;
  readonly covariance: number;
  readonly correlation: number;
  readonly oneMinusCorrelation: number;
  readonly correlationDefined: number;
  readonly logErrorSquaredNorm: number;
  readonly errorCosine: number;
  readonly errorCosineDefined: number;
  readonly logGradientSingle: number;
  readonly gradientPairSign: number;
  readonly logGradientPair: number;
  readonly logGradientPairAbsolute: number;
  readonly layerStride: number;
  readonly rowLength: number;
}

declare module '../../core/addon.js' {
  interface NativeAddon {
    feedforwardLayout(parameters: FeedforwardParameters): FeedforwardLayout;
    feedforwardMemory(parameters: FeedforwardParameters): number;
    simulateFeedforward(parameters: FeedforwardParameters, control: Int32Array): Promise<Float64Array>;
  }
}
