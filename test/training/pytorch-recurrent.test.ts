// Ten steps of LSTM and GRU against PyTorch on the same weights and data (scripts/pytorch-recurrent-fixture.py).
import { readFile } from 'node:fs/promises';
import t from 'tap';
import type { TrainOptions } from 'mft-native';
import { trainGiven } from '../../dist/verbs/train.js';
import { type Expected, holdAgainst, imagesOf } from './pytorch.js';

interface Case extends TrainOptions, Expected {
  readonly cell: 'lstm' | 'gru';
  readonly initialParameters: readonly number[];
}

interface Fixture {
  readonly updates: number;
  readonly batch: number;
  readonly steps: number;
  readonly units: number;
  readonly classes: number;
  readonly dimension: number;
  readonly images: readonly number[];
  readonly labels: readonly number[];
  readonly cases: readonly Case[];
}

const fixture = JSON.parse(
  await readFile(new URL('../fixtures/pytorch-recurrent.json', import.meta.url), 'utf8'),
) as Fixture;
const images = imagesOf(fixture, fixture.dimension, fixture.classes);
t.equal(fixture.cases.length, 4);

for (const { cell, initialParameters, losses, parameters, losses32, parameters32, ...options } of fixture.cases) {
  t.test(`${cell}, ${options.optimizer}`, async (t) => {
    const spec = { system: 'recurrent', cell, resetAfter: true, width: fixture.units, steps: fixture.steps } as const;
    const common = {
      ...options,
      batchSize: fixture.batch,
      steps: fixture.updates,
      shuffle: false,
      normalization: 'unit',
      returnWeights: true,
      reportEvery: 1,
    } as const;
    const given = { initialParameters: Float64Array.from(initialParameters) };
    await holdAgainst(t, { losses, parameters, losses32, parameters32 }, (precision) =>
      trainGiven(spec, { train: images }, { ...common, precision }, given),
    );
  });
}
