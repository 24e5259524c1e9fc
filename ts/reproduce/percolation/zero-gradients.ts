// Steps with a gradient of exactly zero, in training: a bias-free tanh perceptron with one example and one mask a step.
import { createHash } from 'node:crypto';
import { type CurvePoint, figureCurves } from '../../figures/curves.js';
import type { Dataset } from '../../data/dataset.js';
import { addon, seedHalves } from '../../core/addon.js';
import { trainMany } from '../../verbs/train.js';
import { linearGrid } from '../../numeric/grids.js';
import { printedRow, statementRow, statisticRow } from '../rows.js';
import type { Reproduction, ReproductionRow, Scale } from '../types.js';
import { paper, quantity, sources } from './paper.js';

interface ZeroScale extends Scale {
  readonly seeds: number;
}

const network = { width: 8, keepProbability: 0.3, inputWidth: 10, outputWidth: 1 } as const;
const steps = 3000;
/** [L, predicted share of lost steps to four decimals]. */
const predicted: readonly (readonly [number, number])[] = [
  [1, 0.0576],
  [2, 0.112],
  [4, 0.2114],
  [8, 0.3781],
  [16, 0.6133],
  [32, 0.8504],
  [64, 0.9776],
];

export const zeroGradients: Reproduction<ZeroScale> = {
  id: 'percolation-zero-gradients',
  paper,
  system: 'percolation',
  title: 'Share of training steps whose whole gradient is exactly zero',
  settings: {
    ...network,
    training: { steps },
    activation: 'tanh',
    hasBiases: false,
    batchSize: 1,
    depth: predicted.map(([depth]) => depth),
  },
  scales: { quick: { seeds: 1, cost: '5 s' }, paper: { seeds: 10, cost: '1 min' } },
  run: async ({ seeds }, { seed = 1, threads = 0, journal: _journal, ...control }) => {
    const train = drawnData(seed);
    const options = {
      batchSize: 1,
      learningRate: 0.01,
      loss: 'squared',
      normalization: 'unit',
      precision: 'float64',
      trainEvaluation: 0,
      reportEvery: steps,
    } as const;
    // Other seeds at every depth: the masks of a seed's first layers are the same at all depths.
    const jobs = predicted.flatMap(([depth], d) =>
      Array.from({ length: seeds }, (_, i) => ({
        spec: { system: 'percolation', ...network, depth, training: { steps } } as const,
        options: { ...options, seed: seed + d * seeds + i },
      })),
    );
    const runs = await trainMany(jobs, { train }, { threads, ...control });
    const rows: ReproductionRow[] = [];
    const points: CurvePoint[] = [];
    let differing = 0;
    for (const [i, [depth, published]] of predicted.entries()) {
      const counts = runs.slice(i * seeds, (i + 1) * seeds).map(({ counters }) => counters);
      const total = counts.length * steps;
      const share = counts.reduce((sum, counted) => sum + (counted?.zeroGradientSteps ?? 0), 0) / total;
      differing += counts.reduce((sum, counted) => sum + (counted?.differingSteps ?? steps), 0);
      const lost = await quantity('blockedProbability', { ...network, depth });
      const error = Math.sqrt((lost * (1 - lost)) / total);
      rows.push(
        printedRow({
          what: `predicted share of lost steps, L = ${depth}`,
          published,
          source: sources.derived,
          measured: lost,
          decimals: 4,
        }),
      );
      rows.push(
        statisticRow({
          what: `share of ${total} steps with zero gradient, L = ${depth}`,
          published: lost,
          source: sources.derived,
          measured: share,
          standardError: error,
          count: Infinity,
        }),
      );
      points.push({
        x: depth,
        y: share,
        low: share - 2 * error,
        high: share + 2 * error,
        mark: 'point',
        series: 'trained steps',
      });
    }
    for (const power of linearGrid(0, 6, 61))
      points.push({
        x: 2 ** power,
        y: -Math.expm1(2 ** power * Math.log1p(-((1 - network.keepProbability) ** network.width))),
        series: 'theory',
      });
    rows.push(
      statementRow({
        what: 'gradient exactly zero if and only if no path survives',
        published: 'on every step',
        source: sources.derived,
        measured: `${differing} of ${runs.length * steps} steps differ`,
        holds: differing === 0,
      }),
    );
    const figure = figureCurves(points, {
      title: 'Training steps with a gradient of exactly zero (W = 8, keep 0.3)',
      x: 'depth L',
      y: 'share of steps',
      xScale: 'log',
    });
    return { figures: [{ name: 'share', figure }], rows };
  },
};

/** 64 vectors of ten components, uniform in [−1, 1], all of one class: the target is 1. */
function drawnData(seed: number): Dataset {
  const [count, dimension] = [64, network.inputWidth];
  const images = new Float32Array(new SharedArrayBuffer(4 * count * dimension));
  addon()
    .uniforms({ seed: seedHalves(seed), trial: 1, layer: 0, purpose: 'dataset', first: 0, count: count * dimension })
    .forEach((u, i) => {
      images[i] = 2 * u - 1;
    });
  const labels = new Uint8Array(new SharedArrayBuffer(count));
  return {
    name: `uniform vectors, seed ${seed}`,
    split: 'train',
    count,
    shape: [dimension],
    dimension,
    classes: 1,
    images,
    labels,
    verified: true,
    files: [],
    sha256: createHash('sha256').update(images).digest('hex'),
  };
}
