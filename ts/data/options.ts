// The options of everything that reads data, checked.
import * as z from 'zod';
import { parse } from '../core/checks.js';
import { choiceField, numberField } from '../core/fields.js';
import { controlFields } from '../core/options.js';
import type { DataOptions } from './bytes.js';

export const dataFields = {
  ...controlFields,
  data: z
    .string()
    .optional()
    .meta({ expected: 'the path of a folder', description: 'Folder that holds the data sets.' }),
  pixelMaximum: numberField({ low: 0, above: true }, 'Of a .npz archive: the component that means white.').optional(),
  channelAxis: choiceField(['first', 'last', 'none'], 'Of a .npz archive: the axis of the colors.').optional(),
  memoryLimit: numberField({ low: 0, above: true }, 'Bytes that the values of one file may take.').optional(),
};

/** Of options that say more, those of a reader. */
export function dataOptionsOf(options: DataOptions): DataOptions {
  return Object.fromEntries(Object.entries(options).filter(([name]) => Object.hasOwn(dataFields, name)));
}

const dataSchema = z.strictObject(dataFields);

/** What says what pixels mean, where they are at hand. */
export const pixelSchema = z.strictObject({
  pixelMaximum: dataFields.pixelMaximum,
  channelAxis: dataFields.channelAxis,
});

/** Options of a reader, read once. @throws MftError ERR_MFT_INVALID_ARGUMENT, ERR_MFT_OUT_OF_RANGE */
export function dataOptions(given: DataOptions): DataOptions {
  return parse(dataSchema, given, 'options') as DataOptions;
}
