// Verb fit: simulate a network and fit the depth scale of one of its observables.
import * as z from 'zod';
import { parse } from '../../core/checks.js';
import { expectedError, MftError } from '../../core/errors.js';
import { numberField, wholeField } from '../../core/fields.js';
import { type Estimated, isUndefined, type Prediction, type Simulation } from '../../core/results.js';
import { fitDepthScale } from '../../fit/depth-scale.js';
import { loadSystem } from '../../systems/registry.js';
import type { FitRequest, SweepVerb, Work } from '../verb.js';
import { anyPredict, anySimulate, networkCost, networkMemory, resolveNetwork } from './network.js';

const fitSchema = z.strictObject({
  observable: z.string().meta({ expected: 'the name of an observable', description: 'Whose depth scale is fitted.' }),
  series: wholeField(0, 1_000_000, 'Which input or pair.').default(0),
  limit: z
    .union([z.number(), z.string()])
    .default(0)
    .meta({ expected: 'a number, or the name of a predicted quantity', description: 'What the profile tends to.' }),
  from: numberField({ low: 0 }, 'Leave out layers before this one.').default(0),
  significance: numberField(
    { low: 0, above: true },
    'The window ends where the residual falls below this many standard errors.',
  ).default(5),
});

export const fitVerb: SweepVerb = {
  isRandom: true,
  resolve: async (input) => {
    const request: FitRequest = parse(fitSchema, input.fit, 'fit');
    const work = await resolveNetwork(input, true);
    const system = await loadSystem(work.system);
    if (!Object.hasOwn(system.observables, request.observable))
      throw expectedError(
        'ERR_MFT_INVALID_ARGUMENT',
        'fit.observable',
        `one of ${Object.keys(system.observables).join(', ')}`,
        request.observable,
      );
    if (typeof request.limit === 'string' && !Object.hasOwn(system.quantities, request.limit))
      throw expectedError(
        'ERR_MFT_INVALID_ARGUMENT',
        'fit.limit',
        'a number, or a quantity of the system',
        request.limit,
      );
    return { ...work, fit: request };
  },
  execute: async (work, control) => {
    const request = work.fit as FitRequest;
    const limit =
      typeof request.limit === 'number'
        ? request.limit
        : quantityOf((await anyPredict(work.spec, control)) as Prediction, request.limit);
    const simulation = (await anySimulate(work.spec, work.run, control)) as Simulation;
    const { layer, y, standardErrors } = profile(simulation, request);
    const { window, ...fit } = fitDepthScale(layer, y, standardErrors, {
      limit,
      from: request.from,
      significance: request.significance,
    });
    return {
      kind: 'fit',
      quantities: { ...fit, windowFrom: window[0], windowTo: window[1], limit },
      provenance: simulation.provenance,
    };
  },
  cost: (work) => networkCost(work, partsOf(work)),
  memory: async (work) => readingProfile * (await networkMemory(work, partsOf(work))),
};

/** A profile is copied out of the results, which hold at least twenty times as much. */
const readingProfile = 1.06;

/** A limit that is a quantity is predicted before the simulation. */
function partsOf(work: Work): { predicts: boolean; simulates: true } {
  return { predicts: typeof work.fit?.limit === 'string', simulates: true };
}

function quantityOf(prediction: Prediction, name: string): number {
  const value = prediction.quantities[name];
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  const why = isUndefined(value) ? `: ${(value as { reason: string }).reason}` : '';
  throw new MftError(
    'ERR_MFT_NO_FIXED_POINT',
    `The limit \`${name}\` of the fit has no finite value at this point${why}.`,
    { parameter: 'fit.limit' },
  );
}

/** One series of an observable over its first axis, on a linear scale (logarithms are raised), where it is defined. */
function profile(
  simulation: Simulation,
  request: FitRequest,
): { layer: number[]; y: number[]; standardErrors: number[] } {
  const observable = simulation.observables[request.observable] as Estimated | undefined;
  const [first, ...others] = observable?.axes ?? [];
  if (observable === undefined || first === undefined)
    throw expectedError(
      'ERR_MFT_INVALID_ARGUMENT',
      'fit.observable',
      'an observable this simulation has',
      request.observable,
    );
  const inner = others.reduce((product, axis) => product * axis.values.length, 1);
  if (request.series >= inner)
    throw expectedError('ERR_MFT_OUT_OF_RANGE', 'fit.series', `a whole number below ${inner}`, request.series);
  const hidden = new Set((observable.undefinedAt ?? []).map((point) => point.index));
  const isLogarithm = observable.scale === 'log';
  const result = { layer: [] as number[], y: [] as number[], standardErrors: [] as number[] };
  first.values.forEach((layer, i) => {
    const at = i * inner + request.series;
    const value = observable.values[at] as number;
    if (hidden.has(at) || !Number.isFinite(value)) return;
    const y = isLogarithm ? Math.exp(value) : value;
    result.layer.push(layer);
    result.y.push(y);
    // On a log scale the standard error is relative.
    result.standardErrors.push((observable.standardError[at] as number) * (isLogarithm ? y : 1));
  });
  return result;
}
