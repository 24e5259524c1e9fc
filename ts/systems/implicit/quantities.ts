// The named quantities of system `implicit`: what `evaluate` and `map` take.
import { withMapped } from '../../core/system.js';
import { contractionQuantities } from './quantities-contraction.js';
import { meanFieldQuantities } from './quantities-mean-field.js';
import { solverQuantities } from './quantities-solvers.js';
import { stateQuantities } from './quantities-state.js';

export const quantities = withMapped(
  { ...meanFieldQuantities, ...stateQuantities, ...solverQuantities, ...contractionQuantities },
  ['preActivationVariance', 'squaredJacobianRadius'],
);

export type ImplicitQuantity = keyof typeof quantities;
