// Training steps of convolutional networks: ReLU, maxima over 2 × 2, zeros outside, an output of ten classes.
import { atPeak, besidePyTorch, madeUpImages, meanLoss } from '../runner/training-frame.mjs';

/** Channels, kernels and pools of the layers, and the images. */
const networks = {
  LeNet: { input: [28, 28, 1], width: [6, 16], kernel: 5, pool: [2, 2] },
  '3 × 3': { input: [32, 32, 3], width: [32, 32, 64, 64], kernel: 3, pool: [1, 2, 1, 2] },
};

const made = new Map();

/** Made once. So small that the losses of the first updates are near log 10 for all initial weights. */
function imagesOf([height, width, channels]) {
  const dimension = height * width * channels;
  if (!made.has(dimension)) made.set(dimension, madeUpImages(dimension, 0.1));
  return made.get(dimension);
}

/** Mean loss of the updates. */
export function trained({ network, ...run }, seed) {
  const { input, width, kernel, pool } = networks[network];
  const [rows, columns, channels] = input;
  const layers = { depth: width.length, width, kernel, pool, padding: 'zero', pooling: 'max' };
  const spec = { system: 'convolution', input, ...layers, activation: 'relu', weightVariance: 2 };
  const options = { ...run, hasBiases: true, learningRate: 0.01 };
  return meanLoss(spec, [channels, rows, columns], imagesOf(input), options, seed);
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
  // TensorFlow.js has no gradient of a convolution by its filter on its wasm backend, and takes minutes an update on the other.
  // Other initial weights: the losses of ten classes stay near log 10 for the first updates.
  ...besidePyTorch(trained, 0.1),
  /** Three products of every layer, of the first one two, at the multiply-add peak. */
  limit: ({ network, batch }, _competitor, limits) => {
    const { all, first } = products(networks[network]);
    return atPeak(2 * batch * (3 * all - first), limits);
  },
};
