// Quantities of weights shared over time: exact at infinite width, sampled where no integral is known.
import * as z from 'zod';
import type { ControlOptions } from '../../core/control.js';
import { choiceField, spelled, wholeField } from '../../core/fields.js';
import { leftBehind } from '../../core/memory.js';
import { type Quantity, quantity } from '../../core/system.js';
import { type CellFields, hasClosedMoments, isTyingHarmless } from './cell.js';
import { siteBytes, type SiteMoments, type SiteOptions, sampleSites } from './sites.js';
import { cellFields, correlationField } from './spec.js';
import { ask } from './theory.js';

const shared = {
  ...cellFields,
  initialState: spelled(
    choiceField(
      ['zero', 'gaussian'],
      'Zero, or one Gaussian state of variance inputVariance, the same for both sequences.',
    ),
    { 'shared Gaussian, variance inputVariance': 'gaussian', shared: 'gaussian' },
  ).default('zero'),
  samples: wholeField(131_072, 67_108_864, 'Samples of a unit.').default(1_048_576),
  seed: wholeField(0, Number.MAX_SAFE_INTEGER, 'Seed of the samples.').default(1),
} as const;
const stepField = wholeField(1, 2000, 'Step that is looked at.', 't').default(10);
const atStep = z.strictObject({ ...shared, step: stepField });
const atStepOfPair = z.strictObject({ ...shared, step: stepField, inputCorrelation: correlationField.default(0) });
const untilStep = z.strictObject({ ...shared, steps: wholeField(1, 2000, 'Steps.', 'T').default(10) });
const curve = z.strictObject({
  ...shared,
  initialState: shared.initialState.default('gaussian'),
  steps: wholeField(1, 2000, 'Largest lag.', 'T').default(20),
  inputCorrelation: correlationField.default(0),
  weightSharing: choiceField(['tied', 'untied'], 'Shared over time, or drawn anew at every step.').default('tied'),
});
type Shared = Omit<z.output<typeof atStep>, 'step'> & CellFields;

interface Trajectory {
  readonly stateVariance: Float64Array;
  readonly stateCovariance: Float64Array;
  readonly perturbation: Float64Array;
  readonly errors?: SiteMoments;
}

const isClosed = (fields: Shared, isTied: boolean): boolean =>
  hasClosedMoments(fields.cell) && (!isTied || isTyingHarmless(fields));

const startOf = (fields: Shared): number => (fields.initialState === 'gaussian' ? fields.inputVariance : 0);

function sampling(fields: Shared, steps: number, inputCorrelation: number, isTied: boolean): SiteOptions {
  const { samples, seed } = fields;
  return { isTied, inputCorrelation, startVariance: startOf(fields), startCorrelation: 1, steps, samples, seed };
}

/** Memory of `trajectoryOf`: where units are sampled, those of a population per thread. */
function trajectoryBytes(fields: Shared, steps: number, isTied = true): number {
  return leftBehind(0) + (isClosed(fields, isTied) ? 0 : siteBytes(fields, sampling(fields, steps, 0, isTied)));
}
const bytesAtStep = ({ step, ...fields }: z.output<typeof atStep>): number => trajectoryBytes(fields, step);

/** Moments over time of the network with shared weights. */
async function trajectoryOf(
  fields: Shared,
  steps: number,
  inputCorrelation: number,
  isTied: boolean,
  control: ControlOptions = {},
): Promise<Trajectory> {
  if (isClosed(fields, isTied)) {
    const startVariance = startOf(fields);
    const answer = await ask(
      fields,
      {
        what: 'trajectory',
        second: startVariance,
        mean: 0,
        covariance: startVariance,
        steps,
        inputCorrelation: Float64Array.of(inputCorrelation),
      },
      control,
    );
    const perturbation = new Float64Array(steps + 1).fill(1);
    (answer.chi1MinusOne as Float64Array).forEach((excess, i) => {
      perturbation[i + 1] = (perturbation[i] as number) * (1 + excess);
    });
    return {
      stateVariance: answer.second as Float64Array,
      stateCovariance: answer.covariance as Float64Array,
      perturbation,
    };
  }
  const errors = await sampleSites(fields, sampling(fields, steps, inputCorrelation, isTied), control);
  return {
    stateVariance: errors.stateVariance.values,
    stateCovariance: errors.stateCovariance.values,
    perturbation: errors.perturbation.values,
    errors,
  };
}

/** Whether the first three steps have a cheap integral: of the probit gate only without a bias that is kept. */
const startsIntegrated = (fields: Shared): boolean => {
  const keptBias = fields.gates?.u?.biasVariance ?? fields.biasVariance;
  return fields.cell === 'minimal' && fields.initialState === 'zero' && (fields.gate === 'sigmoid' || keptBias === 0);
};

async function secondMoments(fields: Shared, steps: number, control: ControlOptions = {}): Promise<number[]> {
  const start = startsIntegrated(fields) ? [...((await ask(fields, { what: 'tiedMinimal' })).second ?? [])] : [];
  if (start.length >= steps) return start.slice(0, steps);
  const { stateVariance } = await trajectoryOf(fields, steps, 0, true, control);
  return [...start, ...stateVariance.subarray(1 + start.length)];
}

const last = (values: Float64Array): number => values[values.length - 1] as number;

export const tiedQuantities = {
  tiedStateSecondMoments: quantity({
    symbol: 'Q_1, …, Q_T',
    description:
      'Second moments of the state of a network with shared weights: integrals up to step 3 of the minimal cell.',
    source: 'derived; docs 4.1, 4.2',
    parameters: untilStep,
    bytes: ({ steps, ...fields }) => trajectoryBytes(fields, steps),
    evaluate: ({ steps, ...fields }, options) => secondMoments(fields, steps, options),
  }),
  tiedStateSecondMoment: quantity({
    symbol: 'Q_t',
    description: 'Second moment of the state of a network with shared weights at a step.',
    source: 'derived; docs 4.1, 4.2',
    parameters: atStep,
    bytes: bytesAtStep,
    evaluate: async ({ step, ...fields }, options) => (await secondMoments(fields, step, options))[step - 1] as number,
  }),
  tiedStateSecondMomentError: quantity({
    symbol: 's(Q_t)',
    description: 'Standard error of the sampled tiedStateSecondMoment; 0 where it is integrated.',
    source: 'derived; docs 4.1',
    parameters: atStep,
    bytes: bytesAtStep,
    evaluate: async ({ step, ...fields }, options) => {
      if (startsIntegrated(fields) && step <= 3) return 0;
      const { errors } = await trajectoryOf(fields, step, 0, true, options);
      return errors === undefined ? 0 : last(errors.stateVariance.standardError);
    },
  }),
  tiedPerturbationGrowth: quantity({
    symbol: 'E|δ_t|²/|δ_0|²',
    description:
      'Squared length at a step of a small random change of the initial state, weights shared; over its start.',
    source: 'derived; docs 4.1',
    parameters: atStep,
    bytes: bytesAtStep,
    evaluate: async ({ step, ...fields }, options) =>
      last((await trajectoryOf(fields, step, 0, true, options)).perturbation),
  }),
  tiedStateCovariance: quantity({
    symbol: 'Q12_t',
    description:
      'Covariance at a step of two copies with the same start and inputs of some correlation, weights shared.',
    source: 'derived; docs 4.1',
    parameters: atStepOfPair,
    bytes: bytesAtStep,
    evaluate: async ({ step, inputCorrelation, ...fields }, options) =>
      last((await trajectoryOf(fields, step, inputCorrelation, true, options)).stateCovariance),
  }),
  memoryCurve: quantity({
    symbol: 'Q12_t/Q_t',
    description: 'Overlap with a copy that had the same state t steps ago and other inputs since, t = 0, 1, …, T.',
    source: 'derived; docs 4.1',
    parameters: curve,
    bytes: ({ steps, weightSharing, ...fields }) => trajectoryBytes(fields, steps, weightSharing === 'tied'),
    evaluate: async ({ steps, inputCorrelation, weightSharing, ...fields }, options) => {
      const moments = await trajectoryOf(fields, steps, inputCorrelation, weightSharing === 'tied', options);
      return Array.from(moments.stateCovariance, (covariance, t) => {
        const variance = moments.stateVariance[t] as number;
        return variance > 0 ? covariance / variance : { reason: 'the state is 0' };
      });
    },
  }),
} as const satisfies Readonly<Record<string, Quantity>>;
