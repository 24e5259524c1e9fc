// The default executor: child processes on this machine, no server.
import * as z from 'zod';
import { parse } from '../core/checks.js';
import { numberField, wholeField } from '../core/fields.js';
import { valueField } from '../core/options.js';
import { processorsAllowed } from '../core/memory.js';
import { channel } from './channel.js';
import type { Executor, JobLimits } from './executor.js';
import { processPool } from './processes.js';
import type { Outcome } from './rows.js';

export interface LocalOptions extends JobLimits {
  /** Child processes; default: one per processor this process may use. */
  readonly processes?: number | undefined;
  /** Module the children run; another one in tests. */
  readonly childModule?: URL | undefined;
}

const localOptions = z.strictObject({
  processes: wholeField(1, 4096, 'Child processes.').optional(),
  childModule: valueField<URL>((value) => value instanceof URL, 'a URL', 'Module the children run.'),
  maxSeconds: numberField({ low: 0, above: true }, 'Seconds of a job.').optional(),
  maxMemory: numberField({ low: 0, above: true }, 'Bytes of the process of a job.').optional(),
});

/**
 * Runs jobs in child processes of this one, one BLAS thread each.
 *
 * @param given how many processes, limits of a job
 * @returns an executor for `sweep`
 * @throws MftError ERR_MFT_INVALID_ARGUMENT, ERR_MFT_OUT_OF_RANGE for options of another form
 *
 * **Numerics**: the rows are those of any other executor, bit for bit.
 * **Source**: ours.
 *
 * @example
 * const plan = { verb: 'predict', base: { system: 'feedforward' }, axes: { depth: [5, 10] } };
 * for await (const row of sweep(plan, { executor: localExecutor() })) console.log(row.status);
 */
export function localExecutor(given: LocalOptions = {}): Executor {
  const options = parse(localOptions, given, 'options') as LocalOptions;
  return {
    name: 'local',
    execute: (jobs, control) => {
      const processes = Math.max(1, Math.min(options.processes ?? processorsAllowed(), jobs.length));
      const pool = processPool({ ...options, processes });
      const { push, close, items } = channel<Outcome>(256);
      let next = 0;
      let running = 0;
      const end = (error?: unknown): void => {
        pool.end();
        close(error);
      };
      let hasFailed = false;
      const finished = async (outcome: Outcome): Promise<void> => {
        hasFailed ||= outcome.status === 'failed';
        await push(outcome);
        running--;
        fill();
      };
      const fill = (): void => {
        while (
          running < (control.stopAtFailure ? processes : pool.depth()) &&
          next < jobs.length &&
          !control.drain.aborted &&
          !control.stop.aborted &&
          !(hasFailed && control.stopAtFailure)
        ) {
          const job = jobs[next++];
          if (job === undefined) break;
          running++;
          // A pool rejects only after its end, when nobody waits any more.
          pool.run(job).then(finished, () => undefined);
        }
        if (running === 0) end();
      };
      control.stop.addEventListener('abort', () => end(control.stop.reason), { once: true });
      control.drain.addEventListener('abort', () => running === 0 && end(), { once: true });
      if (control.stop.aborted) end(control.stop.reason);
      else fill();
      return endingWith(items, () => pool.end());
    },
  };
}

/** The items, and a last act however the iteration ends. */
async function* endingWith<T>(items: AsyncIterable<T>, act: () => void): AsyncGenerator<T, void> {
  try {
    yield* items;
  } finally {
    act();
  }
}
