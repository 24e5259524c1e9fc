// mft worker: runs jobs of sweeps from a Redis queue.
import type { Command } from 'commander';
import { printable } from '../core/text.js';
import { runWorker } from '../sweep/queue/worker.js';
import { exitCodes } from './exit.js';
import { positive } from './sweep-run.js';

interface WorkerFlags {
  readonly redis?: string;
  readonly insecure?: boolean;
  readonly processes?: string;
  readonly maxSeconds?: string;
  readonly maxMemory?: string;
}

export function register(program: Command): void {
  program
    .command('worker')
    .description(
      'run jobs of `mft sweep run --executor bullmq` from a Redis queue; MFT_QUEUE_SECRET must be the same on both sides',
    )
    .option(
      '--redis <url>',
      'the server; credentials only from MFT_REDIS_USERNAME, MFT_REDIS_PASSWORD or MFT_REDIS_URL',
    )
    .option('--insecure', 'allow a server that is neither loopback nor TLS')
    .option('--processes <n>', 'child processes; default: one per processor')
    .option('--max-seconds <s>', 'end a job after this time')
    .option('--max-memory <bytes>', 'refuse and end jobs that need more')
    .action(async (flags: WorkerFlags) => {
      const drain = new AbortController();
      const stop = new AbortController();
      const leave = (): void => {
        if (drain.signal.aborted) stop.abort();
        else process.stderr.write('mft: finishing the running jobs; once more to end them\n');
        drain.abort();
      };
      process.on('SIGINT', leave);
      process.on('SIGTERM', leave);
      process.on('SIGHUP', leave);
      await runWorker({
        redis: flags.redis,
        isInsecure: flags.insecure === true,
        processes: positive('processes', flags.processes),
        maxSeconds: positive('max-seconds', flags.maxSeconds),
        maxMemory: positive('max-memory', flags.maxMemory),
        drain: drain.signal,
        stop: stop.signal,
        log: (message) => process.stderr.write(`mft: ${printable(message)}\n`),
      });
      // Connections that wait for a Redis that is away would keep the process.
      process.exit(exitCodes.done);
    });
}
