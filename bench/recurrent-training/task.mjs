// Training steps of recurrent cells on sequences of 35 inputs: the cell and an output of ten classes from its last state.
import { train } from '../../dist/index.js';

export const steps = 35;
const examples = 256;

/** Deterministic inputs of variance about 1, the same for all competitors. */
export function data({ width }) {
  const images = Float32Array.from(
    { length: examples * steps * width },
    (_, i) => Math.sqrt(2) * Math.sin(1 + 12.9898 * (i % 65_537)),
  );
  return { images, labels: Uint8Array.from({ length: examples }, (_, i) => (7 * i) % 10), count: examples };
}

/** Mean loss of the last updates. */
export async function trained({ cell, width, batch, updates, threads = 1 }, seed) {
  const { images, labels, count } = data({ width });
  const set = {
    name: 'made-up',
    split: 'train',
    count,
    shape: [steps * width],
    dimension: steps * width,
    classes: 10,
    images,
    labels,
    verified: true,
    files: [],
    sha256: '',
  };
  const run = await train(
    { system: 'recurrent', cell, resetAfter: true, width, steps },
    { train: set },
    {
      steps: updates,
      batchSize: batch,
      shuffle: false,
      normalization: 'unit',
      learningRate: 0.1,
      reportEvery: updates,
      trainEvaluation: 0,
      threads,
      seed,
    },
  );
  return run.reports.at(-1).trainLoss;
}

const cells = ['vanilla', 'gru', 'lstm', 'minimal'];

export const task = {
  name: 'recurrent-training',
  title: 'Training of recurrent cells, 35 positions: seconds per update (forward, backward, plain descent)',
  cases: (isQuick) =>
    isQuick
      ? cells.map((cell) => ({ name: `${cell}, 32 units`, options: { cell, width: 32, batch: 20, updates: 3 } }))
      : cells.flatMap((cell) =>
          [128, 650].flatMap((width) =>
            [20, 64].map((batch) => ({
              name: `${cell}, ${width} units, ${batch} rows`,
              options: { cell, width, batch, updates: width === 128 ? 60 : 12 },
            })),
          ),
        ),
  check: ({ cell }) => ({ cell, width: 32, batch: 20, updates: 5 }),
  reference: 'native',
  /** Reported seconds are per update. */
  scale: ({ updates }) => 1 / updates,
  competitors: [
    { name: 'native', program: 'native.mjs', precision: 'float32', isOurs: true },
    { name: 'PyTorch', program: 'torch.py', precision: 'float32' },
  ],
  expected: async (options) => ({ observables: { loss: [await trained(options, 77)] } }),
  // Other initial weights: the losses of ten classes stay near log 10 for the first updates.
  isRight: (ours, theirs) => {
    const [mine, other] = [ours.observables.loss[0], theirs.observables.loss[0]];
    return {
      isRight: Math.abs(other / mine - 1) < 0.25,
      detail: `loss ${other.toPrecision(4)} against ${mine.toPrecision(4)}`,
    };
  },
  /** Three products of the gates a position, at the multiply-add peak. */
  limit: ({ cell, width, batch }, _competitor, limits) => {
    const gates = { vanilla: 1, gru: 3, lstm: 4, minimal: 1 }[cell];
    const peak = limits.multiplyAddFloat32;
    return {
      limit: `multiply-add peak ${(peak / 1e9).toFixed(0)} Gflop/s`,
      seconds: (12 * steps * batch * gates * width ** 2) / peak,
    };
  },
};
