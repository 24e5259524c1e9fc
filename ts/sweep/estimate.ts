// What a sweep will need, before it runs: jobs and why, processor time from a measured probe, memory, disk.
import { processorsAllowed } from '../core/memory.js';
import type { Job } from './job.js';
import { heaviestFirst } from './pending.js';
import type { ExpandedPlan, PlannedJob } from './plan.js';
import { processPool } from './processes.js';
import type { Outcome } from './rows.js';
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
  /** Processor seconds to spend on measuring: a busy machine takes longer and measures the same. Default 10. */
  readonly budgetSeconds?: number;
  readonly childModule?: URL | undefined;
}

const mostProbes = 6;
/** Trials, or steps of training, of the first attempt. */
const fewest = 2;
/** A probe is long enough, in processor seconds, that what comes before the first trial does not count. */
const longEnough = 0.05;
/** From one attempt to the next. */
const mostGrowth = 64;
/** A machine this busy is waited for; on a busier one a probe ends unmeasured. */
const mostBusy = 12;
/** A Node process with the addon, before a job allocates anything. */
const processBytes = 100 * 2 ** 20;
const bytesAroundResult = 1200;

/**
 * Estimates what the jobs need. A few of them, from the lightest to the heaviest, are really run in a child process, with so
 * many trials (or steps of training) that this takes 0.05 s of processor time, or all; the others are scaled from the nearest
 * measured ones by the arithmetic that the system says. Usually within a factor 2 (bench/estimates).
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
  for (const { cost } of jobs) seconds += cost * secondsPerCost(measured, cost);
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
  const pool = processPool({
    processes: 1,
    maxProcessorSeconds: budget,
    maxSeconds: mostBusy * budget,
    childModule: options.childModule,
  });
  const measured: Measured[] = [];
  let spent = 0;
  const run = async (job: Job): Promise<Outcome> => {
    const outcome = await pool.run(job);
    spent += secondsOf(outcome);
    return outcome;
  };
  try {
    for (const job of endsFirst(jobs)) {
      // The first run pays for loading and warming up.
      if (measured.length === 0) await run(await shortened(job, fewest, verbs));
      const one = await measure(job, verbs, run);
      if (one !== undefined) measured.push(one);
      if (spent > budget) break;
    }
  } finally {
    pool.end();
  }
  return measured;
}

/** Lightest, heaviest, then between them: from one end alone the other is far. */
const endsFirst = <T>(jobs: readonly T[]): readonly T[] => [
  ...jobs.slice(0, 1),
  ...jobs.slice(1).slice(-1),
  ...jobs.slice(1, -1),
];

const secondsOf = ({ meta }: Outcome): number => meta.processorSeconds ?? meta.seconds;

/** Runs as much of a job as it takes to measure. */
async function measure(job: Job, verbs: VerbTable, run: (job: Job) => Promise<Outcome>): Promise<Measured | undefined> {
  const costOf = async (one: Job): Promise<number> => (await verbs[one.verb]?.cost(one)) ?? 1;
  const whole = await costOf(job);
  for (let amount = fewest; ; ) {
    const small = await shortened(job, amount, verbs);
    const part = await costOf(small);
    const isWhole = small === job || part >= whole;
    const outcome = await run(isWhole ? job : small);
    // A fit of few trials may find nothing to fit; a job that fails as a whole is no measure.
    if (outcome.status !== 'done') {
      if (isWhole || outcome.meta.crashed !== undefined) return undefined;
      amount *= mostGrowth;
      continue;
    }
    const seconds = secondsOf(outcome);
    if (isWhole || seconds >= longEnough)
      return { cost: isWhole ? whole : part, seconds, bytes: outcome.result.length };
    amount = Math.ceil(amount * Math.min(mostGrowth, Math.max(2, (1.5 * longEnough) / Math.max(seconds, 1e-6))));
  }
}

/** The job with at most so many trials or steps; the job itself where it has none of either. */
async function shortened(job: Job, amount: number, verbs: VerbTable): Promise<Job> {
  const { trials, steps, epochs: _, ...others } = (job.run ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof trials === 'number') return trials <= amount ? job : { ...job, run: { ...job.run, trials: amount } };
  if (typeof steps === 'number' && steps <= amount) return job;
  if ((await verbs[job.verb]?.hasSteps?.(job)) !== true) return job;
  return { ...job, run: { ...others, steps: amount } };
}

/** Of the nearest measured jobs: their mean where several cost the same, as those do whose parameters the cost does not know. */
function secondsPerCost(measured: readonly Measured[], cost: number): number {
  const distance = (one: Measured): number => Math.abs(Math.log(one.cost / cost));
  const least = Math.min(...measured.map(distance));
  const near = measured.filter((one) => distance(one) === least);
  return near.reduce((sum, one) => sum + one.seconds / one.cost, 0) / near.length;
}
