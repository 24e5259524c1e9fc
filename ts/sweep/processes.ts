// A pool of child processes. Processes, not threads: a job that must end is killed with its process, native work and all.
import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { MftError } from '../core/errors.js';
import type { JobLimits } from './executor.js';
import type { Job } from './job.js';
import { jobError, type Outcome } from './rows.js';

interface PoolOptions extends JobLimits {
  readonly processes: number;
  /** Module the children run; another one in tests. */
  readonly childModule?: URL | undefined;
}

interface ProcessPool {
  /** Runs a job; resolves with its outcome, also when its process dies. Rejects only after `end`. */
  readonly run: (job: Job) => Promise<Outcome>;
  /** How many jobs to keep submitted so that no process waits. */
  readonly depth: () => number;
  /** Kills all processes. */
  readonly end: () => void;
}

interface Submitted {
  readonly job: Job;
  readonly settle: (outcome: Outcome) => void;
  readonly refuse: (error: Error) => void;
}

interface Child {
  readonly process: ChildProcess;
  /** Jobs sent; the first one is running. */
  readonly sent: Submitted[];
  /** When the running job began; infinite while the process itself is starting. */
  startedAt: number;
  /** Processor seconds of the process by then. */
  spentBefore: number;
  isReady: boolean;
  /** Why this pool killed the process, if it did. */
  killedFor?: MftError;
}

const defaultChild = new URL('./job-process-main.js', import.meta.url);
/** Jobs shorter than this are sent ahead, so that the channel's latency does not count. */
const shortJobSeconds = 0.02;
const sentAhead = 24;
const watchMilliseconds = 100;
/**
 * Arrays of a MiB and more go back to the system as soon as they are freed. Left alone, the GNU allocator keeps what it has seen freed
 * once (up to 32 MiB an array): three trainings one after another held 567 MiB, of which the largest uses 290.
 */
const freesAtOnce = { MALLOC_MMAP_THRESHOLD_: String(2 ** 20), MALLOC_TRIM_THRESHOLD_: String(2 ** 21) };

export function processPool(options: PoolOptions): ProcessPool {
  const children: Child[] = [];
  const waiting: Submitted[] = [];
  let meanSeconds = Infinity;
  let isEnded = false;
  const perChild = (): number => (meanSeconds < shortJobSeconds ? sentAhead : 1);
  const watch =
    options.maxSeconds === undefined && options.maxProcessorSeconds === undefined && options.maxMemory === undefined
      ? undefined
      : setInterval(watchChildren, watchMilliseconds);

  function watchChildren(): void {
    for (const child of children) enforce(child, options);
  }

  function dispatch(): void {
    while (waiting.length > 0) {
      const idle = children.find((child) => child.sent.length === 0);
      const target =
        idle ??
        (children.length < options.processes ? start() : children.find((child) => child.sent.length < perChild()));
      const next = target === undefined ? undefined : waiting.shift();
      if (target === undefined || next === undefined) return;
      if (target.sent.length === 0 && target.isReady) begin(target);
      target.sent.push(next);
      target.process.send(next.job, (error) => void error);
    }
  }

  function begin(child: Child): void {
    child.startedAt = performance.now();
    if (options.maxProcessorSeconds !== undefined) child.spentBefore = processorSeconds(child.process.pid);
  }

  function start(): Child {
    const child: Child = { process: forked(options), sent: [], startedAt: Infinity, spentBefore: 0, isReady: false };
    children.push(child);
    child.process.on('message', (message: Outcome | 'ready') => {
      if (message === 'ready') {
        child.isReady = true;
        begin(child);
        return;
      }
      const outcome = message;
      const done = child.sent.shift();
      begin(child);
      meanSeconds = Number.isFinite(meanSeconds)
        ? 0.9 * meanSeconds + 0.1 * outcome.meta.seconds
        : outcome.meta.seconds;
      done?.settle(outcome);
      dispatch();
    });
    child.process.on('error', () => child.process.kill('SIGKILL'));
    child.process.on('exit', (code, signal) => {
      children.splice(children.indexOf(child), 1);
      if (isEnded) return;
      const [running, ...others] = child.sent;
      waiting.unshift(...others);
      running?.settle({
        key: running.job.key,
        status: 'failed',
        error: jobError(child.killedFor ?? died(code, signal)),
        meta: {
          seconds: Math.max(0, performance.now() - child.startedAt) / 1000,
          crashed: child.killedFor === undefined,
        },
      });
      dispatch();
    });
    return child;
  }

  return {
    run: (job) =>
      new Promise<Outcome>((settle, refuse) => {
        if (isEnded) return refuse(new MftError('ERR_MFT_JOB_FAILED', 'The pool of processes has ended.'));
        waiting.push({ job, settle, refuse });
        dispatch();
      }),
    depth: () => options.processes * perChild(),
    end: () => {
      isEnded = true;
      clearInterval(watch);
      for (const child of children) child.process.kill('SIGKILL');
      for (const { refuse } of [...waiting, ...children.flatMap((child) => child.sent)])
        refuse(new MftError('ERR_MFT_JOB_FAILED', 'The sweep was stopped.'));
    },
  };
}

function forked(options: PoolOptions): ChildProcess {
  // Children need no secrets, and one BLAS thread each.
  const { MFT_QUEUE_SECRET, MFT_REDIS_PASSWORD, MFT_REDIS_USERNAME, MFT_REDIS_URL, NODE_OPTIONS, ...environment } =
    process.env;
  const heap =
    options.maxMemory === undefined
      ? []
      : [`--max-old-space-size=${Math.max(64, Math.floor(options.maxMemory / 2 ** 20))}`];
  // Loaded when the first child starts: a program that only imports the package has no use for it.
  return process.getBuiltinModule('node:child_process').fork(options.childModule ?? defaultChild, [], {
    env: { ...freesAtOnce, ...environment, OPENBLAS_NUM_THREADS: '1', OMP_NUM_THREADS: '1' },
    execArgv: heap,
    serialization: 'json',
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
}

function died(code: number | null, signal: string | null): MftError {
  const how = signal === null ? `ended with exit code ${String(code)}` : `was ended by ${signal}`;
  return new MftError(
    'ERR_MFT_JOB_FAILED',
    `The process of this job ${how}${signal === 'SIGKILL' ? ' (the system does that when memory runs out)' : ''}.`,
  );
}

function enforce(child: Child, limits: JobLimits): void {
  if (child.sent.length === 0 || child.killedFor !== undefined) return;
  const seconds = (performance.now() - child.startedAt) / 1000;
  if (limits.maxSeconds !== undefined && seconds > limits.maxSeconds) {
    child.killedFor = new MftError(
      'ERR_MFT_JOB_FAILED',
      `The job was ended after ${limits.maxSeconds} s, the limit of this worker (max-seconds).`,
    );
  } else if (
    limits.maxProcessorSeconds !== undefined &&
    processorSeconds(child.process.pid) - child.spentBefore > limits.maxProcessorSeconds
  ) {
    child.killedFor = new MftError(
      'ERR_MFT_JOB_FAILED',
      `The job was ended after ${limits.maxProcessorSeconds} s of processor time.`,
    );
  } else if (limits.maxMemory !== undefined && residentBytes(child.process.pid) > limits.maxMemory) {
    child.killedFor = new MftError(
      'ERR_MFT_MEMORY',
      `The job was ended: its process used more than ${limits.maxMemory} bytes, the limit of this worker (max-memory).`,
    );
  } else return;
  child.process.kill('SIGKILL');
}

/** Clock ticks of /proc are hundredths of a second. */
const ticksPerSecond = 100;

/** Processor time of a process with its threads, where the system tells (Linux); 0 elsewhere. */
function processorSeconds(pid: number | undefined): number {
  try {
    // The name, in parentheses, may hold anything: what is read stands behind it. Fields 14 and 15 of proc(5) are utime and stime.
    const behind =
      readFileSync(`/proc/${String(pid)}/stat`, 'utf8')
        .split(') ')
        .at(-1) ?? '';
    const [utime = 0, stime = 0] = behind.split(' ').slice(11, 13).map(Number);
    return (utime + stime) / ticksPerSecond;
  } catch {
    return 0;
  }
}

/** Resident memory of a process, where the system tells (Linux); 0 elsewhere. */
function residentBytes(pid: number | undefined): number {
  try {
    return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${String(pid)}/status`, 'utf8'))?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}
