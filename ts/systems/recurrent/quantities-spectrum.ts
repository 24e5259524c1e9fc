// Quantities of the spectrum of the state-to-state Jacobian.
import * as z from 'zod';
import type { ControlOptions } from '../../core/control.js';
import { MftError } from '../../core/errors.js';
import { numberField, wholeField } from '../../core/fields.js';
import type { QuantityValue } from '../../core/results.js';
import { type Quantity, quantity } from '../../core/system.js';
import { slopeShare } from './closed-forms.js';
import { cellFields } from './spec.js';
import { ask, first, fixedPoint } from './theory.js';

const cell = z.strictObject(cellFields);
const products = z.strictObject({
  ...cellFields,
  steps: wholeField(1, 100_000, 'Steps of the product.', 'T').default(10),
});
const preactivationVariance = numberField(
  { low: 0 },
  'Variance of the pre-activation; q* when left out.',
  'q',
).optional();
const cdf = z.strictObject({
  ...cellFields,
  preactivationVariance,
  singularValue: numberField({ low: 0 }, 'Singular value.', 's').default(1),
});
const resolvent = z.strictObject({
  ...cellFields,
  preactivationVariance,
  spectralParameter: z
    .tuple([z.number(), z.number().gt(0)])
    .meta({ kind: 'list', expected: 'a list [Re w, Im w] with Im w > 0', description: 'Where.', symbol: 'w' }),
});

const notDerived = (what: string, name: string): QuantityValue => ({
  reason: `${what} of cell ${name} is not derived`,
});

async function varianceAt(fields: z.output<typeof cdf>): Promise<number> {
  const given = fields.preactivationVariance;
  return given ?? (await fixedPoint(fields)).preactivationVariance ?? Number.NaN;
}

const requireVanilla = (fields: { readonly cell: string }, what: string): void => {
  if (fields.cell !== 'vanilla')
    throw new MftError('ERR_MFT_UNSUPPORTED', `${what} is known for the vanilla cell only.`, { parameter: 'cell' });
};

/** Moments of the Jacobian at the fixed point, and of its products over `steps`. */
async function stationaryJacobian(fields: z.output<typeof cell>, options?: ControlOptions, steps?: number) {
  const { second, mean } = await fixedPoint(fields, options);
  return ask(fields, { what: 'jacobian', second, mean, ...(steps === undefined ? {} : { steps }) }, options);
}

export const spectrumQuantities = {
  stateFourthMoment: quantity({
    symbol: 'E h⁴',
    description: 'Fourth moment of the state at the fixed point.',
    source: 'derived; docs 3.1',
    parameters: cell,
    evaluate: async (fields, options) => {
      if (fields.cell === 'lstm') return notDerived('the fourth moment', 'lstm');
      return first(await stationaryJacobian(fields, options), 'fourth');
    },
  }),
  jacobianVariance: quantity({
    symbol: 'm₂ − m₁²',
    description: 'Variance of the squared singular values of the stationary Jacobian ∂h_t/∂h_{t−1}.',
    source: 'derived; docs 3.1',
    parameters: cell,
    evaluate: async (fields, options) => {
      if (fields.cell === 'lstm') return notDerived('the spectrum', 'lstm');
      const answer = await stationaryJacobian(fields, options);
      if (answer.second === undefined)
        return notDerived('the second moment', `gru with ${fields.resetAfter ? 'resetAfter' : 'orthogonal weights'}`);
      return first(answer, 'second') - (1 + first(answer, 'firstMinusOne')) ** 2;
    },
  }),
  jacobianProductNormalizedSecondMoments: quantity({
    symbol: 'm₂/m₁²',
    description: 'Second moment over the squared first of the product of 1, 2, … T stationary Jacobians.',
    source: 'derived; docs 3.2',
    parameters: products,
    evaluate: async (fields, options) => {
      if (fields.cell === 'lstm') return notDerived('the spectrum', 'lstm');
      const { products: known } = await stationaryJacobian(fields, options, fields.steps);
      if (known === undefined) return notDerived('the second moment', fields.cell);
      const rest = Array.from({ length: fields.steps - known.length }, () =>
        notDerived('that of products', fields.cell),
      );
      return [...known, ...rest];
    },
  }),
  singularValueCdf: quantity({
    symbol: 'P(S ≤ s)',
    description: 'Share of singular values up to s of the vanilla Jacobian with orthogonal weights, σ_w φ′(e).',
    source: 'derived; docs 3.3',
    parameters: cdf,
    evaluate: async (fields) => {
      requireVanilla(fields, 'The distribution of the singular values');
      if (fields.weights !== 'orthogonal')
        throw new MftError('ERR_MFT_UNSUPPORTED', 'The closed form is of orthogonal weights.', {
          parameter: 'weights',
        });
      const deviation = Math.sqrt(fields.recurrentWeightVariance);
      return slopeShare(fields, await varianceAt(fields), fields.singularValue / deviation);
    },
  }),
  hermitizedResolvent: quantity({
    symbol: 'E G₁₁(w)',
    description:
      'Resolvent [Re, Im] of the hermitized vanilla Jacobian; −(2/π) Im on the real axis is the density of s.',
    source: 'derived; docs 3.4',
    parameters: resolvent,
    evaluate: async (fields, options) => {
      requireVanilla(fields, 'The Dyson equation');
      const [real, imaginary] = fields.spectralParameter;
      const variance = await varianceAt({ ...fields, singularValue: 1 });
      return [...((await ask(fields, { what: 'resolvent', variance, real, imaginary }, options)).value ?? [])];
    },
  }),
} as const satisfies Readonly<Record<string, Quantity>>;
