// Points drawn at random: the axes of a random search.
import * as z from 'zod';
import { parse } from '../core/checks.js';
import { sha256 } from '../core/codec.js';
import { expectedError } from '../core/errors.js';
import { wholeField } from '../core/fields.js';
import { type AxisValue, type GridPoint, isRecord } from './point.js';

/** How a field is drawn: one of a list, uniformly from [low, high], or with a uniform logarithm. */
export type RandomField =
  | readonly AxisValue[]
  | { readonly linear: readonly number[] }
  | { readonly log: readonly number[] };

/** Points drawn independently; the first points stay when `count` grows. */
export interface RandomPoints {
  readonly count: number;
  /** Which points; default 1. Not the seed of the sweep. */
  readonly seed?: number;
  readonly fields: Readonly<Record<string, RandomField>>;
}

const randomSchema = z.strictObject({
  count: wholeField(1, 5_000_000, 'How many points.'),
  seed: wholeField(0, Number.MAX_SAFE_INTEGER, 'Which points.').default(1),
  fields: z
    .custom<Readonly<Record<string, unknown>>>((value) => isRecord(value) && Object.keys(value).length > 0)
    .meta({ expected: 'an object with at least one field', description: 'What is drawn, and how.' }),
});

const isInterval = (value: unknown, low: number): boolean =>
  Array.isArray(value) &&
  value.length === 2 &&
  value.every((end) => typeof end === 'number' && Number.isFinite(end)) &&
  value[0] > low &&
  value[0] < value[1];

function checkedField(value: unknown, name: string): RandomField {
  const isKnown =
    (Array.isArray(value) && value.length > 0) ||
    (isRecord(value) &&
      Object.keys(value).length === 1 &&
      (isInterval(value.linear, Number.NEGATIVE_INFINITY) || isInterval(value.log, 0)));
  if (isKnown) return value as RandomField;
  throw expectedError(
    'ERR_MFT_INVALID_ARGUMENT',
    `axes.random.fields.${name}`,
    'a list, {linear: [low, high]} or {log: [low, high]} with low < high, for log above 0',
    value,
  );
}

/**
 * The points; a value follows from seed, number of the point and name of the field, by SHA-256: it depends on no other field.
 *
 * @throws MftError ERR_MFT_INVALID_ARGUMENT, ERR_MFT_OUT_OF_RANGE
 */
export function randomPoints(given: unknown): GridPoint[] {
  const { count, seed, fields } = parse(randomSchema, given, 'axes.random');
  const ways = Object.entries(fields).map(([name, value]) => ({ name, how: checkedField(value, name) }));
  return Array.from({ length: count }, (_, i) =>
    Object.fromEntries(
      ways.map(({ name, how }) => {
        const uniform = Number.parseInt(sha256(`point ${i} of seed ${seed}: ${name}`).slice(0, 13), 16) / 2 ** 52;
        return [name, drawn(how, uniform)];
      }),
    ),
  );
}

function drawn(how: RandomField, uniform: number): AxisValue {
  if ('linear' in how) return between(how.linear, (low, high) => low + (high - low) * uniform);
  if ('log' in how) return between(how.log, (low, high) => low * (high / low) ** uniform);
  return (how as readonly AxisValue[])[Math.floor(uniform * (how as readonly AxisValue[]).length)] as AxisValue;
}

const between = ([low = 0, high = 0]: readonly number[], value: (low: number, high: number) => number): number =>
  value(low, high);
