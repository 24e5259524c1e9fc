// The quantities of system `residual` (docs/systems/residual.md): name → formula. Three tables: Gaussian moments and
// closed laws, recurrences, design.
import type { Quantity } from '../../core/system.js';
import { lawQuantities } from './quantities-laws.js';
import { momentQuantities } from './quantities-moments.js';
import { recurrenceQuantities } from './quantities-recurrence.js';

export const quantities = {
  ...momentQuantities,
  ...recurrenceQuantities,
  ...lawQuantities,
} as const satisfies Readonly<Record<string, Quantity>>;

export type ResidualQuantity = keyof typeof quantities;

/** Quantities that `map` draws over the fields of a spec. */
export const mapped: readonly ResidualQuantity[] = [
  'logGradientRatio',
  'logSecondMoment',
  'logMetricExpressivity',
  'angularDeficit',
  'logParameterGradientRatio',
  'fisherLogConditionBound',
  'gateDisagreement',
  'relativeStandardDeviationOfSecondMoment',
  'varianceOfLogGradient',
];
