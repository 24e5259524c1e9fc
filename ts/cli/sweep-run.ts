// mft sweep run and its dry run.
import { expectedError, MftError } from '../core/errors.js';
import { printable } from '../core/text.js';
import { estimateJobs } from '../sweep/estimate.js';
import type { Executor } from '../sweep/executor.js';
import { readableJournal } from '../sweep/journal.js';
import { localExecutor } from '../sweep/local.js';
import { pendingJobs, shardOf } from '../sweep/pending.js';
import { expandPlan, type SweepPlan } from '../sweep/plan.js';
import { runPlan, type SweepOptions, type SweepSummary } from '../sweep/run.js';
import { verbs } from '../sweep/verbs.js';
import { exitCodes, interruptionCode, onInterruption } from './exit.js';
import { printJson, table } from './output.js';
import { sweepBar } from './progress.js';

export interface RunFlags {
  readonly journal: string;
  readonly dryRun?: boolean;
  readonly retryFailed?: boolean;
  readonly processes?: string;
  readonly shard?: string;
  readonly onError: 'continue' | 'stop';
  readonly executor: 'local' | 'bullmq';
  readonly redis?: string;
  readonly insecure?: boolean;
  readonly maxSeconds?: string;
  readonly maxMemory?: string;
  readonly json?: boolean;
}

/** A positive number from a flag. */
export function positive(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (Number.isFinite(value) && value > 0) return value;
  throw expectedError('ERR_MFT_INVALID_ARGUMENT', name, 'a number > 0', text);
}

function whole(name: string, text: string | undefined): number | undefined {
  const value = positive(name, text);
  if (value === undefined || Number.isInteger(value)) return value;
  throw expectedError('ERR_MFT_INVALID_ARGUMENT', name, 'a whole number', text);
}

function shardIn(text: string | undefined): { readonly index: number; readonly count: number } | undefined {
  if (text === undefined) return undefined;
  const match = /^(\d+)\/(\d+)$/.exec(text);
  const [index, count] = [Number(match?.[1]), Number(match?.[2])];
  if (index >= 1 && index <= count) return { index, count };
  throw expectedError('ERR_MFT_INVALID_ARGUMENT', 'shard', 'i/n with 1 <= i <= n', text);
}

async function executorFor(flags: RunFlags): Promise<Executor> {
  const limits = {
    maxSeconds: positive('max-seconds', flags.maxSeconds),
    maxMemory: positive('max-memory', flags.maxMemory),
  };
  if (flags.executor === 'local') return localExecutor({ processes: whole('processes', flags.processes), ...limits });
  const foreign = (
    [
      ['processes', flags.processes],
      ['max-seconds', flags.maxSeconds],
      ['max-memory', flags.maxMemory],
    ] as const
  ).find(([, value]) => value !== undefined);
  if (foreign !== undefined)
    throw new MftError(
      'ERR_MFT_INVALID_ARGUMENT',
      `--${foreign[0]} is for the processes of this machine; with --executor bullmq give it to \`mft worker\`.`,
      { parameter: foreign[0] },
    );
  const { queueExecutor } = await import('../sweep/queue/coordinator.js');
  return queueExecutor({ redis: flags.redis, isInsecure: flags.insecure === true });
}

/** What running a plan from the command line needs: the first Ctrl-C finishes the running jobs, the second ends them. */
export async function sweepControl(flags: RunFlags): Promise<{
  readonly control: SweepOptions & { readonly signal: AbortSignal; readonly drain: AbortSignal };
  readonly wasInterrupted: () => boolean;
  readonly end: () => void;
}> {
  const executor = await executorFor(flags);
  const drain = new AbortController();
  const stop = new AbortController();
  const interrupt = (): void => {
    if (drain.signal.aborted) stop.abort();
    else process.stderr.write('\nmft: finishing the running jobs; press Ctrl-C again to end them\n');
    drain.abort();
  };
  const forget = onInterruption(interrupt);
  const bar = await sweepBar();
  return {
    control: {
      executor,
      onError: flags.onError,
      signal: stop.signal,
      drain: drain.signal,
      onProgress: bar.onProgress,
      onWarning: (message: string): void => void process.stderr.write(`mft: warning: ${printable(message)}\n`),
    },
    wasInterrupted: () => drain.signal.aborted,
    end: (): void => {
      bar.stop();
      forget();
    },
  };
}

/** Runs a plan, and says how it ended. */
export async function runSweep(plan: SweepPlan, flags: RunFlags): Promise<void> {
  const shard = shardIn(flags.shard);
  const { control, wasInterrupted, end } = await sweepControl(flags);
  try {
    const summary = await runPlan(
      await expandPlan(plan, verbs, { signal: AbortSignal.any([control.drain, control.signal]) }),
      {
        ...control,
        journal: flags.journal,
        retryFailed: flags.retryFailed === true,
        ...(shard === undefined ? {} : { shard }),
      },
    );
    end();
    report(summary, flags.json === true);
    if (wasInterrupted() && summary.missing > 0) process.exitCode = interruptionCode();
    else if (summary.failed > 0) process.exitCode = exitCodes.failedJobs;
  } finally {
    end();
  }
}

function report(summary: SweepSummary, asJson: boolean): void {
  const { jobs, resumed, ran, failed, missing } = summary;
  if (asJson) printJson(summary);
  else
    process.stderr.write(`mft: ${jobs} jobs: ${resumed} were done, ${ran} ran, ${failed} failed, ${missing} missing\n`);
}

const shownJobs = 40;

/** Says what would run, why, and what it would need. */
export async function dryRun(plan: SweepPlan, flags: RunFlags): Promise<void> {
  const expanded = await expandPlan(plan);
  const shard = shardIn(flags.shard);
  const jobs = shard === undefined ? expanded.jobs : shardOf(expanded.jobs, shard);
  const stored = await readableJournal(flags.journal).catch((error: unknown) => {
    if (error instanceof Error && (error.cause as { code?: string } | undefined)?.code === 'ENOENT') return undefined;
    throw error;
  });
  await stored?.handle.close();
  const pending = pendingJobs(jobs, stored?.index, flags.retryFailed);
  const estimate = await estimateJobs(
    expanded,
    pending.map(({ job }) => job),
    verbs,
    { processes: whole('processes', flags.processes) },
  );
  const where = (spec: Readonly<Record<string, unknown>>): string =>
    expanded.axisNames.map((name) => `${name}=${JSON.stringify(at(spec, name))}`).join(' ');
  const shown = flags.json === true ? pending : pending.slice(0, shownJobs);
  const reasons = await Promise.all(
    shown.map(async ({ job, why }) => {
      const { spec, run } = await expanded.job(job);
      return { key: job.key, point: where({ ...spec, run }), why };
    }),
  );
  if (flags.json === true)
    return printJson({
      planHash: expanded.hash,
      jobs: jobs.length,
      duplicates: expanded.duplicates,
      pending: reasons,
      damaged: stored?.index.damaged ?? [],
      estimate,
    });
  const gibibytes = (bytes: number): string => `${(bytes / 2 ** 30).toPrecision(3)} GiB`;
  const rows = [
    ['jobs in the plan', String(jobs.length)],
    ['to run', String(pending.length)],
    [
      'core-hours',
      estimate.coreHours === undefined
        ? 'unknown: the probe did not finish'
        : `about ${estimate.coreHours.toPrecision(2)} (${estimate.probes} probes)`,
    ],
    [
      'hours',
      estimate.hours === undefined
        ? 'unknown'
        : `about ${estimate.hours.toPrecision(2)} on ${estimate.processes} processes`,
    ],
    ['memory', `about ${gibibytes(estimate.memoryBytes)}`],
    ['disk', estimate.diskBytes === undefined ? 'unknown' : `about ${gibibytes(estimate.diskBytes)}`],
  ];
  process.stdout.write(`${table(['dry run', ''], rows)}\n\n`);
  for (const { key, point, why } of reasons) process.stdout.write(`${key.slice(0, 12)}  ${point}  ${why}\n`);
  if (pending.length > shownJobs)
    process.stdout.write(`... and ${pending.length - shownJobs} more (--json lists all)\n`);
}

function at(value: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((inner, key) => (inner as Record<string, unknown> | undefined)?.[key], value);
}
