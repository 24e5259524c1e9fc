// What a child process of a sweep runs: it gets jobs over its channel, one after another, and answers with outcomes.
import { hostname } from 'node:os';
import type { Job } from './job.js';
import { encodeResult, jobError, type Outcome } from './rows.js';
import type { VerbTable } from './verb.js';

/** Runs one job in this process. Never rejects: a failure is an outcome. */
async function runJob(job: Job, verbs: VerbTable): Promise<Outcome> {
  const [started, before] = [performance.now(), process.cpuUsage()];
  const meta = () => {
    const { user, system } = process.cpuUsage(before);
    return {
      seconds: Math.round(performance.now() - started) / 1000,
      processorSeconds: (user + system) / 1e6,
      host: hostname(),
    };
  };
  try {
    const verb = verbs[job.verb];
    if (verb === undefined) throw new Error(`Unknown verb ${job.verb}.`);
    // One thread per job: processes are the parallelism, and threads never change a result.
    const run = job.run === undefined ? {} : { run: { ...job.run, threads: 1 } };
    const { result, provenance } = encodeResult(await verb.execute({ ...job, ...run }, {}));
    return {
      key: job.key,
      status: 'done',
      result,
      meta: { ...meta(), ...(provenance === undefined ? {} : { provenance }) },
    };
  } catch (error) {
    return { key: job.key, status: 'failed', error: jobError(error), meta: meta() };
  }
}

/** Serves jobs from the parent process until it goes away. */
export function serveJobs(verbs: VerbTable): void {
  let last: Promise<void> = Promise.resolve();
  process.on('message', (job: Job) => {
    last = last.then(async () => {
      const outcome = await runJob(job, verbs);
      process.send?.(outcome);
    });
  });
  process.send?.('ready');
  // The parent decides about Ctrl-C, which a terminal sends to the whole group.
  process.on('SIGINT', () => undefined);
  // exit() would wait for native work on its thread; without a parent nobody wants the result.
  process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
}
