// The addon's functions for `autoencoder` (native/node/autoencoder.cc), merged into the addon's interface.
import type { RowTable } from '../../statistics/trials.js';
import type { InitialWeights, NoiseLaw } from './spec.js';

/** The fields that native/node/autoencoder.cc declares. */
export interface NativeSimulation {
  readonly spectrum: Float64Array;
  readonly width: number;
  readonly noiseVariance: number;
  readonly noise: NoiseLaw;
  readonly keepProbability: number;
  /** With which noise is sampled; 0: its expectation. */
  readonly examples: number;
  readonly weightDecay: number;
  readonly learningRate: number;
  readonly initial: InitialWeights;
  readonly initialVariance: number;
  readonly tied: boolean;
  readonly records: Float64Array;
  readonly stageSteps: Float64Array;
  readonly stageNoiseVariances: Float64Array;
  readonly stageWeightDecays: Float64Array;
  readonly stageLearningRates: Float64Array;
  readonly seed: Float64Array;
  readonly firstTrial: number;
  readonly trials: number;
  readonly threads: number;
}

/** Values in a trial's row, by record. */
export type AutoencoderPlace = 'modeMapping' | 'loss' | 'squaredNorm' | 'singularValue';

/** Mappings at steps from exponentials of −(rate + rateRest)·(step − first); native/systems/autoencoder/curve.h names the coefficients. */
interface NativeCurve {
  readonly steps: Float64Array;
  readonly first: number;
  readonly rate: number;
  readonly rateRest: number;
  readonly coefficients: Float64Array;
}

declare module '../../core/addon.js' {
  interface NativeAddon {
    autoencoderCurve(curve: NativeCurve): Float64Array;
    autoencoderLayout(simulation: NativeSimulation): RowTable<AutoencoderPlace>;
    autoencoderEngineBytes(simulation: NativeSimulation): number;
    autoencoderSimulate(simulation: NativeSimulation, slots: Int32Array): Promise<Float64Array>;
  }
}
