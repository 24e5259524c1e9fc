// W6: time and memory of our engines against the width: linear (conditioned), quadratic (dense).
import { compareNetworks } from '../runner/answers.mjs';
import { expectedNetworks, network, networkLimit } from '../runner/networks.mjs';

const depth = 20;
const conditioned = [1e3, 1e4, 1e5, 1e6, 1e7];
const dense = [1024, 2048, 4096, 8192, 16_384, 32_768];
const row = (engine, precision) => ({
  name: `native ${engine} ${precision}`,
  program: 'native.mjs',
  precision,
  kind: engine,
  isOurs: true,
  options: ({ width }) => ({
    engine,
    precision,
    networks: engine === 'conditioned' ? Math.max(1, Math.round(2e5 / width)) : 1,
  }),
  isFor: ({ only }) => only === engine,
});

export const task = {
  name: 'w6-scaling',
  title:
    'Scaling with the width: depth 20, tanh, keep 0.9, a pair of inputs; seconds per network, memory in a fresh process',
  perNetwork: true,
  cases: (isQuick) => [
    ...(isQuick ? conditioned.slice(0, 2) : conditioned).map((width) => ({
      name: `conditioned, width ${width}`,
      options: { ...network, width, depth, only: 'conditioned' },
    })),
    ...(isQuick ? dense.slice(0, 1) : dense).map((width) => ({
      name: `dense, width ${width}`,
      options: { ...network, width, depth, only: 'dense' },
    })),
  ],
  reference: undefined,
  competitors: [row('conditioned', 'float64'), row('conditioned', 'float32'), row('dense', 'float32')],
  // The law at great widths is checked at 1,000 and 1,024: the means differ by O(1/width), far below one network's spread.
  expected: ({ only, width, ...options }) => expectedNetworks({ ...options, width: Math.min(width, 1024) }, 400),
  isRight: (expected, answer, { width, networks }) => {
    const shrink = Math.max(1, width / 1024); // variances fall like 1/width
    const observables = Object.fromEntries(
      Object.entries(expected.observables).map(([name, { mean, variance }]) => [
        name,
        { mean, variance: variance.map((v) => v / shrink + (v * networks) / expected.networks) },
      ]),
    );
    return compareNetworks({ networks: 1e9, observables }, answer);
  },
  limit: networkLimit,
};
