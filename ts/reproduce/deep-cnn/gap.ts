// The gap between training and true risk of a small convolutional network over the number of images, beside the bounds on it.
import { addon, seedHalves } from '../../core/addon.js';
import type { ControlOptions } from '../../core/control.js';
import { type Dataset, readDataset } from '../../data/dataset.js';
import { type CurvePoint, figureCurves } from '../../figures/curves.js';
import { train } from '../../verbs/train.js';
import { inSetting, statementRow } from '../rows.js';
import { availableImages, imageNames } from '../training.js';
import type { Reproduction, ReproductionRow, Scale } from '../types.js';

interface GapScale extends Scale {
  readonly samples: readonly number[];
  readonly seeds: number;
  readonly steps: number;
  /** Images for the network whose bits are counted, and how often it sees them. */
  readonly codeSamples: number;
  readonly codeEpochs: number;
}

/** 28 → 12 → 6, 2,310 weights without biases. */
const network = {
  system: 'convolution',
  depth: 1,
  width: 6,
  kernel: 5,
  stride: 2,
  pool: 2,
  weightVariance: 4,
} as const;
const loss = { loss: 'brier', normalization: 'unit', optimizer: 'adam', learningRate: 0.01, hasBiases: false } as const;
const codedBits = 4;
/** With fewer steps the training risk is not small yet. */
const leastSteps = 300;

interface Bound {
  readonly value: number;
  readonly isVacuous: boolean;
}

interface Point {
  readonly samples: number;
  readonly gap: number;
  readonly trainRisk: number;
  readonly trueRisk: number;
  readonly stated: number;
  readonly certified: number;
}

interface Coded {
  readonly samples: number;
  readonly trainRisk: number;
  readonly testRisk: number;
  readonly bound: Bound;
  readonly certified: Bound;
}

export const gap: Reproduction<GapScale> = {
  id: 'deep-cnn-gap',
  paper:
    'Zhou and Feng: Understanding Generalization and Optimization Performance of Deep CNNs (arXiv 1805.10767), without experiments; ours',
  system: 'convolution',
  title: 'The measured gap of a small network over the number of images, with the bounds at its trained norms',
  settings: { ...network, ...loss, batch: 'all images', codedBits },
  scales: {
    quick: { samples: [100, 300, 1000], seeds: 3, steps: 500, codeSamples: 20_000, codeEpochs: 6, cost: '1 min' },
    paper: {
      samples: [100, 300, 1000, 3000],
      seeds: 10,
      steps: 500,
      codeSamples: 60_000,
      codeEpochs: 20,
      cost: '15 min',
    },
  },
  run: async (scale, { seed = 1, threads = 0, journal: _journal, ...control }) => {
    const name = (await availableImages('mnist')) ?? 'synthetic';
    const data = { train: await readDataset(name, 'train'), test: await readDataset(name, 'test') };
    const signal = control.signal === undefined ? {} : { signal: control.signal };
    const points: Point[] = [];
    for (const samples of scale.samples)
      for (let i = 0; i < scale.seeds; i++)
        points.push(await trained(data, samples, seed + i, scale.steps, { threads, ...signal }));
    const coded = await inFewBits(data, scale, seed, { threads, ...signal });
    const rows = [...rowsOf(points, scale.samples), codedRow(coded)].map((row) =>
      inSetting(row, name === 'mnist' && scale.steps >= leastSteps, `MNIST and ${leastSteps} steps are the setting`),
    );
    return { figures: [{ name: 'gap', figure: draw(points, coded, imageNames[name]) }], rows };
  },
};

interface Data {
  readonly train: Dataset;
  readonly test: Dataset;
}

/** `samples` images drawn without replacement, in the order of uniform numbers of the seed. */
function drawn({ train: all, test }: Data, samples: number, seed: number): Data {
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

async function trained(
  data: Data,
  samples: number,
  seed: number,
  steps: number,
  control: ControlOptions & { readonly threads: number },
): Promise<Point> {
  const own = drawn(data, samples, seed);
  const { count } = own.train;
  const all = { ...loss, ...control, batchSize: count, steps, reportEvery: steps, trainEvaluation: count, seed };
  const run = await train({ ...network, samples: count }, own, all);
  const { bounds } = run.quantities as unknown as { bounds: Record<'stated' | 'certified', Bound> };
  const [trainRisk, trueRisk] = [Number(run.train.loss), Number(run.test?.loss)];
  const [stated, certified] = [bounds.stated.value, bounds.certified.value];
  return { samples: count, gap: trueRisk - trainRisk, trainRisk, trueRisk, stated, certified };
}

async function inFewBits(
  data: Data,
  { codeSamples, codeEpochs }: GapScale,
  seed: number,
  control: ControlOptions & { readonly threads: number },
): Promise<Coded> {
  const own = drawn(data, codeSamples, seed);
  const { count } = own.train;
  const few = { ...loss, ...control, learningRate: 0.005, batchSize: Math.min(200, count), epochs: codeEpochs };
  const run = await train({ ...network, bits: codedBits, samples: count }, own, {
    ...few,
    trainEvaluation: count,
    seed,
  });
  const { quantized, bounds } = run.quantities as unknown as {
    quantized: { trainRisk: number; testRisk: number; gap: Bound };
    bounds: { certified: Bound };
  };
  const { trainRisk, testRisk, gap: bound } = quantized;
  return { samples: count, trainRisk, testRisk, bound, certified: bounds.certified };
}

const mean = (values: readonly number[]): number => values.reduce((sum, x) => sum + x, 0) / values.length;

function rowsOf(points: readonly Point[], samples: readonly number[]): ReproductionRow[] {
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
  const slopeOf = (value: (point: Point) => number): number => {
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

const codedRow = ({ samples, trainRisk, testRisk, bound, certified }: Coded): ReproductionRow =>
  statementRow({
    what: `the network in ${codedBits} bits a weight, n = ${samples}: true risk ≤ training risk + bound`,
    published: 'a proved bound below 1 that holds for the network in use',
    source: 'derived',
    measured:
      `training risk ${trainRisk.toFixed(4)}, bound ${bound.value.toFixed(3)} ` +
      `(certified of the whole network ${certified.value.toFixed(3)}), test risk ${testRisk.toFixed(4)}`,
    holds: !bound.isVacuous && testRisk - trainRisk < bound.value,
  });

function draw(points: readonly Point[], coded: Coded, images: string): ReturnType<typeof figureCurves> {
  const samples = [...new Set(points.map((point) => point.samples))];
  const bound = (series: string, value: (point: Point) => number): CurvePoint[] =>
    samples.map((n) => ({ x: n, y: mean(points.filter((point) => point.samples === n).map(value)), series }));
  const gaps = points.map(({ samples: x, gap: one }) => ({ x, y: Math.max(Math.abs(one), 1e-4) }));
  const curves: CurvePoint[] = [
    ...bound('stated bound', ({ stated }) => stated),
    ...bound('certified bound', ({ certified }) => certified),
    { x: coded.samples, y: coded.certified.value, series: 'certified bound' },
    ...gaps.map((point) => ({ ...point, series: '|test − training risk|', mark: 'point' as const })),
    { x: coded.samples, y: coded.bound.value, series: `bound of ${codedBits} bits a weight`, mark: 'point' },
    { x: samples[0] ?? 1, y: 1, series: 'says nothing', mark: 'dashed' },
    { x: coded.samples, y: 1, series: 'says nothing', mark: 'dashed' },
  ];
  return figureCurves(curves, {
    title: `Gap of a network of 2,310 weights (${images}) and the bounds on it`,
    x: 'training images n',
    y: 'gap',
    xScale: 'log',
    yScale: 'log',
  });
}
