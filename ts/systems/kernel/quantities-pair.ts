// Quantities of a Gaussian pair: (2.1) and (2.2) of docs/systems/kernel.md.
import * as z from 'zod';
import { numberField } from '../../core/fields.js';
import { type Quantity, quantity } from '../../core/system.js';
import { gaussianFunctionOf } from '../../gaussian/expectation.js';
import { modelFields } from './model.js';
import { pairGap, pairSlope, pairValue } from './pair.js';

const { activation } = modelFields;
const pair = z.strictObject({
  activation,
  variance1: numberField({ low: 0 }, 'Variance of the first variable.', 'q_1'),
  variance2: numberField({ low: 0 }, 'Variance of the second variable.', 'q_2'),
  covariance: numberField({}, 'Their covariance.', 'k'),
});

export const pairQuantities = {
  pairExpectation: quantity({
    symbol: 'E φφ',
    description: 'E φ(u)φ(v) of a Gaussian pair (u, v).',
    source: 'Cho & Saul 2009; Williams 1997; docs 2.1',
    parameters: pair,
    evaluate: (p, options = {}) =>
      pairValue(gaussianFunctionOf(p.activation), [p.variance1, p.variance2, p.covariance], options),
  }),
  pairExpectationDerivative: quantity({
    symbol: "E φ'φ'",
    description: "E φ'(u)φ'(v): the derivative of `pairExpectation` by the covariance (Price).",
    source: 'Jacot et al. 2018; docs 2.1',
    parameters: pair,
    evaluate: (p, options = {}) =>
      pairSlope(gaussianFunctionOf(p.activation), [p.variance1, p.variance2, p.covariance], options),
  }),
  pairGap: quantity({
    symbol: 'E φ² − E φφ',
    description: 'What E φφ lacks of E φ² at equal variances q and covariance q(1 − gap), without cancellation.',
    source: 'derived; docs 2.2',
    parameters: z.strictObject({
      activation,
      variance: numberField({ low: 0 }, 'Variance of both variables.', 'q'),
      gap: numberField({ low: 0, high: 2 }, '1 − correlation.', 'g'),
    }),
    evaluate: (p) => pairGap(gaussianFunctionOf(p.activation), p.variance, p.gap),
  }),
} as const satisfies Readonly<Record<string, Quantity>>;
