// Networks trained on few images, with the gap between training and true risk and the bounds on it: what the figures of gaps share.
import { addon, seedHalves } from '../../core/addon.js';
import { type ControlOptions, ticker } from '../../core/control.js';
import { type Dataset, readDataset } from '../../data/dataset.js';
import type { CurvePoint } from '../../figures/curves.js';
import { studentTwoSided } from '../../statistics/distributions.js';
import { meanOf } from '../../statistics/measured.js';
import type { TrainOptions } from '../../training/options.js';
import { train } from '../../verbs/train.js';
import { statementRow } from '../rows.js';
import type { ReproductionRow } from '../types.js';

export interface Bound {
  readonly value: number;
  readonly isVacuous: boolean;
}

/** One trained network. */
export interface GapPoint {
  readonly samples: number;
  readonly gap: number;
  readonly trainRisk: number;
  readonly trueRisk: number;
  readonly stated: number;
  readonly certified: number;
}

export interface GapData {
  readonly train: Dataset;
  readonly test: Dataset;
}

export const gapData = async (name: string): Promise<GapData> => ({
  train: await readDataset(name, 'train'),
  test: await readDataset(name, 'test'),
});

/** How a network is trained; its batch is all images. */
export interface GapTraining {
  readonly network: Readonly<Record<string, unknown>>;
  readonly options: TrainOptions;
  readonly steps: number;
}

/** Every bound on the gap of a network, by name. */
export type Bounds = Readonly<Record<'stated' | 'certified' | 'bitCount' | 'parameterCount', Bound>>;

/** `samples` images drawn without replacement, in the order of uniform numbers of the seed. */
export function drawn({ train: all, test }: GapData, samples: number, seed: number): GapData {
  const count = Math.min(samples, all.count);
  const purpose = 'dataset';
  const keys = addon().uniforms({ seed: seedHalves(seed), trial: 1, layer: 0, purpose, first: 0, count: all.count });
  const order = Uint32Array.from(keys.keys()).sort((a, b) => (keys[a] as number) - (keys[b] as number));
  const images = new Uint8Array(new SharedArrayBuffer(count * all.dimension));
  const labels = new Uint8Array(count);
  for (let i = 0; i < count; i++) {
    const at = order[i] as number;
    images.set(all.images.subarray(at * all.dimension, (at + 1) * all.dimension), i * all.dimension);
    labels[i] = all.labels[at] as number;
  }
  return { train: { ...all, count, images, labels }, test };
}

/** The network trained from a start and on images of this seed. */
export async function trainedGap(
  data: GapData,
  { network, options, steps }: GapTraining,
  samples: number,
  seed: number,
  control: ControlOptions & { readonly threads: number },
): Promise<GapPoint & { readonly bounds: Bounds }> {
  const own = drawn(data, samples, seed);
  const { count } = own.train;
  const all = { ...options, ...control, batchSize: count, steps, reportEvery: steps, trainEvaluation: count, seed };
  const run = await train({ ...network, samples: count } as never, own, all);
  const { bounds } = run.quantities as unknown as { bounds: Bounds };
  const [trainRisk, trueRisk] = [Number(run.train.loss), Number(run.test?.loss)];
  const [stated, certified] = [bounds.stated.value, bounds.certified.value];
  return { samples: count, gap: trueRisk - trainRisk, trainRisk, trueRisk, stated, certified, bounds };
}

/** `seeds` networks at every n, from the first seed on. */
export async function trainedGaps(
  data: GapData,
  training: GapTraining,
  { samples, seeds }: { readonly samples: readonly number[]; readonly seeds: number },
  { seed, threads, ...control }: ControlOptions & { readonly seed: number; readonly threads: number },
): Promise<GapPoint[]> {
  const { onProgress: _, ...quiet } = control;
  const tick = ticker(samples.length * seeds, control);
  const points: GapPoint[] = [];
  for (const count of samples)
    for (let i = 0; i < seeds; i++) {
      points.push(await trainedGap(data, training, count, seed + i, { threads, ...quiet }));
      await tick(points.length);
    }
  return points;
}

/** A difference of means that is not chance: P < 0.05 by Welch's t. */
export function isResolved(a: readonly number[], b: readonly number[]): boolean {
  const [ma, mb] = [meanOf(a), meanOf(b)];
  const [ea, eb] = [ma.standardError ** 2, mb.standardError ** 2];
  const degrees = (ea + eb) ** 2 / (ea ** 2 / (a.length - 1) + eb ** 2 / (b.length - 1));
  return studentTwoSided(Math.abs(ma.mean - mb.mean) / Math.sqrt(ea + eb), degrees) < 0.05;
}

export const mean = (values: readonly number[]): number => values.reduce((sum, x) => sum + x, 0) / values.length;

/** The gap below both bounds at every n, its slope, and its size beside the bound. */
export function gapRows(points: readonly GapPoint[], samples: readonly number[]): ReproductionRow[] {
  const below = samples.map((n) => {
    const own = points.filter((point) => point.samples === n);
    const [largest, smallest] = [Math.max(...own.map((p) => Math.abs(p.gap))), Math.min(...own.map((p) => p.stated))];
    const certified = Math.min(...own.map((p) => p.certified));
    return statementRow({
      what: `gap of ${own.length} networks at n = ${n}`,
      published: 'below the stated and the certified bound at the trained norms',
      source: 'derived',
      measured:
        `gap ${mean(own.map((p) => p.gap)).toFixed(3)}, at most ${largest.toFixed(3)}; ` +
        `stated ${smallest.toFixed(2)}, certified ${certified.toFixed(2)}`,
      holds: largest < smallest && largest < certified,
    });
  });
  const slopeOf = (value: (point: GapPoint) => number): number => {
    const known = points.filter((point) => value(point) > 0);
    const xs = known.map((point) => Math.log(point.samples));
    const ys = known.map((point) => Math.log(value(point)));
    const [mx, my] = [mean(xs), mean(ys)];
    const covariance = mean(xs.map((x, i) => (x - mx) * ((ys[i] as number) - my)));
    return covariance / mean(xs.map((x) => (x - mx) ** 2));
  };
  const [ofGap, ofStated] = [slopeOf((p) => p.gap), slopeOf((p) => p.stated)];
  const ratio = mean(points.map((point) => Math.abs(point.gap) / point.stated));
  return [
    ...below,
    statementRow({
      what: 'slope of the logarithm of the gap over log n',
      published: 'at most that of the stated bound, about −1/2: the bound is the worst case',
      source: 'derived',
      measured: `${ofGap.toFixed(2)}; stated ${ofStated.toFixed(2)}`,
      holds: ofGap < ofStated && ofStated < -0.3 && ofStated > -0.6,
    }),
    statementRow({
      what: 'measured gap over the stated bound',
      published: 'one to two orders smaller: 0.005 to 0.1',
      source: 'derived',
      measured: ratio,
      holds: ratio > 0.005 && ratio < 0.1,
    }),
  ];
}

/** Bounds as lines, gaps as points, and 1, above which a bound says nothing. */
export function gapCurves(points: readonly GapPoint[]): CurvePoint[] {
  const samples = [...new Set(points.map((point) => point.samples))];
  const bound = (series: string, value: (point: GapPoint) => number): CurvePoint[] =>
    samples.map((n) => ({ x: n, y: mean(points.filter((point) => point.samples === n).map(value)), series }));
  const gaps = points.map(({ samples: x, gap }) => ({ x, y: Math.max(Math.abs(gap), 1e-4) }));
  return [
    ...bound('stated bound', ({ stated }) => stated),
    ...bound('certified bound', ({ certified }) => certified),
    ...gaps.map((point) => ({ ...point, series: '|test − training risk|', mark: 'point' as const })),
    ...[samples[0] ?? 1, samples.at(-1) ?? 1].map((x) => ({
      x,
      y: 1,
      series: 'says nothing',
      mark: 'dashed' as const,
    })),
  ];
}
