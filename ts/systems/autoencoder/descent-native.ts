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

declare module '../../core/addon.js' {
  interface NativeAddon {
    autoencoderNetwork(run: NativeNetworkRun, slots: Int32Array): Promise<NativeNetworkState>;
  }
}
