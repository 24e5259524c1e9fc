// The observables of system `recurrent`, the same in theory and simulation.
import type { ObservableInfo } from '../../core/system.js';

export const observables = {
  stateVariance: {
    symbol: 'Q_t',
    description: 'mean square of a unit of the state, over both sequences; of the peephole cell c is the state',
    axes: ['time'],
    scale: 'linear',
    source: 'Chen 2018 (vanilla, minimal), derived; docs 2.1, 4.1',
  },
  stateCovariance: {
    symbol: 'Q12_t',
    description: 'mean product of a unit of the states of the two sequences',
    axes: ['time'],
    scale: 'linear',
    source: 'Chen 2018 (vanilla, minimal), derived; docs 2.2, 4.1',
  },
  perturbationGrowth: {
    symbol: 'E|δ_t|²/|δ_0|²',
    description: 'squared length of a small random change of the initial state, over its start',
    axes: ['time'],
    scale: 'log',
    source: 'derived; docs 2.3, 4.1',
  },
  jacobianSecondMoment: {
    symbol: 'm₂/m₁²',
    description: 'second moment of the squared singular values of ∂h_t/∂h_0, over the squared first',
    axes: ['time'],
    scale: 'linear',
    source: 'derived; docs 3.2',
    run: { jacobian: true },
  },
} as const satisfies Readonly<Record<string, ObservableInfo>>;

export type RecurrentObservable = keyof typeof observables;
