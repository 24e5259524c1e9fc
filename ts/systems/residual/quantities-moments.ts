// Quantities: Gaussian moments of 3.1.
import * as z from 'zod';
import { addon } from '../../core/addon.js';
import { expectedError } from '../../core/errors.js';
import { numberField } from '../../core/fields.js';
import { quantity } from '../../core/system.js';
import { activationField } from '../../gaussian/activations.js';
import {
  derivativeSecondMoment,
  halfMeanSquareDifference,
  mean,
  secondMoment,
  secondMomentComplement,
} from './moments.js';

const variance = numberField({ low: 0 }, 'Variance of the Gaussian.', 'q');
const single = z.strictObject({ activation: activationField, variance });
const alpha = numberField({ low: -0.5, high: 50, above: true }, 'Exponent of the rectified power.', 'α');
const theory = 'Yang & Schoenholz 2018; closed forms and rules derived; docs 3.1';

export const momentQuantities = {
  gaussianSecondMoment: quantity({
    symbol: 'V(q) = E φ(u)²',
    description: 'Second moment of the activation of a Gaussian.',
    source: theory,
    parameters: single,
    evaluate: ({ activation, variance }) => secondMoment(activation, variance),
  }),
  gaussianSecondMomentComplement: quantity({
    symbol: '1 − V(q)',
    description: 'What the second moment of a saturating activation lacks to 1, without cancellation for tanh and erf.',
    source: theory,
    parameters: single,
    evaluate: ({ activation, variance }) => secondMomentComplement(activation, variance),
  }),
  gaussianDerivativeSecondMoment: quantity({
    symbol: "V̇(q) = E φ'(u)²",
    description: 'Second moment of the derivative.',
    source: theory,
    parameters: single,
    evaluate: ({ activation, variance }) => derivativeSecondMoment(activation, variance),
  }),
  gaussianMean: quantity({
    symbol: 'E φ(u)',
    description: 'Mean of the activation of a Gaussian.',
    source: theory,
    parameters: single,
    evaluate: ({ activation, variance }) => mean(activation, variance),
  }),
  gaussianHalfMeanSquareDifference: quantity({
    symbol: "D(q, δ) = ½E(φ(u) − φ(u'))²",
    description: 'Half the mean square difference at variance q and covariance q − gap.',
    source: 'derived; docs 3.1',
    parameters: z.strictObject({
      activation: activationField,
      variance,
      gap: numberField({ low: 0 }, 'q minus the covariance, in [0, 2q].', 'δ'),
    }),
    evaluate: ({ activation, variance, gap }) => {
      if (gap > 2 * variance)
        throw expectedError('ERR_MFT_OUT_OF_RANGE', 'gap', `a number in [0, ${2 * variance}], twice the variance`, gap);
      return halfMeanSquareDifference(activation, variance, gap);
    },
  }),
  alphaReluCorrelationMap: quantity({
    symbol: 'J_α(c)',
    description: 'Correlation of rectified powers of two Gaussians with correlation c, relative to the second moment.',
    source: 'Yang & Schoenholz 2017; both closed forms re-derived; docs 3.1',
    parameters: z.strictObject({ alpha, correlation: numberField({ low: -1, high: 1 }, 'Correlation.', 'c') }),
    evaluate: ({ alpha, correlation }) => addon().alphaReluCorrelationMap(alpha, correlation),
  }),
  alphaReluCorrelationDeficit: quantity({
    symbol: '1 − J_α(1 − deficit)',
    description: 'The same map as a deficit, without cancellation.',
    source: 'derived; docs 3.1',
    parameters: z.strictObject({
      alpha,
      deficit: numberField({ low: 0, high: 2 }, 'One minus the correlation.', '1 − c'),
    }),
    evaluate: ({ alpha, deficit }) => addon().alphaReluCorrelationDeficit(alpha, deficit),
  }),
} as const;
