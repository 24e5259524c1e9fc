// The addon's functions for `percolation` (native/node/percolation.cc), merged into the addon's interface.
import type { RowTable } from '../../statistics/trials.js';

/** `count` equal layers (native/systems/percolation/chain.h). */
export interface NativeLayerRun {
  readonly count: number;
  readonly width: number;
  readonly keepProbability: number;
  /** Of the edges into the layer. */
  readonly edgeKeepProbability: number;
}

/** A fully connected network and its wanted layers, ascending. */
export interface NativeChain {
  readonly network: {
    readonly inputWidth: number;
    readonly inputKeepProbability: number;
    readonly runs: readonly NativeLayerRun[];
  };
  readonly layers: Float64Array;
  readonly threads: number;
}

/** One-dimensional convolution (native/systems/percolation/lattice.h). */
export interface NativeLattice {
  readonly lattice: {
    readonly positions: number;
    readonly kernel: number;
    readonly periodic: boolean;
    readonly inputKeepProbability: number;
    readonly runs: readonly NativeLayerRun[];
  };
  readonly layers: Float64Array;
  readonly threads: number;
}

/** Of every wanted layer: k = log(−log P(layer reached)), and the mean number of reached nodes given that it is. */
export interface ReachLaws {
  readonly logHazard: Float64Array;
  readonly mean: Float64Array;
}

/** A layer of explicit masks (native/systems/percolation/masks.h). */
export interface NativeMaskLayer {
  readonly positions: number;
  readonly channels: number;
  readonly keepProbability: number;
  readonly edgeKeepProbability: number;
  readonly isResidual: boolean;
}

/** Parents of each position, the same in all layers: sources[offsets[x]] to sources[offsets[x + 1] − 1]. */
export interface NativeConnections {
  readonly offsets: Float64Array;
  readonly sources: Float64Array;
}

export interface NativeMaskNetwork {
  /** Input, hidden layers, output. */
  readonly layers: readonly NativeMaskLayer[];
  readonly connections: readonly [NativeConnections];
}

export interface NativeMasks {
  readonly network: NativeMaskNetwork;
  readonly run: {
    readonly seed: Float64Array;
    readonly firstTrial: number;
    readonly trials: number;
    readonly threads: number;
    readonly backward: boolean;
    readonly deathLayers: boolean;
  };
}

/** Sums over trials, per layer. */
export interface NativeCounts {
  readonly alive: Float64Array;
  readonly reached: Float64Array;
  readonly reachedSquares: Float64Array;
  readonly leading: Float64Array;
  readonly leadingSquares: Float64Array;
  readonly leadingAlive: Float64Array;
  readonly participating: Float64Array;
  readonly participatingSquares: Float64Array;
  readonly deathLayer: Float64Array;
  readonly decisions: number;
}

/** A row of `percolationLayout` per block. */
export interface NativeSplitting {
  readonly logEstimates: Float64Array;
  readonly decisions: number;
}

declare module '../../core/addon.js' {
  interface NativeAddon {
    percolationReach(chain: NativeChain, slots: Int32Array): Promise<ReachLaws>;
    percolationStationary(
      stationary: { readonly layer: NativeLayerRun; readonly threads: number },
      slots: Int32Array,
    ): Promise<ReachLaws>;
    percolationLattice(lattice: NativeLattice, slots: Int32Array): Promise<ReachLaws>;
    percolationCount(masks: NativeMasks, slots: Int32Array): Promise<NativeCounts>;
    percolationLayout(masks: NativeMasks): RowTable<'logEstimate'>;
    percolationSplit(masks: NativeMasks, slots: Int32Array): Promise<NativeSplitting>;
  }
}
