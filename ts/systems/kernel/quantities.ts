// The named quantities of system `kernel`: what `evaluate` and `map` take.
import { type Quantity, withMapped } from '../../core/system.js';
import { likelihoodQuantities } from './quantities-likelihood.js';
import { matrixQuantities } from './quantities-matrix.js';
import { layerQuantities } from './quantities-layer.js';
import { normalizedQuantities } from './quantities-normalized.js';
import { pairQuantities } from './quantities-pair.js';
import { regressionQuantities } from './quantities-regression.js';

const table = {
  ...pairQuantities,
  ...normalizedQuantities,
  ...matrixQuantities,
  ...regressionQuantities,
  ...likelihoodQuantities,
  ...layerQuantities,
} as const satisfies Readonly<Record<string, Quantity>>;

export const quantities = withMapped(table, []);

export type KernelQuantity = keyof typeof quantities;
