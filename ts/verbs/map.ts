// map: quantities of a system over a grid of its spec's fields: phase diagrams.
import * as z from 'zod';
import { parse } from '../core/checks.js';
import { type ControlOptions, throwIfAborted, ticker } from '../core/control.js';
import { withJson } from '../core/codec.js';
import { numberList, plainCopy } from '../core/copy.js';
import { definedQuantity } from '../core/defined.js';
import { describe, didYouMean, expectedError, MftError } from '../core/errors.js';
import { leftBehind, requireRoom } from '../core/memory.js';
import { controlFields } from '../core/options.js';
import { provenance } from '../core/provenance.js';
import {
  isUndefined,
  type Provenance,
  type QuantityValue,
  schemaVersion,
  type UndefinedPoint,
  type Warning,
} from '../core/results.js';
import type { GridPoint, System } from '../core/system.js';
import { loadSystem, type SystemName, type Systems } from '../systems/registry.js';
import type { NumericField } from './described.js';
import { givenSpec } from './inputs.js';
import type { SpecOf } from './results.js';

/** One axis of a map: a numeric field of the spec and its values. */
export interface MapAxis<F extends string = string> {
  readonly field: F;
  readonly values: readonly number[] | Float64Array;
}

export interface MapOptions<Q extends string = string> extends ControlOptions {
  /** Which quantities to map. Default: all that are `mapped`. */
  readonly quantities?: readonly Q[];
}

/** A quantity over the grid, row-major (the last axis varies fastest); words instead of numbers for quantities like `phase`. */
export interface MappedQuantity {
  readonly values: Float64Array | readonly string[];
  /** Points without a value; their entry in `values` is 0 (or empty) and means nothing. */
  readonly undefinedAt?: readonly UndefinedPoint[];
}

export interface QuantityMap<K extends string = string, Q extends string = string> {
  readonly kind: 'map';
  readonly schemaVersion: typeof schemaVersion;
  readonly system: K;
  /** The spec that all points share, with the fields of the axes left out. */
  readonly spec: object;
  readonly axes: readonly { readonly field: string; readonly values: Float64Array }[];
  readonly quantities: { readonly [name in Q]?: MappedQuantity };
  readonly warnings: readonly Warning[];
  readonly provenance: Provenance;
}

const mapOptions = z.strictObject({
  ...controlFields,
  quantities: z
    .array(z.string())
    .optional()
    .meta({ expected: 'a list of names', description: 'Which quantities to map.' }),
});

const largestPoints = 4_194_304;

/**
 * Quantities over a grid of one to three fields of a spec.
 *
 * @param spec the network; fields of the axes are overridden
 * @param axes fields and values, e.g. `[{ field: 'biasVariance', values }, { field: 'weightVariance', values }]`
 * @param options which quantities; progress and cancellation
 * @returns a promise of plain data; a point without a value is listed in `undefinedAt` with the reason
 * @throws MftError (rejects) ERR_MFT_INVALID_ARGUMENT (field, quantity), ERR_MFT_OUT_OF_RANGE (a value outside the field's range,
 *   more than 4,194,304 points), ERR_MFT_MEMORY; `signal.reason` when cancelled
 * A quantity of a layer that has several fixed points is of the one reached from variance 1 (`predict` starts from the inputs): a
 * `feedforward` map on which nine points show two attracting ones says so in `warnings`.
 *
 * **Numerics**: feedforward: tabulated moments (Chebyshev patches, each checked to 1e-11 when it is built); other systems and
 * other quantities: the quantity itself at every point. 512 × 512 points of tanh in seconds.
 * **Source**: as the quantities; the tabulation is ours.
 *
 * @example
 * import { map } from 'mft-native';
 * const diagram = await map({ system: 'feedforward', activation: 'tanh', keepProbability: 0.95 },
 *   [{ field: 'biasVariance', values: [0.01, 0.1] }, { field: 'weightVariance', values: [1, 2, 3] }], { quantities:
 * ['depthScaleCorrelation'] });
 * console.log(diagram.quantities.depthScaleCorrelation?.values.length); // 6
 */
export async function map<K extends SystemName>(
  spec: SpecOf<K>,
  axes: readonly MapAxis<NumericField<K>>[],
  options: MapOptions<Systems[K]['quantity']> = {},
): Promise<QuantityMap<K, Systems[K]['quantity']>> {
  const { quantities: asked, ...control } = parse(mapOptions, options, 'options') as MapOptions;
  const given = givenSpec(spec);
  const givenAxes = plainCopy(axes, 'axes');
  throwIfAborted(control);
  const system = await loadSystem(given.system);
  const grid = checkedAxes(system, givenAxes);
  const names = checkedQuantities(system, asked);
  requireRoom('map', mapBytes(system, names, grid), ['axes'], true);
  const [shared, points] = gridPoints(system, given, grid);
  const known = (await system.map?.(points, names, control)) ?? {};
  const quantities: Record<string, MappedQuantity> = {};
  for (const name of names) quantities[name] = mapped(await valuesOf(system, name, points, known[name], control));
  return withJson({
    kind: 'map',
    schemaVersion,
    system: system.name as K,
    spec: shared,
    axes: grid,
    quantities: quantities as QuantityMap<K, Systems[K]['quantity']>['quantities'],
    warnings: system.mapWarnings?.(points) ?? [],
    provenance: provenance(system.version),
  });
}

type AnySystem = System<unknown, unknown>;

/** Bytes of a point: its object and a field of it; the quantity in hand, and each of them in the lists it is found in. */
const [perGridPoint, perField, perHand, perValue] = [64, 24, 48, 24] as const;

function mapBytes(
  system: AnySystem,
  names: readonly string[],
  grid: readonly { readonly values: Float64Array }[],
): number {
  const points = grid.reduce((product, { values }) => product * values.length, 1);
  const fields = Object.keys(system.specSchema.shape).length;
  return leftBehind(points * 1000) + points * (perGridPoint + perField * fields + perHand + perValue * names.length);
}

function checkedAxes(
  system: AnySystem,
  axes: readonly MapAxis[],
): { readonly field: string; readonly values: Float64Array }[] {
  if (!Array.isArray(axes) || axes.length < 1 || axes.length > 3)
    throw expectedError('ERR_MFT_INVALID_ARGUMENT', 'axes', 'a list of one to three {field, values}', axes);
  const grid = axes.map((axis: MapAxis | null | undefined, i) => {
    if (typeof axis !== 'object' || axis === null)
      throw expectedError('ERR_MFT_INVALID_ARGUMENT', `axes.${i}`, 'an object with `field` and `values`', axis);
    const { field, values } = axis;
    if (typeof field !== 'string' || !Object.hasOwn(system.specSchema.shape, field)) {
      throw new MftError(
        'ERR_MFT_INVALID_ARGUMENT',
        `Unknown field ${describe(field)} in axes${didYouMean(field, Object.keys(system.specSchema.shape))}`,
        { parameter: 'axes.field', received: field },
      );
    }
    const list = numberList(values, `axes.${field}.values`);
    if (list.length === 0 || !list.every(Number.isFinite))
      throw expectedError(
        'ERR_MFT_INVALID_ARGUMENT',
        `axes.${field}.values`,
        'a list of finite numbers, at least one',
        values,
      );
    return { field, values: list };
  });
  if (new Set(grid.map(({ field }) => field)).size < grid.length)
    throw expectedError('ERR_MFT_INVALID_ARGUMENT', 'axes', 'a list with each field once', axes);
  const count = grid.reduce((product, { values }) => product * values.length, 1);
  if (count > largestPoints)
    throw expectedError('ERR_MFT_OUT_OF_RANGE', 'axes', `a grid of at most ${largestPoints} points`, count);
  return grid;
}

function checkedQuantities(system: AnySystem, names: readonly string[] | undefined): readonly string[] {
  for (const name of names ?? []) {
    if (Object.hasOwn(system.quantities, name)) continue;
    throw new MftError(
      'ERR_MFT_INVALID_ARGUMENT',
      `Unknown quantity ${describe(name)} of system ${system.name}${didYouMean(name, Object.keys(system.quantities))}`,
      { parameter: 'quantities', received: name },
    );
  }
  return names ?? Object.keys(system.quantities).filter((name) => system.quantities[name]?.mapped === true);
}

/** What all points share, and every point: the spec with defaults filled in and the axes' fields set. */
function gridPoints(
  system: AnySystem,
  spec: object,
  grid: readonly { readonly field: string; readonly values: Float64Array }[],
): [object, GridPoint[]] {
  const fields = grid.map(({ field }) => field);
  const at = (index: readonly number[]): Record<string, number> =>
    Object.fromEntries(grid.map(({ field, values }, k) => [field, values[index[k] as number] as number]));
  // Every value of an axis is checked once, with the others at their first; the full check follows in the quantities.
  const first = fields.map(() => 0);
  grid.forEach(({ values }, k) =>
    values.forEach((_, i) => parse(system.specSchema, { ...spec, ...at(first.with(k, i)) }, 'spec')),
  );
  const resolved = system.resolveSpec({ ...spec, ...at(first) }) as GridPoint;
  const points: GridPoint[] = [];
  const index = [...first];
  for (;;) {
    points.push({ ...resolved, ...at(index) });
    let k = grid.length - 1;
    while (k >= 0 && (index[k] as number) + 1 === (grid[k]?.values.length ?? 0)) index[k--] = 0;
    if (k < 0) break;
    index[k] = (index[k] as number) + 1;
  }
  return [Object.fromEntries(Object.entries(resolved).filter(([name]) => !fields.includes(name))), points];
}

async function valuesOf(
  system: AnySystem,
  name: string,
  points: readonly GridPoint[],
  known: readonly (QuantityValue | undefined)[] | undefined,
  options: ControlOptions,
): Promise<readonly QuantityValue[]> {
  const quantity = system.quantities[name];
  if (quantity === undefined) throw new MftError('ERR_MFT_INTERNAL', `Quantity ${name} disappeared.`);
  const parameters = Object.keys(quantity.parameters.shape);
  const signal = options.signal === undefined ? {} : { signal: options.signal };
  const result: QuantityValue[] = [];
  const tick = ticker(points.length, options, name);
  for (const [i, point] of points.entries()) {
    const value = known?.[i];
    const fields = value ?? system.mapPoint?.(point, name) ?? point;
    if (value !== undefined || isUndefined(fields)) {
      result.push(fields as QuantityValue);
      continue;
    }
    const given = Object.fromEntries(
      parameters.map((key) => [key, (fields as GridPoint)[key]] as const).filter(([, each]) => each !== undefined),
    );
    const resolved = quantity.resolve(given, `parameters of ${name}`) as never;
    result.push(await attempt(() => quantity.evaluate(resolved, signal)));
    await tick(i + 1);
  }
  return result;
}

const pointErrors: readonly string[] = [
  'ERR_MFT_NO_FIXED_POINT',
  'ERR_MFT_DEGENERATE',
  'ERR_MFT_WRONG_PHASE',
  'ERR_MFT_NO_CONVERGENCE',
  'ERR_MFT_NOT_FINITE',
  'ERR_MFT_UNSUPPORTED',
];

/** The value, or the reason why this point has none; any other error is the caller's. */
async function attempt(evaluate: () => QuantityValue | Promise<QuantityValue>): Promise<QuantityValue> {
  try {
    return definedQuantity(await evaluate());
  } catch (error) {
    if (error instanceof MftError && pointErrors.includes(error.code)) return { reason: error.message };
    throw error;
  }
}

function mapped(values: readonly QuantityValue[]): MappedQuantity {
  const undefinedAt: UndefinedPoint[] = [];
  const isText = values.some((value) => typeof value === 'string');
  const shown = values.map((value, index) => {
    if (isUndefined(value)) undefinedAt.push({ index, reason: value.reason });
    else if (typeof value !== 'number' && typeof value !== 'string')
      throw new MftError(
        'ERR_MFT_INVALID_ARGUMENT',
        'Expected `quantities` to name numbers or words: lists and objects cannot be mapped.',
        { parameter: 'quantities' },
      );
    return isUndefined(value) ? (isText ? '' : 0) : (value as number | string);
  });
  return {
    values: isText ? shown.map(String) : Float64Array.from(shown as number[]),
    ...(undefinedAt.length > 0 ? { undefinedAt } : {}),
  };
}
