// Writes the rows of a journal out: long-form CSV and Parquet, complete JSON, an HTML report.
import * as z from 'zod';
import { checkPath, parse } from '../core/checks.js';
import { createWriteStream } from 'node:fs';
import { realpath } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { toJson } from '../core/codec.js';
import { expectedError } from '../core/errors.js';
import { replaceBy } from '../core/replace-file.js';
import { csvLine } from './csv.js';
import { onDisk } from './disk.js';
import { currentRows, type IndexEntry, manifestOf, readableJournal, rowReader } from './journal.js';
import { expandPlan, type SweepPlan } from './plan.js';
import type { ExportSource } from './export-source.js';
import { writeReport } from './report.js';
import { decodeRow, jobError, type SweepRow } from './rows.js';
import { journalPlan } from './status.js';
import { type ColumnType, columnCollector, type TableRow, tableRows } from './table.js';
import type { VerbTable } from './verb.js';
import { verbs as allVerbs } from './verbs.js';

/** Files to write; any of them. */
export interface ExportFiles {
  readonly csv?: string;
  readonly parquet?: string;
  readonly json?: string;
  readonly report?: string;
}

const fileField = (what: string) =>
  z.string().min(1).optional().meta({ expected: 'the path of a file', description: what });

const exportFiles = z.strictObject({
  csv: fileField('A table.'),
  parquet: fileField('A table with types.'),
  json: fileField('Everything.'),
  report: fileField('A page with figures.'),
});

/**
 * Writes a journal out. The same rows give the same bytes, whatever the order they were computed in.
 *
 * @param path the journal
 * @param given what to write, and where
 * @param verbs the verbs whose rows the journal holds; the package's own when left out
 * @returns the files written
 * @throws MftError (rejects) ERR_MFT_INVALID_ARGUMENT for a file that is the journal, or named twice; ERR_MFT_DISK,
 * ERR_MFT_JOURNAL_MISMATCH, ERR_MFT_DATA_CHECKSUM; ERR_MFT_MISSING_PEER for a report without vega
 *
 * **Numerics**: numbers in full precision (17 digits in CSV).
 * **Source**: ours.
 *
 * @example
 * await exportJournal('rows.jsonl', { csv: 'rows.csv', parquet: 'rows.parquet' });
 */
export async function exportJournal(path: string, given: ExportFiles, verbs: VerbTable = allVerbs): Promise<string[]> {
  checkPath(path, 'path');
  const files = parse(exportFiles, given, 'files') as ExportFiles;
  await refuseOverwriting(path, files);
  const { handle, index } = await readableJournal(path);
  try {
    const { plan, jobs, axisNames, planProblem } = await planOf(path, verbs);
    if (planProblem !== undefined)
      process.emitWarning(`Rows of ${path} are written in the order of their keys: ${planProblem}`, 'MftWarning');
    const entries = inOrder(currentRows(index), jobs);
    async function* rows(): AsyncGenerator<SweepRow> {
      const read = rowReader(handle);
      for (const entry of entries) yield await decodeRow(await read(entry), path, entry.line);
    }
    const { add, columns } = columnCollector();
    for await (const row of rows()) for (const line of tableRows(row)) add(line);
    const manifest = manifestOf(index.manifests.at(-1), path);
    const source: ExportSource = { plan, planProblem, axisNames, manifest, rows, columns };
    const written: string[] = [];
    const write = async (file: string | undefined, how: (part: string) => Promise<void>): Promise<void> => {
      if (file === undefined) return;
      await onDisk(file, () => replaceBy(file, how));
      written.push(file);
    };
    await write(files.csv, (part) => writeText(part, csvText(source)));
    await write(files.json, (part) => writeText(part, jsonText(source)));
    await write(files.parquet, (part) => writeParquet(part, source));
    await write(files.report, async (part) => writeText(part, [await writeReport(source)]));
    return written;
  } finally {
    await handle.close();
  }
}

/** The plan of a journal with the keys of its jobs in order, or why it cannot say them: rows outlive their plan. */
async function planOf(
  path: string,
  verbs: VerbTable,
): Promise<Pick<ExportSource, 'plan' | 'axisNames' | 'planProblem'> & { readonly jobs: readonly string[] }> {
  let plan: SweepPlan | undefined;
  try {
    plan = await journalPlan(path);
    const { jobs, axisNames } = await expandPlan(plan, verbs);
    return { plan, planProblem: undefined, axisNames, jobs: jobs.map((job) => job.key) };
  } catch (error) {
    return { plan, planProblem: jobError(error).message, axisNames: [], jobs: [] };
  }
}

/** Refuses a file that is the journal itself, by whatever name, or another of the files. */
async function refuseOverwriting(path: string, files: ExportFiles): Promise<void> {
  const taken = new Map([[await realPath(path), 'the journal']]);
  for (const [kind, file] of Object.entries(files) as [string, string | undefined][]) {
    if (file === undefined) continue;
    const real = await realPath(file);
    const other = taken.get(real);
    if (other !== undefined) throw expectedError('ERR_MFT_INVALID_ARGUMENT', kind, `another file than ${other}`, file);
    taken.set(real, kind);
  }
}

/** The path without links, of a file that need not exist yet. */
async function realPath(file: string): Promise<string> {
  return realpath(file).catch(async () =>
    join(await realpath(dirname(file)).catch(() => resolve(dirname(file))), basename(file)),
  );
}

/** The rows of the plan in its order, then all others by key. */
function inOrder(entries: readonly IndexEntry[], planned: readonly string[]): IndexEntry[] {
  const byKey = new Map(entries.map((entry) => [entry.key, entry]));
  const inPlan = planned.flatMap((key) => byKey.get(key) ?? []);
  for (const key of planned) byKey.delete(key);
  return [...inPlan, ...[...byKey.values()].sort((a, b) => (a.key < b.key ? -1 : 1))];
}

async function writeText(file: string, text: AsyncIterable<string> | Iterable<string>): Promise<void> {
  await pipeline(text, createWriteStream(file));
}

async function* csvText({ rows, columns }: ExportSource): AsyncGenerator<string> {
  const names = [...columns.keys()];
  yield csvLine(names);
  for await (const row of rows())
    yield tableRows(row)
      .map((line) => csvLine(names.map((name) => line[name])))
      .join('');
}

async function* jsonText({ rows }: ExportSource): AsyncGenerator<string> {
  let separator = '[\n';
  for await (const row of rows()) {
    yield `${separator}${JSON.stringify(toJson(row))}`;
    separator = ',\n';
  }
  yield separator === ',\n' ? '\n]\n' : '[]\n';
}

const parquetTypes = { number: 'DOUBLE', string: 'STRING', boolean: 'BOOLEAN' } as const;

async function writeParquet(file: string, source: ExportSource): Promise<void> {
  const { fileWriter, parquetWriteRows } = await import('hyparquet-writer');
  const columns = [...source.columns].map(([name, type]) => ({ name, type: parquetTypes[type], nullable: true }));
  await parquetWriteRows({
    writer: fileWriter(file),
    rows: parquetRows(source),
    columns,
    kvMetadata: [{ key: 'mft-native', value: JSON.stringify(source.manifest) }],
  });
}

async function* parquetRows({ rows, columns }: ExportSource): AsyncGenerator<Record<string, unknown>> {
  for await (const row of rows())
    for (const line of tableRows(row))
      yield Object.fromEntries([...columns].map(([name, type]) => [name, typed(line, name, type)]));
}

function typed(line: TableRow, name: string, type: ColumnType): unknown {
  const value = line[name];
  if (value === undefined) return null;
  return type === 'string' ? String(value) : value;
}
