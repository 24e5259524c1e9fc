// Percolation: explicit masks of edges and nodes, and reachability through them. All edges of all networks count as decided,
// also those that an engine need not draw because their target is already reached or dropped.
import { predict } from '../../dist/index.js';

const trials = { native: 102_400, naive: 1000 };
const edges = ({ width, depth }) => (depth + 1) * width * width;
const networks = (count) => () => ({ networks: count });

export const task = {
  name: 'percolation-masks',
  title:
    'Percolation: edge masks and reachability, forward only; seconds per 1e9 edge-mask decisions (below 1: more than 1e9 a second)',
  cases: (isQuick) =>
    [
      {
        name: 'critical: width 64, depth 20, edges kept 0.02',
        options: { width: 64, depth: 20, edgeKeepProbability: 0.02, keepProbability: 1 },
      },
      {
        name: 'both masks: width 64, depth 20, edges kept 0.05, nodes 0.5',
        options: { width: 64, depth: 20, edgeKeepProbability: 0.05, keepProbability: 0.5 },
      },
      {
        name: 'narrow: width 8, depth 100, edges kept 0.2',
        options: { width: 8, depth: 100, edgeKeepProbability: 0.2, keepProbability: 1 },
      },
    ].slice(0, isQuick ? 1 : 3),
  reference: 'native masks',
  needsLimits: false,
  competitors: [
    {
      name: 'native masks',
      program: 'native.mjs',
      precision: 'exact probabilities',
      isOurs: true,
      options: networks(trials.native),
    },
    {
      name: 'naive JavaScript',
      program: 'naive.mjs',
      precision: 'Math.random',
      options: networks(trials.naive),
      isFor: (_, threads) => threads === 1,
    },
  ],
  scale: (options) => 1e9 / (edges(options) * options.networks),
  expected: async (options) => ({
    pathProbability: (await predict({ system: 'percolation', ...options })).quantities.pathProbability,
  }),
  isRight: ({ pathProbability: p }, answer) => {
    const z = (answer.observables.pathProbability[0] - p) / Math.sqrt((p * (1 - p)) / answer.networks);
    return {
      isRight: Math.abs(z) < 5.5,
      detail: `share of masks with a path against the exact chain: z ${z.toFixed(2)}`,
    };
  },
};
