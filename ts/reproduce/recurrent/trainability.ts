// How long a sequence may be for a cell to learn what stood at its beginning: a digit, then noise, against the time of memory.
import { type CurvePoint, figureCurves } from '../../figures/curves.js';
import { isUndefined } from '../../core/results.js';
import { evaluate } from '../../verbs/evaluate.js';
import { trainMany } from '../../verbs/train.js';
import { inSetting, statementRow } from '../rows.js';
import type { Reproduction, ReproductionRow, Scale } from '../types.js';
import { digits } from './digits.js';
import { edgeRows, type GridCell } from './edges.js';

interface TrainabilityScale extends Scale {
  readonly lengths: readonly number[];
  readonly biasMeans: readonly number[];
  readonly weightDeviations: readonly number[];
  /** Edge of the square of pixels that become one: 2 gives 14 × 14. */
  readonly shrinkage: number;
  readonly width: number;
  readonly batchSize: number;
  readonly steps: number;
  readonly seeds: number;
  readonly testCount: number;
}

type Cell = 'minimal' | 'vanilla';
/** With fewer steps, units or pixels no cell learns the digits themselves, or what it keeps of them is not read within 300 steps. */
const leastSteps = 300;
const leastWidth = 128;

/** The cells as remembered of the paper; its widths, rates and optimizer are not known to us. */
const cellOf = (cell: Cell, value: number): Readonly<Record<string, unknown>> =>
  cell === 'minimal'
    ? { cell, recurrentWeightVariance: 6.88 ** 2, inputWeightVariance: 1.39 ** 2, inputVariance: 0.46, biasMean: value }
    : { cell, recurrentWeightVariance: value ** 2, inputWeightVariance: 0.025 ** 2 };

interface Point extends GridCell {
  readonly cell: Cell;
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
    learningRate: 0.001,
    optimizer: 'adam',
    clipNorm: 1,
  },
  scales: {
    quick: {
      lengths: [5, 10, 20, 40, 80, 160],
      biasMeans: [-2, 0, 2, 3, 4, 5, 6],
      weightDeviations: [0.8, 0.95, 1.05, 1.1, 1.2, 1.5],
      shrinkage: 2,
      width: 128,
      batchSize: 64,
      steps: 300,
      seeds: 1,
      testCount: 1000,
      cost: '8 min',
    },
    paper: {
      lengths: [5, 10, 20, 40, 80, 160],
      biasMeans: [-4, -2, 0, 2, 4, 6, 8],
      weightDeviations: [0.5, 0.8, 0.95, 1.05, 1.1, 1.2, 1.5],
      shrinkage: 2,
      width: 128,
      batchSize: 64,
      steps: 1000,
      seeds: 5,
      testCount: 10_000,
      cost: '5 days',
    },
  },
  run: async (scale, { seed = 1, threads = 0, journal: _journal, ...control }) => {
    const { train, test, name, isMnist } = await digits(scale.shrinkage, scale.testCount);
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
          batchSize: scale.batchSize,
          optimizer: 'adam',
          learningRate: 0.001,
          clipNorm: 1,
          reportEvery: scale.steps,
          trainEvaluation: 0,
          seed: seed + i,
        } as const,
      })),
    );
    const runs = await trainMany(jobs, { train, test }, { threads, ...control });
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
        accuracies: own.map(({ stopped, test: last }) => (stopped === undefined ? (last?.accuracy ?? 0) : 0)),
        accuracy: finished.length === 0 ? undefined : finished.reduce((sum, x) => sum + x, 0) / finished.length,
        diverged: own.length - finished.length,
      });
    }
    // The claims are about cells that have had the time to learn what they remember.
    const isSetting = isMnist && scale.steps >= leastSteps && scale.width >= leastWidth && scale.shrinkage === 2;
    const why = `MNIST of 14 × 14 pixels, ${leastWidth} units and ${leastSteps} steps are the setting`;
    const rows = rowsOf(points).map((row) => inSetting(row, isSetting, why));
    return { figures: [{ name: 'accuracy', figure: draw(points, name) }], rows };
  },
};

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
    ...edgeRows('minimal cell', minimal, true),
    ...edgeRows(
      'vanilla cell',
      points.filter(({ cell }) => cell === 'vanilla'),
      false,
    ),
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
