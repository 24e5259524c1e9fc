// Training steps of convolutional networks: ReLU, maxima over 2 × 2, zeros outside, an output of ten classes.
import { atPeak, besidePyTorch, meanLoss } from '../runner/training-frame.mjs';
import { imagesOf, networks } from './networks.mjs';

/** Mean loss of the updates. */
export function trained({ network, inputGradient: _, ...run }, seed) {
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

const beside = besidePyTorch(trained, 0.1);
const wasm = (name, inputGradient) => ({
  name,
  program: 'tfjs-wasm.mjs',
  precision: 'float32',
  options: () => ({ inputGradient }),
  isFor: (_, threads) => threads === 1,
});

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
  // Other initial weights: the losses of ten classes stay near log 10 for the first updates.
  ...beside,
  // TensorFlow.js has no gradient of a convolution by its filter on its wasm backend, and takes minutes an update on the other: that
  // gradient is a convolution of ours there, the one by the input its own kernel, or a convolution as well.
  competitors: [
    ...beside.competitors,
    wasm('tfjs-wasm', 'kernel'),
    wasm('tfjs-wasm, all gradients as convolutions', 'convolution'),
  ],
  /** Three products of every layer, of the first one two, at the multiply-add peak. */
  limit: ({ network, batch }, _competitor, limits) => {
    const { all, first } = products(networks[network]);
    return atPeak(2 * batch * (3 * all - first), limits);
  },
};
