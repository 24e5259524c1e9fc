// An associative memory of ten digits: training through the steady state of a continuous Hopfield network, and what each solver gets right.
import { type Dataset, readDataset } from '../../data/dataset.js';
import { type CurvePoint, figureCurves } from '../../figures/curves.js';
import { type TrainedMemory, trainMemory } from '../../systems/implicit/experiments/memory.js';
import { minstd } from '../../systems/implicit/minstd.js';
import { inSetting, statementRow, statisticRow } from '../rows.js';
import { availableImages, imageNames } from '../training.js';
import type { Reproduction, ReproductionRow, Scale } from '../types.js';

interface MemoryScale extends Scale {
  /** Pixels of a side after averaging. */
  readonly pixels: number;
  readonly hidden: number;
  readonly updates: number;
  readonly reports: readonly number[];
  readonly counts: readonly number[];
}

/**
 * An independent implementation's numbers, one random start: loss, wrong bits from the image and from half of it, ρ(J), products to
 * 1e-10.
 */
const derived: Readonly<Record<number, readonly [number, number, number, number, number]>> = {
  100: [0.157, 0.132, 0.133, 0.14, 11],
  500: [0.124, 0.111, 0.116, 0.13, 11],
  1000: [0.093, 0.064, 0.084, 0.24, 15],
  1500: [0.07, 0.037, 0.057, 0.28, 17],
  2000: [0.054, 0.016, 0.04, 0.3, 19],
  3000: [0.046, 0.001, 0.032, 0.34, 20],
};
const columns = [
  { what: 'mean absolute error', scatter: 0.15, of: (r: Report) => r.loss },
  { what: 'wrong bits from the image', scatter: 0.25, of: (r: Report) => r.bitError },
  { what: 'wrong bits from half of its pixels', scatter: 0.25, of: (r: Report) => r.corruptedBitError },
  { what: 'ρ(J)', scatter: 0.25, of: (r: Report) => r.spectralRadius },
  { what: 'products of the Neumann series to 1e-10', scatter: 0.15, of: (r: Report) => r.products },
] as const;
type Report = TrainedMemory['reports'][number];

export const memory: Reproduction<MemoryScale> = {
  id: 'recurrent-back-propagation-memory',
  paper:
    'Liao et al.: Reviving and Improving Recurrent Back-Propagation (ICML 2018), first experiment, at 14 × 14 pixels',
  system: 'implicit',
  title: 'An associative memory of ten digits, trained through its steady state',
  settings: {
    images: 'the first image of each digit, averaged to 14 × 14, threshold 0.25',
    units: '196 clamped, 128 hidden, 196 outputs',
    gain: 0.5,
    loss: 'mean absolute error of the raw outputs',
    optimizer: 'adam',
    learningRate: 0.001,
    gradient: 'Neumann series to 1e-10',
  },
  scales: {
    quick: { pixels: 14, hidden: 128, updates: 500, reports: [100, 500], counts: [1, 3, 5, 10, 20], cost: '1 min' },
    paper: {
      pixels: 14,
      hidden: 128,
      updates: 3000,
      reports: [100, 500, 1000, 1500, 2000, 3000],
      counts: [1, 3, 5, 10, 20],
      cost: '5 min',
    },
  },
  run: async (scale, { seed = 1, threads: _threads, journal: _journal, ...control }) => {
    const name = (await availableImages('mnist')) ?? 'synthetic';
    const { images, corrupted, pixels } = digits(await readDataset(name, 'train'), scale.pixels);
    const { hidden, updates, reports, counts } = scale;
    const run = await trainMemory(
      images,
      corrupted,
      pixels,
      { hidden, updates, reports, counts, seed, learningRate: 1e-3 },
      control,
    );
    const isSetting = name === 'mnist' && scale.pixels === 14 && hidden === 128;
    const rows = [...run.reports.flatMap(reportRows), ...solverRows(run, counts)].map((row) =>
      inSetting(row, isSetting, 'MNIST at 14 × 14 with 128 hidden units is the setting'),
    );
    return { figures: [...draw(run, counts, imageNames[name])], rows };
  },
};

/** The first image of each class, averaged over squares to `side` × `side`, 0 or 1; and with half of its ones taken away. */
function digits(data: Dataset, side: number) {
  const [rows = 1, columns_ = rows] = data.shape.slice(-2);
  const pixels = side * side;
  const count = data.classes;
  const images = new Float64Array(pixels * count);
  for (let label = 0; label < count; label++) {
    const first = data.labels.indexOf(label);
    const means = new Float64Array(pixels);
    for (let p = 0; p < pixels; p++) {
      const [r, c] = [Math.floor(p / side), p % side];
      const [top, bottom] = [
        Math.floor((r * rows) / side),
        Math.max(Math.floor(((r + 1) * rows) / side), Math.floor((r * rows) / side) + 1),
      ];
      const left = Math.floor((c * columns_) / side);
      const right = Math.max(Math.floor(((c + 1) * columns_) / side), left + 1);
      let sum = 0;
      for (let i = top; i < bottom; i++)
        for (let j = left; j < right; j++) sum += data.images[first * data.dimension + i * columns_ + j] as number;
      means[p] = sum / (255 * (bottom - top) * (right - left));
    }
    for (let p = 0; p < pixels; p++) images[p * count + label] = (means[p] as number) > 0.25 ? 1 : 0;
  }
  const corrupted = images.slice();
  const order = minstd(1234, pixels * count);
  for (let label = 0; label < count; label++) {
    const ones = Array.from({ length: pixels }, (_, p) => p * count + label).filter((at) => images[at] === 1);
    ones.sort((a, b) => (order[a] as number) - (order[b] as number));
    for (const at of ones.slice(0, Math.floor(ones.length / 2))) corrupted[at] = 0;
  }
  return { images, corrupted, pixels };
}

/** Numbers of one random start beside those of another: as far apart as the table's own neighbours, a share of the value. */
function reportRows(report: Report): ReproductionRow[] {
  return columns.flatMap(({ what, scatter, of }, i) => {
    const published = derived[report.update]?.[i];
    const measured = of(report);
    if (published === undefined)
      return [
        statementRow({
          what: `${what}, update ${report.update}`,
          published: 'no number',
          source: 'derived',
          measured,
          holds: Number.isFinite(measured),
        }),
      ];
    const error = Math.max(scatter * published, 0.006);
    return [
      statisticRow({
        what: `${what}, update ${report.update}`,
        published,
        publishedError: error,
        source: 'derived (an independent implementation, one start)',
        measured,
        standardError: error,
        count: Infinity,
      }),
    ];
  });
}

function solverRows({ solvers }: TrainedMemory, counts: readonly number[]): ReproductionRow[] {
  const errorsOf = (name: string): readonly number[] =>
    solvers.find(({ solver }) => solver.startsWith(name))?.errors ?? [];
  const shown = (errors: readonly number[]): string =>
    errors.map((x, i) => `${counts[i]}: ${x.toExponential(1)}`).join(', ');
  const [neumann, original, normal, symmetric, gmres] = [
    errorsOf('Neumann'),
    errorsOf('original'),
    errorsOf('conjugate'),
    errorsOf('symmetric'),
    errorsOf('GMRES'),
  ];
  const at = (errors: readonly number[], k: number): number => errors[counts.indexOf(k)] ?? 1;
  const row = (what: string, published: string, errors: readonly number[], holds: boolean): ReproductionRow =>
    statementRow({ what, published, source: 'derived', measured: shown(errors), holds });
  return [
    row(
      'error of z: Neumann series',
      'falls with every product',
      neumann,
      neumann.every((x, i) => i === 0 || x < (neumann[i - 1] ?? 1)),
    ),
    row(
      'error of z: original RBP from [0, 1]',
      'its start costs a factor of more than 100 at every count',
      original,
      original.every((x, i) => x > 100 * (neumann[i] ?? 1) || x < 1e-12),
    ),
    row(
      'error of z: conjugate gradient on the normal equations',
      'behind the Neumann series from three iterations on (two products each)',
      normal,
      counts.every((k, i) => k < 3 || (normal[i] ?? 0) > (neumann[i] ?? 1) || (normal[i] ?? 0) < 1e-12),
    ),
    row(
      'error of z: symmetric conjugate gradient',
      'smaller than that of the series from five products on',
      symmetric,
      at(symmetric, 5) < at(neumann, 5),
    ),
    row(
      'error of z: GMRES',
      'smaller than that of the series from five products on',
      gmres,
      at(gmres, 5) < at(neumann, 5),
    ),
  ];
}

function draw({ solvers, losses }: TrainedMemory, counts: readonly number[], images: string) {
  const errors: CurvePoint[] = solvers.flatMap(({ solver, errors: all }) =>
    all.map((y, i) => ({ x: counts[i] as number, y: Math.max(y, 1e-16), series: solver })),
  );
  const training = losses.map((y, x) => ({ x, y, series: 'Neumann series to 1e-10' }));
  return [
    {
      name: 'losses',
      figure: figureCurves(training, {
        title: `An associative memory of ten images (${images})`,
        x: 'update',
        y: 'mean absolute error',
      }),
    },
    {
      name: 'solvers',
      figure: figureCurves(errors, {
        title: `Error of the adjoint of a trained memory (${images})`,
        x: 'products (conjugate gradient: iterations)',
        y: '|z − z_k|/|z|',
        yScale: 'log',
      }),
    },
  ];
}
