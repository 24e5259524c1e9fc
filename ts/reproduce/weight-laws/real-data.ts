// Real images: how the condition on the inputs falls with their dimension, and what the law of the weights still changes.
import { controlOf } from '../../core/control.js';
import type { Predicted } from '../../core/results.js';
import type { VegaLiteFigure } from '../../core/system.js';
import { type Dataset, readDataset } from '../../data/dataset.js';
import { type CurvePoint, figureCurves } from '../../figures/curves.js';
import type { KernelWeightLaw } from '../../systems/kernel/spec.js';
import { evaluate } from '../../verbs/evaluate.js';
import { predict, simulate } from '../../verbs/predict.js';
import { inSetting, statementRow, statisticRow } from '../rows.js';
import { availableImages, type ImageSet, imageNames } from '../training.js';
import type { Reproduction, ReproductionOptions, ReproductionRow, Scale } from '../types.js';
import { factorsOf, reduced } from './images.js';

interface RealScale extends Scale {
  readonly sets: readonly ImageSet[];
  /** Images whose condition is measured. */
  readonly samples: number;
  /** Images of which all pairs go through a layer. */
  readonly inputs: number;
  readonly width: number;
  readonly networks: number;
}

/** Laws with all moments, and what (5.2) of docs/systems/kernel.md says of them. */
const laws = [
  { name: 'laplace', weights: 'laplace', parameters: {}, kurtosis: 3 },
  { name: 'sparse, density 0.3', weights: { law: 'sparse', density: 0.3 }, parameters: { density: 0.3 }, kurtosis: 7 },
] as const satisfies readonly { readonly weights: KernelWeightLaw; readonly [key: string]: unknown }[];

const statistics = ['max|x|/|x|', 'd^(1/4) max|x|/|x|', 'Σ|x|³/|x|³'] as const;
const paperSamples = 1000;

/** Means and deviations over images of the three statistics at one dimension. */
interface Condition {
  readonly dimension: number;
  readonly mean: readonly number[];
  readonly deviation: readonly number[];
}

/** A pair of images under one law, relative to the root of both variances. */
interface Deviation {
  readonly dimension: number;
  readonly predicted: number;
  readonly measured: number;
  readonly standardError: number;
  /** max x²/|x|² of the two. */
  readonly share: number;
}

interface Measured {
  readonly set: ImageSet;
  readonly images: ImageSet | 'synthetic';
  readonly conditions: readonly Condition[];
  readonly deviations: readonly (readonly Deviation[])[];
}

export const realData: Reproduction<RealScale> = {
  id: 'weight-laws-real-data',
  paper: 'Tsuchida, Roosta-Khorasani, Gallagher: Invariance of weight distributions in rectified MLPs (ICML 2018)',
  system: 'kernel',
  title: 'Real images: the condition on the inputs over the dimension, and what the law of the weights still changes',
  settings: {
    images: 'MNIST and CIFAR-10 at several sizes (means over squares of pixels), components as stored',
    samples: paperSamples,
    layer: 'one hidden layer of rectifiers, σ_w² = 2; Laplace weights, and sparse ones of density 0.3',
  },
  scales: {
    quick: { sets: ['mnist', 'cifar10'], samples: 200, inputs: 4, width: 300, networks: 12, cost: '10 s' },
    paper: { sets: ['mnist', 'cifar10'], samples: paperSamples, inputs: 8, width: 1000, networks: 40, cost: '2 min' },
  },
  run: async (scale, options) => {
    const all: Measured[] = [];
    for (const set of scale.sets) {
      const images = await availableImages(set);
      if (images === undefined) continue;
      const data = await readDataset(images, 'train');
      const deviations: (readonly Deviation[])[] = [];
      for (const law of laws) deviations.push(await deviationsOf(data, law, scale, options));
      all.push({ set, images, conditions: conditionsOf(data, scale.samples), deviations });
    }
    return {
      figures: [
        { name: 'condition', figure: conditionFigure(all) },
        { name: 'universality', figure: universalityFigure(all) },
      ],
      rows: all.flatMap((each) => [conditionRow(each), ...deviationRows(each, scale.networks)]),
    };
  },
};

function conditionsOf(data: Dataset, samples: number): readonly Condition[] {
  return factorsOf(data).map((factor) => {
    const sums = statistics.map(() => [0, 0] as [number, number]);
    const count = Math.min(samples, data.count);
    let dimension = 0;
    for (let i = 0; i < count; i++) {
      const x = reduced(data, i, factor);
      dimension = x.length;
      const largest = x.reduce((most, value) => Math.max(most, value), 0);
      const norm = Math.hypot(...x);
      const cubes = x.reduce((sum, value) => sum + value ** 3, 0);
      [largest / norm, (dimension ** 0.25 * largest) / norm, cubes / norm ** 3].forEach((value, k) => {
        const sum = sums[k] as [number, number];
        sum[0] += value;
        sum[1] += value * value;
      });
    }
    const mean = sums.map(([sum]) => sum / count);
    const deviation = sums.map(([, squares], k) => Math.sqrt(Math.max(0, squares / count - (mean[k] as number) ** 2)));
    return { dimension, mean, deviation };
  });
}

async function deviationsOf(
  data: Dataset,
  { weights, parameters }: (typeof laws)[number],
  { inputs, width, networks }: RealScale,
  { seed = 1, threads = 0, ...control }: ReproductionOptions,
): Promise<readonly Deviation[]> {
  const found: Deviation[] = [];
  for (const factor of factorsOf(data)) {
    const values = Array.from({ length: inputs }, (_, i) => [...reduced(data, i, factor)]);
    const dimension = values[0]?.length ?? 0;
    const spec = {
      system: 'kernel',
      activation: 'relu',
      depth: 1,
      weightVariance: 2,
      width,
      weights,
      inputs: { values },
    } as const;
    const theory = (await predict(spec, controlOf(control))).observables.nngp as Predicted;
    const run = { trials: networks, seed, threads, hasTangent: false, estimator: 'conditional' } as const;
    const { nngp } = (await simulate(spec, run, controlOf(control))).observables;
    const at = (list: ArrayLike<number>, i: number, j: number): number => list[i * inputs + j] as number;
    for (let i = 0; i < inputs; i++)
      for (let j = i + 1; j < inputs; j++) {
        const root = Math.sqrt(at(theory.values, i, i) * at(theory.values, j, j));
        const correction = (await evaluate('kernel', 'universalityCorrection', {
          activation: 'relu',
          distribution: typeof weights === 'string' ? weights : weights.law,
          distributionParameters: { variance: 1, ...parameters },
          weightVariance: 2 / dimension,
          x: values[i] as number[],
          y: values[j] as number[],
        })) as number;
        found.push({
          dimension,
          predicted: (2 * correction) / root,
          measured: (at(nngp?.values ?? [], i, j) - at(theory.values, i, j)) / root,
          standardError: at(nngp?.standardError ?? [], i, j) / root,
          share: Math.max(shareOf(values[i] as number[]), shareOf(values[j] as number[])),
        });
      }
  }
  return found;
}

function shareOf(x: readonly number[]): number {
  let [largest, squares] = [0, 0];
  for (const value of x) {
    largest = Math.max(largest, value * value);
    squares += value * value;
  }
  return largest / squares;
}

function conditionRow({ set, images, conditions }: Pick<Measured, 'set' | 'images' | 'conditions'>): ReproductionRow {
  const ordered = conditions.toSorted((a, b) => a.dimension - b.dimension);
  const values = ordered.map(({ mean }) => mean[1] as number);
  const isFalling = values.every((value, i) => i === 0 || value < (values[i - 1] as number));
  return inSetting(
    statementRow({
      what: `${imageNames[images]}: d^(1/4) max|x|/|x| of images at dimensions ${ordered.map(({ dimension }) => dimension).join(', ')}`,
      published: 'falls as the dimension grows',
      source: 'statement of the paper, its images not at hand',
      measured: values.map((value) => value.toFixed(3)).join(', '),
      holds: isFalling,
    }),
    images === set,
    'other images',
  );
}

/** Of every law the pair of largest images for which most is predicted. The next order is smaller by about κ max x²/|x|². */
export function deviationRows(
  { set, images, deviations }: Pick<Measured, 'set' | 'images' | 'deviations'>,
  networks: number,
): ReproductionRow[] {
  return laws.flatMap(({ name, kurtosis }, index) => {
    const all = deviations[index] ?? [];
    const largest = all.reduce((most, { dimension }) => Math.max(most, dimension), 0);
    const own = all.filter(({ dimension }) => dimension === largest);
    const [pair] = own.toSorted((a, b) => Math.abs(b.predicted) - Math.abs(a.predicted));
    if (pair === undefined) return [];
    return [
      inSetting(
        statisticRow({
          what: `${imageNames[images]}, ${largest} components, ${name} weights: (k − k_Gauss)/√(k_xx k_yy) of two images`,
          published: pair.predicted,
          source: 'derived: the first correction, of order 1/d',
          measured: pair.measured,
          standardError: pair.standardError,
          count: networks,
          allowance: 3 * kurtosis * pair.share * Math.abs(pair.predicted),
        }),
        images === set,
        'other images',
      ),
    ];
  });
}

function conditionFigure(all: readonly Measured[]): VegaLiteFigure {
  const points: CurvePoint[] = all.flatMap(({ images, conditions }) =>
    conditions.flatMap(({ dimension, mean, deviation }) =>
      statistics.map((series, k) => ({
        x: dimension,
        y: mean[k] as number,
        low: (mean[k] as number) - (deviation[k] as number),
        high: (mean[k] as number) + (deviation[k] as number),
        series,
        panel: imageNames[images],
      })),
    ),
  );
  const names = { x: 'dimension of the images', y: 'mean and deviation over images' } as const;
  return figureCurves(points, { title: 'Condition on the inputs', ...names, xScale: 'log', yScale: 'log', columns: 2 });
}

function universalityFigure(all: readonly Measured[]): VegaLiteFigure {
  const points: CurvePoint[] = [];
  for (const { images, deviations } of all)
    for (const [index, { name }] of laws.entries()) {
      const panel = `${imageNames[images]}, ${name}`;
      const list = (deviations[index] ?? []).toSorted((a, b) => a.predicted - b.predicted);
      const ends = [list[0]?.predicted ?? 0, list.at(-1)?.predicted ?? 0];
      for (const x of ends) points.push({ x, y: x, series: 'predicted', mark: 'dashed', panel });
      for (const { dimension, predicted, measured, standardError } of list) {
        const [low, high] = [measured - 2 * standardError, measured + 2 * standardError];
        points.push({ x: predicted, y: measured, low, high, series: `${dimension} components`, mark: 'point', panel });
      }
    }
  return figureCurves(points, {
    title: 'What the law of the weights changes',
    x: 'predicted (k − k_Gauss)/√(k_xx k_yy)',
    y: 'measured',
    columns: 2,
  });
}
