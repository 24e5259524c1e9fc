// W3: minibatch gradient descent with dropout through a deep narrow network. Everybody starts from the same weights and sees the
// same images: without dropout the losses must agree to 1e-3, with dropout in distribution.
import { compareNetworks, compareValues } from '../runner/answers.mjs';
import { expectedTraining } from '../runner/training.mjs';

const oneThread = (_, threads) => threads === 1;
const peer = (name, program, more = {}) => ({
  name,
  program,
  precision: 'float32',
  options: () => ({ work: 'network', ...more.options }),
  isFor: more.isFor ?? (() => true),
});

export const task = {
  name: 'w3-training',
  title:
    'Training: 784-(width × hidden layers)-10, tanh, batch 128, keep 0.9, SGD on the cross-entropy; seconds per step',
  cases: (isQuick) => {
    const common = { batch: 128, learningRate: 0.001, keepProbability: 0.9, weightVariance: 1.5 };
    return [
      isQuick
        ? { name: '784-(100×4)-10', options: { ...common, width: 100, depth: 5, steps: 8 } }
        : { name: '784-(300×50)-10', options: { ...common, width: 300, depth: 51, steps: 20 } },
    ];
  },
  check: (options) => ({ ...options, keepProbability: 1, width: 100, depth: 5, steps: 8, learningRate: 0.05 }),
  reference: 'native float32',
  competitors: [
    { ...peer('native float32', 'native.mjs', { options: { precision: 'float32' } }), isOurs: true },
    {
      ...peer('native float64', 'native.mjs', { options: { precision: 'float64' } }),
      precision: 'float64',
      isOurs: true,
    },
    { ...peer('the products alone, OpenBLAS', 'openblas.cc', { options: { work: 'products' } }), answersNothing: true },
    { ...peer('the products alone, oneDNN', 'onednn.cc', { options: { work: 'products' } }), answersNothing: true },
    peer('C++ OpenBLAS', 'openblas.cc'),
    peer('C++ OpenBLAS as installed', 'openblas.cc', { options: { core: 'as-installed' } }),
    peer('C++ oneDNN', 'onednn.cc'),
    peer('PyTorch', 'torch.py'),
    peer('PyTorch as installed', 'torch.py', { options: { core: 'as-installed' } }),
    peer('tfjs-node', 'tfjs-node.mjs'),
    peer('tfjs-wasm', 'tfjs-wasm.mjs', { isFor: oneThread }),
    peer('tfjs-cpu', 'tfjs-cpu.mjs', { isFor: oneThread }),
  ],
  scale: ({ steps }) => 1 / steps,
  expected: (options) => expectedTraining(options, options.keepProbability === 1 ? 1 : 16),
  isRight: (expected, answer, { keepProbability }) =>
    keepProbability === 1
      ? compareValues({ observables: { loss: expected.observables.loss.mean } }, answer, 1e-3)
      : compareNetworks(expected, answer),
  limit: ({ width, depth, batch }, { precision }, limits) => {
    const [first, rest, last] = [784 * width, (depth - 2) * width * width, width * 10];
    const peak = precision === 'float64' ? limits.multiplyAddFloat64 : limits.multiplyAddFloat32;
    // Three products a layer: forward, gradient of the weights, gradient of the inputs (not of the images).
    return {
      limit: `multiply-add peak ${(peak / 1e9).toFixed(0)} Gflop/s`,
      seconds: (2 * batch * (2 * first + 3 * (rest + last))) / peak,
    };
  },
};
