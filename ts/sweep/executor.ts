// The interface every executor fills: jobs in, outcomes out, in any order.
import type { Job } from './job.js';
import type { Outcome } from './rows.js';

export interface ExecutorControl {
  /** Aborted: start no further jobs, finish the running ones. */
  readonly drain: AbortSignal;
  /** Aborted: end everything now; outcomes of running jobs are lost. */
  readonly stop: AbortSignal;
  /** Whether a failed job means `drain`; an executor must not start another job behind it. */
  readonly stopAtFailure: boolean;
  /** Something the user should know that is no failure. */
  readonly warn: (message: string) => void;
}

/** Where jobs run. It never touches the journal: the coordinator alone writes. */
export interface Executor {
  readonly name: string;
  /** Runs the jobs, those first in the list first; every started job yields one outcome unless `stop` is aborted. */
  readonly execute: (jobs: readonly Job[], control: ExecutorControl) => AsyncIterable<Outcome>;
}

/** Limits of one job. */
export interface JobLimits {
  readonly maxSeconds?: number | undefined;
  /** Of its process, where the system tells (Linux). */
  readonly maxProcessorSeconds?: number | undefined;
  /** Bytes of resident memory of the process that runs it. */
  readonly maxMemory?: number | undefined;
}
