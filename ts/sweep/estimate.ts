// What a sweep will need, before it runs: jobs and why, processor time from a measured probe, memory, disk.
import { processorsAllowed } from '../core/memory.js';
import type { Job } from './job.js';
import { heaviestFirst } from './pending.js';
import type { ExpandedPlan, PlannedJob } from './plan.js';
import { processPool } from './processes.js';
import { spread } from './spread.js';
import type { VerbTable } from './verb.js';

interface SweepEstimate {
  readonly jobs: number;
  /** Processor time of all jobs; undefined when no probe finished. */
  readonly coreHours?: number;
  /** With all processes busy. */
  readonly hours?: number;
  /** Peak memory of all processes together. */
  readonly memoryBytes: number;
  readonly diskBytes?: number;
  readonly processes: number;
  /** Jobs that were run (with few trials) to measure. */
  readonly probes: number;
}

interface EstimateOptions {
  readonly processes?: number | undefined;
  /** Seconds to spend on measuring. Default 10. */
  readonly budgetSeconds?: number;
  readonly childModule?: URL | undefined;
}

const mostProbes = 6;
const probeTrials = 2;
/** A Node process with the addon, before a job allocates anything. */
const processBytes = 100 * 2 ** 20;
const bytesAroundResult = 1200;

/**
 * Estimates what the jobs need. A few of them, from the lightest to the heaviest, are really run in a child process, with at
 * most two trials; the others are scaled from the nearest measured one by their relative cost (trials × depth × width or
 * width²). Expect the right order of magnitude, usually a factor below 2.
 */
export async function estimateJobs(
  { job: whole }: ExpandedPlan,
  jobs: readonly PlannedJob[],
  verbs: VerbTable,
  options: EstimateOptions = {},
): Promise<SweepEstimate> {
  const processes = Math.max(1, Math.min(options.processes ?? processorsAllowed(), jobs.length));
  let largest = 0;
  for (const planned of jobs) {
    const job = await whole(planned);
    largest = Math.max(largest, (await verbs[job.verb]?.memory(job)) ?? 0);
  }
  const fixed = { jobs: jobs.length, memoryBytes: processes * (processBytes + largest), processes };
  const probed = await Promise.all(spread(heaviestFirst(jobs).reverse(), mostProbes).map(whole));
  const measured = await probe(probed, verbs, options);
  if (measured.length === 0) return { ...fixed, probes: 0 };
  let seconds = 0;
  for (const { cost } of jobs) {
    const near = nearest(measured, cost);
    seconds += (near.seconds * cost) / near.cost;
  }
  const bytes = measured.reduce((sum, one) => sum + one.bytes, 0) / measured.length + bytesAroundResult;
  return {
    ...fixed,
    coreHours: seconds / 3600,
    hours: seconds / 3600 / processes,
    diskBytes: Math.ceil(bytes * jobs.length),
    probes: measured.length,
  };
}

interface Measured {
  readonly cost: number;
  readonly seconds: number;
  readonly bytes: number;
}

async function probe(jobs: readonly Job[], verbs: VerbTable, options: EstimateOptions): Promise<Measured[]> {
  const budget = options.budgetSeconds ?? 10;
  const pool = processPool({ processes: 1, maxSeconds: budget, childModule: options.childModule });
  const measured: Measured[] = [];
  const started = performance.now();
  try {
    for (const job of jobs) {
      const small = withFewTrials(job);
      // The first run pays for loading and warming up; only the second one counts.
      if (measured.length === 0) await pool.run(small);
      const before = performance.now();
      const outcome = await pool.run(small);
      if (outcome.status === 'done')
        measured.push({
          cost: (await verbs[small.verb]?.cost(small)) ?? 1,
          seconds: (performance.now() - before) / 1000,
          bytes: outcome.result.length,
        });
      if ((performance.now() - started) / 1000 > budget) break;
    }
  } finally {
    pool.end();
  }
  return measured;
}

function withFewTrials(job: Job): Job {
  const trials = job.run?.trials;
  return typeof trials === 'number' ? { ...job, run: { ...job.run, trials: Math.min(trials, probeTrials) } } : job;
}

function nearest(measured: readonly Measured[], cost: number): Measured {
  const distance = (one: Measured): number => Math.abs(Math.log(one.cost / cost));
  return measured.reduce((best, one) => (distance(one) < distance(best) ? one : best));
}
