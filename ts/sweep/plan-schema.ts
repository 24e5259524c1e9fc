// The fields of a plan, as they are checked and as editors are told of them.
import * as z from 'zod';
import { choiceField, wholeField } from '../core/fields.js';
import { isRecord } from './point.js';

const dataObject = (what: string): z.ZodType<Record<string, unknown>> =>
  z.custom<Record<string, unknown>>(isRecord).meta({ expected: 'an object', description: what });

/** The fields of a plan whose verb is one of these. */
export const planSchema = (names: readonly string[]) =>
  z.strictObject({
    verb: choiceField(names as readonly [string, ...string[]], 'What every job does.'),
    base: dataObject('The spec that the axes vary.'),
    run: dataObject('The run of every job; seed is the seed of the sweep.').default({}),
    axes: dataObject('Field → values.').default({}),
    trials: wholeField(1, 10_000_000, 'Short for run.trials.').optional(),
    seeds: z
      .array(z.int().gte(0))
      .min(1)
      .optional()
      .meta({ expected: 'a list of whole numbers >= 0', description: 'Sweep seeds.' }),
    outputs: z
      .array(z.string())
      .min(1)
      .optional()
      .meta({ expected: 'a list of names', description: 'Quantities and observables to keep.' }),
    fit: dataObject('For fit: the observable, and how.').optional(),
    dataset: z.string().optional().meta({
      expected: 'the name of a data set',
      description: 'For train: mnist, cifar10, synthetic, gratings, of recurrent also ptb.',
    }),
    quantity: z.string().optional().meta({ expected: 'a name', description: 'For evaluate: the quantity.' }),
    title: z
      .string()
      .max(200)
      .optional()
      .meta({ expected: 'a text of at most 200 characters', description: 'Shown in reports.' }),
  });
