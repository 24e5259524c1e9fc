// The addon's functions for regression (native/node/kernel_regression.cc), merged into the addon's interface. Matrices are
// row-major and overwritten.
import type { NativeGaussianFunction } from '../../gaussian/expectation.js';

interface NativeFactor {
  readonly matrix: Float64Array;
  readonly count: number;
  /** Added to the diagonal. */
  readonly shift: number;
  readonly threads: number;
}

/** What a factorisation found (native/core/cholesky.h). */
export interface NativeFactored {
  /** The first row that depends on those before it; `count` when there is none. */
  readonly pivot: number;
  readonly smallestRatio: number;
  readonly logDeterminant: number;
}

interface NativeSolve {
  readonly matrix: Float64Array;
  /** Rows of `count` numbers each; they become L⁻¹ or L⁻ᵀ times themselves. */
  readonly rows: Float64Array;
  readonly count: number;
  readonly isTransposed: boolean;
  readonly threads: number;
}

interface NativeProduct {
  readonly matrix: Float64Array;
  readonly rows: Float64Array;
  /** matrix · rowsᵀ. */
  readonly out: Float64Array;
  readonly count: number;
  readonly threads: number;
}

interface NativeSquare {
  readonly matrix: Float64Array;
  readonly count: number;
}

/** A kernel, and the matrices of native/systems/kernel/gradient.h. */
export interface NativeGradientCall {
  readonly model: {
    readonly phi: {
      readonly kind: 'rectifier' | 'erf' | 'gelu' | 'sin' | 'cos' | 'series';
      /** Slopes below and above zero of a rectifier. */
      readonly a: number;
      readonly b: number;
    };
    readonly activation: NativeGaussianFunction;
    readonly weights: Float64Array;
    readonly biases: Float64Array;
    readonly keeps: Float64Array;
    readonly inputKeep: number;
    readonly hasSharedMasks: boolean;
    readonly isTangent: boolean;
    readonly threads: number;
  };
  readonly gram: Float64Array;
  readonly adjoint: Float64Array;
  readonly count: number;
}

export interface NativeGradient {
  readonly weights: Float64Array;
  readonly biases: Float64Array;
  readonly slope: number;
  readonly keep: number;
  /** Σ W_ij K_ij. */
  readonly value: number;
}

declare module '../../core/addon.js' {
  interface NativeAddon {
    /** L in the lower triangle; the strict upper one keeps the matrix. */
    kernelFactor(call: NativeFactor, slots?: Int32Array): Promise<NativeFactored>;
    kernelSolve(call: NativeSolve, slots?: Int32Array): Promise<void>;
    kernelProduct(call: NativeProduct, slots?: Int32Array): Promise<void>;
    /** From L to the inverse, in the lower triangle. */
    kernelInverse(call: NativeSquare): Promise<void>;
    /** Eigenvalues, decreasing; row k of the matrix becomes eigenvector k. */
    kernelEigen(call: NativeSquare): Promise<Float64Array>;
    kernelGradient(call: NativeGradientCall, slots?: Int32Array): Promise<NativeGradient>;
    kernelRank(call: NativeSquare & { readonly tolerance: number }): Promise<number>;
  }
}
