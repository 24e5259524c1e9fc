// Quantities of the spectrum of the state-to-state Jacobian.
import * as z from 'zod';
import type { ControlOptions } from '../../core/control.js';
import { seedHalves } from '../../core/addon.js';
import { MftError } from '../../core/errors.js';
import { numberField, wholeField } from '../../core/fields.js';
import type { QuantityValue } from '../../core/results.js';
import { type Quantity, quantity } from '../../core/system.js';
import { slopeShare } from './closed-forms.js';
import type { NativeQuestion } from './native.js';
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
/** Independent: their scatter is the standard error. */
const populations = 8;
const sampling = {
  samples: wholeField(1024, 1_048_576, 'Samples of a unit of a gated cell.').default(16_384),
  seed: wholeField(0, Number.MAX_SAFE_INTEGER, 'Seed of the samples.').default(1),
} as const;
const cdf = z.strictObject({
  ...cellFields,
  preactivationVariance,
  ...sampling,
  singularValue: numberField({ low: 0 }, 'Singular value.', 's').default(1),
});
const edge = z.strictObject({ ...cellFields, preactivationVariance });
const resolvent = z.strictObject({
  ...cellFields,
  preactivationVariance,
  ...sampling,
  spectralParameter: z
    .tuple([z.number(), z.number().gt(0)])
    .meta({ kind: 'list', expected: 'a list [Re w, Im w] with Im w > 0', description: 'Where.', symbol: 'w' }),
});

const notDerived = (what: string, name: string): QuantityValue => ({
  reason: `${what} of cell ${name} is not derived`,
});

async function varianceAt(fields: z.output<typeof edge>, options?: ControlOptions): Promise<number> {
  const given = fields.preactivationVariance;
  return given ?? (await fixedPoint(fields, options)).preactivationVariance ?? Number.NaN;
}

/** What the Dyson equation asks of the stationary state. @throws MftError where a cell has no such equation */
async function stationaryUnits(
  fields: Omit<z.output<typeof resolvent>, 'spectralParameter'>,
  options?: ControlOptions,
): Promise<Omit<NativeQuestion, 'what'>> {
  const isVanilla = fields.cell === 'vanilla';
  if (isVanilla) return { variance: await varianceAt(fields, options) };
  if (fields.preactivationVariance !== undefined)
    throw new MftError('ERR_MFT_UNSUPPORTED', 'Gated cells have the spectrum of their own fixed point.', {
      parameter: 'preactivationVariance',
    });
  if (fields.weights === 'orthogonal')
    throw new MftError('ERR_MFT_UNSUPPORTED', 'The Dyson equation of gated cells is of Gaussian weights.', {
      parameter: 'weights',
    });
  const { inputVariance: r, inputFourthMoment: fourth } = fields;
  if (fields.cell === 'minimal' && fourth !== undefined && Math.abs(fourth - 3 * r * r) > 1e-9 * r * r)
    throw new MftError('ERR_MFT_UNSUPPORTED', 'Units of the minimal cell are sampled with Gaussian inputs.', {
      parameter: 'inputFourthMoment',
    });
  const state = fields.cell === 'minLstm' ? { second: 0, mean: 0 } : await fixedPoint(fields, options);
  return {
    second: state.second,
    mean: state.mean,
    samples: Math.ceil(fields.samples / populations),
    populations,
    seed: seedHalves(fields.seed),
  };
}

/** Mean and standard error over the populations; 0 where there is one. */
function overPopulations(values: Float64Array): { readonly mean: number; readonly error: number } {
  const count = values.length;
  const mean = values.reduce((sum, x) => sum + x, 0) / count;
  const squares = values.reduce((sum, x) => sum + (x - mean) ** 2, 0);
  return { mean, error: count > 1 ? Math.sqrt(squares / (count - 1) / count) : 0 };
}

/** Share of singular values up to s: closed for the vanilla cell with orthogonal weights. */
async function shareUpTo(fields: z.output<typeof cdf>, options?: ControlOptions) {
  const { singularValue: s, weights, recurrentWeightVariance } = fields;
  if (fields.cell === 'vanilla' && weights === 'orthogonal') {
    const slope = s / Math.sqrt(recurrentWeightVariance);
    return { mean: slopeShare(fields, await varianceAt(fields, options), slope), error: 0 };
  }
  if (s === 0) return { mean: 0, error: 0 };
  const units = await stationaryUnits(fields, options);
  const question = { ...units, what: 'share', singularValues: Float64Array.of(s) } as const;
  return overPopulations((await ask(fields, question, options)).value as Float64Array);
}

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
    description:
      'Share of singular values of the Jacobian up to s; lstm: of the pair (c, h). Gated cells: from sampled units.',
    source: 'derived; docs 3.3, 3.4 to 3.8',
    parameters: cdf,
    evaluate: async (fields, options) => (await shareUpTo(fields, options)).mean,
  }),
  singularValueCdfError: quantity({
    symbol: 's(P)',
    description: 'Standard error of singularValueCdf; 0 where no unit is sampled.',
    source: 'derived; docs 3.5',
    parameters: cdf,
    evaluate: async (fields, options) => (await shareUpTo(fields, options)).error,
  }),
  singularValueEdge: quantity({
    symbol: 's₊',
    description: 'Largest singular value of the Jacobian at infinite width, where units have a largest contribution.',
    source: 'derived; docs 3.9',
    parameters: edge,
    evaluate: async (fields, options) => {
      if (fields.cell === 'minGru' || fields.cell === 'minLstm') return 1;
      if (fields.cell !== 'vanilla')
        return { reason: 'the states or inputs of units have no bound that the Jacobian would show: there is no edge' };
      if (fields.weights === 'orthogonal')
        return { reason: 'with orthogonal weights s = σ_w |φ′|: the edge is σ_w times the largest slope' };
      const variance = await varianceAt(fields, options);
      return first(await ask(fields, { what: 'edge', variance }, options), 'value');
    },
  }),
  hermitizedResolvent: quantity({
    symbol: 'E G₁₁(w)',
    description:
      'Resolvent [Re, Im] of the hermitized Jacobian; −(2/π) Im on the real axis is the density of s. Gated cells: from sampled units.',
    source: 'derived; docs 3.4 to 3.8',
    parameters: resolvent,
    evaluate: async (fields, options) => {
      const [real, imaginary] = fields.spectralParameter;
      const question = { ...(await stationaryUnits(fields, options)), what: 'resolvent', real, imaginary } as const;
      const values = (await ask(fields, question, options)).value as Float64Array;
      return [0, 1].map((part) => overPopulations(values.filter((_, i) => i % 2 === part)).mean);
    },
  }),
} as const satisfies Readonly<Record<string, Quantity>>;
