// The addon's functions for the descent of networks (native/node/autoencoder_descent.cc), merged into the addon's interface.

/** The fields that `autoencoderNetwork` declares: one network on given examples, from given weights. */
export interface NativeNetworkRun {
  readonly dimension: number;
  readonly hidden: number;
  /** Examples × dimension. */
  readonly data: Float64Array;
  /** W1, hidden × dimension. */
  readonly first: Float64Array;
  /** The transpose of W2, hidden × dimension. */
  readonly second: Float64Array;
  readonly noiseVariance: number;
  readonly keepProbability: number;
  readonly weightDecay: number;
  readonly learningRate: number;
  readonly steps: number;
  /** Hidden units max(0, ·) instead of linear ones. */
  readonly isRectified: boolean;
  readonly threads: number;
}

export interface NativeNetworkState {
  /** Eigenvalues of (1/N) Σ x xᵀ, decreasing. */
  readonly variances: Float64Array;
  /** Modes with a variance that is not zero. */
  readonly rank: number;
  readonly loss: number;
  readonly firstGradient: number;
  readonly secondGradient: number;
  /** By mode; 0 beyond `rank`. */
  readonly mapping: Float64Array;
  readonly singularValues: Float64Array;
  /** The loss was not finite at `step`. */
  readonly hasStopped: boolean;
  readonly step: number;
}

/** Examples: a component is value·scale, or value·scales[i] + shifts[i] where these are not empty. */
export interface NativeExamples {
  /** Over shared memory: the native threads read it while JavaScript runs. */
  readonly images: Uint8Array | Float32Array | Float64Array;
  readonly dimension: number;
  readonly scale: number;
  readonly scales: Float64Array;
  readonly shifts: Float64Array;
  readonly isCentred: boolean;
}

/** The fields that `autoencoderExpectedTraining` declares (native/systems/autoencoder/expected_training.h). */
export interface NativeExpectedTraining {
  readonly examples: NativeExamples;
  readonly hidden: number;
  readonly first: Float64Array;
  readonly second: Float64Array;
  readonly variances: Float64Array;
  readonly directions: Float64Array;
  readonly diagonal: Float64Array;
  readonly isRectified: boolean;
  readonly isTied: boolean;
  readonly noiseVariance: number;
  readonly keepProbability: number;
  readonly weightDecay: number;
  readonly rates: Float64Array;
  readonly batch: number;
  readonly modes: number;
  readonly every: number;
  readonly threads: number;
}

interface NativeExpectedResult {
  readonly steps: number;
  readonly hasStopped: boolean;
  readonly records: Float64Array;
  readonly losses: Float64Array;
  readonly projections: Float64Array;
  /** Record × mode, of W2 W1; empty for rectified units. */
  readonly singularValues: Float64Array;
  readonly first: Float64Array;
  readonly second: Float64Array;
}

/** S = (1/N) Σ x xᵀ of examples. */
export interface SecondMoment {
  /** ν_i, decreasing. */
  readonly variances: Float64Array;
  /** Row i is v_i. */
  readonly directions: Float64Array;
  /** S_jj. */
  readonly diagonal: Float64Array;
  readonly mean: Float64Array;
  readonly trace: number;
  /** ν_i above 64 ε of the largest; what rounding lets one say of it is the interval. */
  readonly rank: number;
  readonly smallestRank: number;
  readonly largestRank: number;
}

declare module '../../core/addon.js' {
  interface NativeAddon {
    autoencoderSpectrum(
      call: { readonly examples: NativeExamples; readonly threads: number },
      slots: Int32Array,
    ): Promise<SecondMoment>;
    autoencoderExpectedTraining(training: NativeExpectedTraining, slots: Int32Array): Promise<NativeExpectedResult>;
    autoencoderNetwork(run: NativeNetworkRun, slots: Int32Array): Promise<NativeNetworkState>;
  }
}
