// The executor on a queue. The coordinator holds the truth (plan and journal); Redis holds only what is in flight, and may be
// emptied or restarted at any time: what is missing there is put there again.
import { z } from 'zod';
import { parse } from '../../core/checks.js';
import { booleanField, wholeField } from '../../core/fields.js';
import { setTimeout as sleep } from 'node:timers/promises';
import { MftError } from '../../core/errors.js';
import type { Executor, ExecutorControl } from '../executor.js';
import type { Job } from '../job.js';
import { type JobError, jobError, type Outcome } from '../rows.js';
import { type ConnectionRequest, connectRedis, redisTarget, scrubbed } from './connection.js';
import { openOutcome, queueSecret, sealJob } from './envelope.js';
import { queueIdOf, queueName, queuePrefix } from './names.js';

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
  const client = await connectRedis(target, control.warn);
  const queue = new Queue(queueName, { connection: client, prefix: queuePrefix });
  queue.on('error', () => undefined); // the connection reports its errors itself
  const inFlight = new Map<string, Job>();
  const waiting = [...jobs].reverse();
  const jobOptions = {
    attempts: options.attempts ?? 3,
    backoff: { type: 'exponential', delay: options.backoffMilliseconds ?? 1000 },
    stackTraceLimit: 0,
  };
  const offer = (id: string, job: Job): Promise<unknown> =>
    queue.add('job', sealJob(job, secret), { ...jobOptions, jobId: id });
  // Whatever waits in the queue when this side leaves would only be computed for nobody.
  const withdraw = async (): Promise<void> => {
    for (const id of inFlight.keys()) if ((await queue.remove(id)) === 1) inFlight.delete(id);
  };
  const refusals = new Map<string, number>();
  let isDraining = false;
  try {
    for (;;) {
      control.stop.throwIfAborted();
      if (control.drain.aborted && !isDraining) {
        isDraining = true;
        await withdraw();
      }
      while (!isDraining && inFlight.size < (options.inFlight ?? 256) && waiting.length > 0) {
        const job = waiting.pop() as Job;
        try {
          await offer(queueIdOf(job.key), job);
          inFlight.set(queueIdOf(job.key), job);
        } catch (error) {
          if (!(error instanceof MftError)) throw error;
          yield { key: job.key, status: 'failed', error: jobError(error), meta: { seconds: 0 } };
        }
      }
      if (inFlight.size === 0) return;
      let finished = 0;
      const states = await Promise.all(
        [...inFlight].map(async ([id, job]) => ({
          id,
          job,
          state: await client.hmget(queue.toKey(id), 'timestamp', 'finishedOn', 'returnvalue', 'failedReason', 'atm'),
        })),
      );
      for (const { id, job, state } of states) {
        const [timestamp, finishedOn, returned, failedReason, attempts] = state;
        if (timestamp == null) {
          // Redis lost it (a restart without persistence, a flush): offer it again, unless this side is leaving.
          if (isDraining) inFlight.delete(id);
          else await offer(id, job);
          continue;
        }
        if (finishedOn == null) continue;
        finished++;
        const answer = read(job.key, returned, failedReason, secret, target);
        await queue.remove(id);
        const refused = (refusals.get(id) ?? 0) + 1;
        if (!('key' in answer) && refused < mostRefusals && !isDraining) {
          refusals.set(id, refused);
          control.warn(`Job ${job.key.slice(0, 12)} is offered again: ${answer.error.message}`);
          await offer(id, job);
          continue;
        }
        inFlight.delete(id);
        const meta = { seconds: 0, attempts: Number(attempts ?? 1) };
        yield !('key' in answer)
          ? { key: job.key, status: 'failed', error: answer.error, meta }
          : { ...answer, meta: { ...answer.meta, attempts: meta.attempts } };
      }
      if (finished === 0) await sleep(pollMilliseconds, undefined, { signal: control.stop }).catch(() => undefined);
    }
  } finally {
    if (client.status === 'ready') await withdraw().catch(() => undefined);
    await queue.close().catch(() => undefined);
    client.disconnect();
  }
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
