// mft worker: takes jobs from the queue, runs each in a child process, sends signed rows back.
import { setTimeout as sleep } from 'node:timers/promises';
import { MftError } from '../../core/errors.js';
import { processorsAllowed } from '../../core/memory.js';
import type { JobLimits } from '../executor.js';
import type { Job } from '../job.js';
import { processPool } from '../processes.js';
import { jobError, type Outcome } from '../rows.js';
import type { VerbTable } from '../verb.js';
import { verbs as allVerbs } from '../verbs.js';
import { type ConnectionRequest, connectRedis, redisTarget, scrubbed } from './connection.js';
import { openJob, queueSecret, sealOutcome } from './envelope.js';
import { quiet } from './messages.js';
import { queueIdOf, queueNameFor, queuePrefix } from './names.js';
import { announce } from './presence.js';

interface WorkerOptions extends ConnectionRequest, JobLimits {
  readonly processes?: number | undefined;
  /** Aborted: finish the running jobs and return. */
  readonly drain: AbortSignal;
  /** Aborted: end everything now. */
  readonly stop: AbortSignal;
  readonly log: (message: string) => void;
  readonly verbs?: VerbTable;
  readonly childModule?: URL | undefined;
  /** Lease of a job; a worker that dies loses its jobs after this time. Default 30000. */
  readonly leaseMilliseconds?: number;
}

/** How often the jobs of dead workers are looked for, and how often one job may lose its worker. */
const stalledShare = 0.5;
const mostStalls = 5;

/** A worker that refuses job after job pauses, longer each time, so that it does not take them from those who can run them. */
const [firstPause, longestPause] = [100, 2000];

/**
 * Works on the queue until drained or stopped. Refuses a job that is forged, too long, of an unknown verb, of another version
 * or that names a path, says why, and goes on.
 *
 * @throws MftError (rejects) ERR_MFT_MISSING_PEER, ERR_MFT_QUEUE
 */
export async function runWorker(options: WorkerOptions): Promise<void> {
  const { verbs = allVerbs } = options;
  const log = quiet(options.log);
  const secret = queueSecret();
  const target = redisTarget(options);
  const { Worker, UnrecoverableError } = await import('bullmq').catch((cause: unknown) => {
    throw new MftError('ERR_MFT_MISSING_PEER', 'A worker needs two more packages: npm install bullmq ioredis', {
      parameter: 'bullmq',
      cause,
    });
  });
  const client = await connectRedis(target, log);
  const processes = options.processes ?? processorsAllowed();
  const pool = processPool({
    processes,
    maxSeconds: options.maxSeconds,
    maxMemory: options.maxMemory,
    childModule: options.childModule,
  });
  const lease = options.leaseMilliseconds ?? 30_000;

  let refusals = 0;
  let running = 0;
  async function accepted(data: unknown, id: string | undefined): Promise<Job> {
    try {
      const job = await openJob(data, secret, verbs);
      if (queueIdOf(job.key) !== id)
        throw new MftError('ERR_MFT_QUEUE', 'Job refused: its name in the queue is not its key.', { parameter: 'job' });
      refusals = 0;
      return job;
    } catch (error) {
      const { message } = jobError(error);
      log(refusals === 0 ? `${message} (${String(id).slice(0, 80)})` : message);
      const pause = Math.min(longestPause, firstPause * 2 ** Math.min(refusals++, 20));
      await sleep(pause, undefined, { signal: AbortSignal.any([options.drain, options.stop]) }).catch(() => undefined);
      // Another worker may have the version this one lacks; everything else is refused by all.
      if (error instanceof MftError && error.code === 'ERR_MFT_UNSUPPORTED') throw new Error(message);
      throw new UnrecoverableError(message);
    }
  }

  async function outcomeOf(job: Job, isLastAttempt: boolean): Promise<Outcome> {
    const needed = (await verbs[job.verb]?.memory(job)) ?? 0;
    if (options.maxMemory !== undefined && needed > options.maxMemory) {
      const error = jobError(
        new MftError(
          'ERR_MFT_MEMORY',
          `This job needs about ${Math.ceil(needed)} bytes, more than this worker allows (max-memory ${options.maxMemory}).`,
          { parameter: 'maxMemory' },
        ),
      );
      return { key: job.key, status: 'failed', error, meta: { seconds: 0 } };
    }
    const outcome = await pool.run(job);
    if (outcome.status === 'failed' && outcome.meta.crashed === true && !isLastAttempt)
      throw new Error(outcome.error.message);
    return outcome;
  }

  const queueName = await queueNameFor(secret);
  const worker = new Worker(
    queueName,
    async (entry) => {
      running++;
      try {
        const job = await accepted(entry.data, entry.id);
        return sealOutcome(await outcomeOf(job, entry.attemptsMade + 1 >= (entry.opts.attempts ?? 1)), secret);
      } finally {
        running--;
      }
    },
    {
      connection: client,
      prefix: queuePrefix,
      concurrency: processes,
      lockDuration: lease,
      stalledInterval: lease * stalledShare,
      maxStalledCount: mostStalls,
    },
  );
  worker.on('error', (error) => log(scrubbed(error.message, target)));
  worker.on('stalled', (id) => log(`Job ${id.slice(0, 16)} lost its worker and is offered again.`));
  log(`Worker with ${processes} processes on ${target.host}:${target.port}.`);
  const leave = announce(client, queueName);
  try {
    await Promise.race([aborted(options.drain), aborted(options.stop)]);
    // close() waits for the running jobs, and for Redis: not for one that is away when nothing runs.
    let isClosed = false;
    worker.close().then(
      () => (isClosed = true),
      () => (isClosed = true),
    );
    const isIdleAlone = (): boolean => running === 0 && client.status !== 'ready';
    while (!isClosed && !options.stop.aborted && !isIdleAlone()) await sleep(100);
  } finally {
    pool.end();
    await Promise.race([Promise.all([leave(), worker.close(true).catch(() => undefined)]), sleep(1000)]);
    client.disconnect();
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
