// The observables of system `percolation`, the same in theory and simulation: one axis, layer 0 (input) .. L+1 (output); for
// edges the weight layers 0..L.
import type { ObservableInfo } from '../../core/system.js';

const layers = ['layer'] as const;

export const observables = {
  pathProbability: {
    symbol: 'θ_i',
    description: 'P(a path reaches layer i); at the output θ',
    axes: layers,
    scale: 'linear',
    source: 'derived; docs 3.1',
  },
  rarePathProbability: {
    symbol: 'log θ_i',
    description: 'the same on a log scale: what engine splitting measures where masks meet no path',
    axes: layers,
    scale: 'log',
    source: 'derived; docs 3.1',
    run: { engine: 'splitting' },
  },
  blockedProbability: {
    symbol: 'log(1 − θ_i)',
    description: 'P(no path reaches layer i)',
    axes: layers,
    scale: 'log',
    source: 'derived; docs 3.1',
    only: 'predict',
  },
  reachFraction: {
    symbol: 'E X_i/N_i',
    description: 'mean fraction of nodes kept and reached from the input',
    axes: layers,
    scale: 'linear',
    source: 'derived; docs 3.1',
  },
  outputReachProbability: {
    symbol: 'P(Y_i ≥ 1)',
    description: 'P(layer i has a node that still reaches the output)',
    axes: layers,
    scale: 'linear',
    source: 'derived; docs 3.1',
  },
  outputReachFraction: {
    symbol: 'E Y_i/N_i',
    description: 'mean fraction of nodes kept and reaching the output',
    axes: layers,
    scale: 'linear',
    source: 'derived; docs 3.1',
  },
  edgeParticipation: {
    symbol: 'b_i (E X_{i−1}/N_{i−1})(E Y_i/N_i)',
    description: 'P(an edge of weight layer i lies on a surviving path): effective share of its learning rate',
    axes: layers,
    scale: 'linear',
    source: 'derived; docs 3.9',
  },
} as const satisfies Readonly<Record<string, ObservableInfo>>;

export type PercolationObservable = keyof typeof observables;
