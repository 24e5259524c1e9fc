// Stationary points of the risk over n examples beside those of the true risk: how far, of which index, how flat.
import { type ControlOptions, throwIfAborted, ticker } from '../../core/control.js';
import { threadsFor } from '../../core/memory.js';
import { type CurvePoint, figureCurves } from '../../figures/curves.js';
import { type Measured, meanOf } from '../../statistics/measured.js';
import {
  riskAt,
  type StationaryPoint,
  stationaryPoint,
  zeroEigenvalues,
} from '../../systems/convolution/experiments/stationary.js';
import {
  features,
  normalWeights,
  type Population,
  sampled,
  teacherPopulation,
} from '../../systems/convolution/experiments/teacher.js';
import { measuredRow, numberRow, statementRow } from '../rows.js';
import type { Reproduction, ReproductionRow, Scale } from '../types.js';

interface PointsScale extends Scale {
  readonly images: number;
  readonly samples: readonly number[];
  readonly repeats: number;
}

const decay = 2e-3;
/** Starts of the search for a saddle: normal weights of this size, so many of them at most. */
const [startSize, mostStarts, firstStart] = [0.1, 20, 10] as const;
const [searchDamping, nearDamping] = [1e-3, 1e-9] as const;

type Setting = ControlOptions & { readonly decay: number; readonly threads: number };

/** A stationary point of the true risk, and what samples made of it. */
interface Tracked {
  readonly name: string;
  readonly point: StationaryPoint;
  readonly sampled: readonly SampledPoints[];
}
interface SampledPoints {
  readonly samples: number;
  /** |w_n − w*|² of every sample whose point was found, and how many were not. */
  readonly squares: readonly number[];
  readonly lost: number;
  readonly indices: readonly number[];
}

export const stationaryPoints: Reproduction<PointsScale> = {
  id: 'deep-cnn-stationary-points',
  paper:
    'Zhou and Feng: Understanding Generalization and Optimization Performance of Deep CNNs (arXiv 1805.10767), without experiments; ours',
  system: 'convolution',
  title: 'Stationary points of the risk over n examples beside those of the true risk',
  settings: {
    input: [5, 5, 1],
    kernel: 2,
    width: 2,
    pool: 2,
    classes: 3,
    activation: 'sigmoid',
    images: 'of black and white pixels, labels drawn as a network of given weights says',
    weightDecay: decay,
  },
  scales: {
    quick: { images: 200, samples: [10_000, 40_000, 160_000], repeats: 20, cost: '1 min' },
    paper: {
      images: 200,
      samples: [10_000, 20_000, 40_000, 80_000, 160_000, 320_000, 640_000],
      repeats: 200,
      cost: '20 min',
    },
  },
  run: async (scale, { seed = 1, threads = 0, journal: _journal, ...control }) => {
    const population = await teacherPopulation(scale.images);
    const { onProgress: _onProgress, ...quiet } = control;
    const setting: Setting = { ...quiet, decay, threads: threadsFor(threads) };
    const points = await truePoints(population, setting);
    const tick = ticker(points.length * scale.samples.length * scale.repeats, control);
    let [done, trial] = [0, 0];
    const tracked: Tracked[] = [];
    for (const [name, point] of points) {
      const found: SampledPoints[] = [];
      for (const samples of scale.samples) {
        const own: (StationaryPoint | undefined)[] = [];
        for (let i = 0; i < scale.repeats; i++) {
          const shares = sampled(population, samples, seed, trial++);
          own.push(await stationaryPoint(population, shares, point.weights, setting, nearDamping));
          await tick(++done);
        }
        found.push(sampledPoints(samples, point, own));
      }
      tracked.push({ name, point, sampled: found });
    }
    const { native, shares } = population;
    const bare = await riskAt(population, shares, native.weights, { ...setting, decay: 0 });
    const flat = numberRow({
      what: 'eigenvalues of the risk without decay that are 0, at the weights that drew the labels',
      published: features,
      measured: zeroEigenvalues(bare),
      tolerance: 0,
      source: 'derived: a vector added to all rows of the last matrix changes nothing',
    });
    return { figures: [{ name: 'distance', figure: draw(tracked) }], rows: [flat, ...tracked.flatMap(rowsOf)] };
  },
};

/** The minimum near the weights that drew the labels, and a saddle. */
async function truePoints(population: Population, setting: Setting): Promise<(readonly [string, StationaryPoint])[]> {
  const { native, shares } = population;
  const result: (readonly [string, StationaryPoint])[] = [];
  const minimum = await stationaryPoint(population, shares, native.weights, setting, searchDamping);
  if (minimum !== undefined) result.push(['minimum', minimum]);
  for (let i = 0; i < mostStarts; i++) {
    throwIfAborted(setting);
    const start = normalWeights(firstStart + i, startSize);
    const saddle = await stationaryPoint(population, shares, start, setting, searchDamping);
    if (saddle === undefined || saddle.index === 0) continue;
    result.push([`saddle of index ${saddle.index}`, saddle]);
    break;
  }
  return result;
}

function sampledPoints(
  samples: number,
  { weights }: StationaryPoint,
  own: readonly (StationaryPoint | undefined)[],
): SampledPoints {
  const found = own.filter((one) => one !== undefined);
  const squares = found.map((one) => one.weights.reduce((sum, x, j) => sum + (x - (weights[j] as number)) ** 2, 0));
  return { samples, squares, lost: own.length - found.length, indices: found.map(({ index }) => index) };
}

/** Rows of one stationary point. */
export function rowsOf({ name, point, sampled: all }: Tracked): ReproductionRow[] {
  const distances = all.map(({ samples, squares }) =>
    measuredRow({
      what: `${name}: n mean |w_n − w*|² at n = ${samples}`,
      published: point.spread,
      measured: meanOf(squares.map((square) => samples * square)),
      source: 'derived: tr(H⁻¹ Σ H⁻¹) at large n',
    }),
  );
  const slope = slopeOf(all);
  const total = all.reduce((sum, { squares, lost }) => sum + squares.length + lost, 0);
  const alike = all.reduce((sum, { indices }) => sum + indices.filter((index) => index === point.index).length, 0);
  return [
    ...distances,
    measuredRow({
      what: `${name}: slope of log √mean |w_n − w*|² over log n`,
      published: -0.5,
      measured: slope,
      source: 'Zhou and Feng 2018, theorem 3',
    }),
    statementRow({
      what: `${name}: the index at n examples`,
      published: 'that of the true risk, where it is not degenerate',
      source: 'Zhou and Feng 2018, corollary 2',
      measured: `${alike} of ${total} samples have index ${point.index}`,
      holds: alike === total && total > 0,
    }),
  ];
}

/** Slope of least squares over the logarithms of the means, with the error of their logarithms. */
function slopeOf(all: readonly SampledPoints[]): Measured {
  const xs = all.map(({ samples }) => Math.log(samples));
  const means = all.map(({ squares }) => meanOf(squares));
  const middle = xs.reduce((sum, x) => sum + x, 0) / xs.length;
  const spread = xs.reduce((sum, x) => sum + (x - middle) ** 2, 0);
  const weights = xs.map((x) => (x - middle) / spread / 2);
  return {
    mean: means.reduce((sum, { mean }, i) => sum + (weights[i] as number) * Math.log(mean), 0),
    standardError: Math.hypot(...means.map((one, i) => ((weights[i] as number) * one.standardError) / one.mean)),
    count: Math.min(...means.map(({ count }) => count)),
  };
}

function draw(tracked: readonly Tracked[]): ReturnType<typeof figureCurves> {
  const curves = tracked.flatMap(({ name, point, sampled: all }): CurvePoint[] =>
    all.flatMap(({ samples: x, squares }) => [
      { x, y: Math.sqrt(point.spread / x), series: `${name}, √(tr(H⁻¹ΣH⁻¹)/n)` },
      ...squares.map((square) => ({ x, y: Math.sqrt(square), series: name, mark: 'point' as const })),
    ]),
  );
  return figureCurves(curves, {
    title: 'Distance of stationary points of n examples from those of the true risk',
    x: 'examples n',
    y: '|w_n − w*|',
    xScale: 'log',
    yScale: 'log',
  });
}
