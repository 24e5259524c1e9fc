// Products of a random graph's operator in compressed rows with numbers of its nodes, what a graph network's update costs.
import { graphOf } from './graph.mjs';

const cases = (isQuick) =>
  (isQuick
    ? [{ nodes: 1000, edges: 10_000, width: 16 }]
    : [
        { nodes: 100_000, edges: 1_000_000, width: 8 },
        { nodes: 100_000, edges: 1_000_000, width: 16 },
        { nodes: 20_000, edges: 1_000_000, width: 64 },
      ]
  ).map(({ nodes, edges, width }) => ({
    name: `${nodes} nodes, ${edges} edges, ${width} numbers a node`,
    options: { nodes, edges, width, repeats: 5 },
  }));

export const task = {
  name: 'implicit-graph',
  title: 'Products of a random graph: seconds each',
  cases,
  reference: 'native',
  scale: ({ repeats }) => 1 / repeats,
  competitors: [
    { name: 'native', program: 'native.mjs', precision: 'float64', isOurs: true },
    { name: 'SciPy', program: 'scipy_graph.py', precision: 'float64' },
    { name: 'PyTorch', program: 'torch_graph.py', precision: 'float64' },
  ],
  expected: async ({ nodes, edges, width }) => {
    const { rowPointers, columns, values, x } = graphOf({ nodes, edges, width });
    // The first and the last node, one entry after the other.
    const row = (i) =>
      Array.from({ length: width }, (_, j) => {
        let sum = 0;
        for (let e = rowPointers[i]; e < rowPointers[i + 1]; e++) sum += values[e] * x[columns[e] * width + j];
        return sum;
      });
    return { observables: { ends: [...row(0), ...row(nodes - 1)] } };
  },
  isRight: (expected, { observables }) => {
    const wanted = expected.observables.ends;
    const worst = Math.max(...wanted.map((value, i) => Math.abs(value - observables.ends[i])));
    return { isRight: worst < 1e-12, detail: `first and last node: off by ${worst.toExponential(1)} at most` };
  },
  /** Every byte read or written, once: of each entry its number, its column and the numbers of its node; the result. */
  limit: ({ nodes, edges, width }, _competitor, { copyBandwidth }) => {
    const bytes = edges * (12 + 8 * width) + 8 * nodes * width + 4 * nodes;
    return { limit: `copy ${(copyBandwidth / 1e9).toFixed(1)} GB/s`, seconds: bytes / copyBandwidth };
  },
};
