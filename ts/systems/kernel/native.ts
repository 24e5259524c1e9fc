// The addon's functions for `kernel` (native/node/kernel.cc), merged into the addon's interface.
import type { ResolvedActivation } from '../../gaussian/activations.js';
import type { RowTable } from '../../statistics/trials.js';
import type { LawName } from './laws.js';

/** The fields that native/node/kernel.cc declares. */
export interface NativeSimulation {
  readonly activation: ResolvedActivation;
  readonly inputWidth: number;
  readonly width: Float64Array;
  readonly weightVariance: Float64Array;
  readonly biasVariance: Float64Array;
  readonly keepProbability: Float64Array;
  readonly inputKeepProbability: number;
  readonly sharesMasks: boolean;
  readonly scalesInputs: boolean;
  readonly isStandard: boolean;
  readonly hasTangent: boolean;
  readonly isConditional: boolean;
  readonly law: LawName;
  readonly lawParameter: number;
  readonly inputs: number;
  readonly vectors?: Float64Array;
  readonly secondMoment: number;
  readonly oneMinusCorrelation: number;
  readonly seed: Float64Array;
  readonly firstTrial: number;
  readonly trials: number;
  readonly threads: number;
}

/** Places of a row (native/systems/kernel/simulation.h). */
export type KernelPlace = 'nngp' | 'ntk' | 'variance' | 'covariance' | 'normalizedKernel';

declare module '../../core/addon.js' {
  interface NativeAddon {
    kernelLayout(simulation: NativeSimulation): RowTable<KernelPlace>;
    /** Bytes of the workspace of all workers. */
    kernelMemory(simulation: NativeSimulation): number;
    kernelSimulate(simulation: NativeSimulation, slots: Int32Array): Promise<Float64Array>;
  }
}
