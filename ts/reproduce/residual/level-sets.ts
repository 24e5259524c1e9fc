// Networks trained over hyperparameter × depth, what theory says of each before training, and which predictor orders them.
import { linearGrid } from '../../numeric/grids.js';
import { residual } from '../../systems/residual/index.js';
import { logParameterGradient, nativeNetwork, recurrence } from '../../systems/residual/network.js';
import { availableImages, imageNames, trainedRuns } from '../training.js';
import type { ReproductionOptions, Scale } from '../types.js';
import { variances } from './paper.js';

/** One heat map: a path through the hyperparameters. */
interface LevelPath {
  readonly name: string;
  readonly activation: 'tanh' | 'relu';
  /** What runs along the path. */
  readonly hyperparameter: string;
  /** Fields of the spec at a point of the path. */
  readonly fields: (value: number) => Readonly<Record<string, number>>;
  readonly learningRate: number;
}

export interface LevelScale extends Scale {
  /** As long a training as the paper's, on as many images. */
  readonly isPaper: boolean;
  readonly width: number;
  readonly batchSize: number;
  readonly trainCount: number;
  readonly validationCount: number;
  readonly steps: number;
  readonly seeds: number;
  readonly depths: readonly number[];
  /** Points of every path, as parts of its length. */
  readonly points: number;
}

/** What the theory predicts of a network before training, as logarithms: first block over last, and of the last layer. */
export interface Predictors {
  readonly innerWeightRatio: number;
  readonly outerWeightRatio: number;
  readonly gradientRatio: number;
  readonly secondMoment: number;
  readonly metricExpressivity: number;
  /** Blocks in which the gate of a hidden unit differs between two orthogonal inputs, expected: Σ arccos(c_l)/π. Not a logarithm. */
  readonly gateDisagreement: number;
}

export type Predictor = keyof Predictors;

export const predictorNames: Readonly<Record<Predictor, string>> = {
  innerWeightRatio: 'log χ_w ratio',
  outerWeightRatio: 'log χ_v ratio',
  gradientRatio: 'log χ_0/χ_L',
  secondMoment: 'log p',
  metricExpressivity: 'log s',
  gateDisagreement: 'gate disagreement',
};

/** A network below this accuracy does not train. */
export const failedAccuracy = 0.2;

export interface LevelCell {
  readonly value: number;
  readonly depth: number;
  /** Accuracy on images that were not trained on, mean over seeds; a network that overflowed has 0. */
  readonly accuracy: number;
  readonly overflowed: number;
  readonly predictors: Predictors;
}

export interface MeasuredPath extends LevelPath {
  readonly cells: readonly LevelCell[];
}

/** The predictors at every depth up to the largest, from one recurrence: schedules do not depend on the total depth. */
export async function predictorsAlong(
  path: LevelPath,
  value: number,
  depth: number,
  options: ReproductionOptions = {},
): Promise<readonly Predictors[]> {
  const spec = residual.resolveSpec({
    activation: path.activation,
    ...variances,
    ...path.fields(value),
    depth,
    width: 1,
  }) as Parameters<typeof nativeNetwork>[0];
  const network = nativeNetwork(spec);
  const { signal } = options;
  const along = (angularDeficit: number): ReturnType<typeof recurrence> =>
    recurrence(
      network,
      { secondMoment: 1, angularDeficit, pair: true, fluctuations: false, interpolate: false },
      signal === undefined ? {} : { signal },
    );
  const [run, orthogonal] = [await along(0.5), await along(1)];
  const at = (list: Float64Array, l: number): number => list[l] as number;
  let gates = 0;
  return Array.from({ length: depth }, (_, i) => {
    gates += (2 / Math.PI) * Math.asin(Math.sqrt(Math.min(1, at(orthogonal.preactivationDeficit, i) / 2)));
    const ratio = (kind: 'innerWeight' | 'outerWeight'): number =>
      logParameterGradient(kind, 1, network, run) - logParameterGradient(kind, i + 1, network, run);
    return {
      innerWeightRatio: ratio('innerWeight'),
      outerWeightRatio: ratio('outerWeight'),
      gradientRatio: at(run.logGradient, 0) - at(run.logGradient, i + 1),
      secondMoment: at(run.logSecondMoment, i + 1),
      metricExpressivity: at(run.logMetricExpressivity, i + 1),
      gateDisagreement: gates,
    };
  });
}

/** Trains every cell of the paths; `images` names what was trained on. */
export async function trainedPaths(
  paths: readonly (LevelPath & { readonly range: readonly [number, number] })[],
  scale: LevelScale,
  options: ReproductionOptions,
): Promise<{ readonly images: string; readonly paths: readonly MeasuredPath[] }> {
  const dataset = (await availableImages('mnist')) ?? 'synthetic';
  const values = ({ range: [low, high] }: { readonly range: readonly [number, number] }): number[] =>
    linearGrid(low, high, scale.points);
  const cells = paths.flatMap((path, index) =>
    values(path).flatMap((value) => scale.depths.map((depth) => ({ path, index, value, depth }))),
  );
  const specOf = ({ path, value, depth }: (typeof cells)[number]): Readonly<Record<string, number | string>> => ({
    activation: path.activation,
    ...path.fields(value),
    depth,
    'run.learningRate': path.learningRate,
  });
  const runs = await trainedRuns(
    {
      base: { system: 'residual', ...variances, width: scale.width },
      dataset,
      run: {
        batchSize: scale.batchSize,
        trainCount: scale.trainCount,
        validationCount: scale.validationCount,
        steps: scale.steps,
        reportEvery: scale.steps,
        trainEvaluation: 1,
      },
      axes: { points: cells.map(specOf) },
      seeds: Array.from({ length: scale.seeds }, (_, i) => (options.seed ?? 1) + i),
    },
    options,
  );
  const key = (spec: Readonly<Record<string, unknown>>, rate: unknown): string =>
    JSON.stringify([spec.activation, spec.depth, rate, ...identifying.map((name) => spec[name])]);
  const results = new Map<string, number[]>();
  for (const { spec, run, result } of runs) {
    const accuracy = result.stopped === undefined ? (result.test?.accuracy ?? 0) : Number.NaN;
    results.set(key(spec, run.learningRate), [...(results.get(key(spec, run.learningRate)) ?? []), accuracy]);
  }
  const measured = await Promise.all(
    paths.map(async (path, index): Promise<MeasuredPath> => {
      const found: LevelCell[] = [];
      for (const value of values(path)) {
        const predictors = await predictorsAlong(path, value, Math.max(...scale.depths), options);
        for (const depth of scale.depths) {
          const spec = residual.resolveSpec({
            ...variances,
            ...path.fields(value),
            activation: path.activation,
            depth,
            width: scale.width,
          }) as unknown as Readonly<Record<string, unknown>>;
          const accuracies = results.get(key(spec, path.learningRate)) ?? [];
          const finite = accuracies.map((accuracy) => (Number.isNaN(accuracy) ? 0 : accuracy));
          found.push({
            value,
            depth,
            accuracy: finite.reduce((sum, x) => sum + x, 0) / Math.max(1, finite.length),
            overflowed: accuracies.filter(Number.isNaN).length,
            predictors: predictors[depth - 1] as Predictors,
          });
        }
      }
      return { ...(paths[index] as LevelPath), cells: found };
    }),
  );
  return { images: imageNames[dataset], paths: measured };
}

/** Fields that tell the points of the paths apart. */
const identifying = [
  'innerWeightVariance',
  'innerWeightDecay',
  'innerBiasDecay',
  'outerWeightDecay',
  'outerBiasDecay',
] as const;

/** Share of concordant pairs, and how many pairs there were. */
export interface Concordance {
  readonly share: number;
  readonly pairs: number;
}

const smallestDifference = 0.004;

/**
 * How well a predictor orders the cells. Pairs whose accuracies differ by less than 0.004 and networks of fewer than 8 blocks say nothing.
 * `sameDepth`: both networks have the same depth. `conflicting`: the deeper one has the hyperparameter that is worse at fixed depth, so
 * that neither depth nor hyperparameter alone decides.
 *
 * @param isSmallerBetter whether a smaller predictor is said to train better
 */
export function concordance(
  cells: readonly LevelCell[],
  predictor: Predictor,
  isSmallerBetter: boolean,
): { readonly sameDepth: Concordance; readonly conflicting: Concordance } {
  const count = { sameDepth: [0, 0], conflicting: [0, 0] };
  const deep = cells.filter(({ depth }) => depth >= 8);
  const at = new Map(deep.map((cell) => [`${cell.depth} ${cell.value}`, cell]));
  for (const [i, a] of deep.entries()) {
    for (const b of deep.slice(0, i)) {
      const difference = a.accuracy - b.accuracy;
      if (Math.abs(difference) < smallestDifference) continue;
      const kind = kindOf(a, b, at);
      if (kind === undefined) continue;
      const predicted = (a.predictors[predictor] - b.predictors[predictor]) * (isSmallerBetter ? -1 : 1);
      const tally = count[kind] as [number, number];
      tally[1] += 1;
      if (predicted * difference > 0) tally[0] += 1;
    }
  }
  const share = ([good, pairs]: readonly number[]): Concordance => ({
    share: (pairs as number) === 0 ? Number.NaN : (good as number) / (pairs as number),
    pairs: pairs as number,
  });
  return { sameDepth: share(count.sameDepth), conflicting: share(count.conflicting) };
}

function kindOf(
  a: LevelCell,
  b: LevelCell,
  at: ReadonlyMap<string, LevelCell>,
): 'sameDepth' | 'conflicting' | undefined {
  if (a.depth === b.depth) return 'sameDepth';
  const [deeper, other] = a.depth > b.depth ? [a, b] : [b, a];
  // At both depths the hyperparameter of the deeper network trains worse.
  const isWorse = [a.depth, b.depth].every(
    (depth) => (at.get(`${depth} ${deeper.value}`)?.accuracy ?? 0) < (at.get(`${depth} ${other.value}`)?.accuracy ?? 0),
  );
  return isWorse ? 'conflicting' : undefined;
}
