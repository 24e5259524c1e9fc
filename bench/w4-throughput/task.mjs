// W4: the ensembles of the papers' figures: 1,000 networks of width 500 and depth 200, a pair of inputs.
import { checkNetworks, expectedNetworks, network, networkLimit } from '../runner/networks.mjs';

const native = (name, engine, precision, more = {}) => ({
  name: `native ${name}`,
  program: 'native.mjs',
  precision,
  kind: engine,
  isOurs: true,
  isFor: more.isFor ?? (() => true),
  // Few networks of the slow rows; seconds are those of 1,000.
  options: ({ networks }) => ({
    engine,
    precision,
    networks: more.networks ?? networks,
    processes: more.processes ?? 1,
  }),
});

export const task = {
  name: 'w4-throughput',
  title: 'Throughput: many tanh networks, keep 0.9, a pair of inputs; seconds per network',
  perNetwork: true,
  cases: (isQuick) => [
    isQuick
      ? { name: '100 networks of width 100', options: { ...network, width: 100, depth: 20, networks: 100 } }
      : { name: '1000 networks', options: { ...network, width: 500, depth: 200, networks: 1000 } },
  ],
  reference: 'native conditioned float64',
  competitors: [
    native('conditioned float64', 'conditioned', 'float64'),
    native('conditioned float64, two processes', 'conditioned', 'float64', {
      processes: 2,
      isFor: (_, threads) => threads === 2,
    }),
    native('conditioned float32', 'conditioned', 'float32'),
    native('conditioned float32, two processes', 'conditioned', 'float32', {
      processes: 2,
      isFor: (_, threads) => threads === 2,
    }),
    native('dense float32 (10 networks)', 'dense', 'float32', { networks: 10 }),
    {
      name: 'C++ OpenBLAS, vectorised normals (4 networks)',
      program: 'openblas.cc',
      precision: 'float32',
      options: () => ({ networks: 4, weights: 'drawn', generator: 'hashed', layout: 'unitsFirst' }),
    },
    {
      name: 'PyTorch (4 networks)',
      program: 'torch.py',
      precision: 'float32',
      options: () => ({ networks: 4, weights: 'drawn' }),
    },
  ],
  expected: (options) => expectedNetworks(options, 400),
  isRight: checkNetworks,
  limit: networkLimit,
};
