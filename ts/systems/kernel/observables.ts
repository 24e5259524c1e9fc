// The observables of system `kernel`, the same in theory and simulation.
import type { ObservableInfo } from '../../core/system.js';

export const observables = {
  nngp: {
    symbol: 'K^{L+1}',
    description: 'covariance of the outputs of two inputs over networks',
    axes: ['input', 'otherInput'],
    scale: 'linear',
    source: 'Lee et al. 2018; docs 3.1',
  },
  ntk: {
    symbol: 'Θ^{L+1}',
    description: 'tangent kernel of two inputs: products of the gradients of an output',
    axes: ['input', 'otherInput'],
    scale: 'linear',
    source: 'Jacot et al. 2018; docs 3.2',
  },
  variance: {
    symbol: 'K^l_aa',
    description: 'variance of a pre-activation, layers 1..L + 1',
    axes: ['layer', 'input'],
    scale: 'linear',
    source: 'Poole et al. 2016; docs 3.1',
  },
  covariance: {
    symbol: 'K^l_ab',
    description: 'covariance of the pre-activations of two inputs (of the first 32), layers 1..L + 1',
    axes: ['layer', 'pair'],
    scale: 'linear',
    source: 'Cho & Saul 2009; docs 3.1',
    needsPair: true,
  },
  normalizedKernel: {
    symbol: 'cos θ_l',
    description: 'cosine of two inputs (of the first 32) in the pre-activations, layers 1..L + 1',
    axes: ['layer', 'pair'],
    scale: 'linear',
    source: 'Tsuchida et al. 2018; docs 4.1',
    needsPair: true,
  },
  normalizedKernelGap: {
    symbol: '1 − cos θ_l',
    description: 'what that cosine lacks of 1, without cancellation',
    axes: ['layer', 'pair'],
    scale: 'log',
    source: 'derived; docs 3.3',
    only: 'predict',
    needsPair: true,
  },
} as const satisfies Readonly<Record<string, ObservableInfo>>;

export type KernelObservable = keyof typeof observables;
