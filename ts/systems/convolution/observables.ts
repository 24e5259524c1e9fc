// The observables of system `convolution`, the same in theory and simulation: pre-activations X_l of the convolution layers.
import type { ObservableInfo } from '../../core/system.js';

const axes = ['layer', 'value'] as const;

export const observables = {
  variance: {
    symbol: 'q_l',
    description: 'mean square of a pre-activation, over positions and channels, layers 1..L',
    axes,
    scale: 'linear',
    source: 'Xiao 2018; docs 6.1',
  },
  cornerVariance: {
    symbol: 'q_l(0, 0)',
    description: 'mean square at the first position',
    axes,
    scale: 'linear',
    source: 'derived; docs 6.1, 6.4',
  },
  neighbourCovariance: {
    symbol: 'K_l(0, 1)',
    description: 'mean product of pre-activations side by side, over positions',
    axes,
    scale: 'linear',
    source: 'Xiao 2018; docs 6.1',
  },
  varianceMode: {
    symbol: 'q̂_l(m)',
    description: 'Fourier modes of the mean square along a row, m = 1, 2, 3 periods (mode 0, 1, 2)',
    axes: ['layer', 'mode'],
    scale: 'linear',
    source: 'Xiao 2018; docs 6.2, 6.3',
  },
  gradient: {
    symbol: 'log g_l',
    description: 'logarithm of the mean squared gradient at X_l of a unit functional of X_L',
    axes,
    scale: 'log',
    source: 'Xiao 2018; docs 6.5',
  },
} as const satisfies Readonly<Record<string, ObservableInfo>>;

export type ConvolutionObservable = keyof typeof observables;
