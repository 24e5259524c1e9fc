// Which jobs of a plan still have to run, and why each of them does.
import { type JournalIndex, newestVersions } from './journal.js';
import type { PlannedJob } from './plan.js';

/** Why a job runs. */
export type PendingReason = 'new' | 'failed' | 'version' | 'damaged';

interface PendingJob {
  readonly job: PlannedJob;
  readonly reason: PendingReason;
  /** The reason in words. */
  readonly why: string;
}

/** The jobs to run, in the order of the plan; with `onlyFailed` those whose row says they failed. */
export function pendingJobs(
  jobs: readonly PlannedJob[],
  index: JournalIndex | undefined,
  onlyFailed = false,
): PendingJob[] {
  if (index === undefined) return jobs.map((job) => ({ job, reason: 'new', why: 'new' }));
  const damaged = new Map(index.damaged.flatMap((line) => (line.key === undefined ? [] : [[line.key, line] as const])));
  let versions: ReadonlyMap<string, number> | undefined;
  return jobs.flatMap((job): PendingJob[] => {
    const stored = index.rows.get(job.key);
    if (stored?.status === 'done') return [];
    if (stored?.status === 'failed') return [{ job, reason: 'failed', why: `failed before (line ${stored.line})` }];
    if (onlyFailed) return [];
    const line = damaged.get(job.key);
    if (line !== undefined)
      return [{ job, reason: 'damaged', why: `line ${line.line} cannot be used: ${line.reason}` }];
    versions ??= newestVersions(index);
    const version = versions.get(job.point);
    if (version === undefined) return [{ job, reason: 'new', why: 'new' }];
    return [
      {
        job,
        reason: 'version',
        why: `version of system ${job.system} changed from ${version} to ${job.systemVersion}`,
      },
    ];
  });
}

/** The jobs of shard `index` (counted from 1) of `count`: dealt by cost, so that shards take about the same time. */
export function shardOf(
  jobs: readonly PlannedJob[],
  shard: { readonly index: number; readonly count: number },
): PlannedJob[] {
  return heaviestFirst(jobs).filter((_, i) => i % shard.count === shard.index - 1);
}

/** Jobs by falling cost; equal ones by key, so that the order is the same everywhere. */
export function heaviestFirst(jobs: readonly PlannedJob[]): PlannedJob[] {
  return [...jobs].sort((a, b) => b.cost - a.cost || (a.key < b.key ? -1 : 1));
}
