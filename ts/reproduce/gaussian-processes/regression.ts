// Regression with the kernels of infinitely wide networks beside trained finite ones, on the same images: accuracy, likelihood, time.
import { controlOf } from '../../core/control.js';
import type { QuantityValue } from '../../core/results.js';
import { readDataset } from '../../data/dataset.js';
import { type CurvePoint, figureCurves } from '../../figures/curves.js';
import { train } from '../../verbs/train.js';
import { inSetting, statementRow } from '../rows.js';
import { availableImages, type ImageSet, imageNames, trainedRuns } from '../training.js';
import type { Reproduction, ReproductionOptions, ReproductionRow, Scale } from '../types.js';
import { paper, published, sources } from './paper.js';
import { tableRows } from './table.js';

interface RegressionScale extends Scale {
  readonly sets: readonly ImageSet[];
  /** Training images, ascending. */
  readonly counts: readonly number[];
  /** Images held out of the training set, on which accuracies are measured. */
  readonly validationCount: number;
  /** Of the finite networks. */
  readonly width: number;
  readonly steps: number;
  readonly seeds: number;
  /** Disjoint subsets for rows of the published table, at most, of those of at most `mostPublished` images. */
  readonly subsets: number;
  readonly mostPublished: number;
}

const network = { activation: 'relu', depth: 3, weightVariance: 2, biasVariance: 0.1 } as const;
const descent = {
  optimizer: 'momentum',
  learningRate: 0.03,
  schedule: 'cosine',
  scheduleFactor: 0.01,
  batchSize: 64,
} as const;
const kernels = ['nngp', 'ntk'] as const;
const publishedCount = 5000;

/** Test accuracy of one fit; of finite networks the mean over seeds and its standard error. */
interface Point {
  readonly count: number;
  readonly accuracy: number;
  readonly standardError: number;
}

interface KernelPoint extends Point {
  readonly quantities: Readonly<Record<string, QuantityValue>>;
  readonly seconds: number;
}

/** All fits of one set of images. */
interface Curves {
  readonly set: ImageSet;
  readonly images: ImageSet | 'synthetic';
  readonly nngp: readonly KernelPoint[];
  readonly ntk: readonly KernelPoint[];
  readonly finite: readonly Point[];
}

export const regression: Reproduction<RegressionScale> = {
  id: 'gaussian-processes-regression',
  paper,
  system: 'kernel',
  title:
    'Regression with NNGP and NTK beside trained networks on the same images: accuracy, likelihood, learning curves',
  settings: {
    ...network,
    trainCount: publishedCount,
    kernels: 'NNGP, NTK; noise of the largest likelihood',
    networks: 'width 512, cross-entropy, momentum, cosine from 0.03, batches of 64',
    table: 'depth, variances, subsets and scaling of images as published, noise 1e-10',
  },
  scales: {
    quick: {
      sets: ['mnist'],
      counts: [100, 300, 1000],
      validationCount: 2000,
      width: 256,
      steps: 400,
      seeds: 2,
      subsets: 8,
      mostPublished: 1000,
      cost: '20 s',
    },
    paper: {
      sets: ['mnist', 'cifar10'],
      counts: [100, 300, 1000, 3000, publishedCount],
      validationCount: 10_000,
      width: 512,
      steps: 2000,
      seeds: 3,
      subsets: 8,
      mostPublished: 10_000,
      cost: '20 min',
    },
  },
  run: async (scale, options) => {
    const rows: ReproductionRow[] = [];
    const all: Curves[] = [];
    for (const set of scale.sets) {
      const images = await availableImages(set);
      if (images === undefined) continue;
      const curves = await fitted(set, images, scale, options);
      all.push(curves);
      rows.push(...kernelRows(curves, scale), ...finiteRows(curves, scale));
      rows.push(...(await tableRows(set, images, scale, options)));
    }
    return { figures: [{ name: 'learning-curves', figure: drawn(all, scale) }], rows };
  },
};

async function fitted(
  set: ImageSet,
  images: Curves['images'],
  scale: RegressionScale,
  options: ReproductionOptions,
): Promise<Curves> {
  const { counts, validationCount } = scale;
  const data = { train: await readDataset(images, 'train') };
  const fits = { nngp: [] as KernelPoint[], ntk: [] as KernelPoint[] };
  for (const kernel of kernels)
    for (const trainCount of counts) {
      const started = process.cpuUsage();
      const { test, quantities } = await train({ system: 'kernel', ...network }, data, {
        kernel,
        trainCount,
        validationCount,
        leaveOneOut: trainCount === counts.at(-1),
        trainEvaluation: 0,
        threads: options.threads ?? 0,
        ...controlOf(options),
      });
      const { user, system } = process.cpuUsage(started);
      const accuracy = test?.accuracy ?? 0;
      fits[kernel].push({
        count: trainCount,
        accuracy,
        standardError: binomial(accuracy, validationCount),
        quantities: quantities ?? {},
        seconds: (user + system) / 1e6,
      });
    }
  return { set, images, ...fits, finite: await trainedNetworks(images, scale, options) };
}

const binomial = (share: number, count: number): number => Math.sqrt((share * (1 - share)) / count);

async function trainedNetworks(
  dataset: string,
  { counts, validationCount, width, steps, seeds }: RegressionScale,
  options: ReproductionOptions,
): Promise<readonly Point[]> {
  const first = options.seed ?? 1;
  const runs = await trainedRuns(
    {
      base: { system: 'feedforward', ...network, width },
      dataset,
      run: { ...descent, steps, reportEvery: steps, validationCount, trainEvaluation: 0 },
      axes: { 'run.trainCount': [...counts] },
      seeds: Array.from({ length: seeds }, (_, i) => first + i),
    },
    options,
  );
  return counts.map((count) => {
    const found = runs.filter(({ run }) => run.trainCount === count).map(({ result }) => result.test?.accuracy ?? 0);
    const mean = found.reduce((sum, value) => sum + value, 0) / found.length;
    const squares = found.reduce((sum, value) => sum + (value - mean) ** 2, 0);
    const overSeeds = squares / Math.max(1, found.length - 1) / found.length;
    return { count, accuracy: mean, standardError: Math.hypot(Math.sqrt(overSeeds), binomial(mean, validationCount)) };
  });
}

const percent = (share: number): string => `${(100 * share).toFixed(2)} %`;
const isNumber = (value: QuantityValue | undefined): value is number => typeof value === 'number';

/** What is said of one fit. */
function said({ accuracy, quantities }: KernelPoint): string {
  const { scaledLogMarginalLikelihood: likelihood, noiseRelativeToDiagonal: noise, leaveOneOutAccuracy } = quantities;
  return [
    percent(accuracy),
    ...(isNumber(likelihood) ? [`log p(y) ${Math.round(likelihood).toLocaleString('en')} at the best scale`] : []),
    ...(isNumber(noise) ? [`noise ${noise.toPrecision(2)} of the mean diagonal`] : []),
    ...(isNumber(leaveOneOutAccuracy) ? [`each image from all others ${percent(leaveOneOutAccuracy)}`] : []),
  ].join(', ');
}

/** The two kernels with the most images: between what is published of fewer and of more. */
export function kernelRows(
  curves: Pick<Curves, 'set' | 'images' | 'nngp' | 'ntk'>,
  scale: Pick<RegressionScale, 'counts' | 'validationCount'>,
): ReproductionRow[] {
  const { set, images } = curves;
  const known = published.filter((row) => row.set === set).toSorted((a, b) => a.count - b.count);
  const [fewer, more] = [known[0] as (typeof known)[number], known.at(-1) as (typeof known)[number]];
  return kernels.map((kernel) => {
    const point = curves[kernel].at(-1) as KernelPoint;
    const margin = 3 * point.standardError;
    return inSetting(
      statementRow({
        what: `${imageNames[images]}, ${point.count} images, ${kernel.toUpperCase()}: accuracy on ${scale.validationCount} others`,
        published: `between ${percent(fewer.accuracy)} (${fewer.count} images) and ${percent(more.accuracy)} (${more.count})`,
        source: kernel === 'nngp' ? sources.table : `${sources.table}; of the NTK derived`,
        measured: said(point),
        holds: point.accuracy > fewer.accuracy - margin && point.accuracy < more.accuracy + margin,
        note: `${point.seconds.toFixed(0)} s of processor time`,
      }),
      images === set && point.count === publishedCount,
      images === set ? 'fewer images' : 'other images',
    );
  });
}

/** The process of random networks against networks that were trained. */
export function finiteRows(
  { set, images, nngp, finite }: Pick<Curves, 'set' | 'images' | 'nngp' | 'finite'>,
  { seeds, width }: Pick<RegressionScale, 'seeds' | 'width'>,
): ReproductionRow[] {
  const [process, networks] = [nngp.at(-1) as Point, finite.at(-1) as Point];
  const difference = process.accuracy - networks.accuracy;
  const error = Math.hypot(process.standardError, networks.standardError);
  return [
    inSetting(
      statementRow({
        what: `${imageNames[images]}, ${process.count} images: NNGP against ${seeds} networks of width ${width}`,
        published: 'Gaussian processes typically outperform networks of finite width',
        source: sources.statement,
        measured:
          `${percent(process.accuracy)} against ${percent(networks.accuracy)} ` +
          `(difference ${percent(difference)} ± ${percent(error)})`,
        holds: difference > 0,
        isResolved: Math.abs(difference) > 3 * error,
      }),
      images === set && process.count === publishedCount,
      images === set ? 'fewer images' : 'other images',
    ),
  ];
}

function drawn(all: readonly Curves[], { width }: RegressionScale) {
  const points: CurvePoint[] = all.flatMap(({ images, nngp, ntk, finite }) =>
    Object.entries({ NNGP: nngp, NTK: ntk, [`networks, width ${width}`]: finite }).flatMap(([series, list]) =>
      list.map(({ count, accuracy, standardError }) => ({
        x: count,
        y: accuracy,
        low: accuracy - 2 * standardError,
        high: accuracy + 2 * standardError,
        series,
        ...(list === finite ? { mark: 'point' as const } : {}),
        panel: imageNames[images],
      })),
    ),
  );
  return figureCurves(points, {
    title: 'Learning curves: kernels of infinite width and trained networks',
    x: 'training images',
    y: 'accuracy on other images',
    xScale: 'log',
  });
}
