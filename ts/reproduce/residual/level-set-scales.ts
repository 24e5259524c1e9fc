// How the level-set figures train at scale quick, and what stands for the paper, whose width and training are not recorded.

export const quickRuns = {
  isPaper: false,
  width: 64,
  batchSize: 50,
  trainCount: 4000,
  validationCount: 5000,
  steps: 400,
  seeds: 2,
  depths: [4, 8, 16, 32, 64],
} as const;

/** 30 epochs, as the paper; width and batch are ours. */
export const paperRuns = {
  isPaper: true,
  width: 256,
  batchSize: 128,
  trainCount: 50_000,
  validationCount: 10_000,
  steps: 11_700,
  seeds: 3,
  depths: [4, 8, 16, 32, 64, 128],
} as const;
