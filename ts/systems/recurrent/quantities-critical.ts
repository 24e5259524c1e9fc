// Quantities of critical and of wanted initialisations.
import * as z from 'zod';
import type { ControlOptions } from '../../core/control.js';
import { MftError } from '../../core/errors.js';
import { numberField } from '../../core/fields.js';
import type { QuantityValue } from '../../core/results.js';
import { type Quantity, quantity } from '../../core/system.js';
import type { CellFields } from './cell.js';
import { cellFields, correlationField, keepGate } from './spec.js';
import { ask, first, fixedPoint, memoryTimescale, requireMoments, timescale } from './theory.js';

/** A field that is what is asked for may be left out or be null. */
const unknownBias = z.strictObject({
  ...cellFields,
  biasMean: z.null().optional().meta({ expected: 'null or left out: it is what is found', description: 'Unknown.' }),
  lowest: numberField({ low: -100, high: 300 }, 'Least mean of the bias that is looked at.').default(-4),
  highest: numberField({ low: -100, high: 300 }, 'Largest mean of the bias that is looked at.').default(8),
});
const unknownVariance = z.strictObject({
  ...cellFields,
  recurrentWeightVariance: z
    .null()
    .optional()
    .meta({ expected: 'null or left out: it is what is found', description: 'Unknown.' }),
});
const construction = z.strictObject({
  ...cellFields,
  recurrentWeightVariance: z
    .null()
    .optional()
    .meta({ expected: 'null or left out: it is what is found', description: 'Unknown.' }),
  inputWeightVariance: z
    .null()
    .optional()
    .meta({ expected: 'null or left out: it is what is found', description: 'Unknown.' }),
  preactivationVariance: numberField(
    { low: 0, above: true, high: 1e8 },
    'Variance of the pre-activation.',
    'q',
  ).default(1),
});
const wanted = z.strictObject({
  ...cellFields,
  biasMean: z.null().optional().meta({ expected: 'null or left out: it is what is found', description: 'Unknown.' }),
  inputCorrelation: correlationField.default(0),
  timescale: numberField(
    { low: 0, above: true, high: 1e12 },
    'Time scale τ of squares that is wanted, in steps.',
    'τ',
  ).default(100),
});

const known = <T extends object>(fields: T, more: Partial<CellFields>): CellFields =>
  ({ ...fields, ...more }) as unknown as CellFields;

/** Explicit at given q and μ_b: the variances for which χ₁ = 1 and q is the fixed point. */
async function criticalInitialization(fields: z.output<typeof construction>): Promise<QuantityValue> {
  const cell = known(fields, { recurrentWeightVariance: 1, inputWeightVariance: 1 });
  if (cell.cell !== 'minimal' && cell.cell !== 'vanilla')
    throw new MftError('ERR_MFT_UNSUPPORTED', 'The explicit construction is of the minimal and the vanilla cell.', {
      parameter: 'cell',
    });
  const { inputVariance: r, preactivationVariance: q } = fields;
  if (r === 0)
    throw new MftError('ERR_MFT_OUT_OF_RANGE', 'Expected `inputVariance` to be > 0: the inputs carry the rest of q.', {
      parameter: 'inputVariance',
      expected: 'a number > 0',
      received: r,
    });
  const at = await ask(cell, { what: 'settled', variance: q });
  const slope = first(at, 'slopeSquare');
  const isVanilla = cell.cell === 'vanilla';
  const share = first(at, 'closedShare');
  const stateVariance = isVanilla ? first(at, 'second') : r * share;
  const recurrentWeightVariance = isVanilla ? 1 / slope : first(at, 'leak') / (r * slope * (1 + share));
  const inputWeightVariance = (q - fields.biasVariance - recurrentWeightVariance * stateVariance) / r;
  if (inputWeightVariance < 0)
    return {
      reason:
        `no critical point with this bias and q: the input weights would need the variance ${inputWeightVariance.toPrecision(4)}; ` +
        'a larger `preactivationVariance` has one',
    };
  return { recurrentWeightVariance, inputWeightVariance, stateVariance };
}

/** The bias of the gate that keeps for which the memory of squares is `timescale` steps: τ grows with the bias. */
async function biasMeanForTimescale(
  fields: z.output<typeof wanted>,
  options: ControlOptions = {},
): Promise<QuantityValue> {
  const excess = async (biasMean: number): Promise<number> => {
    const cell = known(fields, { biasMean });
    // Of the lstm only sequences of equal inputs have a theory: the time over which a perturbation falls.
    const tau =
      fields.cell === 'lstm'
        ? timescale((await fixedPoint(cell, options)).chi1MinusOne)
        : await memoryTimescale(cell, fields.inputCorrelation, options);
    return typeof tau === 'number' ? Math.log(tau / fields.timescale) : Infinity;
  };
  // The lstm's law grows too wide to be resolved long before its forget gate is 1.
  const [step, most] = fields.cell === 'lstm' ? [4, 24] : [10, 300];
  let [low, high] = [-step, step];
  while ((await excess(high)) < 0 && high < most) high += step;
  while ((await excess(low)) > 0 && low > -100) low -= step;
  let [below, above] = [await excess(low), await excess(high)];
  if (!(below <= 0 && above >= 0))
    return { reason: `no mean of the bias in [${low}, ${high}] gives a time scale of ${fields.timescale} steps` };
  // Secants that keep the bracket (Illinois), bisection where an end is infinite.
  for (let trial = 0; trial < 200 && high - low > 1e-13 * Math.max(1, Math.abs(high)); trial++) {
    const hasEnds = Number.isFinite(below) && Number.isFinite(above);
    const x = hasEnds && trial % 3 !== 2 ? low - (below * (high - low)) / (above - below) : (low + high) / 2;
    const value = await excess(x);
    if (value === 0) return x;
    if (value < 0) {
      [low, below] = [x, value];
      if (hasEnds) above /= 2;
    } else {
      [high, above] = [x, value];
      if (hasEnds) below /= 2;
    }
    if (Math.abs(value) < (fields.cell === 'lstm' ? 1e-9 : 1e-13)) return x;
  }
  return (low + high) / 2;
}

export const criticalQuantities = {
  criticalBiasMeans: quantity({
    symbol: 'μ_b : χ₁ = 1',
    description:
      'All means of the bias (of the gate that keeps) in [lowest, highest] at which χ₁ = 1 on the branch from zero.',
    source: 'derived; docs 2.7',
    parameters: unknownBias,
    evaluate: async ({ lowest, highest, ...fields }, options) => {
      const cell = known(fields, { biasMean: 0 });
      requireMoments(cell);
      const { roots } = await ask(cell, { what: 'criticalBiasMeans', low: lowest, high: highest }, options);
      return [...(roots ?? [])];
    },
  }),
  criticalRecurrentWeightVariances: quantity({
    symbol: 'σ_w² : χ₁ = 1',
    description:
      'All recurrent variances at which χ₁ = 1 (minimal, vanilla: through q, stable and unstable; others: common to the gates).',
    source: 'derived; docs 2.7',
    parameters: unknownVariance,
    evaluate: async (fields, options) => {
      const cell = known(fields, { recurrentWeightVariance: 1 });
      requireMoments(cell);
      const { roots } = await ask(cell, { what: 'criticalVariances' }, options);
      return [...(roots ?? [])];
    },
  }),
  criticalInitialization: quantity({
    symbol: 'σ_w², σ_v² : χ₁ = 1',
    description: 'Variances of recurrent and input weights for which χ₁ = 1 exactly at a pre-activation variance.',
    source: 'derived; docs 2.7',
    parameters: construction,
    evaluate: criticalInitialization,
  }),
  biasMeanForTimescale: quantity({
    symbol: 'μ_b : τ',
    description:
      'Mean of the bias of the gate that keeps (u, z, f) at which the memory of squares lasts `timescale` steps (lstm: of equal inputs).',
    source: 'derived; docs 2.6',
    parameters: wanted,
    evaluate: (fields, options) => {
      if (fields.cell === 'lstm' && fields.inputCorrelation !== 1)
        throw new MftError(
          'ERR_MFT_UNSUPPORTED',
          'Of the lstm the memory has a theory for equal inputs only: `inputCorrelation` 1.',
          { parameter: 'inputCorrelation' },
        );
      if (fields.cell !== 'lstm') requireMoments(known(fields, {}));
      if (fields.cell === 'vanilla')
        throw new MftError('ERR_MFT_UNSUPPORTED', 'The vanilla cell has no gate that keeps the state.', {
          parameter: 'cell',
        });
      if (fields.gates?.[keepGate[fields.cell]]?.biasMean !== undefined)
        throw new MftError('ERR_MFT_INVALID_ARGUMENT', 'The bias that is asked for is given in `gates`.', {
          parameter: 'gates',
        });
      return biasMeanForTimescale(fields, options);
    },
  }),
} as const satisfies Readonly<Record<string, Quantity>>;
