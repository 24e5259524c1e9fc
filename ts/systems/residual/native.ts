// The addon's functions for `residual` (native/node/residual.cc), merged into the addon's interface.
import type { NativeGaussianFunction } from '../../gaussian/expectation.js';
import type { RowTable } from '../../statistics/trials.js';
import type { BlockKind, ResolvedResidualRun } from './spec.js';

/** Variances block by block; native/systems/residual/recurrence.h. */
export interface NativeResidualNetwork {
  readonly activation: NativeGaussianFunction;
  readonly block: BlockKind;
  readonly skipStrength: number;
  readonly innerWeightVariance: Float64Array;
  readonly innerBiasVariance: Float64Array;
  readonly outerWeightVariance: Float64Array;
  readonly outerBiasVariance: Float64Array;
  /** N_0 to N_L. */
  readonly width: Float64Array;
  /** M_1 to M_L. */
  readonly hiddenWidth: Float64Array;
  /** ρ and τ of every block. */
  readonly keepProbability: Float64Array;
  readonly branchKeepProbability: Float64Array;
  readonly hasSharedMasks: boolean;
}

export interface RecurrenceOptions {
  readonly secondMoment: number;
  readonly angularDeficit: number;
  readonly pair: boolean;
  readonly fluctuations: boolean;
  readonly interpolate: boolean;
  readonly firstVariance?: number;
  readonly firstDeficit?: number;
}

/** Layers 0..L, blocks 1..L at position l − 1; natural logarithms. */
export interface Recurrence {
  readonly logSecondMoment: Float64Array;
  readonly logMetricExpressivity: Float64Array;
  readonly logPreactivationVariance: Float64Array;
  readonly preactivationDeficit: Float64Array;
  readonly logActivationMoment: Float64Array;
  readonly logDerivativeMoment: Float64Array;
  readonly logGradient: Float64Array;
  readonly secondMomentVariance: Float64Array;
  readonly logGradientVariance: Float64Array;
  /** Excess kurtoses of the two: sizes. */
  readonly secondMomentKurtosis: Float64Array;
  readonly logGradientKurtosis: Float64Array;
  /** What a block's own hidden units add to the relative variance of |φ(h)|² and of |∂E/∂h|². */
  readonly activationVariance: Float64Array;
  readonly derivativeVariance: Float64Array;
  /** Under stochastic depth; else empty: the other lists then say all. */
  readonly logOuterWeightGradient: Float64Array;
  readonly logOuterBiasGradient: Float64Array;
  readonly logInnerWeightGradient: Float64Array;
  readonly logInnerBiasGradient: Float64Array;
  /** Stochastic depth: relative variances over the kept branches, layers 0..L and (from the third on) blocks 1..L; else empty. */
  readonly sizeSpread: Float64Array;
  readonly gradientSpread: Float64Array;
  readonly preactivationSpread: Float64Array;
  readonly outerWeightSpread: Float64Array;
  readonly outerBiasSpread: Float64Array;
  readonly innerWeightSpread: Float64Array;
  readonly innerBiasSpread: Float64Array;
}

/** One call of the engines; native/systems/residual/simulation.h. */
export interface NativeSimulation {
  readonly inputs: number;
  readonly secondMoment: number;
  readonly angularDeficit: number;
  readonly vectors?: Float64Array;
  readonly engine: ResolvedResidualRun['engine'];
  readonly seed: Float64Array;
  readonly firstTrial: number;
  readonly trials: number;
  readonly threads: number;
}

/** Values in a trial's row: of layers 0..L (logSquaredNorm, logGradient, logDistance), then of blocks 1..L. */
export type ResidualPlace =
  | 'logSquaredNorm'
  | 'logGradient'
  | 'logDistance'
  | 'logPreactivation'
  | 'logActivation'
  | 'logHidden'
  | 'correlation'
  | 'logBranch';

declare module '../../core/addon.js' {
  interface NativeAddon {
    residualRecurrence(
      options: RecurrenceOptions,
      network: NativeResidualNetwork,
      slots?: Int32Array,
    ): Promise<Recurrence>;
    residualLayout(options: NativeSimulation, network: NativeResidualNetwork): RowTable<ResidualPlace>;
    residualMemory(options: NativeSimulation, network: NativeResidualNetwork): number;
    residualSimulate(
      options: NativeSimulation,
      network: NativeResidualNetwork,
      slots?: Int32Array,
    ): Promise<Float64Array>;
    alphaReluCorrelationMap(alpha: number, correlation: number): number;
    alphaReluCorrelationDeficit(alpha: number, deficit: number): number;
    alphaReluCorrelationSlope(alpha: number, deficit: number): number;
    tanhSecondMomentComplement(variance: number): number;
  }
}
