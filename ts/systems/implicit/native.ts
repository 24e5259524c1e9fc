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
    /** c (m × n) = op(a) op(b), row-major, into the caller's array. */
    implicitMultiply(
      transposeA: boolean,
      transposeB: boolean,
      m: number,
      n: number,
      k: number,
      a: Float64Array,
      b: Float64Array,
      c: Float64Array,
    ): void;
    /** y = A x for an operator in compressed rows and `width` numbers a node, into the caller's array. */
    implicitGraphMultiply(
      rowPointers: Int32Array,
      columns: Int32Array,
      values: Float64Array,
      columnCount: number,
      width: number,
      x: Float64Array,
      y: Float64Array,
    ): void;
    /** Real and imaginary parts of the eigenvalues of J, its singular values, and those of I − J. */
    implicitSpectrum(size: number, jacobian: Float64Array): Promise<Float64Array>;
    /** matrix⁻¹ b; empty where a pivot is 0. */
    implicitSolve(size: number, matrix: Float64Array, b: Float64Array): Promise<Float64Array>;
  }
}
