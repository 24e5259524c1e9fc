// The addon's functions for `convolution` (native/node/convolution.cc), merged into the addon's interface.
import type { ResolvedActivation } from '../../gaussian/activations.js';
import type { RowTable } from '../../statistics/trials.js';
import type { Padding, Pooling } from './architecture.js';

interface NativeLayers {
  readonly inputChannels: number;
  readonly inputHeight: number;
  readonly inputWidth: number;
  readonly kernel: Float64Array;
  readonly stride: Float64Array;
  readonly channels: Float64Array;
  readonly pool: Float64Array;
  readonly padding: Padding;
  readonly pooling: Pooling;
  readonly activation: ResolvedActivation;
}

/** The fields that native/node/convolution.cc declares. */
export interface NativeSimulation extends NativeLayers {
  readonly image: Float64Array;
  readonly weightVariance: number;
  readonly biasVariance: number;
  readonly seed: Float64Array;
  readonly firstTrial: number;
  readonly trials: number;
  readonly threads: number;
}

export interface NativeNetwork extends NativeLayers {
  readonly classes: number;
  readonly weights: Float64Array;
  readonly input: Float64Array;
  readonly label: number;
}

export interface NativeGradient {
  readonly loss: number;
  readonly output: Float64Array;
  readonly outputSensitivity2: number;
  readonly gradient: Float64Array;
}

export interface NativeSample {
  /** Sizes and weights; its input and label are not used. */
  readonly network: NativeNetwork;
  readonly images: Float64Array;
  readonly labels: Float64Array;
  readonly shares: Float64Array;
  readonly decay: number;
  readonly hasCurvature: boolean;
  readonly threads: number;
}

/** Eigenvalues decrease; row i of the vectors belongs to value i. All three are empty without curvature. */
export interface NativeRisk {
  readonly value: number;
  readonly gradient: Float64Array;
  readonly eigenvalues: Float64Array;
  readonly eigenvectors: Float64Array;
  readonly spread: Float64Array;
}

interface NativeOperator {
  readonly weights: Float64Array;
  readonly out: number;
  readonly in: number;
  readonly kernel: number;
  readonly height: number;
  readonly width: number;
  readonly stride: number;
  readonly padding: Padding;
}

/** Values in a trial's row, by layer. */
export type ConvolutionPlace = 'variance' | 'cornerVariance' | 'neighbourCovariance' | 'varianceMode' | 'gradient';

declare module '../../core/addon.js' {
  interface NativeAddon {
    convolutionLayout(simulation: NativeSimulation): RowTable<ConvolutionPlace>;
    convolutionEngineBytes(simulation: NativeSimulation): number;
    convolutionSimulate(simulation: NativeSimulation, slots: Int32Array): Promise<Float64Array>;
    convolutionGradient(network: NativeNetwork): Promise<NativeGradient>;
    convolutionRisk(sample: NativeSample, slots: Int32Array): Promise<NativeRisk>;
    convolutionSpectralNorm(operator: NativeOperator, slots: Int32Array): Promise<number>;
  }
}
