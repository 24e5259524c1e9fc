// train of convolution: it learns, the bits, the first step against theory, what the bounds say of the trained network, refusals.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import {
  type ConvolutionSpec,
  datasetFrom,
  MftError,
  predict,
  readDataset,
  train,
  trainMany,
  type TrainOptions,
} from 'mft-native';
import { gridNorm } from '../../../dist/systems/convolution/measured.js';
import { quantized } from '../../../dist/systems/convolution/quantized.js';

const data = { train: await readDataset('synthetic', 'train'), test: await readDataset('synthetic', 'test') };
const spec = { system: 'convolution', width: 4, kernel: 5, activation: 'relu', weightVariance: 2 } as const;
const quick = {
  steps: 80,
  batchSize: 40,
  optimizer: 'adam',
  learningRate: 0.01,
  trainCount: 2000,
  trainEvaluation: 200,
} as const satisfies TrainOptions;

t.test('paddings, pools and strides learn', async (t) => {
  const kinds: Readonly<Record<string, ConvolutionSpec>> = {
    'valid, average': {},
    'zeros, maxima': { padding: 'zero', pooling: 'max', width: [4, 6] },
    'wrapped, strides': { padding: 'circular', stride: 2, pool: 1 },
    'sigmoid, one layer': { activation: 'sigmoid', depth: 1, weightVariance: 4 },
  };
  for (const [name, change] of Object.entries(kinds)) {
    const run = await train({ ...spec, ...change }, data, quick);
    t.ok((run.test?.accuracy ?? 0) > 0.8, `${name}: test accuracy ${run.test?.accuracy}`);
  }
});

t.test('the bits do not depend on threads, statistics or company; resume continues them', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'mft-convolution-'));
  t.teardown(() => rm(folder, { recursive: true }));
  // 40 channels are two tiles of an update.
  const network = { ...spec, width: [40, 3], stride: [2, 1], pool: 1 } as const;
  const options: TrainOptions = { ...quick, steps: 6, trainEvaluation: 50, batchSize: 66, hasBiases: true };
  const one = await train(network, data, { ...options, threads: 1 });
  const two = await train(network, data, { ...options, threads: 2, statisticsEvery: 5, clipNorm: 1e6 });
  t.equal(two.checksum, one.checksum, 'two threads, with statistics and a clip that never acts');
  const both = await trainMany(
    [
      { spec: network, options: { ...options, seed: 9 } },
      { spec: network, options },
    ],
    data,
    { threads: 2 },
  );
  t.equal(both[1]?.checksum, one.checksum, 'beside another network');
  t.not(both[0]?.checksum, one.checksum, 'another seed');
  const checkpoint = join(folder, 'state');
  await train(network, data, { ...options, steps: 3, checkpoint });
  const resumed = await train(network, data, { ...options, checkpoint });
  t.equal(resumed.resumedFrom, 3);
  t.equal(resumed.checksum, one.checksum);
  const saved = join(folder, 'weights.safetensors');
  await train(network, data, { ...options, saveWeights: saved });
  const again = await train(network, data, { ...options, steps: 1, learningRate: 0, initialWeights: saved });
  t.equal(again.checksum, one.checksum, 'weights go out and come in');
});

t.test(
  'the first step is what theory predicts: He ReLU keeps the second moment where maps are wrapped around',
  async (t) => {
    const [seeds, depth] = [150, 3];
    const network = { ...spec, depth, width: 6, kernel: 3, pool: 1, padding: 'circular' } as const;
    const runs = await trainMany(
      Array.from({ length: seeds }, (_, seed) => ({
        spec: network,
        options: { ...quick, steps: 1, batchSize: 10, trainEvaluation: 0, shuffle: false, statisticsEvery: 1, seed },
      })),
      { train: data.train },
    );
    for (let l = 1; l < depth; l++) {
      const ratios = runs.map(({ statistics }) => {
        const values = statistics?.variance?.values as Float64Array;
        return (values[l] as number) / (values[l - 1] as number);
      });
      const mean = ratios.reduce((sum, x) => sum + x, 0) / seeds;
      const variance = ratios.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (seeds - 1);
      const z = (mean - 1) / Math.sqrt(variance / seeds);
      t.ok(Math.abs(z) < 4, `layer ${l + 1} over layer ${l}: ${mean.toFixed(4)}, z ${z.toFixed(2)}`);
      t.ok(Math.abs((mean - 1.25) / Math.sqrt(variance / seeds)) > 4, 'a quarter more would be seen');
    }
  },
);

t.test('bounds hold for the class that the trained network lies in', async (t) => {
  const network = { ...spec, activation: 'sigmoid', weightVariance: 4, depth: 1 } as const;
  const options = {
    ...quick,
    loss: 'brier',
    normalization: 'unit',
    trainEvaluation: 2000,
    returnWeights: true,
  } as const;
  const run = await train(network, data, options);
  const { kernelNorm, fcNorm, bounds, gap } = run.quantities as {
    kernelNorm: number[];
    fcNorm: number;
    bounds: Record<string, { value: number; isProved: boolean; isVacuous: boolean }>;
    gap: number;
  };
  const { shape, values } = run.weights?.['layer1.weight'] ?? { shape: [], values: new Float32Array() };
  t.same(shape, [4, 1, 5, 5]);
  const norms = Array.from({ length: 4 }, (_, c) => Math.hypot(...values.subarray(25 * c, 25 * (c + 1))));
  t.ok(Math.abs((kernelNorm[0] as number) / Math.max(...norms) - 1) < 1e-12);
  t.ok(fcNorm > 0 && gap === (run.test?.loss as number) - (run.train.loss as number));
  const { certified, stated, bitCount } = bounds;
  t.match(certified, { isProved: true });
  t.ok(Math.abs(gap) < (certified?.value ?? 0) && Math.abs(gap) < (stated?.value ?? 0), `gap ${gap}`);
  t.ok((bitCount?.value ?? 0) > 0);
  t.equal((await train(network, data, { ...options, returnWeights: false })).weights, undefined);
  for (const [change, why] of [
    [{ loss: 'crossEntropy' }, /loss `brier`/],
    [{ hasBiases: true }, /without biases/],
    [{ normalization: 'standard' }, /normalization/],
  ] as const) {
    const other = await train(network, data, { ...options, ...change, steps: 1 });
    t.match(other.quantities?.bounds, { reason: why });
  }
  const few = await train(network, data, { ...options, steps: 1, trainEvaluation: 100 });
  t.match(few.quantities?.gap, { reason: /raise trainEvaluation/ });
});

t.test(
  'the grid of norms: never below, at most a sixteenth of an octave above, and its shares add up to 1',
  async (t) => {
    for (const norm of [1e-300, 0.3, 1, 2, 3.7, 2 ** (5 / 16), 1e300]) {
      const { norm: above } = gridNorm(norm);
      t.ok(above >= norm && above <= norm * 2 ** (1 / 16) * (1 + 1e-12), `${norm}: ${above}`);
    }
    let sum = 0;
    for (let j = -16_000; j <= 16_000; j++) sum += gridNorm(2 ** ((j - 0.5) / 16)).share;
    // The rest of the sum from 16,000 on is at most 2/(16,000 · 2.29).
    t.ok(sum < 1 && sum > 1 - 6e-5, `${sum}`);
    t.equal(gridNorm(0).norm, 0);
  },
);

t.test(
  'a network in few bits: its code is a prior that sums to 1, its risks are those of the rounded weights',
  async (t) => {
    // Two levels beside 0 in arrays of two numbers: all nine at one step, whose shares are alike.
    const array = (...values: number[]) => ({ w: { shape: [2], values: Float64Array.from(values) } });
    let total = 0;
    for (const a of [-1, 0, 1])
      for (const b of [-1, 0, 1])
        if (a !== 0 || b !== 0) total += Math.exp(-quantized(array(a, b), 2).nats) / gridNorm(1).share;
    // The array of zeros has a step of its own: what is missing is its part, (1/2 · 3/2)/(3/2 · 5/2).
    // Lengths are rounded up: never more than the whole.
    t.ok(total <= 0.8 && total > 0.8 - 1e-10, `${total}`);
    const { weights } = quantized(array(0.9, -0.5), 4);
    const values = [...(weights.w?.values ?? [])];
    const step = gridNorm(0.9 / 7).norm;
    t.same(values, [Math.round(0.9 / step) * step, Math.round(-0.5 / step) * step]);

    const network = { ...spec, activation: 'sigmoid', weightVariance: 4, depth: 1, bits: 8 } as const;
    const options = {
      ...quick,
      loss: 'brier',
      normalization: 'unit',
      trainEvaluation: 2000,
      returnWeights: true,
    } as const;
    const run = await train(network, data, options);
    const found = run.quantities?.quantized as {
      trainRisk: number;
      testRisk: number;
      gap: { value: number };
      codeBits: number;
    };
    const { weights: few, nats } = quantized(run.weights ?? {}, 8);
    const again = await train(network, data, { ...options, steps: 1, learningRate: 0, initialWeights: few });
    t.equal(found.trainRisk, again.train.loss);
    t.equal(found.testRisk, again.test?.loss);
    t.not(found.trainRisk, run.train.loss);
    t.ok(Math.abs(found.codeBits * Math.LN2 - nats) < 1e-9);
    t.ok(Math.abs(found.gap.value - Math.sqrt((nats + Math.log(200)) / 4000)) < 1e-12);
    t.equal((await train({ ...network, bits: 32 }, data, { ...options, steps: 1 })).quantities?.quantized, undefined);
  },
);

t.test('what is refused', async (t) => {
  const refused = async (
    network: ConvolutionSpec,
    options: TrainOptions,
    code: string,
    words: RegExp,
  ): Promise<void> => {
    const error = await train({ system: 'convolution', ...network }, data, { ...quick, ...options }).catch(
      (e: unknown) => e,
    );
    t.ok(error instanceof MftError && error.code === code, JSON.stringify(network));
    t.match((error as MftError).message, words);
  };
  await refused({ input: [32, 32, 3] }, {}, 'ERR_MFT_SHAPE', /`input` to be \[28, 28, 1\], the size of an image/);
  await refused({ classes: 4 }, {}, 'ERR_MFT_SHAPE', /`classes` to be 10/);
  await refused({ biasVariance: 0.1 }, { hasBiases: false }, 'ERR_MFT_SHAPE', /`hasBiases`/);
  await refused({ kernel: 30 }, {}, 'ERR_MFT_SHAPE', /kernel/);
  const colours = datasetFrom({
    images: Float32Array.from({ length: 40 * 3 * 8 * 8 }, (_, i) => (i % 7) / 7),
    shape: [3, 8, 8],
    labels: Uint8Array.from({ length: 40 }, (_, i) => i % 2),
  });
  const run = await train(
    { system: 'convolution', input: [8, 8, 3], classes: 2, depth: 1, kernel: 3, pool: 3, width: 2 },
    { train: colours },
    { steps: 3, batchSize: 8 },
  );
  t.equal(run.steps, 3, 'colours stand first');
});

t.test('training held to norms and ranks', async (t) => {
  const sizes = {
    depth: 1,
    activation: 'sigmoid',
    weightVariance: 4,
    norm: 0.5,
    fcNorm: 2,
    rank: 2,
    fcRank: 3,
  } as const;
  const held = { ...spec, ...sizes, constraint: 'both', samples: 200 } as const;
  const own = {
    loss: 'brier',
    normalization: 'unit',
    hasBiases: false,
    trainCount: 200,
    trainEvaluation: 200,
  } as const;
  const options = { ...quick, ...own, steps: 30, returnWeights: true } as const;
  const run = await train(held, data, { ...options, threads: 2 });
  t.equal(run.checksum, (await train(held, data, { ...options, threads: 1 })).checksum, 'threads');
  const weights = run.weights as Readonly<Record<string, { values: Float64Array }>>;
  const { values } = weights['layer1.weight'] as { values: Float64Array };
  const kernels = [0, 1, 2, 3].map((c) => Array.from(values.subarray(25 * c, 25 * (c + 1))));
  const product = (a: readonly number[], b: readonly number[]) =>
    a.reduce((sum, x, i) => sum + x * (b[i] as number), 0);
  const norms = kernels.map((kernel) => Math.sqrt(product(kernel, kernel)));
  t.ok(norms.every((norm) => norm <= 0.5 * (1 + 1e-6)) && Math.max(...norms) > 0.499, `norms ${norms}`);
  // Two kernels span the others.
  const [first, second, ...others] = kernels as [number[], number[], ...number[][]];
  const without = (a: readonly number[], b: readonly number[]) => {
    const part = product(a, b) / product(b, b);
    return a.map((x, i) => x - part * (b[i] as number));
  };
  const across = without(second, first);
  for (const kernel of others) {
    const rest = without(without(kernel, first), across);
    t.ok(Math.sqrt(product(rest, rest)) < 1e-5, 'rank 2');
  }
  // The class was there before the data: the bound of the spec itself.
  const { bounds } = run.quantities as { bounds: { certified: { value: number } } };
  const wanted = (await predict(held)).quantities.gapCertified as number;
  t.ok(Math.abs(bounds.certified.value / wanted - 1) < 1e-5, `${bounds.certified.value} for ${wanted}`);
  // Ranks that training was not held to are no ranks of the bounds.
  const boundOf = async (change: ConvolutionSpec) => {
    const free = await train({ ...held, ...change }, data, { ...options, steps: 1 });
    return (free.quantities as { bounds: { certified: { value: number } } }).bounds.certified.value;
  };
  const { rank: _, fcRank: __, ...full } = held;
  t.equal(await boundOf({ constraint: 'none' }), await boundOf({ ...full, rank: 4, fcRank: 10, constraint: 'none' }));
});
