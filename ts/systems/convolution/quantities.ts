// The named quantities of system `convolution`: what `evaluate` and `map` take.
import { type Quantity, withMapped } from '../../core/system.js';
import { boundQuantityTable } from './quantities-bounds.js';
import { meanFieldQuantityTable } from './quantities-mean-field.js';
import { operatorQuantityTable } from './quantities-operator.js';
import { rivalQuantityTable } from './quantities-rivals.js';

const table = {
  ...boundQuantityTable,
  ...rivalQuantityTable,
  ...operatorQuantityTable,
  ...meanFieldQuantityTable,
} as const satisfies Readonly<Record<string, Quantity>>;

/** A network's bounds take the whole network: nothing here is drawn over single fields of a spec. */
export const quantities = withMapped(table, []);

export type ConvolutionQuantity = keyof typeof quantities;
