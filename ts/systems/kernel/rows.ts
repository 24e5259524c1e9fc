// Rows of numbers as users give them: lists, or an array with its shape.
import { plainCopy } from '../../core/copy.js';
import { expectedError, MftError } from '../../core/errors.js';

/** Row-major count × dimension. */
export interface Rows {
  readonly count: number;
  readonly dimension: number;
  readonly values: Float64Array;
}

/**
 * A copy of the rows, finite.
 *
 * @throws MftError ERR_MFT_INVALID_ARGUMENT, ERR_MFT_SHAPE, ERR_MFT_NOT_FINITE naming row and column
 */
export function rowsOf(given: unknown, name: string): Rows {
  const expected = 'a list of rows of numbers, all of one length, or {shape: [rows, columns], values}';
  const copy: unknown = plainCopy(given, name);
  if (Array.isArray(copy)) return fromLists(copy, name, expected);
  const { shape, values } = (typeof copy === 'object' && copy !== null ? copy : {}) as {
    readonly shape?: readonly number[];
    readonly values?: Float64Array | Float32Array;
  };
  if (!Array.isArray(shape) || !(values instanceof Float64Array || values instanceof Float32Array))
    throw expectedError('ERR_MFT_INVALID_ARGUMENT', name, expected, given);
  const [count, dimension] = shape as unknown as readonly [number, number];
  if (shape.length !== 2 || !(count >= 1) || !(dimension >= 1) || count * dimension !== values.length)
    throw expectedError(
      'ERR_MFT_SHAPE',
      name,
      `${values.length} values of shape [rows, columns]`,
      `shape [${shape.join(', ')}]`,
    );
  return finite({ count, dimension, values: Float64Array.from(values) }, name);
}

function fromLists(rows: readonly unknown[], name: string, expected: string): Rows {
  const first: unknown = rows[0];
  if (!Array.isArray(first) || first.length === 0)
    throw expectedError(rows.length === 0 ? 'ERR_MFT_SHAPE' : 'ERR_MFT_INVALID_ARGUMENT', name, expected, rows);
  const dimension = first.length;
  const values = new Float64Array(rows.length * dimension);
  rows.forEach((row, i) => {
    if (!Array.isArray(row)) throw expectedError('ERR_MFT_INVALID_ARGUMENT', `${name}.${i}`, 'a list of numbers', row);
    if (row.length !== dimension)
      throw expectedError('ERR_MFT_SHAPE', `${name}.${i}`, `${dimension} numbers like the first row`, row.length);
    row.forEach((value: unknown, j) => {
      if (typeof value !== 'number')
        throw expectedError('ERR_MFT_INVALID_ARGUMENT', `${name}.${i}.${j}`, 'a number', value);
      values[i * dimension + j] = value;
    });
  });
  return finite({ count: rows.length, dimension, values }, name);
}

function finite(rows: Rows, name: string): Rows {
  const at = rows.values.findIndex((value) => !Number.isFinite(value));
  if (at < 0) return rows;
  const [row, column] = [Math.floor(at / rows.dimension), at % rows.dimension];
  throw new MftError(
    'ERR_MFT_NOT_FINITE',
    `Expected \`${name}\` to hold finite numbers only, received ${rows.values[at]} in row ${row}, column ${column}.`,
    { parameter: name, expected: 'finite numbers', received: rows.values[at] },
  );
}

/**
 * A row-major matrix as lists, each made at its size: one that grows takes almost three times as much. Of a fraction first, so that
 * V8 knows the numbers as such and does not copy them when it meets one.
 */
export function listsOf(values: ArrayLike<number>, columns: number): number[][] {
  return Array.from({ length: values.length / columns }, (_, i) => {
    const row = new Array<number>(columns).fill(0.5);
    for (let j = 0; j < columns; j++) row[j] = values[i * columns + j] as number;
    return row;
  });
}
