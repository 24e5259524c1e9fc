// 20 steps of residual networks with every kind of block against PyTorch on the same weights and data
// (scripts/pytorch-training-fixture.py).
import { readFile } from 'node:fs/promises';
import t from 'tap';
import type { ResidualSpec, TrainOptions } from 'mft-native';
import { trainGiven } from '../../../dist/verbs/train.js';
import { type Expected, holdAgainst, imagesOf, largestDifference } from '../../training/pytorch.js';

interface Case extends TrainOptions, Expected, Pick<ResidualSpec, 'activation' | 'block' | 'skipStrength'> {
  readonly initialParameters: readonly number[];
}

interface Fixture {
  readonly steps: number;
  readonly batch: number;
  readonly depth: number;
  readonly width: number;
  readonly hidden: number;
  readonly dimension: number;
  readonly classes: number;
  readonly images: readonly number[];
  readonly labels: readonly number[];
  readonly cases: readonly Case[];
}

const fixture = JSON.parse(
  await readFile(new URL('../../fixtures/pytorch-residual.json', import.meta.url), 'utf8'),
) as Fixture;
const { dimension, classes, depth, width, hidden } = fixture;
const images = imagesOf(fixture, dimension, classes);

t.equal(fixture.cases.length, 6, 'every case of PyTorch');
for (const {
  activation = 'tanh',
  block = 'full',
  skipStrength = 1,
  initialParameters,
  losses,
  parameters,
  losses32,
  parameters32,
  ...options
} of fixture.cases) {
  t.test([block, activation, options.optimizer].join(' '), async (t) => {
    const spec = {
      system: 'residual',
      activation,
      block,
      skipStrength,
      depth,
      width: width,
      ...(block === 'reduced' ? {} : { hiddenWidth: hidden }),
    } as const;
    const common = {
      ...options,
      batchSize: fixture.batch,
      steps: fixture.steps,
      shuffle: false,
      normalization: 'unit',
      returnWeights: true,
      reportEvery: 1,
    } as const;
    t.ok(largestDifference(initialParameters, parameters) > 0.01, 'training moves the parameters');
    await holdAgainst(t, { losses, parameters, losses32, parameters32 }, (precision) =>
      trainGiven(
        spec,
        { train: images },
        { ...common, precision },
        { initialParameters: Float64Array.from(initialParameters) },
      ),
    );
  });
}

t.test('a skip strength that is a thousandth off is found', async (t) => {
  const { initialParameters, losses } = fixture.cases[0] as Case;
  const spec = {
    system: 'residual',
    block: 'generalized',
    skipStrength: 1.001,
    depth,
    width: width,
    hiddenWidth: hidden,
  } as const;
  const run = await trainGiven(
    spec,
    { train: images },
    {
      learningRate: 0.05,
      weightDecay: 0.01,
      batchSize: fixture.batch,
      steps: fixture.steps,
      shuffle: false,
      normalization: 'unit',
      precision: 'float64',
      reportEvery: 1,
    },
    { initialParameters: Float64Array.from(initialParameters) },
  );
  const difference = largestDifference(
    run.reports.map((report) => report.trainLoss),
    losses,
  );
  t.ok(difference > 1e-6 && difference < 0.1, `losses differ by ${difference.toExponential(1)}`);
});
