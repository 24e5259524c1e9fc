// The observables of system `feedforward`, the same in theory and simulation: axes layer 1..L, then input or pair.
import type { ObservableInfo } from '../../core/system.js';

const perInput = ['layer', 'input'] as const;
const perPair = ['layer', 'pair'] as const;

export const observables = {
  variance: {
    symbol: 'q_aa',
    description: 'mean square of the pre-activations of a layer',
    axes: perInput,
    scale: 'linear',
    source: 'Poole 2016; docs 3.2, 3.3',
  },
  covariance: {
    symbol: 'q_ab',
    description: 'mean product of the pre-activations of two inputs',
    axes: perPair,
    scale: 'linear',
    source: 'Poole 2016; docs 3.2, 3.3',
    needsPair: true,
  },
  correlation: {
    symbol: 'c_ab',
    description: 'q_ab/√(q_aa q_bb)',
    axes: perPair,
    scale: 'linear',
    source: 'Poole 2016; docs 3.2, 3.3',
    needsPair: true,
  },
  errorNorm: {
    symbol: 'E log |δ_a|²',
    description: 'typical squared norm of ∂E/∂z at a layer: mean of the logarithm',
    axes: perInput,
    scale: 'log',
    source: 'Schoenholz 2017; docs 3.9, 3.11',
  },
  errorCorrelation: {
    symbol: 'cos(δ_a, δ_b)',
    description: 'cosine of the errors of two inputs',
    axes: perPair,
    scale: 'linear',
    source: 'derived; docs 3.9',
    needsPair: true,
  },
  gradientSingle: {
    symbol: 'log E g_aa',
    description: 'mean square of a weight-gradient entry',
    axes: perInput,
    scale: 'log',
    source: 'Schoenholz 2017; docs 3.9, 3.13',
  },
  gradientPair: {
    symbol: 'log |E g_ab|',
    description: 'mean product of the weight gradients of two inputs (sign and log magnitude of the mean)',
    axes: perPair,
    scale: 'log',
    source: 'derived; docs 3.9, 3.13',
    needsPair: true,
  },
  gradientPairAbsolute: {
    symbol: 'log E g̃_ab',
    description: 'mean absolute product of the weight gradients of two inputs',
    axes: perPair,
    scale: 'log',
    source: 'derived; docs 3.10, 3.13',
    needsPair: true,
  },
  typicalGradientSingle: {
    symbol: 'E log g_aa',
    description: 'mean of log g_aa: the typical g_aa, by βM/2N below the log of the mean',
    axes: perInput,
    scale: 'log',
    source: 'derived; docs 3.11',
  },
} as const satisfies Readonly<Record<string, ObservableInfo>>;

export type FeedforwardObservable = keyof typeof observables;
