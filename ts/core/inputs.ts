// Inputs of a network: drawn with given lengths and angle, given as numbers, or named in a data set.
import * as z from 'zod';
import { datasetExpectation, isDatasetName } from './dataset-names.js';
import { areFinite } from './finite.js';
import { expectedError } from './errors.js';

/** A pair of random directions with exact mean square per component and exact correlation. */
export interface DrawnInputs {
  /** Mean square of an input's components, |x|²/N_0. Default 1. */
  readonly secondMoment?: number;
  /** x_a·x_b / (|x_a||x_b|), in [−1, 1]. Default 0.5. */
  readonly correlation?: number;
  /** 1 − correlation, in [0, 2], for pairs nearer than double precision of `correlation` can say. */
  readonly oneMinusCorrelation?: number;
  /** 1 (a single input) or 2 (a pair). Default 2. */
  readonly count?: 1 | 2;
}

/** A row of numbers; as a Float64Array it is copied without a step for every number. */
export type InputRow = readonly number[] | Float64Array;

/** Inputs as numbers: one row per input, all of the same length. */
export interface GivenInputs {
  readonly values: readonly InputRow[];
}

/** Images of a real data set, by index; read through `data` (MFT_DATA), never inlined. */
export interface DatasetInputs {
  /** A name of docs/data.md, or the path of a .npz archive with x_train, y_train. */
  readonly dataset: string;
  readonly split?: 'train' | 'test';
  readonly indices: readonly number[];
  /** Hash of the file the images were read from; filled in by the verbs, checked when given. */
  readonly sha256?: string;
}

export type Inputs = DrawnInputs | GivenInputs | DatasetInputs;

/** Inputs as the systems see them: row-major count × dimension. */
export interface InputVectors {
  readonly count: number;
  readonly dimension: number;
  readonly values: Float64Array;
}

const drawn = z.strictObject({
  secondMoment: z.number().gt(0).optional(),
  correlation: z.number().gte(-1).lte(1).optional(),
  oneMinusCorrelation: z.number().gte(0).lte(2).optional(),
  count: z.union([z.literal(1), z.literal(2)]).optional(),
});
const named = z.strictObject({
  dataset: z.custom<string>(isDatasetName),
  split: z.enum(['train', 'test']).optional(),
  indices: z.array(z.int().gte(0)).min(1).max(100_000),
  sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .optional(),
});

const record = z.custom<Inputs>((value) => typeof value === 'object' && value !== null && !Array.isArray(value));

/** The schema field `inputs`, with exact messages for each form; a plain list of rows is {values}. */
export const inputsField = z
  .preprocess((value) => (Array.isArray(value) ? { values: value } : value), record)
  .default({ secondMoment: 1, correlation: 0.5, count: 2 })
  .meta({
    expected:
      'an object: {secondMoment, correlation} for a drawn pair, {values} or a list of rows for numbers, ' +
      'or {dataset, indices}',
    description: 'A drawn pair, vectors given as numbers, or images of a data set.',
  });

/** Checks `inputs` in detail and fills its defaults. @throws MftError naming the inner field. */
export function resolveInputs(value: Inputs): Inputs {
  if ('values' in value) return checkedValues(value);
  const [schema, form] = 'dataset' in value ? [named, 'dataset'] : [drawn, 'drawn'];
  const verdict = schema.safeParse(value);
  if (!verdict.success) {
    const issue = verdict.error.issues[0];
    const path = ['inputs', ...(issue?.path.map(String) ?? [])].join('.');
    const received = issue?.path.reduce<unknown>(
      (at, key) => (at as Record<PropertyKey, unknown> | undefined)?.[key],
      value,
    );
    if (issue?.code === 'unrecognized_keys')
      throw expectedError(
        'ERR_MFT_INVALID_ARGUMENT',
        path,
        `an object without the key "${issue.keys[0] ?? ''}"`,
        value,
      );
    throw expectedError(
      typeof received === 'number' ? 'ERR_MFT_OUT_OF_RANGE' : 'ERR_MFT_INVALID_ARGUMENT',
      path,
      innerExpectation(path),
      received,
    );
  }
  if (form === 'dataset') return { split: 'train', ...(value as DatasetInputs) };
  const pair = value as DrawnInputs;
  if (pair.correlation !== undefined && pair.oneMinusCorrelation !== undefined) {
    throw expectedError(
      'ERR_MFT_INVALID_ARGUMENT',
      'inputs',
      'an object with `correlation` or `oneMinusCorrelation`, not both',
      value,
    );
  }
  const angle =
    pair.oneMinusCorrelation !== undefined
      ? { oneMinusCorrelation: pair.oneMinusCorrelation }
      : { correlation: pair.correlation ?? 0.5 };
  return { secondMoment: pair.secondMoment ?? 1, ...angle, count: pair.count ?? 2 };
}

/** Rows of finite numbers, checked by hand: a schema takes a microsecond per number, and there may be millions. */
function checkedValues(value: GivenInputs): GivenInputs {
  const refuse = (
    code: 'ERR_MFT_INVALID_ARGUMENT' | 'ERR_MFT_OUT_OF_RANGE' | 'ERR_MFT_SHAPE',
    path: string,
    received: unknown,
    expected = innerExpectation(path),
  ): never => {
    throw expectedError(code, path, expected, received);
  };
  const stranger = Object.keys(value).find((key) => key !== 'values');
  if (stranger !== undefined)
    refuse('ERR_MFT_INVALID_ARGUMENT', 'inputs', value, `an object without the key "${stranger}"`);
  const rows = value.values;
  if (!Array.isArray(rows) || rows.length === 0) refuse('ERR_MFT_INVALID_ARGUMENT', 'inputs.values', rows);
  rows.forEach((row, i) => {
    if (!(Array.isArray(row) || row instanceof Float64Array) || row.length === 0)
      refuse('ERR_MFT_INVALID_ARGUMENT', `inputs.values.${i}`, row);
    if (row.length !== rows[0]?.length)
      refuse('ERR_MFT_SHAPE', `inputs.values.${i}`, row.length, `a list of ${rows[0]?.length} numbers like the first`);
    if (row instanceof Float64Array && areFinite(row)) return;
    for (let j = 0; j < row.length; j++) {
      if (!Number.isFinite(row[j]))
        refuse(
          typeof row[j] === 'number' ? 'ERR_MFT_OUT_OF_RANGE' : 'ERR_MFT_INVALID_ARGUMENT',
          `inputs.values.${i}.${j}`,
          row[j],
          'a finite number',
        );
    }
  });
  return value;
}

function innerExpectation(path: string): string {
  if (path.endsWith('oneMinusCorrelation')) return 'a number in [0, 2]';
  if (path.endsWith('correlation')) return 'a number in [-1, 1]';
  if (path.endsWith('secondMoment')) return 'a number > 0';
  if (path.endsWith('count')) return '1 or 2';
  if (path.includes('indices')) return 'a list of whole numbers >= 0';
  if (path.endsWith('dataset')) return datasetExpectation;
  if (path.endsWith('split')) return 'train or test';
  if (path.endsWith('sha256')) return '64 hexadecimal digits';
  return 'a list of rows of finite numbers, all of the same length';
}

/** Inputs given as numbers, as one block. */
export function vectorsOf({ values: rows }: GivenInputs): InputVectors {
  const dimension = rows[0]?.length ?? 0;
  const whole = wholeOf(rows, dimension);
  if (whole !== undefined) return { count: rows.length, dimension, values: whole };
  const values = new Float64Array(rows.length * dimension);
  rows.forEach((row, i) => values.set(row, i * dimension));
  return { count: rows.length, dimension, values };
}

/** The block that the rows are parts of, one behind the other: nothing is to be copied. */
function wholeOf(rows: readonly InputRow[], dimension: number): Float64Array | undefined {
  const [first] = rows;
  if (!(first instanceof Float64Array)) return undefined;
  const { buffer, byteOffset } = first;
  const isPart = (row: InputRow, i: number): boolean =>
    row instanceof Float64Array && row.buffer === buffer && row.byteOffset === byteOffset + 8 * dimension * i;
  return rows.every(isPart) ? new Float64Array(buffer, byteOffset, rows.length * dimension) : undefined;
}

/** How many inputs there are. */
export function inputCount(inputs: Inputs): number {
  if ('values' in inputs) return inputs.values.length;
  return 'indices' in inputs ? inputs.indices.length : (inputs.count ?? 2);
}

/** 1 − correlation of a drawn pair. */
export function drawnDeficit(inputs: DrawnInputs): number {
  return inputs.oneMinusCorrelation ?? 1 - (inputs.correlation ?? 0.5);
}
