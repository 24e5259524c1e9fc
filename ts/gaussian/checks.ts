// What the public functions of this room are given, checked; the solvers inside call each other without.
import * as z from 'zod';
import { parse } from '../core/checks.js';
import { also, choiceField, dropNames, numberField } from '../core/fields.js';
import { type Activation, gaussianFunctionOf } from './expectation.js';

const keepField = also(numberField({ low: 0, high: 1, above: true }, 'Probability of keeping.'), dropNames).optional();
const biasField = numberField({ low: 0 }, 'Variance of a bias.');

// Not strict: a layer may be a whole spec.
const layerSchema = z.object({
  activation: z.unknown(),
  weightVariance: numberField({ low: 0 }, 'Variance of a weight times its fan-in.'),
  biasVariance: biasField,
  keepProbability: keepField,
  maskSharing: choiceField(['independent', 'shared'], 'Masks of a pair of inputs.').optional(),
  dropout: choiceField(['plain', 'alpha'], 'What a dropped unit is.').optional(),
});

/** A layer, read once. @throws MftError ERR_MFT_INVALID_ARGUMENT, ERR_MFT_OUT_OF_RANGE */
export function givenLayer<T extends { readonly activation: Activation }>(layer: T): T {
  const checked = parse(layerSchema, layer, 'layer');
  gaussianFunctionOf(checked.activation as Activation);
  return { ...layer, ...checked } as T;
}

/** Options on the critical line. */
const criticalFields = { biasVariance: biasField.optional(), keepProbability: keepField };
const criticalSchema = z.strictObject(criticalFields);
const initializationSchema = z.strictObject({
  ...criticalFields,
  variance: numberField({ low: 0, above: true }, 'Variance that is kept.').optional(),
});
const depthScaleSchema = z.strictObject({ ...criticalFields, depthScale: z.unknown() });

const checkedBy =
  (schema: z.ZodObject) =>
  <T>(given: T): T =>
    parse(schema, given, 'options') as T;

export const criticalOptions: <T>(given: T) => T = checkedBy(criticalSchema);
export const initializationOptions: <T>(given: T) => T = checkedBy(initializationSchema);
export const depthScaleOptions: <T>(given: T) => T = checkedBy(depthScaleSchema);
