// Heat maps of training accuracy over depth × σ_w²: what is trained, and what is measured of it. The criterion is that of
// ts/systems/feedforward/experiments/trainable-length.ts; every map is an experiment of its own, with its own best accuracy.
import type { LevelSet } from '../../fit/level-set.js';
import {
  bestRate,
  boundaries,
  formulaLengths,
  type LengthCell,
  type LengthColumn,
  type LengthFormula,
} from '../../systems/feedforward/experiments/trainable-length.js';
import { availableImages, type ImageSet, imageNames, type TrainedRun, trainedRuns } from '../training.js';
import type { ReproductionOptions, ReproductionRow, Scale } from '../types.js';

/** One heat map. */
export interface TrainabilityMap {
  readonly dataset: ImageSet;
  readonly keepProbability: number;
  readonly weightVariances: readonly number[];
  readonly depths: readonly number[];
  readonly steps: number;
  readonly learningRates: readonly number[];
  readonly optimizer?: 'sgd' | 'rmsProp';
  readonly weights?: 'gaussian' | 'orthogonal';
}

export interface TrainabilityScale extends Scale {
  readonly width: number;
  readonly batchSize: number;
  readonly trainCount: number;
  readonly validationCount: number;
  readonly seeds: number;
  readonly maps: readonly TrainabilityMap[];
  /** Whether width and training are the paper's: its factors are claims about such networks. */
  readonly isPaper: boolean;
}

/** A heat map that was trained. */
export interface MeasuredMap extends TrainabilityMap {
  readonly name: string;
  readonly columns: readonly LengthColumn[];
  readonly cells: readonly LengthCell[];
}

export const network = { activation: 'tanh', biasVariance: 0.05 } as const;

interface Point {
  readonly map: number;
  readonly column: number;
  readonly depth: number;
  readonly learningRate: number;
}

/** Trains the maps whose images are there; `missing` has a row for every other. */
export async function trainedMaps(
  scale: TrainabilityScale,
  options: ReproductionOptions,
): Promise<{ readonly maps: readonly MeasuredMap[]; readonly missing: readonly ReproductionRow[] }> {
  const cells: LengthCell[][] = scale.maps.map(() => []);
  const names: string[] = [];
  const missing: ReproductionRow[] = [];
  for (const dataset of new Set(scale.maps.map((map) => map.dataset))) {
    const images = await availableImages(dataset);
    if (images === undefined) {
      missing.push({
        what: `training on ${imageNames[dataset]}`,
        published: 'heat maps',
        source: 'the paper',
        measured: 'not trained',
        verdict: 'inconclusive',
        note: `${imageNames[dataset]} was not found: set MFT_DATA to the folder with the data sets`,
      });
      continue;
    }
    const own = scale.maps.flatMap((map, index) => (map.dataset === dataset ? [index] : []));
    for (const index of own) names[index] = mapName(scale.maps[index] as TrainabilityMap, imageNames[images]);
    for (const { map, ...cell } of await trainedCells(scale, own, images, options))
      (cells[map] as LengthCell[]).push(cell);
  }
  const maps = scale.maps.flatMap((map, i) =>
    names[i] === undefined
      ? []
      : [{ ...map, name: names[i] as string, columns: columnsOf(map), cells: cells[i] as LengthCell[] }],
  );
  return { maps, missing };
}

function mapName({ keepProbability, optimizer, weights, steps }: TrainabilityMap, images: string): string {
  const words = [
    images,
    `ρ = ${keepProbability}`,
    ...(weights === 'orthogonal' ? ['orthogonal'] : []),
    ...(optimizer === 'rmsProp' ? ['RMSProp'] : []),
    `${steps} steps`,
  ];
  return words.join(', ');
}

function columnsOf({ weightVariances, keepProbability }: TrainabilityMap): readonly LengthColumn[] {
  return weightVariances.map((weightVariance) => ({ ...network, weightVariance, keepProbability }));
}

/** Two sweeps: every rate with the first seed, then the rate that validates best with the other seeds. */
async function trainedCells(
  scale: TrainabilityScale,
  own: readonly number[],
  dataset: ImageSet | 'synthetic',
  options: ReproductionOptions,
): Promise<readonly (LengthCell & { readonly map: number })[]> {
  const firstSeed = options.seed ?? 1;
  const mapAt = (index: number): TrainabilityMap => scale.maps[index] as TrainabilityMap;
  const train = async (
    points: readonly Point[],
    seeds: readonly number[],
  ): Promise<ReadonlyMap<string, readonly TrainedRun[]>> => {
    const plan = {
      base: { system: 'feedforward', ...network, width: scale.width },
      dataset,
      run: {
        batchSize: scale.batchSize,
        trainCount: scale.trainCount,
        validationCount: scale.validationCount,
        trainEvaluation: scale.validationCount,
      },
      axes: { points: points.map((point) => fields(mapAt(point.map), point)) },
      seeds,
    };
    return grouped(seeds.length === 0 ? [] : await trainedRuns(plan, options), ({ spec, run }) => identity(spec, run));
  };
  const rated = own.flatMap((map) =>
    mapAt(map).weightVariances.flatMap((_, column) =>
      mapAt(map).depths.flatMap((depth) =>
        mapAt(map).learningRates.map((learningRate) => ({ map, column, depth, learningRate })),
      ),
    ),
  );
  const first = await train(rated, [firstSeed]);
  const tried = rated.map((point) => {
    const found = accuraciesOf(first.get(pointIdentity(mapAt(point.map), point)))[0] as {
      readonly train: number;
      readonly validation: number;
    };
    return { ...point, ...found };
  });
  const chosen = [...grouped(tried, ({ map, column, depth }) => `${map} ${column} ${depth}`).values()].map(bestRate);
  const rest = await train(
    chosen,
    Array.from({ length: scale.seeds - 1 }, (_, i) => firstSeed + 1 + i),
  );
  return chosen.map(({ map, column, depth, learningRate, train: own }) => {
    const others = accuraciesOf(rest.get(pointIdentity(mapAt(map), { map, column, depth, learningRate })));
    return { map, column, depth, learningRate, accuracies: [own, ...others.map((other) => other.train)] };
  });
}

function grouped<T>(items: readonly T[], key: (item: T) => string): ReadonlyMap<string, readonly T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(key(item));
    if (group === undefined) groups.set(key(item), [item]);
    else group.push(item);
  }
  return groups;
}

function fields(
  map: TrainabilityMap,
  { column, depth, learningRate }: Point,
): Readonly<Record<string, number | string>> {
  const { keepProbability, weightVariances, steps, optimizer = 'sgd', weights = 'gaussian' } = map;
  return {
    keepProbability,
    weightVariance: weightVariances[column] as number,
    depth,
    weights,
    'run.learningRate': learningRate,
    'run.optimizer': optimizer,
    'run.steps': steps,
    'run.reportEvery': steps,
  };
}

function pointIdentity(map: TrainabilityMap, point: Point): string {
  const {
    keepProbability,
    weightVariance,
    depth,
    weights,
    'run.learningRate': learningRate,
    'run.optimizer': optimizer,
    'run.steps': steps,
  } = fields(map, point);
  return identity({ keepProbability, weightVariance, depth, weights }, { learningRate, optimizer, steps });
}

/** What tells the points of a plan apart. */
function identity(spec: Readonly<Record<string, unknown>>, run: Readonly<Record<string, unknown>>): string {
  return JSON.stringify([
    spec.keepProbability,
    spec.weightVariance,
    spec.depth,
    spec.weights,
    run.learningRate,
    run.optimizer,
    run.steps,
  ]);
}

/** A run that diverged has accuracy 0. */
function accuraciesOf(
  runs: readonly TrainedRun[] | undefined,
): { readonly train: number; readonly validation: number }[] {
  return (runs ?? []).map(({ result }) =>
    result.stopped === undefined
      ? { train: result.train.accuracy ?? 0, validation: result.test?.accuracy ?? 0 }
      : { train: 0, validation: 0 },
  );
}

/** A column with the boundary measured in it. */
export interface ColumnBoundary {
  readonly column: LengthColumn;
  readonly boundary: LevelSet;
  readonly lengths: Readonly<Record<LengthFormula, number>>;
}

export function mapBoundaries(map: MeasuredMap, threshold: number): readonly ColumnBoundary[] {
  const measured = boundaries(map.cells, threshold);
  return map.columns.map((column, i) => ({
    column,
    boundary: measured[i] as LevelSet,
    lengths: formulaLengths(column),
  }));
}
