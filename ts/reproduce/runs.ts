// The runs of a figure, as jobs of a sweep: in child processes side by side, kept in a journal, continued from it.
import { MftError } from '../core/errors.js';
import { localExecutor } from '../sweep/local.js';
import type { SweepPlan } from '../sweep/plan.js';
import { sweep } from '../sweep/run.js';
import type { ReproductionOptions } from './types.js';

export interface FigureRun<Result> {
  readonly spec: Readonly<Record<string, unknown>>;
  readonly run: Readonly<Record<string, unknown>>;
  readonly result: Result;
}

/**
 * Runs every point of the plan, or reads it from the journal (`options.journal`).
 *
 * @returns the runs, those of one point in the order of their seeds
 * @throws MftError (rejects) the first job that failed, which `what` names; as `sweep`
 */
export async function figureRuns<Result>(
  plan: SweepPlan,
  what: string,
  options: ReproductionOptions,
): Promise<readonly FigureRun<Result>[]> {
  const { threads = 0, journal, signal, onProgress } = options;
  const control = {
    ...(journal === undefined ? {} : { journal }),
    ...(signal === undefined ? {} : { signal }),
    ...(onProgress === undefined ? {} : { onProgress }),
  };
  const executor = localExecutor(threads === 0 ? {} : { processes: threads });
  const runs: FigureRun<Result>[] = [];
  for await (const row of sweep(plan, { ...control, executor, onError: 'stop' })) {
    if (row.status === 'failed')
      throw new MftError('ERR_MFT_JOB_FAILED', `A ${what} failed: ${row.error.message}`, { cause: row.error });
    // What a row of a verb holds is the verb's result.
    runs.push({ spec: row.spec, run: row.run ?? {}, result: row.result as unknown as Result });
  }
  // Rows come as they finish; a journal has them in another order.
  return runs.sort((a, b) => Number(a.run.seed) - Number(b.run.seed));
}
