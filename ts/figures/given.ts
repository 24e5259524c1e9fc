// What the builders of figures are given: options and points, checked.
import * as z from 'zod';
import { readOnce } from '../core/copy.js';
import { expectedError } from '../core/errors.js';
import { numberField, wholeField } from '../core/fields.js';

export function textField(description: string) {
  return z.string().meta({ expected: 'a text', description });
}

/** Two ends of a range. */
export function pairField(description: string) {
  return z.tuple([z.number(), z.number()]).optional().meta({ expected: 'a list of two numbers', description });
}

/** Options of every figure. */
export const sizeFields = {
  title: textField('The title.').optional(),
  width: numberField({ low: 0, above: true }, 'Width of a panel.').optional(),
  height: numberField({ low: 0, above: true }, 'Height of a panel.').optional(),
  columns: wholeField(1, 1000, 'Panels side by side.').optional(),
};

/**
 * Points of a figure, read once. Numbers may be NaN or infinite: such points are not drawn.
 *
 * @param needed fields that must be numbers
 * @param optional fields that may be left out, else numbers
 * @throws MftError ERR_MFT_INVALID_ARGUMENT
 */
export function givenPoints<T extends object>(
  value: readonly T[],
  name: string,
  needed: readonly string[],
  optional: readonly string[] = [],
): readonly T[] {
  if (!readOnce(name, () => Array.isArray(value)))
    throw expectedError('ERR_MFT_INVALID_ARGUMENT', name, 'a list of points', value);
  return Array.from(value, (item, i) => {
    const what = `${name}.${i}`;
    if (typeof item !== 'object' || item === null)
      throw expectedError('ERR_MFT_INVALID_ARGUMENT', what, `a point with ${needed.join(', ')}`, item);
    const point = readOnce(what, () => ({ ...item })) as Record<string, unknown>;
    for (const field of [...needed, ...optional]) {
      if (typeof point[field] === 'number' || (point[field] === undefined && optional.includes(field))) continue;
      throw expectedError('ERR_MFT_INVALID_ARGUMENT', `${what}.${field}`, 'a number', point[field]);
    }
    for (const field of ['series', 'panel', 'mark'])
      if (point[field] !== undefined && typeof point[field] !== 'string')
        throw expectedError('ERR_MFT_INVALID_ARGUMENT', `${what}.${field}`, 'a text', point[field]);
    return point as T;
  });
}

/** Curves over a heat map: their points are checked as those of a figure. */
export function givenLines<T extends { readonly points: readonly { readonly x: number; readonly y: number }[] }>(
  lines: readonly T[],
): readonly T[] {
  return givenPoints(lines, 'lines', []).map((line) => ({
    ...line,
    points: givenPoints(line.points, 'lines.points', ['x', 'y']),
  }));
}
