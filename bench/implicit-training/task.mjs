// Training steps of a deep-equilibrium layer: at rest within a tolerance and the Neumann series, beside automatic
// differentiation through a loop of updates. What is timed is as exact on either side: see gradientError.
import { atPeak, besidePyTorch, madeUpImages, meanLoss } from '../runner/training-frame.mjs';
import { train } from '../../dist/index.js';

const dimension = 784;
let images;
const made = () => (images ??= madeUpImages(dimension, 1));

const specOf = ({ width, weightVariance, tolerance, gradient, steps }) => ({
  system: 'implicit',
  width,
  weightVariance,
  termCount: steps,
  training: { gradient, tolerance, updateLimit: steps },
});

/** Mean loss of the updates. */
export function trained({ width, weightVariance, steps, tolerance, gradient = 'neumann', ...run }, seed) {
  const spec = specOf({ width, weightVariance, steps, tolerance, gradient });
  return meanLoss(spec, [dimension], made(), { ...run, learningRate: 0.1 }, seed);
}

/** dE/dW of one minibatch, from what a step of plain descent takes off W; the rate is large, so that little is rounded. */
async function gradientOf(spec, { batch }, precision, initialWeights) {
  const { images, labels, count } = made();
  const set = { name: 'made-up', split: 'train', count, shape: [dimension], dimension, classes: 10, images, labels };
  const { weights } = await train(
    spec,
    { train: { ...set, verified: true, files: [], sha256: '' } },
    {
      ...{ shuffle: false, normalization: 'unit', trainEvaluation: 0, batchSize: batch, seed: 5, precision, steps: 1 },
      ...{ learningRate: initialWeights === undefined ? 1e-30 : rate, returnWeights: true },
      ...(initialWeights === undefined ? {} : { initialWeights }),
    },
  );
  return weights;
}
const rate = 1e4;

/** |gradient − exact|/|exact| of W: the exact one in float64, at rest within 1e-13. */
export async function gradientError({ gradient = 'neumann', ...options }) {
  const weights = await gradientOf(specOf({ ...options, gradient }), options, 'float32');
  const name = 'layer1.recurrent.weight';
  const step = async (spec, precision) => {
    const { values } = (await gradientOf(spec, options, precision, weights))[name];
    return Float64Array.from(weights[name].values, (start, i) => (start - values[i]) / rate);
  };
  const found = await step(specOf({ ...options, gradient }), 'float32');
  const exact = await step(specOf({ ...options, gradient: 'neumann', steps: 2000, tolerance: 1e-13 }), 'float64');
  const norm = (values) => Math.sqrt(values.reduce((sum, x) => sum + x * x, 0));
  return norm(found.map((value, i) => value - exact[i])) / norm(exact);
}

const frame = besidePyTorch(trained, 0.25);

export const task = {
  name: 'implicit-training',
  title: 'Training of a deep-equilibrium layer: seconds per update (rest, gradient, plain descent)',
  cases: (isQuick) =>
    (isQuick ? [{ width: 64, batch: 16, updates: 3 }] : [{ width: 1024, batch: 128, updates: 3 }]).map((options) => ({
      name: `${options.width} units, ${options.batch} rows, 50 updates`,
      // At rest so slowly that 50 updates leave an error of 1e-4 in the gradient, and this tolerance no more.
      options: { ...options, weightVariance: 1.8, steps: 50, tolerance: 5e-5 },
    })),
  check: () => ({ width: 64, batch: 16, updates: 5, weightVariance: 1.8, steps: 50, tolerance: 5e-5 }),
  ...frame,
  competitors: [
    { name: 'native', program: 'native.mjs', precision: 'float32', isOurs: true },
    {
      name: 'native, unrolled',
      program: 'native.mjs',
      precision: 'float32',
      isOurs: true,
      options: () => ({ gradient: 'unrolled', tolerance: 1e-12 }),
    },
    { name: 'PyTorch', program: 'torch.py', precision: 'float32' },
  ],
  /** Two products an update and a term, one for the gradient of W, at the multiply-add peak. */
  limit: ({ width, steps, batch }, _competitor, limits) => atPeak(2 * batch * width ** 2 * (2 * steps + 1), limits),
};
