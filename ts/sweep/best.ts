// The best points of a journal by one column of its table: means over the seeds of a sweep.
import * as z from 'zod';
import { parse } from '../core/checks.js';
import { didYouMean, MftError } from '../core/errors.js';
import { choiceField, wholeField } from '../core/fields.js';
import { meanOf } from '../statistics/measured.js';
import { currentRows, readableJournal, rowReader } from './journal.js';
import { decodeRow, type SweepRow } from './rows.js';
import { type Cell, fieldCells, snake, tableRows } from './table.js';

/** What `bestPoints` ranks by. */
export interface BestOptions {
  /** A column of the exported table that holds numbers, as `test_accuracy` or `testAccuracy`. */
  readonly by: string;
  /** Which end is best; default `highest`. */
  readonly order?: 'highest' | 'lowest';
  /** How many points; default 10. */
  readonly count?: number;
}

/** One point of a sweep. */
export interface BestPoint {
  /** Mean of the column over the seeds of the sweep. */
  readonly mean: number;
  /** Standard error of the mean; left out for one seed, and where a value is infinite. */
  readonly standardError?: number;
  /** Jobs behind the mean. */
  readonly jobs: number;
  /** The fields in which the points of the journal differ, as columns of the exported table. */
  readonly fields: Readonly<Record<string, Cell>>;
}

/** The ranking. */
export interface BestPoints {
  readonly by: string;
  readonly order: 'highest' | 'lowest';
  readonly points: readonly BestPoint[];
  /** Points ranked in all. */
  readonly ranked: number;
  /** Jobs without a number there: failed, diverged or undefined. */
  readonly leftOut: number;
}

const bestOptions = z.strictObject({
  by: z.string().min(1).meta({ expected: 'the name of a column', description: 'What decides.' }),
  order: choiceField(['highest', 'lowest'], 'Which end is best.').default('highest'),
  count: wholeField(1, 1_000_000, 'How many points.').default(10),
});

interface Group {
  readonly fields: Readonly<Record<string, Cell>>;
  readonly values: number[];
}

/**
 * The best points of a journal by a column of its exported table; jobs that differ in nothing but the seed are one point.
 *
 * Where a job has several rows (layers, steps), the last one that has the column counts. Rows of older versions of a system are left out.
 *
 * @param journal path of the journal of a sweep, also of one that still runs
 * @param options which column, which end, how many
 * @returns the points, best first, with means and standard errors over seeds
 * @throws MftError (rejects) ERR_MFT_INVALID_ARGUMENT for a column that no row has, ERR_MFT_DISK, ERR_MFT_JOURNAL_MISMATCH
 *
 * **Numerics**: the mean of s seeds has the standard error √(sample variance / s); ties keep the order of the journal.
 * **Source**: ours.
 *
 * @example
 * const { points } = await bestPoints('rows.jsonl', { by: 'test_accuracy', count: 3 });
 * console.log(points[0]?.fields, points[0]?.mean);
 */
export async function bestPoints(journal: string, options: BestOptions): Promise<BestPoints> {
  const { by, order, count } = parse(bestOptions, options, 'options');
  const column = snake(by);
  const groups = new Map<string, Group>();
  const columns = new Set<string>();
  let leftOut = 0;
  const { handle, index } = await readableJournal(journal);
  try {
    const read = rowReader(handle);
    for (const entry of currentRows(index)) {
      const row = await decodeRow(await read(entry), journal, entry.line);
      const value = numberIn(row, column, columns);
      if (value === undefined) {
        leftOut++;
        continue;
      }
      const { run_seed: _, ...fields } = fieldCells(row);
      const key = JSON.stringify(fields);
      const group = groups.get(key) ?? { fields, values: [] };
      groups.set(key, group);
      group.values.push(value);
    }
  } finally {
    await handle.close();
  }
  if (groups.size === 0 && !columns.has(column)) throw noColumn(journal, column, columns);
  const varying = varyingFields([...groups.values()]);
  const sign = order === 'highest' ? -1 : 1;
  const points = [...groups.values()]
    .map(({ fields, values }): BestPoint => {
      const { mean, standardError } = meanOf(values);
      return {
        mean,
        ...(Number.isFinite(standardError) ? { standardError } : {}),
        jobs: values.length,
        fields: Object.fromEntries(Object.entries(fields).filter(([name]) => varying.has(name))),
      };
    })
    .sort((a, b) => sign * (a.mean - b.mean) || 0);
  return { by: column, order, points: points.slice(0, count), ranked: points.length, leftOut };
}

/** The error for a column of numbers that no row has. */
export const noColumn = (journal: string, column: string, columns: ReadonlySet<string>): MftError =>
  new MftError(
    'ERR_MFT_INVALID_ARGUMENT',
    `No row of ${journal} has a number in column ${column}${didYouMean(column, [...columns])}`,
    { parameter: 'by', received: column },
  );

/** The number a finished job has in a column; `columns` collects the names of all columns of numbers. */
export function numberIn(row: SweepRow, column: string, columns?: Set<string>): number | undefined {
  let found: number | undefined;
  for (const cells of tableRows(row))
    for (const [name, cell] of Object.entries(cells)) {
      if (typeof cell !== 'number') continue;
      columns?.add(name);
      if (name === column) found = cell;
    }
  return found === undefined || Number.isNaN(found) ? undefined : found;
}

function varyingFields(groups: readonly Group[]): ReadonlySet<string> {
  const names = new Set(groups.flatMap(({ fields }) => Object.keys(fields)));
  return new Set([...names].filter((name) => new Set(groups.map(({ fields }) => fields[name])).size > 1));
}
