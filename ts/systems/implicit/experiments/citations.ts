// Facts of a citation network that a network run to rest meets, and a small network of the same kind for where there are no files.
import type { CitationNetwork } from '../../../data/citations.js';
import { minstd } from '../minstd.js';

/** What the specification of a graph network must be told of its graph. */
interface CitationFacts {
  readonly edges: number;
  /** Nodes without an edge to another one: symmetric normalisation without self-loops is 0/0 there, and means 0. */
  readonly isolated: number;
  /** Nodes without a label, and those of them with an edge: they send messages. */
  readonly unlabelled: number;
  readonly unlabelledConnected: number;
  /** Parts with an edge: the eigenvalue 1 of the symmetric operator without self-loops, so many times. */
  readonly components: number;
  /** Two-coloured parts: its eigenvalue −1, the two-cycles of plain iteration. */
  readonly bipartite: number;
  /** Test nodes in parts without a training node: features that are only a start say nothing about them once it is forgotten. */
  readonly unreachableTests: number;
  readonly tests: number;
  /** Share of the commonest class among the nodes with a label, and among test nodes. */
  readonly majority: number;
  readonly testMajority: number;
}

export function citationFacts({ nodes, edges, labels, classes, split }: CitationNetwork): CitationFacts {
  const neighbours: number[][] = Array.from({ length: nodes }, () => []);
  for (const [a, b] of edges) {
    neighbours[a]?.push(b);
    neighbours[b]?.push(a);
  }
  const part = new Int32Array(nodes).fill(-1);
  const color = new Int8Array(nodes);
  let [count, components, bipartite] = [0, 0, 0];
  for (let from = 0; from < nodes; from++) {
    if (part[from] !== -1) continue;
    const queue = [from];
    part[from] = count;
    let isTwoColored = true;
    for (let next = queue.pop(); next !== undefined; next = queue.pop())
      for (const other of neighbours[next] ?? []) {
        if (part[other] === -1) {
          part[other] = count;
          color[other] = 1 - (color[next] as number);
          queue.push(other);
        } else if (color[other] === color[next]) isTwoColored = false;
      }
    if ((neighbours[from] ?? []).length > 0) {
      components++;
      if (isTwoColored) bipartite++;
    }
    count++;
  }
  const isolated = neighbours.filter((list) => list.length === 0).length;
  const taught = new Set(Array.from(split.train, (node) => part[node]));
  const shareOf = (list: ArrayLike<number>): number => {
    const sums = new Int32Array(classes);
    let all = 0;
    for (const label of Array.from(list)) {
      if (label < 0) continue;
      sums[label] = (sums[label] as number) + 1;
      all++;
    }
    return Math.max(...sums) / all;
  };
  const without = Array.from(labels.keys()).filter((node) => labels[node] === -1);
  return {
    edges: edges.length,
    isolated,
    unlabelled: without.length,
    unlabelledConnected: without.filter((node) => (neighbours[node] ?? []).length > 0).length,
    components,
    bipartite,
    unreachableTests: split.test.filter((node) => !taught.has(part[node] as number)).length,
    tests: split.test.length,
    majority: shareOf(labels),
    testMajority: shareOf(split.test.map((node) => labels[node] as number)),
  };
}

/** Three classes that mostly cite themselves and mostly use words of their own. */
export function syntheticCitations(): CitationNetwork {
  const [nodes, classes, features] = [150, 3, 60];
  const draw = minstd(77, 60_000);
  let at = 0;
  const uniform = (): number => ((draw[at++ % draw.length] as number) + 1) / 2;
  const labels = Int32Array.from({ length: nodes }, (_, i) => i % classes);
  const edges: [number, number][] = [];
  for (let a = 0; a < nodes; a++)
    for (let b = a + 1; b < nodes; b++) if (uniform() < (labels[a] === labels[b] ? 0.06 : 0.008)) edges.push([a, b]);
  const words: number[] = [];
  const wordStarts = [0];
  for (let i = 0; i < nodes; i++) {
    for (let k = 0; k < features; k++) if (uniform() < (k % classes === labels[i] ? 0.12 : 0.07)) words.push(k);
    wordStarts.push(words.length);
  }
  const part = (from: number, to: number): Int32Array => Int32Array.from({ length: to - from }, (_, i) => from + i);
  return {
    name: 'synthetic',
    nodes,
    classes,
    edges,
    labels,
    features,
    wordStarts: Int32Array.from(wordStarts),
    words: Int32Array.from(words),
    split: { train: part(0, 30), validation: part(30, 70), test: part(70, 150) },
  };
}
