// infer: what `train` itself evaluates, and outputs written out here.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { type Dataset, datasetFrom, infer, readDataset, train, type TrainOptions } from 'mft-native';

const folder = await mkdtemp(join(tmpdir(), 'mft-infer-'));
t.teardown(() => rm(folder, { recursive: true }));
const first = (set: Dataset, count: number, from = 0): Dataset => ({
  ...set,
  count,
  images: set.images.subarray(from * set.dimension, (from + count) * set.dimension),
  labels: set.labels.subarray(from, from + count),
});
const training = first(await readDataset('synthetic', 'train'), 1500);
const test = first(await readDataset('synthetic', 'test'), 300);
const quick: TrainOptions = { steps: 30, batchSize: 32, learningRate: 0.05, returnWeights: true, trainEvaluation: 1 };

t.test('the accuracy that train evaluates, of every kind of network', async (t) => {
  const networks = [
    [{ system: 'feedforward', width: 20, depth: 3, activation: 'gelu', keepProbability: 0.8 }, {}],
    [
      { system: 'feedforward', width: 24, depth: 4 },
      { scaling: { rule: 'muP', baseWidth: 8 }, optimizer: 'adam' },
    ],
    [
      { system: 'feedforward', width: 20, depth: 3 },
      { normalization: 'centered', hasBiases: false },
    ],
    [
      { system: 'feedforward', width: 20, depth: 3 },
      { validationCount: 500, trainCount: 1000 },
    ],
    [{ system: 'residual', width: 20, depth: 3, hiddenWidth: 15 }, { forwardMultipliers: { 'layer2.outer': 0.5 } }],
    [{ system: 'residual', block: 'reduced', width: 20, depth: 2, activation: 'relu' }, {}],
    [{ system: 'residual', block: 'generalized', skipStrength: 0.7, width: 20, depth: 2 }, {}],
    [{ system: 'residual', width: [20, 20, 12], depth: 2 }, {}],
  ] as const;
  for (const [spec, options] of networks) {
    const what = JSON.stringify([spec, options]);
    const model = await train(spec as never, { train: training, test }, { ...quick, ...options } as TrainOptions);
    const isHeldOut = 'validationCount' in options;
    const images = isHeldOut ? first(training, 500, 1000) : test;
    const found = await infer(model as never, images, { trainedOn: training });
    t.ok((model.test?.accuracy ?? 0) > 0.12, `${what}: has learned something`);
    // A tie to seven digits may fall otherwise in float32: at most one image.
    const wrong = Math.abs((found.accuracy as number) - (model.test?.accuracy as number)) * images.count;
    t.ok(wrong < 1.5, `${what}: ${found.accuracy} for ${model.test?.accuracy}`);
  }
});

t.test('outputs written out, from weights in a file', async (t) => {
  const file = join(folder, 'net.safetensors');
  const spec = { system: 'feedforward', width: 4, depth: 2, activation: 'tanh' } as const;
  const images = datasetFrom({
    images: [
      [0.1, 0.5, -1],
      [2, 0, 0.3],
      [1, 1, -1],
      [0, 0.2, 0.9],
    ],
    labels: [0, 1, 0, 1],
  });
  const options = { ...quick, batchSize: 4, normalization: 'unit' as const };
  const model = await train(spec, { train: images }, { ...options, saveWeights: file, precision: 'float64' });
  const found = await infer({ spec, weights: file, options: { normalization: 'unit' } }, images);
  const of = (name: string): ArrayLike<number> => model.weights?.[name]?.values ?? [];
  for (let a = 0; a < 4; a++) {
    const x = images.images.subarray(3 * a, 3 * a + 3);
    const h = Array.from({ length: 4 }, (_, i) =>
      Math.tanh(
        (of('layer1.bias')[i] as number) +
          [0, 1, 2].reduce((sum, j) => sum + (of('layer1.weight')[3 * i + j] as number) * (x[j] as number), 0),
      ),
    );
    const row = [0, 1].map(
      (k) =>
        (of('layer2.bias')[k] as number) +
        h.reduce((sum, u, i) => sum + (of('layer2.weight')[4 * k + i] as number) * u, 0),
    ) as [number, number];
    for (const k of [0, 1] as const) {
      t.ok(Math.abs((found.outputs[2 * a + k] as number) - row[k]) < 1e-12, `image ${a}, class ${k}`);
      const share = 1 / (1 + Math.exp(row[1 - k] as number) / Math.exp(row[k]));
      t.ok(Math.abs((found.probabilities[2 * a + k] as number) - share) < 1e-12, 'softmax');
    }
    t.equal(found.labels[a], row[1] > row[0] ? 1 : 0);
  }
});

t.test('what is missing is named', async (t) => {
  const spec = { system: 'feedforward', width: 4, depth: 2 } as const;
  const { weights } = await train(spec, { train: training }, { ...quick, steps: 1 });
  const model = { spec, weights: weights as NonNullable<typeof weights> };
  const refused = (given: object, options: object, code: string, parameter: string) =>
    t.rejects(infer(given as never, test, options), { code, parameter }, parameter);
  await refused(model, {}, 'ERR_MFT_INVALID_ARGUMENT', 'trainedOn');
  await refused({ spec }, { trainedOn: training }, 'ERR_MFT_INVALID_ARGUMENT', 'weights');
  await refused({ ...model, weights: {} }, { trainedOn: training }, 'ERR_MFT_SHAPE', 'weights');
  await refused({ ...model, spec: { ...spec, depth: 3 } }, { trainedOn: training }, 'ERR_MFT_SHAPE', 'weights');
  await refused({ ...model, spec: { system: 'implicit' } }, { trainedOn: training }, 'ERR_MFT_UNSUPPORTED', 'spec');
  await t.rejects(infer(model, {} as never), { code: 'ERR_MFT_INVALID_ARGUMENT' });
});
