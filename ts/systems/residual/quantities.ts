// The quantities of system `residual` (docs/systems/residual.md): name → formula. Three tables: Gaussian moments and
// closed laws, recurrences, design.
import { type Quantity, withMapped } from '../../core/system.js';
import { lawQuantities } from './quantities-laws.js';
import { momentQuantities } from './quantities-moments.js';
import { recurrenceQuantities } from './quantities-recurrence.js';

const table = {
  ...momentQuantities,
  ...recurrenceQuantities,
  ...lawQuantities,
} as const satisfies Readonly<Record<string, Quantity>>;

/** The table, with those marked that `map` draws over the fields of a spec. */
export const quantities = withMapped(table, [
  'logGradientRatio',
  'logSecondMoment',
  'logMetricExpressivity',
  'angularDeficit',
  'logParameterGradientRatio',
  'fisherLogConditionBound',
  'gateDisagreement',
  'relativeStandardDeviationOfSecondMoment',
  'varianceOfLogGradient',
]);

export type ResidualQuantity = keyof typeof quantities;
