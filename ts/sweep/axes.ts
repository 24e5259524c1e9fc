// The axes of a plan: lists, linear and logarithmic ranges, products, zips and explicit points.
import { expectedError, MftError } from '../core/errors.js';
import { linearGrid, logGrid } from '../numeric/grids.js';
import { type AxisValue, type GridPoint, isRecord } from './point.js';
import { type RandomPoints, randomPoints } from './random.js';

/** Values of one axis: a list, or `count` values from `low` to `high`, both included, evenly spaced or in equal ratios. */
export type AxisValues =
  | readonly AxisValue[]
  | { readonly linear: readonly [low: number, high: number, count: number] }
  | { readonly log: readonly [low: number, high: number, count: number] };

/**
 * The axes of a plan: every named axis is a factor of one product, in the order written. `zip` adds factors whose axes
 * advance together, `points` adds a factor given point by point, `random` one whose points are drawn. A name is a field of the
 * spec (`weightVariance`, `inputs.correlation`) or, with the prefix `run.`, of the run (`run.trials`).
 */
export interface PlanAxes {
  readonly zip?: Readonly<Record<string, AxisValues>> | readonly Readonly<Record<string, AxisValues>>[];
  readonly points?: readonly Readonly<Record<string, AxisValue>>[];
  readonly random?: RandomPoints;
  readonly [name: string]: AxisValues | PlanAxes['zip'] | PlanAxes['points'] | PlanAxes['random'];
}

/** All points of the axes, made when asked for: a plan of a million points keeps the axes only. */
interface Grid {
  readonly count: number;
  /** Names of the fields that vary, in the order of the axes. */
  readonly names: readonly string[];
  /** Point i; the last axis varies fastest. */
  readonly at: (i: number) => GridPoint;
}

/** Plans larger than this are refused: nobody meant them, and their keys alone would fill the memory. */
const largestPlan = 5_000_000;

/**
 * The grid of the axes. No axes: the one empty point.
 *
 * @throws MftError ERR_MFT_INVALID_ARGUMENT (a malformed axis, a field named twice), ERR_MFT_SHAPE (zipped axes of different
 * lengths), ERR_MFT_OUT_OF_RANGE (a bad range, more than five million points)
 */
export function gridOf(axes: unknown): Grid {
  if (!isRecord(axes)) throw expectedError('ERR_MFT_INVALID_ARGUMENT', 'axes', 'an object of axes', axes);
  const factors = Object.entries(axes).flatMap(([name, value]): GridPoint[][] => {
    if (name === 'zip')
      return (Array.isArray(value) ? value : [value]).map((group, i) => zipped(group, `axes.zip.${i}`));
    if (name === 'points') return [givenPoints(value)];
    if (name === 'random') return [randomPoints(value)];
    return [axisValues(value, `axes.${name}`).map((item) => ({ [name]: item }))];
  });
  const names = namesOf(factors);
  const count = factors.reduce((product, factor) => product * factor.length, 1);
  if (count > largestPlan)
    throw expectedError('ERR_MFT_OUT_OF_RANGE', 'axes', `a grid of at most ${largestPlan} points`, count);
  const at = (i: number): GridPoint => {
    const point: Record<string, AxisValue> = {};
    let block = count;
    for (const factor of factors) {
      block /= factor.length;
      Object.assign(point, factor[Math.floor(i / block) % factor.length]);
    }
    return point;
  };
  return { count, names, at };
}

/** The values of one axis. */
export function axisValues(value: unknown, name: string): readonly AxisValue[] {
  if (Array.isArray(value)) {
    if (value.length === 0)
      throw expectedError('ERR_MFT_INVALID_ARGUMENT', name, 'a list with at least one value', value);
    return value as AxisValue[];
  }
  if (isRecord(value) && Object.keys(value).length === 1) {
    if ('linear' in value) return range(value.linear, `${name}.linear`, linearGrid);
    if ('log' in value) return logRange(value.log, `${name}.log`);
  }
  throw expectedError(
    'ERR_MFT_INVALID_ARGUMENT',
    name,
    'a list, {linear: [low, high, count]} or {log: [low, high, count]}',
    value,
  );
}

function logRange(value: unknown, name: string): number[] {
  if (Array.isArray(value) && (Number(value[0]) <= 0 || Number(value[1]) <= 0)) {
    throw expectedError('ERR_MFT_OUT_OF_RANGE', name, '[low, high, count] with low and high > 0', value);
  }
  return range(value, name, logGrid);
}

function range(value: unknown, name: string, grid: typeof linearGrid): number[] {
  const isTriple =
    Array.isArray(value) &&
    value.length === 3 &&
    value.every((item) => typeof item === 'number' && Number.isFinite(item));
  if (!isTriple) throw expectedError('ERR_MFT_INVALID_ARGUMENT', name, '[low, high, count] of finite numbers', value);
  const [low, high, count] = value as [number, number, number];
  if (!Number.isInteger(count) || count < 1 || count > largestPlan)
    throw expectedError('ERR_MFT_OUT_OF_RANGE', name, `a whole count in [1, ${largestPlan}]`, count);
  return grid(low, high, count);
}

function zipped(group: unknown, name: string): GridPoint[] {
  if (!isRecord(group) || Object.keys(group).length === 0)
    throw expectedError('ERR_MFT_INVALID_ARGUMENT', name, 'an object of axes', group);
  const columns = Object.entries(group).map(([field, value]) => ({
    field,
    values: axisValues(value, `${name}.${field}`),
  }));
  const lengths = [...new Set(columns.map((column) => column.values.length))];
  if (lengths.length > 1) {
    throw new MftError(
      'ERR_MFT_SHAPE',
      `Expected the axes zipped in \`${name}\` to have the same length, received ` +
        `${columns.map((c) => `${c.field}: ${c.values.length}`).join(', ')}.`,
      { parameter: name },
    );
  }
  return Array.from({ length: lengths[0] ?? 0 }, (_, i) =>
    Object.fromEntries(columns.map((c) => [c.field, c.values[i] as AxisValue])),
  );
}

function givenPoints(value: unknown): GridPoint[] {
  const isPoints =
    Array.isArray(value) &&
    value.length > 0 &&
    value.every((point) => isRecord(point) && Object.keys(point).length > 0);
  if (!isPoints)
    throw expectedError('ERR_MFT_INVALID_ARGUMENT', 'axes.points', 'a list of objects field → value', value);
  return value as GridPoint[];
}

/** Names in all factors, each of which has its own. */
function namesOf(factors: readonly (readonly GridPoint[])[]): string[] {
  const seen = new Set<string>();
  for (const factor of factors) {
    const own = new Set<string>();
    for (const point of factor) for (const name in point) own.add(name);
    for (const name of own) {
      if (seen.has(name))
        throw new MftError(
          'ERR_MFT_INVALID_ARGUMENT',
          `Expected every field in one axis only, found \`${name}\` in two.`,
          { parameter: `axes.${name}` },
        );
      seen.add(name);
    }
  }
  return [...seen];
}

/** `base` with the value at a dotted path; the objects on the way are copied, missing ones made. */
export function withField(
  base: Readonly<Record<string, unknown>>,
  path: readonly string[],
  value: unknown,
): Record<string, unknown> {
  const [head = '', ...rest] = path;
  if (head === '__proto__')
    throw new MftError('ERR_MFT_INVALID_ARGUMENT', 'Expected an axis to name a field, received "__proto__".', {
      parameter: 'axes',
    });
  const inner = base[head];
  // Not a spread: V8 enumerates the copies of a spread slowly, and checking a spec enumerates it (3 µs against 10).
  const copy: Record<string, unknown> = Object.assign({}, base);
  copy[head] = rest.length === 0 ? value : withField(isRecord(inner) ? inner : {}, rest, value);
  return copy;
}
