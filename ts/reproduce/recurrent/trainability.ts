// How long a sequence may be for a cell to learn what stood at its beginning: a digit, then noise, against the time of memory.
import { type CurvePoint, figureCurves } from '../../figures/curves.js';
import { type Dataset, readDataset } from '../../data/dataset.js';
import { isUndefined } from '../../core/results.js';
import { evaluate } from '../../verbs/evaluate.js';
import { trainMany } from '../../verbs/train.js';
import { inSetting, statementRow } from '../rows.js';
import { availableImages, imageNames } from '../training.js';
import type { Reproduction, ReproductionRow, Scale } from '../types.js';

interface TrainabilityScale extends Scale {
  readonly lengths: readonly number[];
  readonly biasMeans: readonly number[];
  readonly weightDeviations: readonly number[];
  readonly width: number;
  readonly steps: number;
  readonly seeds: number;
  readonly testCount: number;
}

type Cell = 'minimal' | 'vanilla';
const batchSize = 64;
/** With fewer steps no cell learns the digits themselves. */
const leastSteps = 300;

/** The cells as remembered of the paper; its widths, rates and optimizer are not known to us. */
const cellOf = (cell: Cell, value: number): Readonly<Record<string, unknown>> =>
  cell === 'minimal'
    ? { cell, recurrentWeightVariance: 6.88 ** 2, inputWeightVariance: 1.39 ** 2, inputVariance: 0.46, biasMean: value }
    : { cell, recurrentWeightVariance: value ** 2, inputWeightVariance: 0.025 ** 2 };

interface Point {
  readonly cell: Cell;
  readonly value: number;
  readonly length: number;
  readonly timescale: number;
  /** Mean over the seeds that did not diverge. */
  readonly accuracy: number | undefined;
  readonly diverged: number;
}

export const trainability: Reproduction<TrainabilityScale> = {
  id: 'recurrent-trainability',
  paper:
    'Chen, Pennington, Schoenholz: Dynamical Isometry and a Mean Field Theory of RNNs (arXiv 1806.05394), figure 2, settings our own',
  system: 'recurrent',
  title: 'Accuracy on a digit that is followed by noise, over the length of the sequence, with the time of memory',
  settings: {
    task: 'digitThenNoise',
    pixels: '14 × 14',
    batchSize,
    learningRate: 0.001,
    optimizer: 'adam',
    clipNorm: 1,
  },
  scales: {
    quick: {
      lengths: [5, 10, 20, 40],
      biasMeans: [-2, 0, 2, 4, 6],
      weightDeviations: [0.8, 1.05, 1.5],
      width: 128,
      steps: 300,
      seeds: 1,
      testCount: 1000,
      cost: '4 min',
    },
    paper: {
      lengths: [5, 10, 20, 40, 80, 160],
      biasMeans: [-4, -2, 0, 2, 4, 6, 8],
      weightDeviations: [0.5, 0.8, 0.95, 1.05, 1.1, 1.2, 1.5],
      width: 128,
      steps: 1000,
      seeds: 5,
      testCount: 10_000,
      cost: '5 days',
    },
  },
  run: async (scale, { seed = 1, threads = 0, journal: _journal, ...control }) => {
    const name = (await availableImages('mnist')) ?? 'synthetic';
    const [train, test] = [halved(await readDataset(name, 'train')), halved(await readDataset(name, 'test'))];
    const wanted = [
      ...scale.biasMeans.map((value) => ['minimal', value] as const),
      ...scale.weightDeviations.map((value) => ['vanilla', value] as const),
    ].flatMap(([cell, value]) => scale.lengths.map((length) => ({ cell, value, length })));
    const jobs = wanted.flatMap(({ cell, value, length }) =>
      Array.from({ length: scale.seeds }, (_, i) => ({
        spec: {
          system: 'recurrent',
          ...cellOf(cell, value),
          width: scale.width,
          steps: length,
          training: { task: 'digitThenNoise', projection: 'fixed' },
        } as const,
        options: {
          steps: scale.steps,
          batchSize,
          optimizer: 'adam',
          learningRate: 0.001,
          clipNorm: 1,
          reportEvery: scale.steps,
          trainEvaluation: 0,
          seed: seed + i,
        } as const,
      })),
    );
    const evaluated = { train, test: first(test, scale.testCount) };
    const runs = await trainMany(jobs, evaluated, { threads, ...control });
    const points: Point[] = [];
    for (const [i, { cell, value, length }] of wanted.entries()) {
      const own = runs.slice(i * scale.seeds, (i + 1) * scale.seeds);
      const finished = own.flatMap(({ stopped, test: last }) => (stopped === undefined ? [last?.accuracy ?? 0] : []));
      const timescale = await evaluate('recurrent', 'memoryTimescale', cellOf(cell, value));
      points.push({
        cell,
        value,
        length,
        timescale: typeof timescale === 'number' && !isUndefined(timescale) ? timescale : Number.NaN,
        accuracy: finished.length === 0 ? undefined : finished.reduce((sum, x) => sum + x, 0) / finished.length,
        diverged: own.length - finished.length,
      });
    }
    // The claims are about cells that have had the time to learn what they remember.
    const rows = rowsOf(points).map((row) =>
      inSetting(row, scale.steps >= leastSteps && name === 'mnist', `MNIST and ${leastSteps} steps are the setting`),
    );
    return { figures: [{ name: 'accuracy', figure: draw(points, imageNames[name]) }], rows };
  },
};

/** Means of squares of four pixels: 14 × 14. */
function halved(set: Dataset): Dataset {
  const [rows, columns] = set.shape as [number, number];
  const [height, width] = [rows / 2, columns / 2];
  const images = new Uint8Array(new SharedArrayBuffer(set.count * height * width));
  for (let i = 0; i < set.count; i++)
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++) {
        const at = i * rows * columns + 2 * y * columns + 2 * x;
        const pixel = (offset: number): number => set.images[at + offset] as number;
        images[(i * height + y) * width + x] = (pixel(0) + pixel(1) + pixel(columns) + pixel(columns + 1)) / 4;
      }
  return { ...set, shape: [height, width], dimension: height * width, images };
}

const first = (set: Dataset, count: number): Dataset => ({
  ...set,
  count,
  images: set.images.subarray(0, count * set.dimension),
  labels: set.labels.subarray(0, count),
});

/** Accuracy over T in units of τ: the curves of one cell fall together where memory decides. */
function draw(points: readonly Point[], images: string): ReturnType<typeof figureCurves> {
  const [lowest, highest] = [Math.min(...points.map(({ length }) => length)), Math.max(...points.map((p) => p.length))];
  const curves = points.flatMap(({ cell, value, length, timescale, accuracy }): CurvePoint[] => {
    const series = cell === 'minimal' ? `μ_b = ${value}` : `σ_w = ${value}`;
    const measured =
      accuracy === undefined ? [] : [{ x: length, y: accuracy, series, panel: cell, mark: 'point' as const }];
    const line = accuracy === undefined ? [] : [{ x: length, y: accuracy, series, panel: cell }];
    // The length at which the theory's squared overlap has fallen by e, as a vertical dash where it is in view.
    const isSeen = length === lowest && timescale >= lowest && timescale <= highest;
    const dash = isSeen ? [0, 1].map((y) => ({ x: timescale, y, series, panel: cell, mark: 'dashed' as const })) : [];
    return [...measured, ...line, ...dash];
  });
  return figureCurves(curves, {
    title: `A digit, then noise (${images}): accuracy; dashed, τ of the untied theory`,
    x: 'length T',
    y: 'test accuracy',
    xScale: 'log',
  });
}

const chance = 0.1;

/** Statements about which cells are alive (above 0.4) and dead (below 0.2); runs that diverged are neither. */
function rowsOf(points: readonly Point[]): ReproductionRow[] {
  const longest = Math.max(...points.map(({ length }) => length));
  const shown = (list: readonly Point[]): string =>
    list.map(({ value, length, accuracy }) => `${value}, ${length}: ${accuracy?.toFixed(3) ?? 'diverged'}`).join('; ');
  const statement = (what: string, published: string, list: readonly Point[], rule: (accuracy: number) => boolean) =>
    statementRow({
      what,
      published,
      source: 'recalled shape of figure 2; derived',
      measured: shown(list),
      holds: list.every(({ accuracy }) => accuracy !== undefined && rule(accuracy)),
      isResolved: list.length > 0 && list.every(({ accuracy }) => accuracy !== undefined),
    });
  const minimal = points.filter(({ cell }) => cell === 'minimal');
  const short = minimal.filter(({ value, length }) => value <= 0 && length === 10);
  const long = minimal.filter(({ value, length }) => value >= 6 && length === longest);
  return [
    statement('minimal cell, μ_b ≤ 0, T = 10', 'forgotten: accuracy below 0.2', short, (x) => x < 2 * chance),
    statement(`minimal cell, μ_b ≥ 6, T = ${longest}`, 'remembered: accuracy above 0.4', long, (x) => x > 4 * chance),
    statementRow({
      what: `order at T = ${longest}: a longer τ is more accurate`,
      published: 'minimal cell: the largest τ has the best accuracy',
      source: 'derived',
      ...ordered(minimal.filter(({ length }) => length === longest)),
    }),
  ];
}

function ordered(list: readonly Point[]): { measured: string; holds: boolean } {
  const best = list.reduce((a, b) => ((b.accuracy ?? 0) > (a.accuracy ?? 0) ? b : a));
  const slowest = list.reduce((a, b) => (b.timescale > a.timescale ? b : a));
  const text = list.map(({ timescale, accuracy }) => `τ ${timescale.toPrecision(3)}: ${accuracy?.toFixed(3) ?? '–'}`);
  return { measured: text.join('; '), holds: best === slowest };
}
