// Quantities: Gaussian moments of an activation.
import * as z from 'zod';
import { numberField } from '../../core/fields.js';
import { type Quantity, quantity } from '../../core/system.js';
import { activationField } from '../../gaussian/activations.js';
import * as moments from '../../gaussian/moments.js';

const activation = activationField;
const variance = numberField({ low: 0 }, 'Variance of the Gaussian.', 'q');
const single = z.strictObject({ activation, variance });
const pair = single.extend({
  correlation: numberField({}, 'Correlation in [-1, 1].', 'c').optional(),
  oneMinusCorrelation: numberField({}, '1 - correlation, in [0, 2].', 'δ').optional(),
});

type PairParameters = z.output<typeof pair>;
const pairArgument = ({ activation: _, ...rest }: PairParameters): moments.PairArgument => rest as moments.PairArgument;

function ofSingle(
  symbol: string,
  description: string,
  source: string,
  f: (phi: PairParameters['activation'], argument: moments.VarianceArgument) => number,
): Quantity<number> {
  return quantity({
    symbol,
    description,
    source,
    parameters: single,
    evaluate: ({ activation: phi, variance: q }) => f(phi, { variance: q }),
  });
}

function ofPair(
  symbol: string,
  description: string,
  source: string,
  f: (phi: PairParameters['activation'], argument: moments.PairArgument) => number,
): Quantity<number> {
  return quantity({
    symbol,
    description,
    source,
    parameters: pair,
    evaluate: (parameters) => f(parameters.activation, pairArgument(parameters)),
  });
}

export const momentQuantities = {
  gaussianMean: ofSingle('E φ', 'Mean of the activation.', 'derived; docs 3.1', moments.gaussianMean),
  gaussianSecondMoment: ofSingle(
    'm2',
    'E φ(u)², u ~ N(0, q).',
    'Schoenholz 2017; docs 3.1',
    moments.gaussianSecondMoment,
  ),
  gaussianDerivativeSecondMoment: ofSingle(
    's2',
    "E φ'(u)².",
    'Schoenholz 2017; docs 3.1',
    moments.gaussianDerivativeSecondMoment,
  ),
  gaussianSecondDerivativeSecondMoment: ofSingle(
    'k2',
    "E φ''(u)²; Infinity with a kink.",
    'Poole 2016; docs 3.1',
    moments.gaussianSecondDerivativeSecondMoment,
  ),
  gaussianVarianceSlopeMoment: ofSingle(
    'v2',
    'd m2/dq.',
    'Schoenholz 2017; docs 3.1',
    moments.gaussianVarianceSlopeMoment,
  ),
  gaussianPairMoment: ofPair(
    'M',
    'E φ(u₁)φ(u₂) at equal variances.',
    'Poole 2016; docs 3.1',
    moments.gaussianPairMoment,
  ),
  gaussianDerivativePairMoment: ofPair(
    'F',
    "E φ'(u₁)φ'(u₂).",
    'Poole 2016; docs 3.1',
    moments.gaussianDerivativePairMoment,
  ),
  gaussianPairMomentDeficit: ofPair(
    'D',
    'm2 − M, without cancellation.',
    'derived; docs 3.1',
    moments.gaussianPairMomentDeficit,
  ),
} as const satisfies Readonly<Record<string, Quantity>>;
