// The named quantities of system `recurrent`: what `evaluate` and `map` take. Fixed points and pairs here; criticality,
// spectra, shared weights and exact laws in files of their own.
import * as z from 'zod';
import { choiceField, numberField } from '../../core/fields.js';
import type { ControlOptions } from '../../core/control.js';
import type { QuantityValue } from '../../core/results.js';
import { type Quantity, quantity, withMapped } from '../../core/system.js';
import { certifiedQuantities } from './quantities-certified.js';
import { criticalQuantities } from './quantities-critical.js';
import { exactQuantities } from './quantities-exact.js';
import { spectrumQuantities } from './quantities-spectrum.js';
import { tiedQuantities } from './quantities-tied.js';
import { cellFields, correlationField } from './spec.js';
import { ask, fixedPoint, fixedPoints, memoryTimescale, pairFixedPoint, type StatePoint, timescale } from './theory.js';
import { type CellFields, gateValues } from './cell.js';
import type { NativeGate } from './native.js';

const branch = choiceField(
  ['fromZero', 'fromLarge'],
  'Where several second moments are stable: the one that is reached from zero, or from a large state.',
).default('fromZero');
const cell = z.strictObject({ ...cellFields, branch });
const pair = z.strictObject({ ...cellFields, branch, inputCorrelation: correlationField.default(0) });
const correlations = z.union([z.number().gte(-1).lte(1), z.array(z.number().gte(-1).lte(1)).min(1)]).meta({
  kind: 'list',
  expected: 'a number in [-1, 1], or a list with one such number per step',
  description: 'Correlation of the inputs of the two sequences, step by step.',
  symbol: 'Σ₁₂',
});
const trajectory = z.strictObject({
  ...cellFields,
  inputCorrelation: correlations.default(0),
  initialPreactivationVariance: numberField({ low: 0 }, 'Vanilla: q before the first step.', 'q_0').optional(),
  initialPreactivationCovariance: numberField({}, 'Vanilla: q12 before the first step.', 'q12_0').optional(),
  initialStateVariance: numberField({ low: 0 }, 'Second moment of the initial state.', 'Q_0').default(0),
  initialStateCovariance: numberField({}, 'Covariance of the two initial states.', 'Q12_0').optional(),
  steps: z.int().gte(1).lte(100_000).optional().meta({
    kind: 'whole',
    expected: 'a whole number in [1, 100000]',
    description: 'Steps; the length of the list of correlations when left out.',
    symbol: 'T',
  }),
});

const ofPoint = <V extends QuantityValue>(
  symbol: string,
  description: string,
  source: string,
  value: (point: StatePoint, fields: CellFields) => V,
): Quantity<V> =>
  quantity({
    symbol,
    description,
    source,
    parameters: cell,
    evaluate: async (fields, options) => value(await fixedPoint(fields, options), fields),
  });

const noMap = { reason: 'the lstm has no map of one second moment: its cell state has a law' };

async function covarianceTrajectory(
  fields: z.output<typeof trajectory>,
  options?: ControlOptions,
): Promise<QuantityValue> {
  const { inputCorrelation } = fields;
  const list = typeof inputCorrelation === 'number' ? [inputCorrelation] : inputCorrelation;
  const steps = fields.steps ?? list.length;
  const q = fields.initialPreactivationVariance;
  let [second, covariance] = [
    fields.initialStateVariance,
    fields.initialStateCovariance ?? fields.initialStateVariance,
  ];
  let mean = 0;
  if (q !== undefined) {
    const start = await ask(fields, {
      what: 'start',
      variance: q,
      covariance: fields.initialPreactivationCovariance ?? q,
    });
    [second, mean, covariance] = [
      start.second?.[0] as number,
      start.mean?.[0] as number,
      start.covariance?.[0] as number,
    ];
  }
  const answer = await ask(
    fields,
    { what: 'trajectory', second, mean, covariance, steps, inputCorrelation: Float64Array.from(list) },
    options,
  );
  return Array.from(answer.preactivationVariance as Float64Array, (variance, i) => [
    variance,
    (answer.preactivationCovariance as Float64Array)[i] as number,
  ]);
}

const table = {
  preactivationVarianceFixedPoint: ofPoint(
    'q*',
    'Variance of the pre-activation (of the first gate) that is reached from the zero state.',
    'Chen 2018; docs 2.1',
    (point) => point.preactivationVariance ?? noMap,
  ),
  preactivationCovarianceFixedPoint: quantity({
    symbol: 'q12*',
    description: 'Covariance of the pre-activations (of the first gate) of two sequences, at the stable fixed point.',
    source: 'Chen 2018; docs 2.2',
    parameters: pair,
    evaluate: async (fields, options) => {
      const { covariance } = await pairFixedPoint(fields, fields.inputCorrelation, options);
      const gate = gateValues(fields)[0] as NativeGate;
      const recurrent = fields.cell === 'minGru' ? 0 : gate.recurrentWeightVariance;
      const driven = gate.inputWeightVariance * fields.inputVariance * fields.inputCorrelation;
      return recurrent * covariance + driven + gate.biasVariance;
    },
  }),
  preactivationCovarianceTrajectory: quantity({
    symbol: '[q_t, q12_t]',
    description: 'Variance and covariance of the pre-activation (of the first gate) after every step.',
    source: 'Chen 2018; docs 2.2',
    parameters: trajectory,
    evaluate: covarianceTrajectory,
  }),
  stateVarianceFixedPoint: ofPoint(
    'Q*',
    'Second moment of the state that is reached from zero (of the peephole cell: of c).',
    'Chen 2018, Gilboa 2019; docs 2.1',
    (point) => point.second,
  ),
  stateVarianceFixedPoints: quantity({
    symbol: 'Q*',
    description: 'All fixed points of the second moment, ascending; stable and unstable ones in turn.',
    source: 'derived; docs 2.4',
    parameters: cell,
    evaluate: async (fields, options) => (await fixedPoints(fields, options)).map(({ second }) => second),
  }),
  isBistable: quantity({
    symbol: 'bistable',
    description: 'Whether several second moments are stable: small and large initial states stay apart.',
    source: 'derived; docs 2.4',
    parameters: cell,
    evaluate: async (fields, options) =>
      (await fixedPoints(fields, options)).filter(({ isStable }) => isStable).length > 1,
  }),
  stateMeanFixedPoint: ofPoint(
    'E h',
    'Mean of the state at the fixed point (of the peephole cell: of c).',
    'derived; docs 2.1',
    (point) => point.mean,
  ),
  stateCovarianceFixedPoint: quantity({
    symbol: 'Q12*',
    description: 'Covariance of the states of two sequences, at the stable fixed point.',
    source: 'Chen 2018; docs 2.2',
    parameters: pair,
    evaluate: async (fields, options) => (await pairFixedPoint(fields, fields.inputCorrelation, options)).covariance,
  }),
  chi1: ofPoint(
    'χ₁',
    'Growth per step of a small squared perturbation; above 1 chaos. Of the lstm the same as perturbationGrowthPerStep.',
    'Chen 2018; docs 2.3',
    (point) => 1 + point.chi1MinusOne,
  ),
  chi1MinusOne: ofPoint('χ₁ − 1', 'χ₁ − 1 without cancellation.', 'derived; docs 2.3', (point) => point.chi1MinusOne),
  perturbationGrowthPerStep: ofPoint(
    'g',
    'Growth per step of a small squared perturbation of the stationary state: χ₁; of the lstm the dominant eigenvalue.',
    'derived; docs 2.3, 2.5',
    (point) => 1 + point.chi1MinusOne,
  ),
  correlationSusceptibility: quantity({
    symbol: 'χ_c',
    description:
      'Slope of the covariance map at the stable pair: the factor per step of what two sequences still share.',
    source: 'Chen 2018; docs 2.3',
    parameters: pair,
    evaluate: async (fields, options) =>
      1 + (await pairFixedPoint(fields, fields.inputCorrelation, options)).susceptibilityMinusOne,
  }),
  memoryTimescale: quantity({
    symbol: 'τ',
    description: '−1/ln χ_c: steps over which the squared overlap with the past falls by e.',
    source: 'Chen 2018; docs 2.6',
    parameters: pair,
    evaluate: (fields, options) => memoryTimescale(fields, fields.inputCorrelation, options),
  }),
  amplitudeTimescale: quantity({
    symbol: '2 τ',
    description: '−2/ln χ_c: steps over which the amplitude of a difference falls by e, twice the time of squares.',
    source: 'derived; docs 2.6',
    parameters: pair,
    evaluate: async (fields, options) => {
      const tau = await memoryTimescale(fields, fields.inputCorrelation, options);
      return typeof tau === 'number' ? 2 * tau : tau;
    },
  }),
  growthTimescale: ofPoint(
    '−1/ln χ₁',
    'Steps over which a small squared perturbation falls by e; negative where it grows, Infinity at χ₁ = 1.',
    'Chen 2018; docs 2.6',
    (point) => (point.chi1MinusOne > 0 ? -1 / Math.log1p(point.chi1MinusOne) : timescale(point.chi1MinusOne)),
  ),
  varianceMapSlope: ofPoint(
    'dQ′/dQ',
    'Slope at the fixed point of the map of q (vanilla), of Q (minimal), largest eigenvalue of (Q, E h) (the others).',
    'derived; docs 2.4',
    (point) => point.slope ?? noMap,
  ),
  ...spectrumQuantities,
  ...criticalQuantities,
  ...certifiedQuantities,
  ...tiedQuantities,
  ...exactQuantities,
} as const satisfies Readonly<Record<string, Quantity>>;

export const quantities = withMapped(table, [
  'chi1',
  'memoryTimescale',
  'stateVarianceFixedPoint',
  'correlationSusceptibility',
]);

export type RecurrentQuantity = keyof typeof quantities;
