// Training runs of a figure, as jobs of a sweep: in child processes side by side, kept in a journal, continued from it.
import { MftError } from '../core/errors.js';
import { readDataset } from '../data/dataset.js';
import { localExecutor } from '../sweep/local.js';
import type { SweepPlan } from '../sweep/plan.js';
import { sweep } from '../sweep/run.js';
import type { Training } from '../training/result.js';
import type { ReproductionOptions } from './types.js';

/** What a training run leaves in a row. */
type TrainedResult = Pick<Training, 'train' | 'test' | 'reports' | 'stopped' | 'quantities'>;

export interface TrainedRun {
  readonly spec: Readonly<Record<string, unknown>>;
  readonly run: Readonly<Record<string, unknown>>;
  readonly result: TrainedResult;
}

/**
 * Trains every point of the plan, or reads it from the journal (`options.journal`).
 *
 * @returns the runs, those of one point in the order of their seeds
 * @throws MftError (rejects) the first job that failed; as `sweep`
 */
export async function trainedRuns(
  plan: Omit<SweepPlan, 'verb'>,
  options: ReproductionOptions,
): Promise<readonly TrainedRun[]> {
  const { threads = 0, journal, signal, onProgress } = options;
  const control = {
    ...(journal === undefined ? {} : { journal }),
    ...(signal === undefined ? {} : { signal }),
    ...(onProgress === undefined ? {} : { onProgress }),
  };
  const executor = localExecutor(threads === 0 ? {} : { processes: threads });
  const runs: TrainedRun[] = [];
  for await (const row of sweep({ verb: 'train', ...plan }, { ...control, executor, onError: 'stop' })) {
    if (row.status === 'failed')
      throw new MftError('ERR_MFT_JOB_FAILED', `A training run failed: ${row.error.message}`, { cause: row.error });
    runs.push({ spec: row.spec, run: row.run ?? {}, result: row.result as unknown as TrainedResult });
  }
  // Rows come as they finish; a journal has them in another order.
  return runs.sort((a, b) => Number(a.run.seed) - Number(b.run.seed));
}

export type ImageSet = 'mnist' | 'cifar10';

export const imageNames = { mnist: 'MNIST', cifar10: 'CIFAR-10', synthetic: 'synthetic images' } as const;

/** The data set itself where its files are; for MNIST else the synthetic images; undefined where there is nothing to take. */
export async function availableImages(name: ImageSet): Promise<ImageSet | 'synthetic' | undefined> {
  try {
    for (const split of ['train', 'test'] as const) await readDataset(name, split);
    return name;
  } catch (error) {
    if (error instanceof MftError && error.code === 'ERR_MFT_DATA_NOT_FOUND')
      return name === 'mnist' ? 'synthetic' : undefined;
    throw error;
  }
}
