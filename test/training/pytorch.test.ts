// 20 steps of every optimizer against PyTorch on the same weights, masks and data (scripts/pytorch-training-fixture.py).
import { readFile } from 'node:fs/promises';
import t from 'tap';
import type { TrainOptions } from 'mft-native';
import { trainGiven } from '../../dist/verbs/train.js';
import { type Expected, holdAgainst, imagesOf, largestDifference } from './pytorch.js';

interface Case extends TrainOptions, Expected {
  readonly activation?: 'relu' | 'gelu' | 'silu';
}

interface Fixture {
  readonly steps: number;
  readonly batch: number;
  readonly widths: readonly number[];
  readonly keepProbability: readonly number[];
  readonly images: readonly number[];
  readonly labels: readonly number[];
  readonly initialParameters: readonly number[];
  readonly masks: readonly string[];
  readonly cases: readonly Case[];
}

const fixture = JSON.parse(
  await readFile(new URL('../fixtures/pytorch-training.json', import.meta.url), 'utf8'),
) as Fixture;
const [dimension = 0, ...width] = fixture.widths;
const classes = width.at(-1) ?? 0;
const images = imagesOf(fixture, dimension, classes);
const given = {
  initialParameters: Float64Array.from(fixture.initialParameters),
  masks: Uint8Array.from(fixture.masks.join(''), Number),
};

for (const { activation = 'tanh', losses, parameters, losses32, parameters32, ...options } of fixture.cases) {
  const name = [
    options.optimizer,
    activation,
    options.loss ?? 'crossEntropy',
    options.clipNorm === undefined ? '' : 'clipped',
  ].join(' ');
  t.test(name, async (t) => {
    const [inputKeepProbability = 1, ...keepProbability] = fixture.keepProbability;
    const spec = {
      system: 'feedforward',
      activation,
      width,
      depth: width.length,
      inputKeepProbability,
      keepProbability,
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
    const moved = largestDifference(given.initialParameters, parameters);
    t.ok(moved > 0.01, `training moves the parameters by up to ${moved.toFixed(3)}`);
    await holdAgainst(t, { losses, parameters, losses32, parameters32 }, (precision) =>
      trainGiven(spec, { train: images }, { ...common, precision }, given),
    );
  });
}

t.test('a wrong mask is found', async (t) => {
  const masks = given.masks.slice();
  masks[5] = 1 - (masks[5] as number);
  const { losses } = fixture.cases[0] as Case;
  const spec = {
    system: 'feedforward',
    width,
    depth: width.length,
    inputKeepProbability: 0.9,
    keepProbability: [0.8, 0.7],
  } as const;
  const run = await trainGiven(
    spec,
    { train: images },
    {
      learningRate: 0.1,
      weightDecay: 0.01,
      batchSize: fixture.batch,
      steps: fixture.steps,
      shuffle: false,
      normalization: 'unit',
      precision: 'float64',
      reportEvery: 1,
    },
    { ...given, masks },
  );
  t.ok(
    largestDifference(
      run.reports.map((report) => report.trainLoss),
      losses,
    ) > 1e-6,
  );
});
