// The named quantities of system `implicit`: what `evaluate` and `map` take.
import { withMapped } from '../../core/system.js';
import { meanFieldQuantities } from './quantities-mean-field.js';

export const quantities = withMapped({ ...meanFieldQuantities }, ['preActivationVariance', 'squaredJacobianRadius']);

export type ImplicitQuantity = keyof typeof quantities;
