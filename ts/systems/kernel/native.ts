// The addon's functions for `kernel` (native/node/kernel.cc), merged into the addon's interface.

/** The fields that native/node/kernel.cc declares. */
interface NativeSimulation {
  readonly weightVariance: number;
  readonly width: number;
  readonly depth: number;
  readonly seed: Float64Array;
  readonly firstTrial: number;
  readonly trials: number;
  readonly threads: number;
}

declare module '../../core/addon.js' {
  interface NativeAddon {
    /** Rows of trials, each with layers 0..depth. */
    kernelSimulate(simulation: NativeSimulation, slots: Int32Array): Promise<Float64Array>;
  }
}
