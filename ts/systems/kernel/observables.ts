// The observables of system `kernel`, the same in theory and simulation.
import type { ObservableInfo } from '../../core/system.js';

export const observables = {
  secondMoment: {
    symbol: 'p_l',
    description: 'mean square of an activation, layers 0..L',
    axes: ['layer'],
    scale: 'linear',
    source: 'derived; docs 1.1',
  },
} as const satisfies Readonly<Record<string, ObservableInfo>>;

export type KernelObservable = keyof typeof observables;
