// Rows of a sweep: outcome of a job → line of the journal → row as the caller sees it.
import type { FileHandle } from 'node:fs/promises';
import { canonicalJson, fromJson } from '../core/codec.js';
import { MftError, type MftErrorCode } from '../core/errors.js';
import { schemaVersion, type Provenance } from '../core/results.js';
import { isRecord } from './point.js';
import type { Disk } from './disk.js';
import type { Job } from './job.js';
import { type JournalIndex, readableJournal, rowReader } from './journal.js';
import { rowLine } from './lines.js';
import { checkedError, checkedResult } from './row-checks.js';
import { extractArrays, readSideFile, type SideFile, writeSideFiles } from './side-files.js';

/** What went wrong with a job, as data. */
export interface JobError {
  readonly code: MftErrorCode;
  readonly message: string;
  readonly parameter?: string;
}

/** Circumstances of a job: beside the row, never part of what is compared. */
export interface RowMeta {
  readonly seconds: number;
  /** Of the process of the job, all its threads. */
  readonly processorSeconds?: number;
  readonly host?: string;
  readonly attempts?: number;
  /** The process of the job died by itself: another attempt may fare better. */
  readonly crashed?: boolean;
  readonly provenance?: Provenance;
}

/** What an executor reports about a job. `result` is canonical JSON text. */
export type Outcome = { readonly key: string; readonly meta: RowMeta } & (
  | { readonly status: 'done'; readonly result: string }
  | { readonly status: 'failed'; readonly error: JobError }
);

interface RowBase {
  readonly key: string;
  readonly verb: string;
  readonly system: string;
  readonly systemVersion: number;
  readonly spec: Readonly<Record<string, unknown>>;
  readonly run?: Readonly<Record<string, unknown>>;
  readonly quantity?: string;
  readonly meta: RowMeta;
}

/** One row of a sweep. `result` is what the verb returns; everything but `meta` follows from the key alone. */
export type SweepRow =
  | (RowBase & { readonly status: 'done'; readonly result: Readonly<Record<string, unknown>> })
  | (RowBase & { readonly status: 'failed'; readonly error: JobError });

/** The fields of a verb's result that are stored; the others repeat the job or belong to `meta`. */
const repeatedFields = new Set(['spec', 'run', 'system', 'schemaVersion', 'provenance']);

/** The result of a job as canonical JSON text, and where it was made. */
export function encodeResult(result: unknown): { readonly result: string; readonly provenance?: Provenance } {
  if (!isRecord(result)) throw new MftError('ERR_MFT_INTERNAL', 'A verb returned something that is not an object.');
  const kept = Object.fromEntries(Object.entries(result).filter(([name]) => !repeatedFields.has(name)));
  const text = canonicalJson(kept);
  return isRecord(result.provenance)
    ? { result: text, provenance: result.provenance as unknown as Provenance }
    : { result: text };
}

/** An error as a row keeps it: one line, no stack. */
export function jobError(error: unknown): JobError {
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof MftError)
    return { code: error.code, message, ...(error.parameter === undefined ? {} : { parameter: error.parameter }) };
  return { code: 'ERR_MFT_JOB_FAILED', message: message.slice(0, 2000) };
}

/** Texts shorter than this cannot hold a list long enough for a side file. */
const shortText = 8192;

/** The line of an outcome; writes the side files it names first, so that a row never names what is not there. */
export async function encodeRow(job: Job, outcome: Outcome, journal: string | undefined, disk: Disk): Promise<string> {
  const { key, point, systemVersion, format, ...rest } = job;
  const head = { key, point, version: systemVersion, status: outcome.status };
  if (outcome.status === 'failed')
    return rowLine(head, [], { format, ...rest, error: outcome.error }, undefined, outcome.meta);
  if (journal === undefined || outcome.result.length < shortText)
    return rowLine(head, [], { format, ...rest }, outcome.result, outcome.meta);
  const { value, arrays } = extractArrays(JSON.parse(outcome.result), key);
  await writeSideFiles(journal, arrays, disk);
  const references = arrays.map((array) => array.reference);
  return rowLine(
    head,
    references,
    { format, ...rest },
    arrays.length === 0 ? outcome.result : canonicalJson(value),
    outcome.meta,
  );
}

/**
 * A row read back: typed arrays again, large arrays from their side files.
 *
 * @throws MftError (rejects) ERR_MFT_JOURNAL_MISMATCH for a row of another form, whose checksum says no more than that it is what was
 * written; as `readSideFile`
 */
export async function decodeRow(line: string, journal?: string, number?: number): Promise<SweepRow> {
  const refuse = (why: string, cause?: unknown): MftError => storedRowRefused(why, journal, number, cause);
  try {
    return await decoded(line, journal, refuse);
  } catch (error) {
    if (error instanceof MftError && error.code !== 'ERR_MFT_INVALID_ARGUMENT') throw error;
    throw refuse('it is in no form that a sweep writes', error);
  }
}

function storedRowRefused(why: string, journal?: string, number?: number, cause?: unknown): MftError {
  const where = `${number === undefined ? 'A row' : `Line ${number}`} of ${journal ?? 'a sweep'}`;
  return new MftError(
    'ERR_MFT_JOURNAL_MISMATCH',
    `${where} cannot be used: ${why}. Remove the line, and it runs again.`,
    {
      parameter: 'journal',
      ...(cause === undefined ? {} : { cause }),
    },
  );
}

/** Why a stored job failed. @throws MftError ERR_MFT_JOURNAL_MISMATCH */
export function storedError(line: string, journal: string, number: number): JobError {
  const { error } = JSON.parse(line) as { error: unknown };
  return checkedError(error, (why) => storedRowRefused(why, journal, number));
}

async function decoded(
  line: string,
  journal: string | undefined,
  refuse: (why: string) => MftError,
): Promise<SweepRow> {
  const { crc, format, point, version, files, sweepSeed, result, ...row } = JSON.parse(line) as Record<
    string,
    unknown
  > & { files?: readonly SideFile[] };
  const base = { ...row, systemVersion: version };
  const isText = [row.verb, row.system, row.quantity ?? ''].every((name) => typeof name === 'string');
  if (!isText || !isRecord(row.spec) || !isRecord(row.meta) || (row.run !== undefined && !isRecord(row.run)))
    throw refuse('it does not say which job it is of');
  if (row.status === 'failed') return { ...base, error: checkedError(row.error, refuse) } as unknown as SweepRow;
  const arrays =
    journal === undefined || files === undefined
      ? []
      : await Promise.all(files.map((file) => readSideFile(journal, file)));
  const value = fromJson(checkedResult(withArrays(result, arrays), refuse)) as Record<string, unknown>;
  const { spec, run, system, meta } = row as unknown as RowBase;
  const again =
    value.kind === 'prediction' || value.kind === 'simulation'
      ? { schemaVersion, system, spec, ...(run === undefined ? {} : { run }), provenance: meta.provenance }
      : {};
  return { ...base, result: { ...value, ...again } } as unknown as SweepRow;
}

function withArrays(value: unknown, arrays: readonly Float64Array[]): unknown {
  if (arrays.length === 0 || typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => withArrays(item, arrays));
  if ('$array' in value && typeof value.$array === 'number') return arrays[value.$array];
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, withArrays(item, arrays)]));
}

/** The stored rows of a journal, each key once, in the order of the file. */
async function* storedRows(handle: FileHandle, path: string, index: JournalIndex): AsyncGenerator<SweepRow> {
  const read = rowReader(handle);
  for (const entry of index.rows.values()) yield decodeRow(await read(entry), path, entry.line);
}

/**
 * Reads the rows of a journal, each job once, decoded to what the verbs return.
 *
 * @param path the journal
 * @returns an iterator over rows
 * @throws MftError (rejects) ERR_MFT_DISK, ERR_MFT_JOURNAL_MISMATCH, ERR_MFT_DATA_CHECKSUM for a damaged side file
 *
 * **Numerics**: numbers come back bit for bit; side files are verified by their checksums.
 * **Source**: ours.
 *
 * @example
 * for await (const row of readJournal('rows.jsonl')) console.log(row.key, row.status);
 */
export async function* readJournal(path: string): AsyncGenerator<SweepRow> {
  const { handle, index } = await readableJournal(path);
  try {
    yield* storedRows(handle, path, index);
  } finally {
    await handle.close();
  }
}
