// The addon's kernels of large data matrices (native/node/kernel_maps.cc), merged into the addon's interface.
import type { NativeGaussianFunction } from '../../gaussian/expectation.js';

/** The fields that native/node/kernel_maps.cc declares. */
export interface NativeMapCall {
  readonly activation: NativeGaussianFunction;
  readonly weightVariance: Float64Array;
  readonly biasVariance: Float64Array;
  readonly keepProbability: Float64Array;
  readonly width: Float64Array;
  readonly inputKeepProbability: number;
  readonly sharesMasks: boolean;
  readonly scalesInputs: boolean;
  readonly isStandard: boolean;
  readonly hasTangent: boolean;
  readonly dimension: number;
  readonly inputs: Float64Array;
  /** Empty: the inputs with themselves. */
  readonly others: Float64Array;
  /** Rows of the result among the inputs. */
  readonly firstRow: number;
  readonly rows: number;
  readonly threads: number;
}

/** The fields of a list of pairs, native/systems/kernel/pairs.h. */
export interface NativePairCall {
  readonly activation: NativeGaussianFunction;
  readonly hasTangent: boolean;
  readonly varianceA: Float64Array;
  readonly varianceB: Float64Array;
  readonly oneMinusCorrelation: Float64Array;
  readonly threads: number;
}

declare module '../../core/addon.js' {
  interface NativeAddon {
    /** Variances of the rows at layers 1..depth + 1, then K, then Θ where it is wanted, then 1 where both are finite. */
    kernelMaps(call: NativeMapCall, slots: Int32Array): Promise<Float64Array>;
    /** E φφ of every pair, then E φ'φ' where it is wanted. */
    kernelPairs(call: NativePairCall, slots: Int32Array): Promise<Float64Array>;
  }
}
