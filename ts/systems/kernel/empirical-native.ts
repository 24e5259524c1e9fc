// The addon's function for kernels of given weights (native/node/kernel_empirical.cc), merged into the addon's interface.

/** A layer z = W h + b of a network, and the activation behind it (native/systems/kernel/empirical.h). */
export interface NativeDense {
  readonly inputs: number;
  readonly outputs: number;
  readonly weight: Float64Array;
  /** Empty: no biases. */
  readonly bias: Float64Array;
  readonly weightRate: number;
  readonly biasRate: number;
  readonly activation: object;
}

export interface NativeNetwork {
  readonly layers: readonly NativeDense[];
  readonly inputs: Float64Array;
  /** Empty: the inputs with themselves. */
  readonly others: Float64Array;
  readonly classes: 'averaged' | 'full';
  readonly threads: number;
}

export interface NativeEmpirical {
  readonly tangent: Float64Array;
  readonly features: Float64Array;
  readonly rows: number;
  readonly columns: number;
}

declare module '../../core/addon.js' {
  interface NativeAddon {
    kernelEmpirical(network: NativeNetwork, slots?: Int32Array): Promise<NativeEmpirical>;
  }
}
