// train of residual: every kind of block learns, the bits, resume, the first step against theory, overflow, and what is refused.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { MftError, readDataset, type ResidualSpec, train, trainMany, type TrainOptions } from 'mft-native';

const data = { train: await readDataset('synthetic', 'train'), test: await readDataset('synthetic', 'test') };
const spec = { system: 'residual', width: 40, depth: 6, innerBiasVariance: 0.05, outerBiasVariance: 0.05 } as const;
const quick = {
  steps: 80,
  batchSize: 80,
  learningRate: 0.01,
  trainCount: 3000,
  trainEvaluation: 500,
} as const satisfies TrainOptions;

t.test('every kind of block learns', async (t) => {
  const kinds: Readonly<Record<string, ResidualSpec>> = {
    'full, decaying variances': { innerWeightDecay: 0.3, outerWeightDecay: 0.3 },
    'halving widths': { width: { start: 64, halveAt: [2, 4] }, hiddenWidth: 30 },
    generalized: { block: 'generalized', skipStrength: 0.8 },
    reduced: { block: 'reduced', outerBiasVariance: 0, innerWeightVariance: 0.5 },
    'relu, 1/√L': { activation: 'relu', depthPower: 1 },
    'zero branches': { outerWeightVariance: 0, outerBiasVariance: 0 },
    'dropout and stochastic depth': { keepProbability: 0.9, branchKeepProbability: [1, 0.95, 0.9, 0.85, 0.8, 0.8] },
  };
  for (const [name, change] of Object.entries(kinds)) {
    const run = await train({ ...spec, ...change }, data, { ...quick, steps: 200 });
    t.ok((run.test?.accuracy ?? 0) > 0.8, `${name}: test accuracy ${run.test?.accuracy}`);
  }
});

t.test('the bits do not depend on threads, statistics or company; resume continues them', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'mft-residual-'));
  t.teardown(() => rm(folder, { recursive: true }));
  const network = { ...spec, width: { start: 48, halveAt: [3] } } as const;
  for (const optimizer of ['sgd', 'adam'] as const) {
    const options: TrainOptions = { ...quick, optimizer, learningRate: 0.002, clipNorm: optimizer === 'adam' ? 1 : 0 };
    const one = await train(network, data, { ...options, threads: 1 });
    t.equal(
      (await train(network, data, { ...options, threads: 2, statisticsEvery: 7 })).checksum,
      one.checksum,
      `${optimizer}: two threads, with statistics`,
    );
    const many = await trainMany(
      [
        { spec: network, options: { ...options, seed: 9 } },
        { spec: network, options },
      ],
      data,
      { threads: 2 },
    );
    t.equal(many[1]?.checksum, one.checksum, `${optimizer}: beside another network`);
    t.not(many[0]?.checksum, one.checksum, 'another seed');
    const checkpoint = join(folder, optimizer);
    const long = { ...options, steps: 600, checkpoint, checkpointEvery: 7 };
    const controller = new AbortController();
    const onProgress = ({ done }: { done: number }): void => {
      if (done > 0) controller.abort(new Error('enough'));
    };
    await t.rejects(train(network, data, { ...long, signal: controller.signal, onProgress }), { message: 'enough' });
    const resumed = await train(network, data, long);
    const from = resumed.resumedFrom ?? 0;
    t.ok(0 < from && from < long.steps, `${optimizer}: cut in the middle, at step ${from}`);
    const whole = await train(network, data, { ...options, steps: 600 });
    t.equal(resumed.checksum, whole.checksum, `${optimizer}: resumed`);
  }
});

t.test('the first step is what the theory predicts: p_l = B^l p_0 for ReLU', async (t) => {
  // Given p_0 the mean of p_l over networks is B^l p_0 at every width, B = 1 + σ_v² σ_w²/2.
  const depth = 5,
    networks = 300,
    growth = 1 + 0.5 * 1.4 * 0.9;
  const network = {
    system: 'residual',
    activation: 'relu',
    width: 60,
    depth,
    innerWeightVariance: 1.4,
    outerWeightVariance: 0.9,
  } as const;
  const options = {
    steps: 1,
    batchSize: 100,
    learningRate: 0,
    shuffle: false,
    statisticsEvery: 1,
    trainEvaluation: 0,
    trainCount: 100,
  } as const;
  const runs = await trainMany(
    Array.from({ length: networks }, (_, i) => ({ spec: network, options: { ...options, seed: i + 1 } })),
    { train: data.train },
  );
  t.same(
    runs[0]?.statistics?.variance?.axes.map(({ name, values }) => [name, values.length]),
    [
      ['step', 1],
      ['layer', depth + 2],
    ],
    'projection, blocks, output',
  );
  for (let l = 1; l <= depth; l++) {
    const ratios = runs.map(
      ({ statistics }) =>
        (statistics?.variance?.values[l] as number) / (statistics?.variance?.values[0] as number) / growth ** l,
    );
    const mean = ratios.reduce((sum, x) => sum + x, 0) / networks;
    const error = Math.sqrt(ratios.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (networks * (networks - 1)));
    t.ok(Math.abs(mean - 1) / error < 5, `block ${l}: z = ${((mean - 1) / error).toFixed(2)}`);
    t.ok(
      (0.1 - Math.abs(mean - 1)) / error > 5,
      `block ${l}: an error of 10 % would show (standard error ${error.toFixed(4)})`,
    );
  }
});

t.test('activations that overflow end the run with the reason', async (t) => {
  const run = await train({ system: 'residual', activation: 'relu', width: 30, depth: 600 }, data, {
    ...quick,
    steps: 3,
  });
  t.match(run.stopped?.reason, /the loss is not finite at step 0; the activations of layer \d+/);
});

t.test('errors', async (t) => {
  const rejected = async (change: object, code: string, parameter: string): Promise<void> => {
    const error = await train({ ...spec, ...change } as never, data, quick).catch((reason: unknown) => reason);
    t.ok(error instanceof MftError, `${parameter} is refused`);
    t.match(error, { code, parameter });
  };
  await rejected({ depth: 0 }, 'ERR_MFT_OUT_OF_RANGE', 'depth');
  await rejected({ depth: 1_000_000 }, 'ERR_MFT_OUT_OF_RANGE', 'depth');
  await rejected({ inputKeepProbability: 0.9 }, 'ERR_MFT_INVALID_ARGUMENT', 'inputKeepProbability');
  await rejected({ keepProbability: 0 }, 'ERR_MFT_OUT_OF_RANGE', 'keepProbability');
  await rejected({ width: 90_000, depth: 100 }, 'ERR_MFT_MEMORY', 'width');
});
