// The fields of a system's spec as knobs of a page: from the schema, so that a new field has one.
import * as z from 'zod';
import { fallback, info } from '../core/fields.js';
import { loadSystem } from '../systems/registry.js';
import type { Knob, SystemPage } from './protocol.js';

/** Where a slider ends, by what the name of a field ends with; numbers beyond can be typed. */
const ranges: readonly (readonly [name: RegExp, low: number, high: number, isLog?: true])[] = [
  [/biasVariance$/i, 0, 1],
  [/variance$/i, 0.05, 4],
  [/biasMean$/i, -3, 6],
  [/probability$/i, 0.05, 1],
  [/correlation$/i, -1, 1],
  [/depth$|length$|steps$|iterations$|layers$/i, 1, 200],
  [/width$|units$|channels$|dimension$/i, 2, 4000, true],
];

const number = (value: unknown): number | undefined =>
  typeof value === 'number' && Math.abs(value) < 1e6 ? value : undefined;

/** What the page shows of a system. @throws MftError (rejects) ERR_MFT_INVALID_ARGUMENT for an unknown one */
export async function systemPage(name: unknown): Promise<SystemPage> {
  const system = await loadSystem(name);
  const knobs = Object.entries(system.specSchema.shape)
    .filter(([field]) => field !== 'system')
    .map(([field, type]) => knob(field, type as z.ZodType));
  const numbers = knobs.filter(({ kind }) => kind === 'number').map(({ field }) => field);
  const first = (pattern: RegExp, other?: string): string | undefined => {
    const free = numbers.filter((field) => field !== other);
    return free.find((field) => pattern.test(field)) ?? free[0];
  };
  const x = first(/weightVariance$/i);
  const y = first(/biasMean$|biasVariance$|keepProbability$/i, x);
  return {
    system: system.name,
    title: system.title,
    knobs,
    mapped: Object.entries(system.quantities).flatMap(([quantity, { mapped }]) => (mapped ? [quantity] : [])),
    ...(x === undefined || y === undefined ? {} : { axes: [x, y] as const }),
  };
}

function knob(field: string, type: z.ZodType): Knob {
  const about = info(type);
  const byDefault = fallback(type);
  const common = {
    field,
    about: about?.description ?? field,
    expected: about?.expected ?? '',
    byDefault: byDefault ?? null,
    ...(about?.symbol === undefined ? {} : { symbol: about.symbol }),
  };
  if (about?.kind === 'boolean') return { ...common, kind: 'boolean' };
  const words = wordsOf(about?.expected ?? '');
  if (typeof byDefault === 'string' && words.includes(byDefault)) return { ...common, kind: 'choice', words };
  if (typeof byDefault !== 'number') return { ...common, kind: 'text' };
  const { minimum, maximum } = limits(type);
  const known = ranges.find(([pattern]) => pattern.test(field));
  const kind = about?.kind === 'whole' ? 'whole' : 'number';
  const [low, high] = [known?.[1] ?? 0, known?.[2] ?? Math.max(1, 4 * byDefault)];
  return {
    ...common,
    kind,
    low: Math.min(byDefault, Math.max(low, minimum ?? low)),
    high: Math.max(byDefault, Math.min(high, maximum ?? high)),
    ...(known?.[3] === true ? { isLog: true } : {}),
  };
}

/** "one of tanh, relu, {expression}": tanh and relu. */
const wordsOf = (expected: string): readonly string[] =>
  /one of ((?:\w+(?:, )?)+)/
    .exec(expected)?.[1]
    ?.split(', ')
    .filter((word) => word !== '') ?? [];

/** The range of numbers a field takes, also of one that takes a list as well. */
function limits(type: z.ZodType): { readonly minimum: number | undefined; readonly maximum: number | undefined } {
  const {
    minimum,
    exclusiveMinimum,
    maximum,
    anyOf = [],
  } = z.toJSONSchema(type, { unrepresentable: 'any', io: 'input' });
  const alone = anyOf.find((one) => typeof one === 'object' && (one.type === 'number' || one.type === 'integer'));
  const of = (own: unknown, inner: 'minimum' | 'maximum'): number | undefined =>
    number(own) ?? (typeof alone === 'object' ? number(alone[inner]) : undefined);
  return { minimum: of(minimum ?? exclusiveMinimum, 'minimum'), maximum: of(maximum, 'maximum') };
}
