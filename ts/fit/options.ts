// The options of fits, checked.
import * as z from 'zod';
import { parse } from '../core/checks.js';
import { numberList } from '../core/copy.js';
import { numberField } from '../core/fields.js';

/** A number that may be infinite. */
const end = z.custom<number>((value) => typeof value === 'number' && !Number.isNaN(value));

export const windowField = z
  .tuple([end, end])
  .optional()
  .meta({ expected: 'a list of two numbers', description: 'Only points between them.' });

const fitSchema = z.strictObject({
  standardErrors: z.unknown().optional().meta({ expected: 'a list of numbers', description: 'Error of each y.' }),
  offset: z
    .union([z.literal('free'), z.number()])
    .optional()
    .meta({ expected: "a number or 'free'", description: 'Constant added to the law.' }),
  window: windowField,
});

/** Options of a fit, read once. @throws MftError ERR_MFT_INVALID_ARGUMENT, ERR_MFT_OUT_OF_RANGE */
export function fitOptions<T extends object>(given: T): T {
  const { standardErrors, ...rest } = parse(fitSchema, given, 'options');
  const errors = standardErrors === undefined ? {} : { standardErrors: numberList(standardErrors, 'standardErrors') };
  return { ...rest, ...errors } as T;
}

const depthScaleSchema = z.strictObject({
  limit: numberField({}, 'Value the profile tends to.').optional(),
  from: numberField({}, 'First layer.').optional(),
  significance: numberField({ low: 0 }, 'Standard errors below which layers are left out.').optional(),
});

/** Options of `fitDepthScale`, read once. @throws MftError ERR_MFT_INVALID_ARGUMENT, ERR_MFT_OUT_OF_RANGE */
export function depthScaleOptions<T extends object>(given: T): T {
  return parse(depthScaleSchema, given, 'options') as unknown as T;
}
