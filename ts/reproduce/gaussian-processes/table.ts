// Rows of the published table: the same depths and variances, on several disjoint subsets, since the paper's are one draw.
import { controlOf } from '../../core/control.js';
import { type Dataset, readDataset } from '../../data/dataset.js';
import { train } from '../../verbs/train.js';
import { inSetting, statisticRow } from '../rows.js';
import { type ImageSet, imageNames } from '../training.js';
import type { ReproductionOptions, ReproductionRow } from '../types.js';
import { published, type PublishedRow, sources } from './paper.js';
import { balancedSubset, standardized } from './subsets.js';

/** As the published code adds it first; labels are centered, images have mean 0 and variance 1 each. */
const noiseVariance = 1e-10;

interface TableScale {
  readonly subsets: number;
  readonly mostPublished: number;
}

export async function tableRows(
  set: ImageSet,
  images: ImageSet | 'synthetic',
  { subsets, mostPublished }: TableScale,
  options: ReproductionOptions,
): Promise<readonly ReproductionRow[]> {
  const wanted = published.filter((row) => row.set === set && row.count <= mostPublished);
  if (wanted.length === 0) return [];
  const [own, others] = [await readDataset(images, 'train'), await readDataset(images, 'test')];
  const test = standardized(
    others,
    Array.from({ length: others.count }, (_, i) => i),
  );
  const rows: ReproductionRow[] = [];
  for (const row of wanted) {
    const accuracies: number[] = [];
    const disjoint = Math.max(1, Math.min(subsets, Math.floor(own.count / row.count)));
    for (let i = 0; i < disjoint; i++) accuracies.push(await accuracyOf(row, own, test, i / disjoint, options));
    rows.push(tableRow(row, accuracies, test.count, images));
  }
  return rows;
}

async function accuracyOf(
  { depth, weightVariance, biasVariance, count }: PublishedRow,
  own: Dataset,
  test: Dataset,
  share: number,
  options: ReproductionOptions,
): Promise<number> {
  const subset = balancedSubset(own, count, Math.floor(share * own.count));
  const run = await train(
    { system: 'kernel', activation: 'relu', depth, weightVariance, biasVariance },
    { train: subset, test },
    {
      noiseVariance,
      normalization: 'unit',
      leaveOneOut: false,
      trainEvaluation: 0,
      threads: options.threads ?? 0,
      ...controlOf(options),
    },
  );
  return run.test?.accuracy ?? 0;
}

/** The published accuracy is that of one subset and of 10,000 test images: as uncertain as one of ours. */
export function tableRow(
  { set, count, depth, weightVariance, biasVariance, accuracy: target }: PublishedRow,
  accuracies: readonly number[],
  tested: number,
  images: ImageSet | 'synthetic',
): ReproductionRow {
  const mean = accuracies.reduce((sum, value) => sum + value, 0) / accuracies.length;
  const variance = accuracies.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(1, accuracies.length - 1);
  // All subsets are judged by the same test images.
  const ofTest = (mean * (1 - mean)) / tested;
  return inSetting(
    statisticRow({
      what:
        `${imageNames[images]}, ${count} images, NNGP of depth ${depth}, σ_w² = ${weightVariance}, ` +
        `σ_b² = ${biasVariance}: test accuracy`,
      published: target,
      publishedError: Math.sqrt(variance),
      source: sources.table,
      measured: mean,
      standardError: Math.sqrt(variance / accuracies.length + ofTest),
      count: accuracies.length,
      note: `${accuracies.length} subsets: ${accuracies.map((value) => value.toFixed(4)).join(', ')}; ${tested} test images`,
    }),
    images === set,
    'other images',
  );
}
