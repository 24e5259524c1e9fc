// Training runs of a figure, as jobs of a sweep, and the images they see.
import { MftError } from '../core/errors.js';
import { readDataset } from '../data/dataset.js';
import type { SweepPlan } from '../sweep/plan.js';
import type { Training } from '../training/result.js';
import { type FigureRun, figureRuns } from './runs.js';
import type { ReproductionOptions } from './types.js';

/** What a training run leaves in a row. */
export type TrainedRun = FigureRun<Pick<Training, 'train' | 'test' | 'reports' | 'stopped' | 'quantities'>>;

/** Trains every point of the plan, or reads it from the journal: as `figureRuns`. */
export function trainedRuns(
  plan: Omit<SweepPlan, 'verb'>,
  options: ReproductionOptions,
): Promise<readonly TrainedRun[]> {
  return figureRuns({ verb: 'train', ...plan }, 'training run', options);
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
