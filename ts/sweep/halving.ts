// Successive halving: many points with a small budget, the best of them with more.
import * as z from 'zod';
import { parse } from '../core/checks.js';
import { plainCopy } from '../core/copy.js';
import { expectedError } from '../core/errors.js';
import { choiceField, wholeField } from '../core/fields.js';
import { functionField } from '../core/options.js';
import { meanOf } from '../statistics/measured.js';
import { gridOf, withField } from './axes.js';
import type { GridPoint } from './point.js';
import { noColumn, numberIn } from './best.js';
import { expandPlan, type SweepPlan } from './plan.js';
import { decodeRow } from './rows.js';
import { runningFields, runPlan, type SweepOptions } from './run.js';
import { snake } from './table.js';

/** What successive halving needs beside a plan and the options of a sweep. */
export interface HalvingOptions extends Omit<SweepOptions, 'shard' | 'retryFailed'> {
  /** The journal: every round writes to it, and a halving that was stopped goes on by it. */
  readonly journal: string;
  /** A column of the exported table that holds numbers, such as `test_accuracy`. */
  readonly by: string;
  /** Which end is best; default `highest`. */
  readonly order?: 'highest' | 'lowest';
  /** The budget: a whole number of the plan that grows from round to round; default `run.steps`. */
  readonly field?: string;
  /** What the budget is multiplied by, and the points are divided by, from round to round; default 3. */
  readonly factor?: number;
  /** Rounds at most; default: until one point is left. */
  readonly rounds?: number;
  /** Told about every round when it is done. */
  readonly onRound?: (round: HalvingRound) => void;
}

/** A round that is done. */
export interface HalvingRound {
  readonly budget: number;
  /** The points of the round, best first; those without a number (failed, diverged) come last, without a value. */
  readonly points: readonly HalvingPoint[];
  readonly kept: number;
}

/** One point of a round. */
export interface HalvingPoint {
  readonly point: GridPoint;
  /** Mean over the seeds of the sweep. */
  readonly mean: number | undefined;
}

const own = {
  by: z.string().min(1).meta({ expected: 'the name of a column', description: 'What decides.' }),
  order: choiceField(['highest', 'lowest'], 'Which end is best.').default('highest'),
  field: z.string().min(1).default('run.steps').meta({ expected: 'a field of the plan', description: 'The budget.' }),
  factor: wholeField(2, 1000, 'Growth of the budget.').default(3),
  rounds: wholeField(1, 100, 'Rounds at most.').default(100),
  journal: z.string().min(1).meta({ expected: 'the path of a file', description: 'The journal.' }),
};
const halvingSchema = z.strictObject({
  ...runningFields,
  ...own,
  onRound: functionField<(round: HalvingRound) => void>('Told about every round.'),
});

/**
 * Successive halving over the points of a plan: all of them with the plan's budget, the best 1/factor of them with factor times as
 * much, and so on. A round trains from the start: its rows are those of an ordinary sweep, so the journal resumes, exports and
 * ranks them as ever.
 *
 * @param given the plan, as data; `field` has the budget of the first round
 * @param options journal, column, order, budget, factor, rounds, and the options of `sweep`
 * @returns the rounds; the last one's first point is the best
 * @throws MftError (rejects) as `sweep`, and ERR_MFT_INVALID_ARGUMENT where the plan has no whole budget or an axis varies it
 *
 * **Numerics**: of n points ⌈n/factor⌉ are kept; a point's value is the mean over the sweep's seeds, ties keep the order of the plan.
 * Points that failed or have no number are never kept.
 * **Source**: Karnin, Koren, Somekh 2013; Jamieson, Talwalkar 2016.
 *
 * @example
 * const plan = {
 *   verb: 'train', dataset: 'synthetic', base: { system: 'feedforward', depth: 4, width: 50 }, run: { steps: 20 },
 *   axes: { random: { count: 9, fields: { weightVariance: { log: [0.5, 4] }, 'run.learningRate': { log: [1e-4, 1] } } } },
 * };
 * const rounds = await successiveHalving(plan, { journal: 'rows.jsonl', by: 'test_accuracy' });
 */
export async function successiveHalving(given: SweepPlan, options: HalvingOptions): Promise<readonly HalvingRound[]> {
  const { by, order, field, factor, rounds, onRound, ...rest } = parse(halvingSchema, options, 'options');
  const running = rest as SweepOptions & { readonly journal: string };
  const plan = plainCopy(given, 'plan');
  let budget = budgetOf(plan, field);
  let points = pointsOf(plan, field);
  const done: HalvingRound[] = [];
  while (done.length < rounds) {
    const ranked = await round(withBudget(plan, field, budget, points), points, snake(by), order, running);
    if (ranked === undefined) break;
    const finished = ranked.filter(({ mean }) => mean !== undefined);
    const kept = Math.min(finished.length, Math.ceil(points.length / factor));
    done.push({ budget, points: ranked, kept });
    onRound?.(done[done.length - 1] as HalvingRound);
    if (points.length === 1 || kept === 0) break;
    points = finished.slice(0, kept).map(({ point }) => point);
    budget *= factor;
  }
  return done;
}

/** Runs a round; undefined where it was drained before its end. */
async function round(
  plan: SweepPlan,
  points: readonly GridPoint[],
  column: string,
  order: 'highest' | 'lowest',
  options: SweepOptions & { readonly journal: string },
): Promise<readonly HalvingPoint[] | undefined> {
  const expanded = await expandPlan(
    plan,
    options.verbs,
    options.signal === undefined ? {} : { signal: options.signal },
  );
  const placeOf = new Map(expanded.jobs.map(({ key, place }) => [key, place]));
  const values = points.map((): number[] => []);
  const columns = new Set<string>();
  const summary = await runPlan(expanded, options, async (line) => {
    const row = await decodeRow(line, options.journal);
    const place = placeOf.get(row.key);
    const value = row.status === 'done' ? numberIn(row, column, columns) : undefined;
    if (place !== undefined && value !== undefined) values[place]?.push(value);
  });
  if (summary.missing > 0) return undefined;
  if (columns.size > 0 && !columns.has(column)) throw noColumn(options.journal, column, columns);
  const sign = order === 'highest' ? -1 : 1;
  const worst = order === 'highest' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  return points
    .map((point, i) => ({ point, mean: values[i]?.length === 0 ? undefined : meanOf(values[i] as number[]).mean }))
    .sort((a, b) => sign * ((a.mean ?? worst) - (b.mean ?? worst)) || 0);
}

const pathOf = (field: string): string[] =>
  field.startsWith('run.') ? field.split('.') : ['base', ...field.split('.')];

/** The budget of the first round. */
function budgetOf(plan: SweepPlan, field: string): number {
  let value: unknown = plan;
  for (const name of pathOf(field)) value = (value as Readonly<Record<string, unknown>> | undefined)?.[name];
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1) return value;
  throw expectedError(
    'ERR_MFT_INVALID_ARGUMENT',
    field,
    'a whole number >= 1 in the plan, the budget of the first round',
    value,
  );
}

function pointsOf(plan: SweepPlan, field: string): readonly GridPoint[] {
  const grid = gridOf(plan.axes ?? {});
  if (grid.names.includes(field))
    throw expectedError('ERR_MFT_INVALID_ARGUMENT', 'field', 'a budget that no axis varies', field);
  return Array.from({ length: grid.count }, (_, i) => grid.at(i));
}

/** The plan of a round: the points that are left, with its budget. */
function withBudget(plan: SweepPlan, field: string, budget: number, points: readonly GridPoint[]): SweepPlan {
  const changed = withField(plan as unknown as Record<string, unknown>, pathOf(field), budget) as unknown as SweepPlan;
  return { ...changed, axes: points.some((point) => Object.keys(point).length > 0) ? { points } : {} };
}
