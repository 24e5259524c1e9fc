// Training with lost steps, and without them: plain dropout, dropout given that a path survives, and plain dropout with T/θ
// steps. What the arms differ in is percolation; what they all lose against no dropout is not.
import { MftError } from '../../core/errors.js';
import { type Dataset, readDataset } from '../../data/dataset.js';
import { type CurvePoint, figureCurves } from '../../figures/curves.js';
import { studentTwoSided } from '../../statistics/distributions.js';
import { trainMany } from '../../verbs/train.js';
import type { Training } from '../../training/result.js';
import { type Measured, meanOf } from '../../statistics/measured.js';
import type { NamedFigure, Reproduction, ReproductionOptions, ReproductionRow, Scale } from '../types.js';
import { statementRow, statisticRow } from '../rows.js';
import { paper, quantity, sources } from './paper.js';

interface ArmScale extends Scale {
  readonly seeds: number;
  readonly steps: number;
  readonly depths: readonly number[];
  /** Test images evaluated after training. */
  readonly testCount: number;
}

const width = 8;
const keeps = [0.3, 0.5];
const training = { optimizer: 'sgd', learningRate: 0.05, batchSize: 32, trainEvaluation: 0 } as const;
const arms = {
  'plain dropout': {},
  'path-conditioned': { masks: 'pathConditioned' },
  'T/θ steps': { moreSteps: true },
} as const;
type Arm = keyof typeof arms | 'no dropout';
const armNames = [...(Object.keys(arms) as (keyof typeof arms)[]), 'no dropout'] as const;
/** p-value (Student's t over the seeds) below which a difference of arms is told apart from zero. */
const clear = 1e-3;

/** The runs of one network: by arm, in the order of the seeds. */
interface Cell {
  readonly keep: number;
  readonly depth: number;
  readonly runs: Readonly<Record<Arm, readonly Training[]>>;
}

export const threeArms: Reproduction<ArmScale> = {
  id: 'percolation-three-arms',
  paper,
  system: 'percolation',
  title: 'What percolation alone costs in training: plain dropout, path-conditioned dropout, T/θ steps',
  settings: {
    width,
    keepProbability: keeps,
    activation: 'tanh',
    hasBiases: false,
    masksPerStep: 1,
    ...training,
    data: 'MNIST; the synthetic set where it is not found',
  },
  scales: {
    quick: { seeds: 6, steps: 1500, depths: [1, 2, 3, 4, 6, 8], testCount: 2000, cost: '3 min' },
    paper: {
      seeds: 16,
      steps: 15_000,
      depths: [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 40],
      testCount: 10_000,
      cost: '180 min',
    },
  },
  run: async (scale, options) => {
    const data = await images(scale.testCount, options);
    const cells: Cell[] = [];
    for (const depth of scale.depths) cells.push(...(await cellsAt(depth, scale, data, options)));
    const note =
      data.train.name === 'mnist' ? {} : { note: `MNIST was not found: trained on the ${data.train.name} images` };
    const rows: ReproductionRow[] = [];
    for (const keep of keeps) {
      const own = cells.filter((cell) => cell.keep === keep);
      for (const cell of own) rows.push(...(await rowsOf(cell, scale.steps)));
      rows.push(overDepths(own), shareRow(own));
    }
    return { figures: figuresOf(cells, data.train.name), rows: rows.map((row) => ({ ...row, ...note })) };
  },
};

async function images(
  testCount: number,
  { seed: _seed, threads: _threads, journal: _journal, ...control }: ReproductionOptions,
): Promise<{ train: Dataset; test: Dataset }> {
  const read = async (name: 'mnist' | 'synthetic'): Promise<{ train: Dataset; test: Dataset }> => ({
    train: await readDataset(name, 'train', control),
    test: first(await readDataset(name, 'test', control), testCount),
  });
  try {
    return await read('mnist');
  } catch (error) {
    if (error instanceof MftError && error.code === 'ERR_MFT_DATA_NOT_FOUND') return read('synthetic');
    throw error;
  }
}

function first(data: Dataset, count: number): Dataset {
  return count >= data.count
    ? data
    : {
        ...data,
        count,
        images: data.images.subarray(0, count * data.dimension),
        labels: data.labels.subarray(0, count),
      };
}

/** All runs at a depth. Arms of one seed share weights, order of the images, and every mask that leaves a path. */
async function cellsAt(
  depth: number,
  { seeds, steps }: ArmScale,
  data: { train: Dataset; test: Dataset },
  { seed = 1, threads = 0, journal: _journal, ...control }: ReproductionOptions,
): Promise<Cell[]> {
  const base = { system: 'percolation', width, depth, training: { steps } } as const;
  const all = Array.from({ length: seeds }, (_, i) => ({ ...training, seed: seed + i, reportEvery: steps }));
  const dropped = keeps.flatMap((keepProbability) =>
    Object.values(arms).flatMap((arm) =>
      all.map((one) => ({ spec: { ...base, keepProbability }, options: { ...one, ...arm } })),
    ),
  );
  const runs = await trainMany([...all.map((one) => ({ spec: base, options: one })), ...dropped], data, {
    threads,
    ...control,
  });
  const group = (i: number): Training[] => runs.slice(i * seeds, (i + 1) * seeds);
  return keeps.map((keep, k) => ({
    keep,
    depth,
    runs: {
      'no dropout': group(0),
      'plain dropout': group(1 + 3 * k),
      'path-conditioned': group(2 + 3 * k),
      'T/θ steps': group(3 + 3 * k),
    },
  }));
}

function losses(cell: Cell, arm: Arm): number[] {
  return cell.runs[arm].map(({ test }) => (typeof test?.loss === 'number' ? test.loss : Infinity));
}

function accuracies(cell: Cell, arm: Arm): number[] {
  return cell.runs[arm].map(({ test }) => test?.accuracy ?? 0);
}

/** Mean over seeds of loss(arm) − loss(other), and its error. */
function difference(cell: Cell, arm: Arm, other: Arm): Measured {
  const [a, b] = [losses(cell, arm), losses(cell, other)];
  return meanOf(a.map((loss, i) => loss - (b[i] as number)));
}

async function rowsOf(cell: Cell, steps: number): Promise<ReproductionRow[]> {
  const { keep, depth, runs } = cell;
  const where = `keep ${keep}, L = ${depth}`;
  const plain = runs['plain dropout'];
  const lost = await quantity('blockedProbability', { width, depth, keepProbability: keep });
  const total = plain.length * steps;
  const share = plain.reduce((sum, { counters }) => sum + (counters?.lostSteps ?? 0), 0) / total;
  const without = runs['path-conditioned'].reduce((sum, { counters }) => sum + (counters?.lostSteps ?? 0), 0);
  const levels = armNames.map((arm) => {
    const [loss, accuracy] = [meanOf(losses(cell, arm)), meanOf(accuracies(cell, arm))];
    return (
      `${arm} ${loss.mean.toFixed(3)} ± ${loss.standardError.toFixed(3)} (${(100 * accuracy.mean).toFixed(1)} ± ` +
      `${(100 * accuracy.standardError).toFixed(1)} %)`
    );
  });
  return [
    statisticRow({
      what: `lost steps of plain dropout, ${where}`,
      published: lost,
      source: sources.derived,
      measured: share,
      standardError: Math.sqrt((lost * (1 - lost)) / total),
      count: Infinity,
    }),
    statementRow({
      what: `lost steps of path-conditioned dropout, ${where}`,
      published: 'none',
      source: sources.derived,
      measured: without,
      holds: without === 0,
    }),
    {
      what: `test loss (accuracy) of the arms, ${where}`,
      published: 'not published',
      source: sources.question,
      measured: levels.join('; '),
      verdict: 'inconclusive',
    },
    effectRow(
      `loss that percolation costs (plain − path-conditioned), ${where}`,
      difference(cell, 'plain dropout', 'path-conditioned'),
      plain.length,
    ),
    effectRow(
      `loss that more steps win back (plain − T/θ steps), ${where}`,
      difference(cell, 'plain dropout', 'T/θ steps'),
      plain.length,
    ),
    effectRow(
      `loss that is left to the decay of the signal and noise (path-conditioned − no dropout), ${where}`,
      difference(cell, 'path-conditioned', 'no dropout'),
      plain.length,
    ),
  ];
}

/** Is the cost above zero? `inconclusive` when it is not told apart from zero. */
export function effectRow(what: string, { mean, standardError }: Measured, seeds: number): ReproductionRow {
  const z = mean / standardError;
  const isClear = Number.isFinite(z) && studentTwoSided(z, seeds - 1) < clear;
  const verdict = !isClear ? 'inconclusive' : z > 0 ? 'agrees' : 'differs';
  return {
    what,
    published: 'above zero',
    source: sources.question,
    measured: mean,
    standardError,
    ...(Number.isFinite(z) ? { z } : {}),
    verdict,
  };
}

/** The cost of percolation averaged over the depths: one number per seed, so that depths of a seed need not be independent. */
function overDepths(cells: readonly Cell[]): ReproductionRow {
  const perDepth = cells.map((cell) =>
    losses(cell, 'plain dropout').map((loss, i) => loss - (losses(cell, 'path-conditioned')[i] as number)),
  );
  const perSeed = (perDepth[0] ?? []).map((_, i) => meanOf(perDepth.map((values) => values[i] as number)).mean);
  return effectRow(
    `loss that percolation costs, mean over the depths, keep ${cells[0]?.keep}`,
    meanOf(perSeed),
    perSeed.length,
  );
}

/** Percolation against all that dropout costs (plain − no dropout). */
function shareRow(cells: readonly Cell[]): ReproductionRow {
  const shares = cells.map((cell) => {
    const [own, all] = [
      difference(cell, 'plain dropout', 'path-conditioned'),
      difference(cell, 'plain dropout', 'no dropout'),
    ];
    return { depth: cell.depth, share: own.mean / all.mean, error: own.standardError / all.mean, cost: all.mean };
  });
  const largest = shares.reduce((a, b) => (b.share > a.share ? b : a));
  return statementRow({
    what: `share of percolation in what dropout costs, keep ${cells[0]?.keep}`,
    published: 'below one half at every depth: the signal decays first',
    source: sources.derived,
    measured: `largest ${largest.share.toFixed(3)} ± ${largest.error.toFixed(3)}, at L = ${largest.depth}`,
    holds: shares.every(({ share, error, cost }) => cost > 0 && share + 3 * error < 0.5),
    isResolved: shares.some(({ share, error, cost }) => cost > 0 && share - 3 * error > 0.5),
  });
}

function figuresOf(cells: readonly Cell[], name: string): NamedFigure[] {
  const panel = (cell: Cell): string => `keep ${cell.keep}`;
  const shift = (arm: Arm): number => 1 + 0.02 * (armNames.indexOf(arm) - 1.5);
  const point = (x: number, { mean, standardError }: Measured, series: string, at: string): CurvePoint => ({
    x,
    y: mean,
    low: mean - 2 * standardError,
    high: mean + 2 * standardError,
    mark: 'point',
    series,
    panel: at,
  });
  const joined = (points: CurvePoint[]): CurvePoint[] =>
    points.flatMap((one) => [
      one,
      {
        x: one.x,
        y: one.y,
        mark: 'line',
        ...(one.series === undefined ? {} : { series: one.series }),
        ...(one.panel === undefined ? {} : { panel: one.panel }),
      },
    ]);
  const levels = (values: (cell: Cell, arm: Arm) => number[]): CurvePoint[] =>
    joined(
      cells.flatMap((cell) =>
        armNames.map((arm) => point(cell.depth * shift(arm), meanOf(values(cell, arm)), arm, panel(cell))),
      ),
    );
  const effects = joined(
    cells.flatMap((cell) => [
      point(cell.depth * 0.98, difference(cell, 'plain dropout', 'path-conditioned'), 'paths', panel(cell)),
      point(cell.depth, difference(cell, 'plain dropout', 'T/θ steps'), 'lost steps', panel(cell)),
      point(cell.depth * 1.02, difference(cell, 'path-conditioned', 'no dropout'), 'decay, noise', panel(cell)),
    ]),
  );
  const against = cells.flatMap((cell) =>
    (Object.keys(arms) as Arm[]).map((arm) => point(withPath(cell, arm), meanOf(losses(cell, arm)), arm, panel(cell))),
  );
  const depth = { x: 'depth L', xScale: 'log', columns: 2 } as const;
  return [
    {
      name: 'loss',
      figure: figureCurves(levels(losses), {
        ...depth,
        title: `Test loss after training (${name}, W = ${width}, ± 2 standard errors)`,
        y: 'test loss',
      }),
    },
    {
      name: 'accuracy',
      figure: figureCurves(levels(accuracies), {
        ...depth,
        title: `Test accuracy after training (${name}, W = ${width}, ± 2 standard errors)`,
        y: 'test accuracy',
      }),
    },
    {
      name: 'effects',
      figure: figureCurves(effects, {
        ...depth,
        title: `What costs loss (${name}, W = ${width}, ± 2 standard errors)`,
        y: 'difference of test losses',
      }),
    },
    {
      name: 'steps',
      figure: figureCurves(against, {
        title: `Test loss against steps with a path (${name}, W = ${width})`,
        x: 'steps with a path',
        y: 'test loss',
        columns: 2,
      }),
    },
  ];
}

/** Mean number of steps that had a path. */
function withPath(cell: Cell, arm: Arm): number {
  return meanOf(cell.runs[arm].map(({ steps, counters }) => steps - (counters?.lostSteps ?? 0))).mean;
}
