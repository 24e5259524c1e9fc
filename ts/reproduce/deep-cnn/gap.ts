// The gap between training and true risk of a small convolutional network over the number of images, beside the bounds on it.
import type { ControlOptions } from '../../core/control.js';
import { type CurvePoint, figureCurves } from '../../figures/curves.js';
import { train } from '../../verbs/train.js';
import { inSetting, statementRow } from '../rows.js';
import { availableImages, imageNames } from '../training.js';
import type { Reproduction, ReproductionRow, Scale } from '../types.js';
import {
  type Bound,
  drawn,
  type GapData,
  type GapPoint,
  gapCurves,
  gapData,
  gapRows,
  trainedGaps,
} from './gap-runs.js';

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
    const data = await gapData(name);
    const training = { network, options: loss, steps: scale.steps };
    const points = await trainedGaps(data, training, scale, { seed, threads, ...control });
    const signal = control.signal === undefined ? {} : { signal: control.signal };
    const coded = await inFewBits(data, scale, seed, { threads, ...signal });
    const rows = [...gapRows(points, scale.samples), codedRow(coded)].map((row) =>
      inSetting(row, name === 'mnist' && scale.steps >= leastSteps, `MNIST and ${leastSteps} steps are the setting`),
    );
    return { figures: [{ name: 'gap', figure: draw(points, coded, imageNames[name]) }], rows };
  },
};

async function inFewBits(
  data: GapData,
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

function draw(points: readonly GapPoint[], coded: Coded, images: string): ReturnType<typeof figureCurves> {
  const curves: CurvePoint[] = [
    ...gapCurves(points),
    { x: coded.samples, y: coded.certified.value, series: 'certified bound' },
    { x: coded.samples, y: coded.bound.value, series: `bound of ${codedBits} bits a weight`, mark: 'point' },
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
