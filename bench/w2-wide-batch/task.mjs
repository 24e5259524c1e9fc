// W2: 256 inputs through one network and their gradients back through the same weights. Our network is drawn in every run, as
// simulations need it; competitors are timed both ways: with weights drawn, and with weights given, which is less work than ours.
// Our rows draw three networks a call, so that reading the given inputs (0.15 s of validation) is shared as in any simulation.
import { checkNetworks, expectedNetworks, network, networkLimit } from '../runner/networks.mjs';

const native = (engine, precision) => ({
  name: `native ${engine} ${precision}`,
  program: 'native.mjs',
  precision: engine === 'conditioned' && precision === 'float32' ? 'float32 normals, else float64' : precision,
  kind: engine,
  isOurs: true,
  options: () => ({ engine, precision, networks: 3 }),
});
const peer = (name, program, weights, more = {}) => ({
  name: `${name}, weights ${weights}`,
  program,
  precision: 'float32',
  options: () => ({
    networks: 1,
    weights,
    generator: 'hashed',
    layout: 'inputsFirst',
    work: 'network',
    ...more.options,
  }),
  ...(more.isFor === undefined ? {} : { isFor: more.isFor }),
});
const oneThread = (_, threads) => threads === 1;

export const task = {
  name: 'w2-wide-batch',
  title: 'Wide batch through one tanh network, keep 0.9, forward and backward with the same weights',
  perNetwork: true,
  cases: (isQuick) => [
    {
      name: isQuick ? 'width 256, 64 inputs' : 'width 2048, 256 inputs',
      options: isQuick
        ? { ...network, width: 256, depth: 6, inputs: 64 }
        : { ...network, width: 2048, depth: 20, inputs: 256 },
    },
  ],
  // Weights are drawn in the check for everybody: networks with the same given weights would not be independent.
  check: (options) => ({
    ...options,
    width: 128,
    depth: Math.min(options.depth, 8),
    inputs: 16,
    networks: 60,
    weights: 'drawn',
  }),
  reference: 'native dense float32',
  competitors: [
    native('dense', 'float32'),
    native('dense', 'float64'),
    native('conditioned', 'float32'),
    native('conditioned', 'float64'),
    {
      ...peer('the products alone, OpenBLAS', 'openblas.cc', 'given', { options: { work: 'products' } }),
      answersNothing: true,
    },
    {
      ...peer('the products alone, oneDNN', 'onednn.cc', 'given', { options: { work: 'products' } }),
      answersNothing: true,
    },
    peer('C++ OpenBLAS', 'openblas.cc', 'given'),
    peer('C++ OpenBLAS as installed', 'openblas.cc', 'given', { options: { core: 'as-installed' } }),
    peer('C++ OpenBLAS', 'openblas.cc', 'drawn'),
    peer('C++ oneDNN', 'onednn.cc', 'given'),
    peer('onnxruntime-node', 'onnxruntime.mjs', 'given'),
    peer('PyTorch', 'torch.py', 'given'),
    peer('PyTorch', 'torch.py', 'drawn'),
    peer('tfjs-node', 'tfjs-node.mjs', 'given'),
    peer('tfjs-wasm', 'tfjs-wasm.mjs', 'given', { isFor: oneThread }),
    peer('tfjs-cpu', 'tfjs-cpu.mjs', 'given', { isFor: oneThread }),
  ],
  expected: (options) =>
    expectedNetworks(options, options.width >= 1024 ? 16 : 400, options.inputs > 100 ? 'dense' : 'conditioned'),
  isRight: checkNetworks,
  limit: networkLimit,
};
