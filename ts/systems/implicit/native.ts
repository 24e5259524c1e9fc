// The addon's functions for `implicit` (native/node/implicit.cc), merged into the addon's interface.
import type { ResolvedActivation } from '../../gaussian/activations.js';
import type { RowTable } from '../../statistics/trials.js';

/** The places of a row (native/systems/implicit/simulation.cc). */
type ImplicitPlace = 'preActivationVariance' | 'squaredJacobianRadius' | 'adjointNorm' | 'termNorm' | 'neumannError';

/** native/systems/implicit/simulation.h. */
export interface NativeSimulation {
  readonly activation: ResolvedActivation;
  readonly weightVariance: number;
  readonly inputVariance: number;
  readonly keepProbability: number;
  readonly width: number;
  readonly termCount: number;
  readonly seed: Float64Array;
  readonly firstTrial: number;
  readonly trials: number;
  readonly threads: number;
}

declare module '../../core/addon.js' {
  interface NativeAddon {
    implicitLayout(simulation: NativeSimulation): RowTable<ImplicitPlace>;
    /** Bytes of the engines, without the rows. */
    implicitMemory(simulation: NativeSimulation): number;
    /** Rows of trials; NaN where a trial has no value. */
    implicitSimulate(simulation: NativeSimulation, slots: Int32Array): Promise<Float64Array>;
  }
}
