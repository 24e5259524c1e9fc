// Plans of layers beyond labels: reconstruction with noise against a naive twin, multipliers, weights by name, other trainers.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { type Dataset, MftError, train, type Training, type TrainOptions } from 'mft-native';
import { feedforward } from '../../dist/systems/feedforward/index.js';
import { dense } from '../../dist/training/layers/dense.js';
import { sgd } from '../../dist/training/sgd.js';
import { trainWith } from '../../dist/verbs/train.js';

const folder = await mkdtemp(join(tmpdir(), 'mft-plan-'));
t.teardown(() => rm(folder, { recursive: true }));

const [count, dimension, hidden] = [40, 5, 3];

/** Deterministic numbers that are no pattern. */
const images = Float32Array.from({ length: count * dimension }, (_, i) => Math.sin(1 + 12.9898 * i) * 1.5);
const set: Dataset = {
  name: 'made-up',
  split: 'train',
  count,
  shape: [dimension],
  dimension,
  classes: 2,
  images,
  labels: Uint8Array.from({ length: count }, (_, i) => i % 2),
  verified: true,
  files: [],
  sha256: 'made up',
} as unknown as Dataset;

/** A linear autoencoder in place of the plan of a system. */
const autoencoder = (inputNoise?: { kind: 'gaussian' | 'uniform' | 'sign'; variance: number }, extra: object = {}) =>
  ({
    ...feedforward,
    training: sgd(() => ({
      input: [dimension],
      layers: [hidden, dimension].map((units, l) =>
        dense([l === 0 ? dimension : hidden], {
          units,
          hasBiases: false,
          weightVariance: 0.3,
          biasVariance: 0,
          law: 'gaussian',
          keepProbability: 1,
          ...(l === 1 ? extra : {}),
        }),
      ),
      target: 'inputs',
      batch: 'all',
      inputKeepProbability: 1,
      hasSharedMasks: false,
      counters: [],
      ...(inputNoise === undefined ? {} : { inputNoise }),
    })),
  }) as never;

const options: TrainOptions = {
  loss: 'squared',
  normalization: 'unit',
  shuffle: false,
  precision: 'float64',
  returnWeights: true,
  weightDecay: 0.05,
  learningRate: 0.02,
  steps: 30,
};

async function reconstruct(change: TrainOptions, noise?: Parameters<typeof autoencoder>[0]): Promise<Training> {
  const spec = { system: 'feedforward' };
  const [run] = await trainWith(
    [autoencoder(noise)],
    [{ spec, options: { ...options, ...change } }],
    { train: set },
    {},
  );
  return run as Training;
}

type Matrix = number[][];
const matrix = (run: Training, name: string): Matrix => {
  const { shape, values } = run.weights?.[name] ?? { shape: [0, 0], values: new Float64Array(0) };
  const [rows, columns] = shape as [number, number];
  return Array.from({ length: rows }, (_, i) => [...values.subarray(i * columns, (i + 1) * columns)]);
};
const row = (i: number): number[] => [...images.subarray(i * dimension, (i + 1) * dimension)];
const apply = (w: Matrix, x: readonly number[]): number[] =>
  w.map((line) => line.reduce((sum, value, j) => sum + value * (x[j] as number), 0));

/** Full-batch descent of ½|W₂ W₁ x − x|² with weight decay, in plain loops. */
function naive(
  w1: Matrix,
  w2: Matrix,
  steps: number,
  rates: readonly [number, number],
  scale: number,
): [Matrix, Matrix] {
  const [a, b] = [w1.map((line) => [...line]), w2.map((line) => [...line])];
  for (let step = 0; step < steps; step++) {
    const [g1, g2] = [a.map((line) => line.map(() => 0)), b.map((line) => line.map(() => 0))];
    for (let i = 0; i < count; i++) {
      const x = row(i);
      const h = apply(a, x);
      const error = apply(b, h).map((z, k) => scale * z - (x[k] as number));
      error.forEach((e, k) => {
        h.forEach((value, j) => {
          (g2[k] as number[])[j] = (g2[k]?.[j] as number) + (scale * e * value) / count;
          x.forEach((input, m) => {
            const share = (scale * e * (b[k]?.[j] as number) * input) / count;
            (g1[j] as number[])[m] = (g1[j]?.[m] as number) + share;
          });
        });
      });
    }
    for (const [w, g, rate] of [
      [a, g1, rates[0]],
      [b, g2, rates[1]],
    ] as const)
      w.forEach((line, k) => {
        line.forEach((value, j) => {
          line[j] = value - rate * ((g[k]?.[j] as number) + 0.05 * value);
        });
      });
  }
  return [a, b];
}

const apart = (a: Matrix, b: Matrix): number =>
  Math.max(...a.map((line, i) => Math.max(...line.map((value, j) => Math.abs(value - (b[i]?.[j] ?? Infinity))))));

t.test('inputs as targets: full batch, weight decay and multipliers against a naive twin', async (t) => {
  const start = await reconstruct({ steps: 1, learningRate: 0 });
  t.notOk(
    'accuracy' in start.train || start.reports.some((report) => 'trainAccuracy' in report),
    'no labels, no accuracy',
  );
  t.equal(start.options.batchSize, count, 'the plan asks for all examples in every step');
  const [w1, w2] = [matrix(start, 'layer1.weight'), matrix(start, 'layer2.weight')];
  t.same([w1.length, w1[0]?.length, w2.length, w2[0]?.length], [hidden, dimension, dimension, hidden]);
  for (const [name, change, rates, scale] of [
    ['plain', {}, [0.02, 0.02], 1],
    ['rates by layer and tensor', { rateMultipliers: { layer1: 2, 'layer2.weight': 0.5 } }, [0.04, 0.01], 1],
    ['forward multiplier', { forwardMultipliers: { layer2: 0.7 } }, [0.02, 0.02], 0.7],
  ] as const) {
    const run = await reconstruct(change);
    const [a, b] = naive(w1, w2, 30, rates, scale);
    const worst = Math.max(apart(matrix(run, 'layer1.weight'), a), apart(matrix(run, 'layer2.weight'), b));
    t.ok(worst < 1e-13, `${name}: weights differ by ${worst.toExponential(1)}`);
    t.ok(apart(a, w1) > 1e-2, `${name}: and moved`);
  }
  const one = await reconstruct({ rateMultipliers: { layer1: 1 }, forwardMultipliers: { layer2: 1 } });
  t.equal(one.checksum, (await reconstruct({})).checksum, 'factors of 1 change no bit');
  const inPlan = autoencoder(undefined, { rateMultipliers: { weight: 0.5 }, forwardMultipliers: { '': 0.7 } });
  const [planned] = await trainWith([inPlan], [{ spec: { system: 'feedforward' }, options }], { train: set }, {});
  const chosen = { rateMultipliers: { layer2: 0.5 }, forwardMultipliers: { layer2: 0.7 } };
  t.equal(planned?.checksum, (await reconstruct(chosen)).checksum, 'a plan says them as the options do');
});

t.test('noise on the inputs adds half its variance times |W|² to the loss', async (t) => {
  const start = await reconstruct({ steps: 1, learningRate: 0 });
  const [w1, w2] = [matrix(start, 'layer1.weight'), matrix(start, 'layer2.weight')];
  const product = Array.from({ length: dimension }, (_, k) =>
    Array.from({ length: dimension }, (_, m) =>
      w1.reduce((sum, line, j) => sum + (w2[k]?.[j] as number) * (line[m] as number), 0),
    ),
  );
  const penalty = product.flat().reduce((sum, value) => sum + value * value, 0) / 2;
  const clean = start.reports[0]?.trainLoss as number;
  for (const kind of ['gaussian', 'uniform', 'sign'] as const) {
    const variance = 0.8;
    const steps = 2000;
    const { reports, train: evaluated } = await reconstruct(
      { steps, learningRate: 0, reportEvery: 1 },
      { kind, variance },
    );
    const losses = reports.map(({ trainLoss }) => trainLoss - clean);
    const mean = losses.reduce((sum, x) => sum + x, 0) / steps;
    const error = Math.sqrt(losses.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (steps * (steps - 1)));
    const z = (mean - variance * penalty) / error;
    t.ok(Math.abs(z) < 5, `${kind}: z = ${z.toFixed(2)}`);
    t.ok((0.05 * variance * penalty) / error > 5, `${kind}: a variance 5 % larger would show`);
    t.ok(Math.abs((evaluated.loss as number) - clean) < 1e-12, `${kind}: evaluation sees no noise`);
  }
});

t.test('weights go out and come in by name, through a file too', async (t) => {
  const file = join(folder, 'weights.npz');
  const first = await reconstruct({ saveWeights: file });
  const more = await reconstruct({ steps: 30, initialWeights: file });
  const same = await reconstruct({ steps: 30, initialWeights: first.weights ?? {} });
  t.equal(more.checksum, same.checksum, 'the file holds every bit');
  t.equal(more.checksum, (await reconstruct({ steps: 60 })).checksum, 'plain descent goes on where it stopped');
  const weights = first.weights ?? {};
  const refused = async (given: object, code: string, what: RegExp): Promise<void> => {
    const error = await reconstruct(given as TrainOptions).catch((reason: unknown) => reason);
    t.ok(error instanceof MftError);
    t.match(error, { code, message: what });
  };
  const { 'layer1.weight': one, ...rest } = weights;
  await refused({ initialWeights: rest }, 'ERR_MFT_SHAPE', /layer1\.weight of shape \[3, 5\]/);
  await refused({ initialWeights: { ...weights, extra: one } }, 'ERR_MFT_SHAPE', /extra/);
  await refused({ rateMultipliers: { layer9: 2 } }, 'ERR_MFT_INVALID_ARGUMENT', /rateMultipliers/);
  await refused({ forwardMultipliers: { 'layer1.inner': 2 } }, 'ERR_MFT_INVALID_ARGUMENT', /forwardMultipliers/);
  await refused({ loss: 'crossEntropy' }, 'ERR_MFT_SHAPE', /loss/);
  await refused({ initialWeights: join(folder, 'none.npz') }, 'ERR_MFT_DATA_NOT_FOUND', /none/);
});

t.test('multipliers in every rule: a factor of the rate is a factor of the step', async (t) => {
  const spec = { system: 'feedforward', width: 8, depth: 3, weightVariance: 1, biasVariance: 0.1 } as const;
  for (const optimizer of ['sgd', 'momentum', 'nesterov', 'rmsProp', 'adam'] as const) {
    const common: TrainOptions = { optimizer, steps: 1, batchSize: 20, precision: 'float64', returnWeights: true };
    const at = async (change: TrainOptions): Promise<Training> => train(spec, { train: set }, { ...common, ...change });
    const [start, whole, half] = [
      await at({ learningRate: 0 }),
      await at({ learningRate: 0.02 }),
      await at({ learningRate: 0.02, rateMultipliers: { 'layer2.bias': 0.5, layer3: 0 } }),
    ];
    for (const [name, factor] of [
      ['layer1.weight', 1],
      ['layer2.weight', 1],
      ['layer2.bias', 0.5],
      ['layer3.weight', 0],
      ['layer3.bias', 0],
    ] as const) {
      const [a, b, c] = [start, whole, half].map((run) => run.weights?.[name]?.values ?? new Float64Array(0));
      const worst = (a as Float64Array).reduce(
        (most, value, i) =>
          Math.max(most, Math.abs((c?.[i] as number) - value - factor * ((b?.[i] as number) - value))),
        0,
      );
      t.ok(worst < 1e-15 && a !== undefined && a.length > 0, `${optimizer}, ${name}: off by ${worst}`);
    }
  }
});

t.test('a trainer without weights fills the same slot', async (t) => {
  // Ridge regression on the labels in closed form, one dimension at a time: nothing of it is a network.
  const regression = {
    ...feedforward,
    training: {
      optionsSchema: { shape: {} },
      resolveOptions: (given: object) => ({ trainCount: 0, validationCount: 0, ridge: 1e-3, ...given }),
      plan: (_spec: unknown, data: { count: number }) => ({ count: data.count }),
      complete: (_plan: unknown, chosen: object) => chosen,
      flops: (plan: { count: number }) => plan.count ** 3,
      bytes: (plan: { count: number }) => 8 * plan.count ** 2,
      units: () => 1,
      run: async (jobs: readonly unknown[], data: { train: Dataset }) =>
        jobs.map(() => {
          const x = Array.from({ length: count }, (_, i) => row(i)[0] as number);
          const y = [...data.train.labels].map((label) => 2 * label - 1);
          const w = x.reduce((s, v, i) => s + v * (y[i] as number), 0) / (1e-3 + x.reduce((s, v) => s + v * v, 0));
          const hits = x.filter((v, i) => w * v > 0 === (y[i] as number) > 0).length;
          return {
            steps: 0,
            stepsPerEpoch: 0,
            reports: [],
            train: { loss: 0.5, accuracy: hits / count, count },
            counters: { rank: 1 },
            checksum: w.toString(16),
            memory: 8 * count,
          };
        }),
    },
  } as never;
  const jobs = [{ spec: { system: 'feedforward' } }, { spec: { system: 'feedforward' }, options }];
  const [kernel, network] = await trainWith([regression, autoencoder()], jobs, { train: set }, {});
  t.match(kernel, { kind: 'training', steps: 0, counters: { rank: 1 }, dataset: { train: { name: 'made-up' } } });
  t.match(network, { kind: 'training', steps: 30 }, 'beside a network in one call');
});
