// The executor on a queue. The coordinator holds the truth (plan and journal); Redis holds only what is in flight, and may be
// emptied or restarted at any time: what is missing there is put there again.
import * as z from 'zod';
import { parse } from '../../core/checks.js';
import { booleanField, wholeField } from '../../core/fields.js';
import { setTimeout as sleep } from 'node:timers/promises';
import { MftError } from '../../core/errors.js';
import type { Executor, ExecutorControl } from '../executor.js';
import type { Job } from '../job.js';
import { type JobError, jobError, type Outcome } from '../rows.js';
import { type ConnectionRequest, connectRedis, redisTarget, scrubbed } from './connection.js';
import { openOutcome, queueSecret, sealJob } from './envelope.js';
import { quiet } from './messages.js';
import { queueIdOf, queueNameFor, queuePrefix } from './names.js';
import { presentWorkers } from './presence.js';
import { troubleOf } from './troubles.js';

export interface QueueOptions extends ConnectionRequest {
  /** Jobs in the queue at a time. Default 256. */
  readonly inFlight?: number;
  /** Times a job is started before its failure counts (a failure of the worker, not one the job reports). Default 3. */
  readonly attempts?: number;
  /** First pause before the next attempt; doubles. Default 1000. */
  readonly backoffMilliseconds?: number;
}

const queueOptions = z.strictObject({
  redis: z.string().optional().meta({ expected: 'a redis:// or rediss:// URL', description: 'The server.' }),
  isInsecure: booleanField('Allow a server that is neither here nor reached by TLS.').optional(),
  inFlight: wholeField(1, 1_000_000, 'Jobs in the queue at a time.').optional(),
  attempts: wholeField(1, 1000, 'Times a job is started.').optional(),
  backoffMilliseconds: wholeField(0, 86_400_000, 'First pause before the next attempt.').optional(),
});

const pollMilliseconds = 100;
/** A job that comes back without a trustworthy outcome is offered again, but not for ever. */
const mostRefusals = 3;
/** What waits in no list of the queue for this long was lost (an eviction, a partial restore) and is offered again. */
const lostMilliseconds = 10_000;
/** A sweep whose jobs nobody takes says so after the first, one that makes no progress after each of the second. */
const [untakenMilliseconds, silentMilliseconds] = [10_000, 60_000];
const retryMilliseconds = 1000;

/**
 * Runs jobs on `mft worker` processes anywhere, through BullMQ on Redis. Every job is offered at least once; a job that runs
 * twice gives the same row, and only one is kept.
 *
 * @param given where Redis is, jobs in the queue at a time, how often a job is tried
 * @returns an executor for `sweep`
 * @throws MftError (when it runs) ERR_MFT_MISSING_PEER without bullmq; ERR_MFT_QUEUE when Redis does not answer
 *
 * **Numerics**: the rows are those of any other executor, bit for bit.
 * **Source**: BullMQ; delivery at least once, rows kept once, is ours.
 *
 * @example
 * const plan = { verb: 'predict', base: { system: 'feedforward' }, axes: { depth: [5, 10] } };
 * const jobs = sweep(plan, { executor: queueExecutor({ redis: 'redis://localhost:6379' }), journal: 'rows.jsonl' });
 */
export function queueExecutor(given: QueueOptions = {}): Executor {
  const options = parse(queueOptions, given, 'options') as QueueOptions;
  return { name: 'bullmq', execute: (jobs, control) => execute(jobs, control, options) };
}

async function* execute(
  jobs: readonly Job[],
  control: ExecutorControl,
  options: QueueOptions,
): AsyncGenerator<Outcome, void> {
  const secret = queueSecret();
  const target = redisTarget(options);
  const { Queue } = await import('bullmq').catch((cause: unknown) => {
    throw new MftError(
      'ERR_MFT_MISSING_PEER',
      'The bullmq executor needs two more packages: npm install bullmq ioredis',
      { parameter: 'bullmq', cause },
    );
  });
  const warn = quiet(control.warn);
  const stopped = new Promise<never>((_, reject) => {
    const refuse = (): void => reject(control.stop.reason);
    if (control.stop.aborted) refuse();
    else control.stop.addEventListener('abort', refuse, { once: true });
  });
  stopped.catch(() => undefined);
  // A command to a server that is away waits for it: never longer than until this side is told to stop.
  const orStop = <T>(promise: Promise<T>): Promise<T> => Promise.race([promise, stopped]);
  const pause = (): Promise<unknown> => orStop(sleep(retryMilliseconds));
  const queueName = await queueNameFor(secret);
  const client = await orStop(connectRedis(target, warn));
  const queue = new Queue(queueName, { connection: client, prefix: queuePrefix });
  queue.on('error', () => undefined); // the connection reports its errors itself
  const inFlight = new Map<string, Entry>();
  const waiting = [...jobs].reverse();
  const jobOptions = {
    attempts: options.attempts ?? 3,
    backoff: { type: 'exponential', delay: options.backoffMilliseconds ?? 1000 },
    stackTraceLimit: 0,
  };
  /** A command, asked again until its trouble has passed; 'foreignKey' where a key of another type is in its way. */
  const ask = async <T>(command: () => Promise<T>): Promise<T | 'foreignKey'> => {
    for (;;) {
      try {
        return await orStop(command());
      } catch (error) {
        const trouble = troubleOf(error);
        if (trouble === undefined) throw error;
        if (trouble.kind === 'foreignKey') return 'foreignKey';
        if (trouble.kind === 'refused')
          throw new MftError(
            'ERR_MFT_QUEUE',
            `Redis at ${target.host}:${target.port}: ${scrubbed(trouble.message, target)}. Rows in the journal stay.`,
            { parameter: 'redis' },
          );
        warn(trouble.message);
        await pause();
      }
    }
  };
  const clear = (id: string): Promise<unknown> => ask(() => client.del(queue.toKey(id)));
  /** Puts a job into the queue; false where the server has no room now. */
  const offer = async (id: string, job: Job): Promise<boolean> => {
    const data = sealJob(job, secret);
    for (;;) {
      try {
        await orStop(queue.add('job', data, { ...jobOptions, jobId: id }));
        inFlight.set(id, { job, since: Date.now(), isTaken: false, wasLost: false });
        return true;
      } catch (error) {
        const trouble = troubleOf(error);
        if (trouble?.kind === 'foreignKey') await clear(id);
        else if (trouble?.kind === 'wait') {
          warn(trouble.message);
          return false;
        } else {
          await ask(() => Promise.reject(error));
        }
      }
    }
  };
  // Whatever waits in the queue when this side leaves would only be computed for nobody.
  const withdraw = async (): Promise<void> => {
    for (const id of inFlight.keys()) if ((await orStop(queue.remove(id))) === 1) inFlight.delete(id);
  };
  let most = options.inFlight ?? 256;
  /**
   * A server without memory runs no script that writes, so nobody could finish a job either: half of what nobody has taken is taken
   * back by commands that need no memory, and fewer jobs are offered from now on.
   */
  const shed = async (): Promise<void> => {
    most = Math.max(1, Math.floor(inFlight.size / 2));
    for (const [id, { job, isTaken }] of [...inFlight].reverse()) {
      if (inFlight.size <= most) return;
      if (isTaken) continue;
      const removed = await orStop(client.lrem(queue.toKey('wait'), 0, id));
      if (removed === 0) continue;
      await orStop(client.del(queue.toKey(id)));
      inFlight.delete(id);
      waiting.push(job);
    }
  };
  const refusals = new Map<string, number>();
  const silence = silenceOf(warn);
  let isDraining = false;
  let full = 0;
  try {
    for (;;) {
      control.stop.throwIfAborted();
      if (control.drain.aborted && !isDraining) {
        isDraining = true;
        await withdraw();
      }
      while (!isDraining && Date.now() >= full && inFlight.size < most && waiting.length > 0) {
        const job = waiting.pop() as Job;
        try {
          if (await offer(queueIdOf(job.key), job)) continue;
          waiting.push(job);
          await shed();
          full = Date.now() + retryMilliseconds;
        } catch (error) {
          if (!(error instanceof MftError) || error.parameter === 'redis') throw error;
          yield { key: job.key, status: 'failed', error: jobError(error), meta: { seconds: 0 } };
        }
      }
      if (inFlight.size === 0 && (isDraining || waiting.length === 0)) return;
      let finished = 0;
      const states = await Promise.all(
        [...inFlight].map(async ([id, entry]) => {
          const fields = ['timestamp', 'finishedOn', 'returnvalue', 'failedReason', 'atm', 'processedOn'];
          return { id, entry, state: await ask(() => client.hmget(queue.toKey(id), ...fields)) };
        }),
      );
      for (const { id, entry, state } of states) {
        const { job } = entry;
        if (state === 'foreignKey') await clear(id);
        const [timestamp, finishedOn, returned, failedReason, attempts, processedOn] =
          state === 'foreignKey' ? [null] : state;
        if (timestamp == null) {
          // Redis lost it (a restart without persistence, a flush): offer it again, unless this side is leaving.
          inFlight.delete(id);
          if (!isDraining && !(await offer(id, job))) waiting.push(job);
          continue;
        }
        if (processedOn != null) entry.isTaken = true;
        if (finishedOn == null) continue;
        finished++;
        const answer = read(job.key, returned, failedReason, secret, target);
        await ask(() => queue.remove(id));
        inFlight.delete(id);
        const refused = (refusals.get(id) ?? 0) + 1;
        if (!('key' in answer) && refused < mostRefusals && !isDraining) {
          refusals.set(id, refused);
          control.warn(`Job ${job.key.slice(0, 12)} is offered again: ${answer.error.message}`);
          if (!(await offer(id, job))) waiting.push(job);
          continue;
        }
        const meta = { seconds: 0, attempts: Number(attempts ?? 1) };
        yield !('key' in answer)
          ? { key: job.key, status: 'failed', error: answer.error, meta }
          : { ...answer, meta: { ...answer.meta, attempts: meta.attempts } };
      }
      if (finished > 0) {
        silence.isBroken();
        continue;
      }
      if (client.status === 'ready') {
        await again();
        await silence.lasts([...inFlight.values()], () => orStop(presentWorkers(client, queueName)));
      }
      await orStop(sleep(pollMilliseconds));
    }
  } finally {
    const leaving = async (): Promise<void> => {
      if (client.status === 'ready') for (const id of inFlight.keys()) await queue.remove(id).catch(() => undefined);
      await queue.close().catch(() => undefined);
    };
    await Promise.race([leaving(), sleep(retryMilliseconds)]);
    client.disconnect();
  }

  /** Offers again what has been in no list of the queue twice in a row, one entry at a time: the oldest. */
  async function again(): Promise<void> {
    const now = Date.now();
    const oldest = [...inFlight].find(([, { since }]) => now - since > lostMilliseconds);
    if (oldest === undefined) return;
    const [id, entry] = oldest;
    const state = await ask(() => queue.getJobState(id));
    // At the end of the list: the others have their turn.
    inFlight.delete(id);
    if (state === 'unknown' && entry.wasLost) {
      await clear(id);
      if (await offer(id, entry.job)) warn('Jobs that Redis had lost from its lists are offered again.');
      else waiting.push(entry.job);
      return;
    }
    const isLost = state === 'unknown';
    inFlight.set(id, { ...entry, wasLost: isLost, since: isLost ? now - 0.9 * lostMilliseconds : now });
  }
}

/** A job in the queue. */
interface Entry {
  readonly job: Job;
  /** When it was offered, or last seen where it belongs. */
  readonly since: number;
  isTaken: boolean;
  readonly wasLost: boolean;
}

/** Says when nothing happens: at first that no worker has taken a job, then every minute. */
function silenceOf(warn: (message: string) => void): {
  isBroken: () => void;
  lasts: (entries: readonly Entry[], workers: () => Promise<{ own: number; others: number }>) => Promise<void>;
} {
  let since = Date.now();
  let isUntakenSaid = false;
  let minutes = 0;
  return {
    isBroken: () => {
      since = Date.now();
      isUntakenSaid = true;
      minutes = 0;
    },
    lasts: async (entries, workers) => {
      const quietFor = Date.now() - since;
      const isTaken = entries.some((entry) => entry.isTaken);
      const isUntaken = !isTaken && !isUntakenSaid && quietFor >= untakenMilliseconds;
      const isSilent = quietFor >= (minutes + 1) * silentMilliseconds;
      if (!isUntaken && !isSilent) return;
      if (isUntaken) isUntakenSaid = true;
      if (isSilent) minutes++;
      const { own, others } = await workers();
      const there =
        others === 0
          ? ''
          : ` ${others} of another version of the package or with another MFT_QUEUE_SECRET ${others === 1 ? 'is' : 'are'} there.`;
      warn(
        isTaken || own > 0
          ? `No job has finished for ${Math.round(quietFor / 1000)} s; ${own} ${own === 1 ? 'worker is' : 'workers are'} there.${there}`
          : `No worker has taken a job for ${Math.round(quietFor / 1000)} s. Start \`mft worker\` with the same MFT_QUEUE_SECRET.${there}`,
      );
    },
  };
}

/** What a finished entry of the queue says: a signed outcome, or why there is none that can be trusted. */
function read(
  key: string,
  returned: string | null | undefined,
  failedReason: string | null | undefined,
  secret: string,
  target: { readonly password?: string },
): Outcome | { readonly error: JobError } {
  try {
    if (returned == null)
      throw new MftError('ERR_MFT_QUEUE', `The workers could not run this job: ${failedReason ?? 'no reason given'}`, {
        parameter: 'job',
      });
    return openOutcome(JSON.parse(returned), key, secret);
  } catch (cause) {
    const error = jobError(cause);
    return { error: { ...error, code: 'ERR_MFT_QUEUE', message: scrubbed(error.message, target).slice(0, 2000) } };
  }
}
