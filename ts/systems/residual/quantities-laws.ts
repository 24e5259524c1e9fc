// Quantities: closed laws, (3.6) to (3.8) of docs/systems/residual.md, and design (3.10).
import * as z from 'zod';
import { MftError } from '../../core/errors.js';
import { numberField, wholeField } from '../../core/fields.js';
import type { QuantityValue, Undefined } from '../../core/results.js';
import { type Quantity, quantity } from '../../core/system.js';
import { classify } from './activation-class.js';
import { continuumLimit, type ContinuumMember } from './continuum.js';
import { decayForGradientBudget, widthsForFlatGradient } from './design.js';
import { type GrowthLawParameters, growthLaw } from './growth-law.js';
import type { Growth, GrowthLaw } from './growth-schedule.js';
import { alphaReluLaw, type AlphaReluLaw, tanhLaw, type TanhLaw } from './laws.js';
import { reluLogProduct } from './log-product.js';
import { checkNetwork, networkParameters } from './spec.js';
import { angularDeficitOf, type InputParameters, inputParameters, networkOf } from './quantities-recurrence.js';

const one = (description: string, symbol: string): z.ZodNumber => numberField({ low: 0 }, description, symbol);
const outerWeightVariance = one('Outer weight variance.', 'σ_v²');
const innerWeightVariance = one('Inner weight variance.', 'σ_w²');
const outerBiasVariance = one('Outer bias variance.', 'σ_a²');
const innerBiasVariance = one('Inner bias variance.', 'σ_b²');
const decay = (symbol: string): z.ZodDefault<z.ZodNumber> => numberField({}, 'Decay exponent.', symbol).default(0);
const { activation } = networkParameters;

const tanhParameters = z.strictObject({
  activation,
  outerWeightVariance: outerWeightVariance.default(1),
  innerWeightVariance: innerWeightVariance.default(1),
  outerBiasVariance: outerBiasVariance.default(0),
  innerBiasVariance: innerBiasVariance.optional(),
});

function tanhConstant(symbol: string, description: string, member: keyof TanhLaw): Quantity<number> {
  return quantity({
    symbol,
    description,
    source:
      member === 'estar' || member === 'deltaStar'
        ? 'Yang & Schoenholz 2017, re-derived; docs 3.6'
        : 'derived, checked by iteration to depth 1e6; docs 3.6',
    parameters: tanhParameters,
    evaluate: (p) => {
      const kind = classify(p.activation);
      if (kind.kind !== 'bounded')
        throw new MftError(
          'ERR_MFT_UNSUPPORTED',
          'Expected `activation` to be bounded and odd: tanh, erf, erfUnitSlope or hardTanh.',
          { parameter: 'activation' },
        );
      return tanhLaw(p.outerWeightVariance, p.innerWeightVariance, p.outerBiasVariance, kind)[member];
    },
  });
}

function alphaConstant(symbol: string, description: string, member: keyof AlphaReluLaw): Quantity<number> {
  return quantity({
    symbol,
    description,
    source: 'Yang & Schoenholz 2017, re-derived; docs 3.6',
    parameters: z.strictObject({
      alpha: numberField({}, 'Exponent, in (1/2, 1).', 'α'),
      outerWeightVariance: outerWeightVariance.default(1),
      innerWeightVariance: innerWeightVariance.default(1),
      outerBiasVariance: outerBiasVariance.optional(),
      innerBiasVariance: innerBiasVariance.optional(),
    }),
    evaluate: (p) => alphaReluLaw(p.alpha, p.outerWeightVariance, p.innerWeightVariance)[member],
  });
}

const growthParameters = z.strictObject({
  activation,
  innerWeightVariance: innerWeightVariance.default(1),
  innerBiasVariance: innerBiasVariance.default(0),
  outerWeightVariance: outerWeightVariance.default(1),
  outerBiasVariance: outerBiasVariance.default(0),
  innerWeightDecay: decay('β_w'),
  innerBiasDecay: decay('β_b'),
  outerWeightDecay: decay('β_v'),
  outerBiasDecay: decay('β_a'),
  tolerance: numberField({ low: 0 }, 'Exponents nearer than this are equal.').default(1e-12),
});

function growthQuantity<V extends QuantityValue>(
  symbol: string,
  description: string,
  pick: (law: GrowthLaw) => V | undefined,
): Quantity<V | Undefined> {
  return quantity({
    symbol,
    description,
    source: 'Yang & Schoenholz 2018, theorems C.5 to C.11; constants and the other regions derived; docs 3.7',
    parameters: growthParameters,
    evaluate: (p) => {
      const law = growthLaw(p as GrowthLawParameters);
      return pick(law) ?? { reason: `no such number in region ${law.region}` };
    },
  });
}

type GrowthName = { [K in keyof GrowthLaw]-?: NonNullable<GrowthLaw[K]> extends Growth ? K : never }[keyof GrowthLaw];
type GrowthKey<N extends string> = `growthLaw.${N}.${keyof Growth}`;

function growthOf<N extends GrowthName>(name: N, symbol: string): { readonly [K in GrowthKey<N>]: Quantity } {
  const parts = (['form', 'coefficient', 'exponent'] as const).map((part) => [
    `growthLaw.${name}.${part}`,
    growthQuantity(
      symbol,
      `${part} of the growth law of ${symbol}.`,
      (law) => (law[name] as Growth | undefined)?.[part],
    ),
  ]);
  return Object.fromEntries(parts) as { readonly [K in GrowthKey<N>]: Quantity };
}

const continuumParameters = z.strictObject({
  activation,
  innerWeightVariance: innerWeightVariance.default(1),
  innerBiasVariance: innerBiasVariance.default(0),
  outerWeightVariance: outerWeightVariance.default(1),
  outerBiasVariance: outerBiasVariance.default(0),
  ...inputParameters,
  time: numberField({ low: 0 }, 'Time l/L.', 't').default(1),
});

function continuumQuantity(symbol: string, description: string, member: ContinuumMember): Quantity<number> {
  return quantity({
    symbol,
    description,
    source: 'derived, checked by deep iteration; docs 3.8',
    parameters: continuumParameters,
    evaluate: (p, options) =>
      continuumLimit(
        { ...p, secondMoment: p.inputSecondMoment, angularDeficit: angularDeficitOf(p as InputParameters) },
        member,
        options,
      ),
  });
}

const { depth, ...undepthed } = networkParameters;

export const lawQuantities = {
  reluLogProduct: quantity({
    symbol: 'log Π (1 + W l^−V)',
    description: 'log χ_0/χ_L of ReLU networks, at any depth at the same cost.',
    source: 'derived: Euler–Maclaurin; docs 3.6',
    parameters: z.strictObject({
      coefficient: numberField({ low: 0 }, 'σ_v²σ_w²/2.', 'W'),
      decay: numberField({}, 'β_v + β_w.', 'V'),
      depth: wholeField(0, 1e15, 'Number of blocks.', 'L'),
    }),
    evaluate: ({ coefficient, decay, depth }) => reluLogProduct(coefficient, decay, depth),
  }),
  'tanhLaw.A': tanhConstant('A', 'log χ_0/χ_L ~ A√L + B log L.', 'A'),
  'tanhLaw.B': tanhConstant('B', 'log χ_0/χ_L ~ A√L + B log L.', 'B'),
  'tanhLaw.K': tanhConstant('K', 'p_l ~ K l − b√l.', 'K'),
  'tanhLaw.b': tanhConstant('b', 'p_l ~ K l − b√l.', 'b'),
  'tanhLaw.estar': tanhConstant('e*', 'Limit of the cosine.', 'estar'),
  'tanhLaw.deltaStar': tanhConstant('δ*', 'Exponent of the approach to e*.', 'deltaStar'),
  'tanhLaw.F': tanhConstant('F', 'e_l − e* = c l^−δ* − F l^−1/2.', 'F'),
  'alphaReluLaw.R': alphaConstant('R', 'χ_m/χ_l ~ (l/m)^R.', 'R'),
  'alphaReluLaw.K': alphaConstant('K', 'p_l ~ (K l)^(1/(1−α)).', 'K'),
  'alphaReluLaw.lengthExponent': alphaConstant('1/(1−α)', 'p_l ~ (K l)^(1/(1−α)).', 'lengthExponent'),
  'alphaReluLaw.estar': alphaConstant('e*', 'Limit of the cosine.', 'estar'),
  'alphaReluLaw.estarDeficit': alphaConstant('1 − e*', 'One minus the limit of the cosine.', 'estarDeficit'),
  'alphaReluLaw.mu': alphaConstant('μ', 'Exponent of the approach to e*.', 'mu'),
  'growthLaw.region': growthQuantity('region', 'Row of the table that applies.', (law) => law.region),
  'growthLaw.onBoundary': growthQuantity(
    'on a border',
    'Whether an exponent stands on a border between regions.',
    (law) => law.onBoundary,
  ),
  'growthLaw.note': growthQuantity('note', 'What the reader must know about this region.', (law) => law.note),
  'growthLaw.angularLimit': growthQuantity(
    'lim e',
    'Limit of the cosine, where it does not depend on the input.',
    (law) => law.angularLimit,
  ),
  'growthLaw.fixedPointPreactivationVariance': growthQuantity(
    'q*',
    'Limit of the pre-activation variance.',
    (law) => law.fixedPointPreactivationVariance,
  ),
  ...growthOf('gradient', 'χ_0/χ_l'),
  ...growthOf('length', 'p_l'),
  ...growthOf('metric', 's_l'),
  ...growthOf('angularDeficit', '1 − e_l'),
  ...growthOf('innerWeight', 'χ_w,1/χ_w,l'),
  ...growthOf('outerWeight', 'χ_v,1/χ_v,l'),
  'continuumLimit.p': continuumQuantity('p(t)', 'Second moment in the limit of 1/√L scaling.', 'p'),
  'continuumLimit.s': continuumQuantity('s(t)', 'Metric expressivity in that limit.', 's'),
  'continuumLimit.e': continuumQuantity('e(t)', 'Cosine in that limit.', 'e'),
  'continuumLimit.logchi': continuumQuantity('log χ_0/χ(t)', 'Gradient ratio in that limit.', 'logchi'),
  decayForGradientBudget: quantity({
    symbol: 'β',
    description: 'Common decay exponent at which log χ_0/χ_L equals the budget; 0 when constant variances meet it.',
    source: 'derived; docs 3.10',
    parameters: z.strictObject({
      ...undepthed,
      depth,
      ...inputParameters,
      budget: numberField({ low: 0 }, 'Wanted log χ_0/χ_L.'),
    }),
    evaluate: async (p) => {
      const network = networkOf({ ...p, architecture: 'full' });
      checkNetwork(network);
      return decayForGradientBudget(network, p.inputSecondMoment, p.budget);
    },
  }),
  widthsForFlatGradient: quantity({
    symbol: 'N_0..N_L',
    description: 'Widths that hold the gradient per coordinate constant, from the given start.',
    source: 'Yang & Schoenholz 2018, section 6; exact condition derived; docs 3.10',
    parameters: z.strictObject({
      ...networkParameters,
      ...inputParameters,
      start: wholeField(1, 100_000_000, 'Width of layer 0.', 'N_0'),
    }),
    evaluate: async (p) =>
      (await widthsForFlatGradient(networkOf({ ...p, architecture: 'full' }), p.inputSecondMoment, p.start)).widths,
  }),
} as const;
