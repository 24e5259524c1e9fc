// Ten steps of a layer that runs to rest against PyTorch's autograd through its updates (scripts/pytorch-implicit-fixture.py).
import { readFile } from 'node:fs/promises';
import t from 'tap';
import type { ImplicitSpec, TrainOptions } from 'mft-native';
import { trainGiven } from '../../dist/verbs/train.js';
import { type Expected, holdAgainst, imagesOf } from './pytorch.js';

type Training = Required<NonNullable<ImplicitSpec['training']>>;

interface Case extends Expected {
  readonly name: string;
  readonly gradient: Training['gradient'];
  readonly activation: 'tanh' | 'relu' | 'sigmoid';
  readonly termCount: number;
  readonly updateLimit: number;
  readonly keepProbability?: number;
  readonly optimizer: 'sgd' | 'adam';
  readonly learningRate: number;
  readonly clipNorm?: number;
}

interface Fixture {
  readonly updates: number;
  readonly batch: number;
  readonly units: number;
  readonly classes: number;
  readonly dimension: number;
  readonly images: readonly number[];
  readonly labels: readonly number[];
  readonly masks: readonly number[];
  readonly initialParameters: readonly number[];
  readonly cases: readonly Case[];
}

const fixture = JSON.parse(
  await readFile(new URL('../fixtures/pytorch-implicit.json', import.meta.url), 'utf8'),
) as Fixture;
const images = imagesOf(fixture, fixture.dimension, fixture.classes);
t.equal(fixture.cases.length, 9);

for (const { name, gradient, activation, termCount, updateLimit, keepProbability = 1, ...one } of fixture.cases) {
  t.test(`${name}, ${one.optimizer}`, async (t) => {
    const { losses, parameters, losses32, parameters32, optimizer, learningRate, clipNorm } = one;
    const spec: ImplicitSpec & { readonly system: 'implicit' } = {
      system: 'implicit',
      activation,
      width: fixture.units,
      termCount,
      keepProbability,
      training: { gradient, updateLimit, tolerance: 1e-15 },
    };
    const options: TrainOptions = {
      optimizer,
      learningRate,
      ...(clipNorm === undefined ? {} : { clipNorm }),
      batchSize: fixture.batch,
      steps: fixture.updates,
      shuffle: false,
      normalization: 'unit',
      returnWeights: true,
      reportEvery: 1,
    };
    const given = {
      initialParameters: Float64Array.from(fixture.initialParameters),
      ...(keepProbability < 1 ? { masks: Uint8Array.from(fixture.masks) } : {}),
    };
    await holdAgainst(t, { losses, parameters, losses32, parameters32 }, (precision) =>
      trainGiven(spec, { train: images }, { ...options, precision }, given),
    );
  });
}
