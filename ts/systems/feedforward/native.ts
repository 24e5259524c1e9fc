// The native side of `feedforward` as TypeScript sees it (native/node/feedforward.cc, native/systems/feedforward.h).
import type { ResolvedActivation } from '../../gaussian/activations.js';

/** Arguments of the engines: every per-layer field is an array. The meaning of each is in native/systems/feedforward.h. */
export interface NativeFeedforward {
  readonly activation: ResolvedActivation;
  /** depth + 1 numbers, the first is the input dimension. */
  readonly widths: Float64Array;
  readonly weightVariance: Float64Array;
  readonly biasVariance: Float64Array;
  /** depth − 1 numbers. */
  readonly keepProbability: Float64Array;
  readonly inputKeepProbability: number;
  readonly maskSharing: 'independent' | 'shared';
  readonly inputs: number;
  /** n mean squares and n × n correlations; unused when `inputVectors` is not empty. */
  readonly inputVariance: Float64Array;
  readonly inputCorrelation: Float64Array;
  /** n × widths[0], or empty: vectors are drawn. */
  readonly inputVectors: Float64Array;
  readonly output: 'preactivation' | 'postactivation' | 'randomReadout' | 'sharedRandomReadout';
  readonly weightLaw: 'gaussian' | 'uniform' | 'rademacher' | 'studentT' | 'sparse' | 'orthogonal';
  /** Degrees of freedom or density; 0 for the other laws. */
  readonly lawParameter: number;
  readonly backwardWeights: 'shared' | 'independent';
  readonly engine: 'conditioned' | 'dense';
  readonly precision: 'float64' | 'float32';
  /** Pair observables are given for inputs a < b < pairedInputs. */
  readonly pairedInputs: number;
  readonly rankTolerance: number;
  /** Bytes for what the backward pass would otherwise draw again; changes time, never the numbers. */
  readonly memoryBudget: number;
  readonly seed: Float64Array;
  readonly firstTrial: number;
  readonly trials: number;
  readonly threads: number;
}

/** Where each observable begins within a layer of a raw row; layers follow each other `layerStride` apart. */
export interface NativeFeedforwardLayout {
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
    /** Raw rows, one per trial. Progress: 2 · depth units per trial in slot 1 of `control`; slot 0 cancels. */
    simulateFeedforward(parameters: NativeFeedforward, control?: Int32Array): Promise<Float64Array>;
    feedforwardLayout(parameters: NativeFeedforward): NativeFeedforwardLayout;
    feedforwardMemory(parameters: NativeFeedforward): number;
  }
}
