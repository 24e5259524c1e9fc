// Ten steps of convolutional networks against PyTorch on the same weights and data (scripts/pytorch-convolution-fixture.py).
import { readFile } from 'node:fs/promises';
import t from 'tap';
import type { ConvolutionSpec, TrainOptions } from 'mft-native';
import { trainGiven } from '../../dist/verbs/train.js';
import { type Expected, holdAgainst, imagesOf } from './pytorch.js';

type Fields = Pick<ConvolutionSpec, 'activation' | 'padding' | 'pooling' | 'width' | 'kernel' | 'stride' | 'pool'>;

interface Case extends TrainOptions, Expected, Required<Fields> {
  readonly name: string;
  readonly initialParameters: readonly number[];
}

interface Fixture {
  readonly updates: number;
  readonly batch: number;
  readonly classes: number;
  readonly shape: readonly [number, number, number];
  readonly images: readonly number[];
  readonly labels: readonly number[];
  readonly cases: readonly Case[];
}

const fixture = JSON.parse(
  await readFile(new URL('../fixtures/pytorch-convolution.json', import.meta.url), 'utf8'),
) as Fixture;
const [channels, height, width] = fixture.shape;
const images = { ...imagesOf(fixture, channels * height * width, fixture.classes), shape: fixture.shape };
t.equal(fixture.cases.length, 3);

for (const one of fixture.cases) {
  const { name, initialParameters, losses, parameters, losses32, parameters32, ...rest } = one;
  const { activation, padding, pooling, width: channelsOf, kernel, stride, pool, ...options } = rest;
  t.test(name, async (t) => {
    const layers = { activation, padding, pooling, width: channelsOf, kernel, stride, pool };
    const input = [height, width, channels] as const;
    const spec = { system: 'convolution', input, classes: fixture.classes, depth: 2, ...layers } as const;
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
