// The observables of system `autoencoder`, the same in theory and simulation: means over starts of the weights, by recorded step.
import type { ObservableInfo } from '../../core/system.js';

export const observables = {
  modeMapping: {
    symbol: 'w_i',
    description: 'v_iᵀ E[x̂ xᵀ] v_i/ν_i: what is reconstructed of direction i; 1 is perfect',
    axes: ['step', 'mode'],
    scale: 'linear',
    source: 'Pretorius 2018; docs 5.1',
  },
  modeMappingLow: {
    symbol: 'w_i, 5 %',
    description: 'mapping that 5 of a hundred random starts do not exceed',
    axes: ['step', 'mode'],
    scale: 'linear',
    source: 'derived; docs 5.2',
    only: 'predict',
  },
  modeMappingHigh: {
    symbol: 'w_i, 95 %',
    description: 'mapping that 95 of a hundred random starts do not exceed',
    axes: ['step', 'mode'],
    scale: 'linear',
    source: 'derived; docs 5.2',
    only: 'predict',
  },
  loss: {
    symbol: 'L',
    description: 'expected training loss, decay included',
    axes: ['step', 'value'],
    scale: 'linear',
    source: 'derived; docs 2.1',
  },
  squaredNorm: {
    symbol: '|W1|² + |W2|²',
    description: 'squared norm of all weights',
    axes: ['step', 'value'],
    scale: 'linear',
    source: 'derived; docs 5.3',
  },
  singularValue: {
    symbol: 'σ_i(W)',
    description:
      'singular values of W2 W1, falling, zeros beyond the hidden units; where modes are aligned, their mappings in order of size',
    axes: ['step', 'mode'],
    scale: 'linear',
    source: 'Pretorius 2018; docs 5.4',
    only: 'simulate',
  },
} as const satisfies Readonly<Record<string, ObservableInfo>>;

export type AutoencoderObservable = keyof typeof observables;
