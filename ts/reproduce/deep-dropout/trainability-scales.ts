// How the heat maps of training accuracy are trained at scale quick, and in the papers.
import type { ImageSet } from '../training.js';
import type { TrainabilityMap } from './trainability.js';

/** Small networks, a few hundred steps; the same runs serve several figures. */
export const quickTraining = {
  width: 64,
  batchSize: 32,
  trainCount: 4000,
  validationCount: 1000,
  seeds: 3,
  isPaper: false,
} as const;

/** Deep Information Propagation: width 300; the batch is recalled. */
export const informationRuns = {
  width: 300,
  batchSize: 256,
  trainCount: 40_000,
  validationCount: 10_000,
  seeds: 3,
  isPaper: true,
} as const;

/** The deep dropout paper: width 400, batches of 1000. */
export const dropoutRuns = {
  width: 400,
  batchSize: 1000,
  trainCount: 40_000,
  validationCount: 10_000,
  seeds: 3,
  isPaper: true,
} as const;

/** One grid of depths; of it those on both sides of the boundary, which lies the shallower the more is dropped. */
const grid = [4, 6, 9, 13, 19, 28, 42, 63, 94] as const;

function quickDepths(keepProbability: number, dataset: ImageSet): readonly number[] {
  const [low, high] =
    keepProbability === 1
      ? [9, dataset === 'mnist' ? 94 : 63]
      : keepProbability >= 0.98
        ? [9, 63]
        : keepProbability >= 0.9
          ? [6, 42]
          : [4, 28];
  return grid.filter((depth) => depth >= low && depth <= high);
}

export function quickMaps(keeps: readonly number[], datasets: readonly ImageSet[]): readonly TrainabilityMap[] {
  return datasets.flatMap((dataset) =>
    keeps.map((keepProbability) => ({
      dataset,
      keepProbability,
      weightVariances:
        keepProbability === 1 ? [1, 1.5, 2, 2.5, 3, 3.5] : dataset === 'mnist' ? [1, 1.5, 2, 3] : [1, 2, 3],
      depths: quickDepths(keepProbability, dataset),
      steps: 300,
      learningRates: [0.03, 0.01, 0.003],
    })),
  );
}
