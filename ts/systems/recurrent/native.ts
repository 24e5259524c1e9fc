// The addon's functions for `recurrent` (native/node/recurrent.cc), merged into the addon's interface.
import type { NativeGaussianFunction } from '../../gaussian/expectation.js';
import type { RowTable } from '../../statistics/trials.js';
import type { CellName } from './spec.js';

export interface NativeGate {
  readonly recurrentWeightVariance: number;
  readonly inputWeightVariance: number;
  readonly biasVariance: number;
  readonly biasMean: number;
}

/** native/systems/recurrent/cell.h. */
export interface NativeCell {
  readonly cell: CellName;
  readonly activation: NativeGaussianFunction;
  readonly gate: 'sigmoid' | 'probit';
  readonly resetAfter: boolean;
  readonly candidateRecurrentBiasVariance: number;
  readonly gates: readonly NativeGate[];
  readonly inputVariance: number;
  readonly inputFourthMoment: number;
  readonly isOrthogonal: boolean;
}

/** What is asked of the theory, and the numbers it needs. */
export interface NativeQuestion {
  readonly what:
    | 'fixedPoints'
    | 'pair'
    | 'trajectory'
    | 'jacobian'
    | 'settled'
    | 'start'
    | 'criticalVariances'
    | 'criticalBiasMeans'
    | 'resolvent'
    | 'share'
    | 'edge'
    | 'lstm'
    | 'tiedMinimal';
  readonly second?: number;
  readonly mean?: number;
  readonly covariance?: number;
  readonly variance?: number;
  readonly low?: number;
  readonly high?: number;
  readonly real?: number;
  readonly imaginary?: number;
  readonly steps?: number;
  readonly points?: number;
  readonly samples?: number;
  readonly populations?: number;
  readonly seed?: Float64Array;
  readonly singularValues?: Float64Array;
  readonly inputCorrelation?: Float64Array;
}

/** Many cells at once, each with the correlation of the inputs of its two sequences. */
export interface NativeGrid {
  readonly cells: readonly NativeCell[];
  readonly inputCorrelation?: Float64Array;
  readonly threads: number;
}

/** native/systems/recurrent/population.h. */
export interface NativeSites {
  readonly isTied: boolean;
  readonly inputCorrelation: number;
  readonly startVariance: number;
  readonly startCorrelation: number;
  readonly steps: number;
  readonly sites: number;
  readonly seed: Float64Array;
  readonly populations: number;
  readonly threads: number;
}

/** native/systems/recurrent/simulation.h. */
export interface NativeSimulation {
  readonly isTied: boolean;
  readonly jacobian: boolean;
  /** Those of the last step alone, and nothing else. */
  readonly singularValues: boolean;
  readonly inputCorrelation: number;
  readonly startVariance: number;
  readonly startCorrelation: number;
  readonly width: number;
  readonly inputWidth: number;
  readonly steps: number;
  readonly seed: Float64Array;
  readonly firstTrial: number;
  readonly trials: number;
  readonly threads: number;
}

export type RecurrentPlace =
  | 'stateVariance'
  | 'stateCovariance'
  | 'perturbation'
  | 'jacobianSecondMoment'
  | 'singularValues';

declare module '../../core/addon.js' {
  interface NativeAddon {
    recurrentTheory(
      question: NativeQuestion,
      cell: NativeCell,
      slots?: Int32Array,
    ): Promise<Readonly<Record<string, Float64Array>>>;
    recurrentGrid(grid: NativeGrid, slots?: Int32Array): Promise<Readonly<Record<string, Float64Array>>>;
    recurrentSites(process: NativeSites, cell: NativeCell, slots?: Int32Array): Promise<Float64Array>;
    recurrentSiteMemory(process: NativeSites, cell: NativeCell): number;
    recurrentLayout(simulation: NativeSimulation, cell: NativeCell): RowTable<RecurrentPlace>;
    recurrentMemory(simulation: NativeSimulation, cell: NativeCell): number;
    recurrentSimulate(simulation: NativeSimulation, cell: NativeCell, slots?: Int32Array): Promise<Float64Array>;
  }
}
