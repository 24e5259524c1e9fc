// The observables of system `implicit`, the same in theory and simulation.
import type { ObservableInfo } from '../../core/system.js';

export const observables = {
  preActivationVariance: {
    symbol: 'q_t',
    description: 'mean square of a pre-activation after t updates from the state 0',
    axes: ['iteration'],
    scale: 'linear',
    source: 'derived; docs 1.2',
  },
  squaredJacobianRadius: {
    symbol: 'χ',
    description: 'σ_w²/ρ times the mean squared slope at the steady state: ρ(J)² of a wide layer',
    axes: ['value'],
    scale: 'linear',
    source: 'derived; docs 1.3',
  },
  adjointNorm: {
    symbol: '|z|²/|g|²',
    description: 'squared length of the solution of the adjoint system, over that of the loss gradient',
    axes: ['value'],
    scale: 'linear',
    source: 'derived; docs 1.4',
  },
  termNorm: {
    symbol: 'log |v_k|²/|g|²',
    description:
      'logarithm of the mean squared length of the Neumann term after k products; also the residual of k terms',
    axes: ['term'],
    scale: 'log',
    source: 'derived; docs 1.4',
  },
  neumannError: {
    symbol: 'log ε_T',
    description: 'mean logarithm of the relative error |z − z_T|/|z| of T Neumann terms',
    axes: ['term'],
    scale: 'log',
    source: 'derived; docs 1.5',
  },
} as const satisfies Readonly<Record<string, ObservableInfo>>;

export type ImplicitObservable = keyof typeof observables;
