// The long-form table of a sweep: one row per job and position on the first axis (layer, time, …); inputs and pairs are columns.
import { toJson } from '../core/codec.js';
import { isUndefined } from '../core/results.js';
import { separated } from '../core/text.js';
import { isRecord } from './point.js';
import type { SweepRow } from './rows.js';

export type Cell = number | string | boolean;
export type TableRow = Readonly<Record<string, Cell>>;

/** What a column holds; 'string' as soon as two rows disagree. */
export type ColumnType = 'number' | 'string' | 'boolean';

/** Inner positions (inputs, pairs) become columns up to this number; beyond it they become rows. */
const mostInnerColumns = 16;

/** The table's rows of one job. A job without observables has one row. */
export function tableRows(row: SweepRow): TableRow[] {
  const job: Record<string, Cell> = {
    key: row.key,
    system: row.system,
    system_version: row.systemVersion,
    verb: row.verb,
    status: row.status,
  };
  Object.assign(job, fieldCells(row));
  if (row.quantity !== undefined) job.quantity = row.quantity;
  if (row.status === 'failed') return [{ ...job, error_code: row.error.code, error_message: row.error.message }];
  if (isRecord(row.result.quantities)) quantityCells(row.result.quantities, job);
  if (row.result.kind === 'training') trainingCells(row.result, job);
  if (typeof row.result.verdict === 'string') job.verdict = row.result.verdict;
  const positions = new Map<string, Record<string, Cell>>();
  for (const [name, observable] of Object.entries(
    (row.result.observables ?? row.result.statistics ?? {}) as Record<string, TableObservable>,
  ))
    addObservable(snake(name), observable, positions);
  if (positions.size === 0) return [job];
  return [...positions.values()].map((cells) => ({ ...job, ...cells }));
}

/** The columns of spec and run. */
export function fieldCells(row: Pick<SweepRow, 'spec' | 'run'>): Record<string, Cell> {
  const cells: Record<string, Cell> = {};
  flatten(row.spec, '', cells);
  if (row.run !== undefined) flatten(row.run, 'run', cells);
  return cells;
}

/** `weightVariance` → `weight_variance`. */
export function snake(name: string): string {
  return separated(name, '_').replace(/[^a-z0-9_]+/gi, '_');
}

/** Fields of a spec as columns: nested ones joined by `_`, lists as JSON text, `{ name: 'elu', alpha: 2 }` as `elu` and alpha. */
function flatten(value: Readonly<Record<string, unknown>>, prefix: string, into: Record<string, Cell>): void {
  for (const [name, item] of Object.entries(value)) {
    const column =
      prefix === '' ? snake(name) : name === 'name' && prefix !== 'run' ? prefix : `${prefix}_${snake(name)}`;
    if (column === 'system' || item === undefined || item === null) continue;
    if (isRecord(item) && !ArrayBuffer.isView(item)) flatten(item, column, into);
    else into[column] = typeof item === 'object' ? JSON.stringify(toJson(item)) : (item as Cell);
  }
}

function quantityCells(quantities: Readonly<Record<string, unknown>>, into: Record<string, Cell>): void {
  for (const [name, value] of Object.entries(quantities)) {
    const column = Object.hasOwn(into, snake(name)) ? `quantity_${snake(name)}` : snake(name);
    if (isUndefined(value)) into[`${column}_reason`] = (value as { reason: string }).reason;
    else if (typeof value === 'object' && value !== null) into[column] = JSON.stringify(toJson(value));
    else into[column] = value as Cell;
  }
}

/** The end of a training run: losses and accuracies without dropout, counters, steps, checksum, and why it stopped. */
function trainingCells(result: Readonly<Record<string, unknown>>, into: Record<string, Cell>): void {
  for (const name of ['train', 'test', 'stopped'])
    if (isRecord(result[name]))
      quantityCells(
        Object.fromEntries(Object.entries(result[name]).map(([key, value]) => [`${name}_${key}`, value])),
        into,
      );
  if (isRecord(result.counters)) quantityCells(result.counters, into);
  for (const name of ['steps', 'checksum'])
    if (result[name] !== undefined) into[name === 'steps' ? 'steps_done' : name] = result[name] as Cell;
}

/** The parts of predicted, estimated and compared observables that become columns. */
interface TableObservable {
  readonly axes: readonly { readonly name: string; readonly values: ArrayLike<number>; readonly isInner?: true }[];
  readonly scale: 'linear' | 'log';
  readonly values?: ArrayLike<number>;
  readonly sign?: ArrayLike<number>;
  readonly error?: number;
  readonly finiteSize?: { readonly order: number; readonly values: ArrayLike<number> };
  readonly count?: ArrayLike<number>;
  readonly variance?: ArrayLike<number>;
  readonly standardError?: ArrayLike<number>;
  readonly undefinedAt?: readonly { readonly index: number }[];
  readonly index?: ArrayLike<number>;
  readonly expected?: ArrayLike<number>;
  readonly estimate?: ArrayLike<number>;
  readonly z?: ArrayLike<number>;
  readonly pValue?: ArrayLike<number>;
  readonly verdicts?: readonly string[];
}

const parts = [
  'values',
  'sign',
  'standardError',
  'variance',
  'count',
  'expected',
  'estimate',
  'z',
  'pValue',
  'verdicts',
] as const;

function addObservable(name: string, observable: TableObservable, positions: Map<string, Record<string, Cell>>): void {
  const { axes, scale } = observable;
  const isInner = axes.map((axis) => axis.isInner === true);
  const innerSize = axes.reduce((product, axis, i) => (isInner[i] ? product * axis.values.length : product), 1);
  const size = axes.reduce((product, axis) => product * axis.values.length, 1);
  const hidden = new Set((observable.undefinedAt ?? []).map((point) => point.index));
  const isColumn = (i: number): boolean => isInner[i] === true && innerSize <= mostInnerColumns;
  const stem = scale === 'log' ? `ln_${name}` : name;
  const listed = observable.index;
  for (let n = 0; n < (listed?.length ?? size); n++) {
    const position = listed?.[n] ?? n;
    if (hidden.has(position)) continue;
    const coordinates: Record<string, Cell> = {};
    let suffix = '';
    let rest = size;
    axes.forEach((axis, i) => {
      rest /= axis.values.length;
      const at = Math.floor(position / rest) % axis.values.length;
      if (isColumn(i)) suffix += innerSize > 1 ? `_${axis.name}_${axis.values[at]}` : '';
      else
        coordinates[Object.hasOwn(coordinates, axis.name) ? `${axis.name}_${i + 1}` : axis.name] = axis.values[
          at
        ] as number;
    });
    const id = JSON.stringify(coordinates);
    const cells = positions.get(id) ?? coordinates;
    positions.set(id, cells);
    for (const part of parts) {
      const value = observable[part]?.[n];
      if (value !== undefined)
        cells[`${stem}${suffix}${part === 'values' ? '' : `_${snake(part === 'verdicts' ? 'verdict' : part)}`}`] =
          value;
    }
    if (observable.error !== undefined) cells[`${stem}${suffix}_error`] = observable.error;
    if (observable.finiteSize !== undefined)
      cells[`${stem}${suffix}_finite_size`] = observable.finiteSize.values[position] as number;
  }
}

/** Collects the columns of a table in the order they first appear, with their types. */
export function columnCollector(): {
  readonly add: (row: TableRow) => void;
  readonly columns: ReadonlyMap<string, ColumnType>;
} {
  const columns = new Map<string, ColumnType>();
  return {
    columns,
    add: (row) => {
      for (const [name, value] of Object.entries(row)) {
        const type = typeof value as ColumnType;
        const known = columns.get(name);
        if (known === undefined) columns.set(name, type);
        else if (known !== type) columns.set(name, 'string');
      }
    },
  };
}
