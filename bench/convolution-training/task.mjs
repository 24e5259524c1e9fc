// Training steps of convolutional networks: ReLU, maxima over 2 × 2, zeros outside, an output of ten classes.
import { train } from '../../dist/index.js';

const examples = 256;

/** Channels, kernels and pools of the layers, and the images. */
export const networks = {
  LeNet: { input: [28, 28, 1], width: [6, 16], kernel: 5, pool: [2, 2] },
  '3 × 3': { input: [32, 32, 3], width: [32, 32, 64, 64], kernel: 3, pool: [1, 2, 1, 2] },
};

const made = new Map();

/**
 * Deterministic images of variance about 1/100, the same for all competitors; made once. So small that the losses of the first updates
 * are near log 10 for all initial weights.
 */
export function data(input) {
  if (!made.has(input)) made.set(input, fresh(input));
  return made.get(input);
}

function fresh([height, width, channels]) {
  const dimension = height * width * channels;
  const images = Float32Array.from(
    { length: examples * dimension },
    (_, i) => 0.1 * Math.sqrt(2) * Math.sin(1 + 12.9898 * (i % 65_537)),
  );
  return { images, labels: Uint8Array.from({ length: examples }, (_, i) => (7 * i) % 10), count: examples, dimension };
}

/** Mean loss of the last updates. */
export async function trained({ network, batch, updates, threads = 1 }, seed) {
  const { input, width, kernel, pool } = networks[network];
  const [rows, columns, channels] = input;
  const { images, labels, count, dimension } = data(input);
  const set = {
    name: 'made-up',
    split: 'train',
    count,
    shape: [channels, rows, columns],
    dimension,
    classes: 10,
    images,
    labels,
    verified: true,
    files: [],
    sha256: '',
  };
  const run = await train(
    {
      system: 'convolution',
      input,
      depth: width.length,
      width,
      kernel,
      pool,
      padding: 'zero',
      pooling: 'max',
      activation: 'relu',
      weightVariance: 2,
    },
    { train: set },
    {
      steps: updates,
      batchSize: batch,
      shuffle: false,
      normalization: 'unit',
      hasBiases: true,
      learningRate: 0.01,
      reportEvery: updates,
      trainEvaluation: 0,
      threads,
      seed,
    },
  );
  return run.reports.at(-1).trainLoss;
}

/** Multiply-adds of one image: convolutions at all places, and the output. */
function products({ input: [height, width, channels], width: layers, kernel, pool }) {
  let [rows, columns, before, sum, first] = [height, width, channels, 0, 0];
  for (const [l, count] of layers.entries()) {
    const own = count * kernel ** 2 * before * rows * columns;
    sum += own;
    if (l === 0) first = own;
    [rows, columns, before] = [rows / pool[l], columns / pool[l], count];
  }
  return { all: sum + 10 * rows * columns * before, first };
}

export const task = {
  name: 'convolution-training',
  title: 'Training of convolutional networks: seconds per update (forward, backward, plain descent)',
  cases: (isQuick) =>
    Object.keys(networks).map((network) => ({
      name: `${network}, ${isQuick ? 16 : 128} images`,
      options: isQuick
        ? { network, batch: 16, updates: 2 }
        : { network, batch: 128, updates: network === 'LeNet' ? 100 : 12 },
    })),
  check: ({ network }) => ({ network, batch: 16, updates: 3 }),
  reference: 'native',
  /** Reported seconds are per update. */
  scale: ({ updates }) => 1 / updates,
  // TensorFlow.js has no gradient of a convolution by its filter on its wasm backend, and takes minutes an update on the other.
  competitors: [
    { name: 'native', program: 'native.mjs', precision: 'float32', isOurs: true },
    { name: 'PyTorch', program: 'torch.py', precision: 'float32' },
  ],
  expected: async (options) => ({ observables: { loss: [await trained(options, 77)] } }),
  // Other initial weights: the losses of ten classes stay near log 10 for the first updates.
  isRight: (ours, theirs) => {
    const [mine, other] = [ours.observables.loss[0], theirs.observables.loss[0]];
    return {
      isRight: Math.abs(other / mine - 1) < 0.1,
      detail: `loss ${other.toPrecision(4)} against ${mine.toPrecision(4)}`,
    };
  },
  /** Three products of every layer, of the first one two, at the multiply-add peak. */
  limit: ({ network, batch }, _competitor, limits) => {
    const { all, first } = products(networks[network]);
    const peak = limits.multiplyAddFloat32;
    return {
      limit: `multiply-add peak ${(peak / 1e9).toFixed(0)} Gflop/s`,
      seconds: (2 * batch * (3 * all - first)) / peak,
    };
  },
};
