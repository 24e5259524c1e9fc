// The frame that training tasks with other initial weights on either side share: inputs, our program, the check, the limit.
import { train } from '../../dist/index.js';
import { readOptions, serve } from '../competitor/serve.mjs';

const examples = 256;

/** Deterministic inputs of variance `scale`² about, the same for all competitors; labels of ten classes. */
export function madeUpImages(dimension, scale = 1, count = examples) {
  const images = Float32Array.from(
    { length: count * dimension },
    (_, i) => scale * Math.sqrt(2) * Math.sin(1 + 12.9898 * (i % 65_537)),
  );
  return { images, labels: Uint8Array.from({ length: count }, (_, i) => (7 * i) % 10), count };
}

/** Mean loss of plain descent through the public API. */
export async function meanLoss(
  spec,
  shape,
  { images, labels, count },
  { batch, updates, threads = 1, ...options },
  seed,
) {
  const set = {
    name: 'made-up',
    split: 'train',
    count,
    shape,
    dimension: images.length / count,
    classes: 10,
    images,
    labels,
    verified: true,
    files: [],
    sha256: '',
  };
  const common = { shuffle: false, normalization: 'unit', trainEvaluation: 0 };
  const run = await train(
    spec,
    { train: set },
    { ...common, steps: updates, batchSize: batch, reportEvery: updates, threads, seed, ...options },
  );
  return run.reports.at(-1).trainLoss;
}

/** The frame of such a task beside PyTorch: `trained(options, seed)` is its mean loss, seconds are per update. */
export const besidePyTorch = (trained, tolerance) => ({
  reference: 'native',
  scale: ({ updates }) => 1 / updates,
  competitors: [
    { name: 'native', program: 'native.mjs', precision: 'float32', isOurs: true },
    { name: 'PyTorch', program: 'torch.py', precision: 'float32' },
  ],
  expected: async (options) => ({ observables: { loss: [await trained(options, 77)] } }),
  isRight: (ours, theirs) => {
    const [mine, other] = [ours.observables.loss[0], theirs.observables.loss[0]];
    return {
      isRight: Math.abs(other / mine - 1) < tolerance,
      detail: `loss ${other.toPrecision(4)} against ${mine.toPrecision(4)}`,
    };
  },
});

/** The program of such a task: trains with the options it is given. */
export async function serveTraining(trained) {
  const options = readOptions();
  await serve(async (seed) => ({ networks: 1, observables: { loss: [await trained(options, seed)] } }));
}

/** A number of operations at the multiply-add peak of single precision. */
export const atPeak = (operations, { multiplyAddFloat32: peak }) => ({
  limit: `multiply-add peak ${(peak / 1e9).toFixed(0)} Gflop/s`,
  seconds: operations / peak,
});
