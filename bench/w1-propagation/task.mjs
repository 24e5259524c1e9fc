// W1: a pair of inputs through a fresh random network and its gradients back through the same weights.
import { checkNetworks, expectedNetworks, network, networkLimit } from '../runner/networks.mjs';

const trialsFor = (width) => (width <= 256 ? 2000 : 300);
const native = (engine, precision, networks) => ({
  name: `native ${engine} ${precision}`,
  program: 'native.mjs',
  precision,
  kind: engine,
  isOurs: true,
  options: ({ width }) => ({ engine, precision, networks: networks(width) }),
});
const once = { networks: 1, weights: 'drawn' };
const manyDense = (width) => Math.max(1, Math.round(2e6 / width ** 2));
const manyConditioned = (width) => Math.max(10, Math.round(400_000 / width));

export const task = {
  name: 'w1-propagation',
  title:
    'Signal propagation: a pair of inputs ' +
    'through a tanh network, keep ' +
    '0.9, fresh ' +
    'Gaussian weights, forward and ' +
    'backward ' +
    'with the same weights; seconds ' +
    'per network',
  perNetwork: true,
  cases: (isQuick) =>
    (isQuick ? [64] : [256, 1024, 4096]).map((width) => ({
      name: `width ${width}, depth ${isQuick ? 10 : 50}`,
      options: { ...network, width, depth: isQuick ? 10 : 50 },
    })),
  check: (options) => ({ ...options, width: 64, depth: Math.min(options.depth, 20), networks: 200 }),
  reference: 'native dense float32',
  competitors: [
    native('dense', 'float32', manyDense),
    native('dense', 'float64', manyDense),
    native('conditioned', 'float32', manyConditioned),
    native('conditioned', 'float64', manyConditioned),
    {
      name: 'naive JavaScript',
      program: 'naive.mjs',
      precision: 'float32, sums float64',
      options: () => once,
      isFor: ({ width }) => width <= 1024,
    },
    {
      name: 'C++ OpenBLAS, std::normal_distribution',
      program: 'openblas.cc',
      precision: 'float32',
      options: () => ({ ...once, generator: 'standard', layout: 'unitsFirst' }),
      isFor: ({ width }) => width <= 1024,
    },
    {
      name: 'C++ OpenBLAS, vectorised normals',
      program: 'openblas.cc',
      precision: 'float32',
      options: () => ({ ...once, generator: 'hashed', layout: 'unitsFirst' }),
    },
    { name: 'PyTorch', program: 'torch.py', precision: 'float32', options: () => once },
    { name: 'tfjs-node', program: 'tfjs-node.mjs', precision: 'float32', options: () => once },
    {
      name: 'tfjs-wasm',
      program: 'tfjs-wasm.mjs',
      precision: 'float32',
      options: () => once,
      isFor: (_, threads) => threads === 1,
    },
    {
      name: 'tfjs-cpu',
      program: 'tfjs-cpu.mjs',
      precision: 'float32',
      options: () => once,
      isFor: (_, threads) => threads === 1,
    },
  ],
  expected: (options) => expectedNetworks(options, trialsFor(options.width)),
  isRight: checkNetworks,
  limit: networkLimit,
};
