// Runs a plan: what is missing goes to the executor, what comes back goes to the journal, and to the caller.
import { ticker } from '../core/control.js';
import * as z from 'zod';
import { parse } from '../core/checks.js';
import { expectedError } from '../core/errors.js';
import { booleanField, choiceField } from '../core/fields.js';
import { controlFields, functionField, valueField } from '../core/options.js';
import { provenance } from '../core/provenance.js';
import { channel } from './channel.js';
import { type Disk, disk } from './disk.js';
import type { Executor } from './executor.js';
import type { Job } from './job.js';
import { type DamagedLine, openJournal } from './journal.js';
import { localExecutor } from './local.js';
import { heaviestFirst, type PendingReason, pendingJobs, shardOf } from './pending.js';
import { type ExpandedPlan, expandPlan, type PlannedJob, type SweepPlan } from './plan.js';
import { progressCounter, type SweepProgress } from './progress.js';
import { decodeRow, encodeRow, type Outcome, type SweepRow } from './rows.js';
import type { VerbTable } from './verb.js';

/** Options of a sweep. */
export interface SweepOptions {
  /** Journal file: made, or resumed when it is there. Without one the rows live in memory only. */
  readonly journal?: string;
  /** Where jobs run. Default: `localExecutor()`. */
  readonly executor?: Executor;
  /** Run only this share of the jobs: `{ index: 1, count: 8 }` is the first of eight. */
  readonly shard?: { readonly index: number; readonly count: number };
  /** After a failed job: go on (default), or finish the running ones and stop. */
  readonly onError?: 'continue' | 'stop';
  /** Run only jobs whose row says they failed. */
  readonly retryFailed?: boolean;
  /** Ends everything now; the iteration throws `signal.reason`. */
  readonly signal?: AbortSignal;
  /** Finishes the running jobs, then ends the iteration. */
  readonly drain?: AbortSignal;
  readonly onProgress?: (progress: SweepProgress) => void;
  readonly onWarning?: (message: string) => void;
  /** What plans may ask for and how the disk is written; others in tests. */
  readonly verbs?: VerbTable;
  readonly disk?: Disk;
}

const anyField = (expected: string) =>
  valueField((value) => typeof value === 'object' && value !== null, expected, expected);

/** The options of everything that runs a plan. */
export const runningFields = {
  ...controlFields,
  journal: z.string().min(1).optional().meta({ expected: 'the path of a file', description: 'The journal.' }),
  executor: valueField(
    (value) => typeof (value as Partial<Executor> | null)?.execute === 'function',
    'an executor',
    'Where jobs run.',
  ),
  onError: choiceField(['continue', 'stop'], 'What follows a failed job.').optional(),
  drain: controlFields.signal,
  onWarning: functionField('Told what is no failure.'),
  verbs: anyField('a table of verbs'),
  disk: anyField('a disk'),
};

const sweepOptions = z.strictObject({
  ...runningFields,
  shard: anyField('an object with `index` and `count`'),
  retryFailed: booleanField('Run only jobs that failed.').optional(),
});

/** How a sweep ended. */
export interface SweepSummary {
  readonly jobs: number;
  /** Jobs that were done before this run. */
  readonly resumed: number;
  readonly ran: number;
  readonly failed: number;
  /** Jobs still to be run: the run was drained, stopped at an error, or left new ones alone (`retryFailed`). */
  readonly missing: number;
  readonly reasons: Readonly<Partial<Record<PendingReason, number>>>;
  readonly damaged: readonly DamagedLine[];
}

/**
 * Runs a plan and yields its rows: first those the journal already has, then the others as they finish. Run again with the
 * same journal, it runs only what is missing; a job that failed is missing.
 *
 * @param plan what to run
 * @param options journal, executor, shard, what to do at an error
 * @returns an iterator over rows; `result` is what the verb returns. Its return value sums the run up.
 * @throws MftError (the iteration) for a bad plan before anything runs; ERR_MFT_JOURNAL_LOCKED, ERR_MFT_JOURNAL_MISMATCH,
 * ERR_MFT_DISK; a failing job is a row with `status: 'failed'`, not an exception
 *
 * **Numerics**: a row does not depend on the executor, the order or the number of processes.
 * **Source**: ours.
 *
 * @example
 * const plan = { verb: 'simulate', base: { system: 'feedforward', width: 100, depth: 10 }, axes: { weightVariance: [1, 2] } };
 * for await (const row of sweep(plan, { journal: 'rows.jsonl' })) console.log(row.spec.weightVariance, row.status);
 */
export async function* sweep(plan: SweepPlan, options: SweepOptions = {}): AsyncGenerator<SweepRow, SweepSummary> {
  const checked = parse(sweepOptions, options, 'options') as SweepOptions;
  const rows = channel<string>(256);
  const abandoned = new AbortController();
  const signal = checked.signal === undefined ? abandoned.signal : AbortSignal.any([checked.signal, abandoned.signal]);
  const expanded = await expandPlan(plan, checked.verbs, { signal });
  const summary = runPlan(expanded, { ...checked, signal }, rows.push);
  summary.then(
    () => rows.close(),
    (error: unknown) => rows.close(error),
  );
  try {
    for await (const line of rows.items) yield await decodeRow(line, checked.journal);
    return await summary;
  } finally {
    abandoned.abort(new Error('The rows of the sweep were not read to the end.'));
    await summary.catch(() => undefined);
  }
}

type LineSink = (line: string) => Promise<void>;

/** Runs an expanded plan; `onLine` gets the lines of rows that were there, then those that are made, once on disk. */
export async function runPlan(expanded: ExpandedPlan, options: SweepOptions, onLine?: LineSink): Promise<SweepSummary> {
  const jobs = options.shard === undefined ? expanded.jobs : shardOf(expanded.jobs, checkedShard(options.shard));
  options.signal?.throwIfAborted();
  const journal =
    options.journal === undefined
      ? undefined
      : await openJournal(options.journal, manifestOf(expanded, options), options.disk);
  try {
    const index = journal?.index;
    for (const { line, reason } of index?.damaged ?? [])
      options.onWarning?.(
        `Line ${line} of ${options.journal} cannot be used: ${reason}. It is left as it is; its job runs again.`,
      );
    const pending = pendingJobs(jobs, index, options.retryFailed);
    let resumed = 0;
    for (const { key } of jobs) {
      const entry = index?.rows.get(key);
      if (entry?.status !== 'done') continue;
      resumed++;
      if (onLine !== undefined && journal !== undefined) await onLine(await journal.read(entry));
    }
    const { ran, failed } = await drive(
      expanded,
      heaviestFirst(pending.map(({ job }) => job)),
      options,
      async (job, outcome) => {
        const line = await encodeRow(job, outcome, options.journal, options.disk ?? disk);
        await journal?.append(line);
        await onLine?.(line);
      },
      journal?.lost,
    );
    options.signal?.throwIfAborted();
    const reasons: Partial<Record<PendingReason, number>> = {};
    for (const { reason } of pending) reasons[reason] = (reasons[reason] ?? 0) + 1;
    return {
      jobs: jobs.length,
      resumed,
      ran,
      failed,
      missing: jobs.length - resumed - ran,
      reasons,
      damaged: index?.damaged ?? [],
    };
  } finally {
    await journal?.close();
  }
}

/** More rows than this on their way to the disk hold the executor back. */
const largestBacklog = 512;

/** Feeds the executor and records what comes back, several rows at a time, so that they can share a sync. */
async function drive(
  expanded: ExpandedPlan,
  planned: readonly PlannedJob[],
  options: SweepOptions,
  record: (job: Job, outcome: Outcome) => Promise<void>,
  lost?: Promise<unknown>,
): Promise<{ ran: number; failed: number }> {
  const drain = new AbortController();
  const stop = new AbortController();
  void lost?.then((error) => stop.abort(error));
  const jobs: Job[] = [];
  const tick = ticker(planned.length, { signal: either(stop.signal, options.signal) });
  for (const one of planned) {
    if (options.drain?.aborted) return { ran: 0, failed: 0 };
    jobs.push(await expanded.job(one));
    await tick(jobs.length);
  }
  const waiting = new Map(jobs.map((job, i) => [job.key, { job, cost: planned[i]?.cost ?? 1 }]));
  const writes = new Set<Promise<void>>();
  const count = progressCounter(planned, options.onProgress);
  let failed = 0;
  const control = {
    drain: either(drain.signal, options.drain),
    stop: either(stop.signal, options.signal),
    stopAtFailure: options.onError === 'stop',
    warn: options.onWarning ?? (() => undefined),
  };
  const executor = options.executor ?? localExecutor();
  if (jobs.length === 0) return { ran: 0, failed };
  for await (const outcome of executor.execute(jobs, control)) {
    const running = waiting.get(outcome.key);
    if (running === undefined) continue;
    waiting.delete(outcome.key);
    const write: Promise<void> = record(running.job, outcome).then(() => void writes.delete(write));
    write.catch((error: unknown) => stop.abort(error));
    writes.add(write);
    if (writes.size >= largestBacklog) await Promise.race(writes);
    if (outcome.status === 'failed') failed++;
    count(running.cost, failed);
    if (outcome.status === 'failed' && options.onError === 'stop') drain.abort();
  }
  await Promise.all(writes);
  return { ran: jobs.length - waiting.size, failed };
}

function either(own: AbortSignal, other: AbortSignal | undefined): AbortSignal {
  return other === undefined ? own : AbortSignal.any([own, other]);
}

function checkedShard(shard: { readonly index: number; readonly count: number }): {
  readonly index: number;
  readonly count: number;
} {
  const { index, count } = shard;
  if (Number.isInteger(index) && Number.isInteger(count) && index >= 1 && index <= count) return shard;
  throw expectedError('ERR_MFT_OUT_OF_RANGE', 'shard', 'i/n with whole numbers 1 <= i <= n', `${index}/${count}`);
}

/** What the first line of a journal says about the run that writes it. */
function manifestOf(expanded: ExpandedPlan, options: SweepOptions): Readonly<Record<string, unknown>> {
  const { systemVersion: _, ...environment } = provenance(0);
  const systems = Object.fromEntries(expanded.jobs.map((job) => [job.system, job.systemVersion]));
  const shard = options.shard === undefined ? {} : { shard: `${options.shard.index}/${options.shard.count}` };
  return { plan: expanded.plan, planHash: expanded.hash, axes: expanded.axisNames, systems, ...environment, ...shard };
}
