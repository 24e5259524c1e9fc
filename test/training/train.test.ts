// train: determinism, resume, statistics, divergence, errors. (Accuracies on real data and kills: test/verify.)
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { MftError, predict, readDataset, train, trainMany, type Training, type TrainOptions } from 'mft-native';
import { learningRates, resolveTrainOptions } from '../../dist/training/options.js';

const folder = await mkdtemp(join(tmpdir(), 'mft-train-'));
t.teardown(() => rm(folder, { recursive: true }));
const spec = {
  system: 'feedforward',
  activation: 'tanh',
  width: 60,
  depth: 4,
  weightVariance: 1.5,
  biasVariance: 0.05,
  keepProbability: 0.9,
} as const;
const quick = {
  steps: 60,
  batchSize: 150,
  learningRate: 0.05,
  trainCount: 3000,
  trainEvaluation: 500,
} as const satisfies TrainOptions;
const data = { train: await readDataset('synthetic', 'train'), test: await readDataset('synthetic', 'test') };

/** All numbers of all arrays, in their order. */
const flat = (weights: Training['weights']): number[] =>
  Object.values(weights ?? {}).flatMap(({ values }) => [...values]);

t.test('learns the synthetic set', async (t) => {
  const run = await train(spec, data, { epochs: 3, learningRate: 0.1, seed: 3 });
  t.ok((run.test?.accuracy ?? 0) > 0.95, `test accuracy ${run.test?.accuracy}`);
  t.equal(run.steps, 3 * 78);
  t.equal(run.reports.length, 3);
  t.ok((run.reports[0]?.trainLoss ?? 0) > (run.reports[2]?.trainLoss ?? 9));
  t.equal(run.dataset.test?.count, 2000);
  t.match(run, { kind: 'training', system: 'feedforward', warnings: [] });
  t.equal(run.weights, undefined);
});

t.test('the bits do not depend on threads, statistics, evaluation or company', async (t) => {
  for (const optimizer of ['sgd', 'momentum', 'nesterov', 'rmsProp', 'adam'] as const) {
    const options: TrainOptions = {
      ...quick,
      optimizer,
      learningRate: 0.002,
      weightDecay: 1e-4,
      clipNorm: optimizer === 'adam' ? 1 : 0,
    };
    const one = await train(spec, data, { ...options, threads: 1 });
    for (const threads of [2, 3])
      t.equal(
        (await train(spec, data, { ...options, threads })).checksum,
        one.checksum,
        `${optimizer}, ${threads} threads`,
      );
    t.equal(
      (await train(spec, data, { ...options, threads: 2, statisticsEvery: 7, reportEvery: 11 })).checksum,
      one.checksum,
      `${optimizer}, with statistics and reports`,
    );
    const many = await trainMany(
      [
        { spec, options: { ...options, seed: 9 } },
        { spec, options },
        { spec: { ...spec, depth: 6 }, options },
      ],
      data,
      { threads: 2 },
    );
    t.equal(many[1]?.checksum, one.checksum, `${optimizer}, beside other networks`);
    t.not(many[0]?.checksum, one.checksum, 'another seed');
    t.notOk(one.stopped);
  }
});

t.test('validation images are held out of the training set', async (t) => {
  const run = await train(spec, data, { ...quick, validationCount: 700 });
  t.match(run.dataset, { train: { split: 'train', count: 3000 }, test: { split: 'validation', count: 700 } });
  t.equal(run.test?.count, 700);
  const part = (from: number, to: number) => ({
    ...data.train,
    count: to - from,
    images: data.train.images.subarray(from * 784, to * 784),
    labels: data.train.labels.subarray(from, to),
  });
  const byHand = await train(spec, { train: part(0, 3000), test: part(3000, 3700) }, { ...quick, trainCount: 0 });
  t.equal(
    run.checksum,
    byHand.checksum,
    'the images after the first trainCount, and neither they nor the others are trained on',
  );
  t.same(run.test, byHand.test);
  const last = await train(spec, 'synthetic', { ...quick, trainCount: 0, validationCount: 9000 });
  t.match(last.dataset, { train: { count: 1000 }, test: { split: 'validation', count: 9000 } });
  const count = data.train.count;
  for (const options of [{ validationCount: count }, { trainCount: count, validationCount: 1 }])
    await t.rejects(train(spec, data, { ...quick, trainCount: 0, ...options }), {
      code: 'ERR_MFT_OUT_OF_RANGE',
      parameter: 'validationCount',
    });
  await t.rejects(
    train(spec, data, { ...quick, trainCount: count + 1 }),
    { code: 'ERR_MFT_OUT_OF_RANGE', parameter: 'trainCount' },
    'more images than there are',
  );
  await t.rejects(
    trainMany(
      [
        { spec, options: quick },
        { spec, options: { ...quick, trainCount: 2000 } },
      ],
      data,
    ),
    { code: 'ERR_MFT_INVALID_ARGUMENT', parameter: 'trainCount' },
    'networks side by side read the same images',
  );
});

/** Starts a run and stops it as soon as a progress report says that it is on its way. */
async function cutInTheMiddle(t: Test, network: typeof spec, options: TrainOptions): Promise<void> {
  const controller = new AbortController();
  const onProgress = ({ done }: { done: number }): void => {
    if (done > 0) controller.abort(new Error('enough'));
  };
  await t.rejects(train(network, data, { ...options, signal: controller.signal, onProgress }), { message: 'enough' });
}

t.test('a finished run goes on with more steps', async (t) => {
  const shape = { system: 'feedforward', activation: 'tanh', width: 12, depth: 3, weightVariance: 1.5 } as const;
  const options = { batchSize: 64, trainCount: 640, learningRate: 0.01, statisticsEvery: 4, trainEvaluation: 100 };
  for (const optimizer of ['sgd', 'momentum', 'nesterov', 'rmsProp', 'adam'] as const) {
    const checkpoint = join(folder, `more-${optimizer}.checkpoint`);
    const schedule = optimizer === 'adam' ? 'exponential' : 'constant';
    const whole = await train(shape, data, { ...options, optimizer, schedule, steps: 25 });
    const begun = await train(shape, data, { ...options, optimizer, schedule, steps: 13, checkpoint });
    const more = await train(shape, data, { ...options, optimizer, schedule, steps: 25, checkpoint });
    t.equal(more.resumedFrom, 13);
    t.equal(more.checksum, whole.checksum, `${optimizer}: the bits of one run`);
    t.not(begun.checksum, whole.checksum);
    t.same(more.reports, whole.reports, 'and its reports');
    t.same(more.statistics, whole.statistics);
    t.same(begun.reports.at(-1)?.step, 13, 'the shorter run had its last report');
    await t.rejects(train(shape, data, { ...options, optimizer, schedule, steps: 20, checkpoint }), {
      code: 'ERR_MFT_JOURNAL_MISMATCH',
      parameter: 'steps',
    });
  }
  const checkpoint = join(folder, 'cosine.checkpoint');
  const cosine = { ...options, schedule: 'cosine', checkpoint } as const;
  await train(shape, data, { ...cosine, steps: 5 });
  const refused = { code: 'ERR_MFT_JOURNAL_MISMATCH', parameter: 'steps', message: /schedule/ };
  await t.rejects(train(shape, data, { ...cosine, steps: 9 }), refused);
  await t.rejects(train(shape, data, { ...cosine, steps: 5, seed: 2 }), {
    ...refused,
    parameter: 'checkpoint',
    message: /differ/,
  });
});

t.test('resume continues the same bits', async (t) => {
  const options = {
    ...quick,
    steps: 800,
    optimizer: 'adam',
    learningRate: 0.002,
    statisticsEvery: 10,
    reportEvery: 20,
  } as const;
  const whole = await train(spec, data, options);
  const checkpoint = join(folder, 'run.checkpoint');
  await cutInTheMiddle(t, spec, { ...options, checkpoint, checkpointEvery: 7 });
  const resumed = await train(spec, data, { ...options, checkpoint, threads: 1 });
  t.ok(0 < (resumed.resumedFrom ?? 0) && (resumed.resumedFrom ?? Infinity) < options.steps, 'cut in the middle');
  t.equal(resumed.checksum, whole.checksum);
  t.same(resumed.reports, whole.reports, 'reports are those of one run');
  t.same(resumed.statistics, whole.statistics);
  const again = await train(spec, data, { ...options, checkpoint });
  t.equal(again.resumedFrom, options.steps, 'a finished run is not trained again');
  t.equal(again.checksum, whole.checksum);
  t.same(again.test, whole.test);

  await t.rejects(
    train(spec, data, { ...options, checkpoint, learningRate: 0.003 }),
    { code: 'ERR_MFT_JOURNAL_MISMATCH', parameter: 'checkpoint' },
    'another run',
  );
  const bytes = await readFile(checkpoint);
  for (const [what, damaged] of [
    ['flipped', Buffer.from(bytes.map((byte, i) => (i === 5000 ? byte ^ 4 : byte)))],
    ['truncated', bytes.subarray(0, bytes.length - 9)],
    ['grown', Buffer.concat([bytes, Buffer.alloc(3)])],
    ['empty', Buffer.alloc(0)],
  ] as const) {
    await writeFile(checkpoint, damaged);
    await t.rejects(train(spec, data, { ...options, checkpoint }), { code: 'ERR_MFT_DATA_CHECKSUM' }, what);
  }
  await writeFile(checkpoint, Buffer.alloc(200, 'x'));
  await t.rejects(train(spec, data, { ...options, checkpoint }), { code: 'ERR_MFT_DATA_FORMAT' });
  await t.rejects(train(spec, data, { ...options, checkpoint: join(folder, 'none', 'x') }), { code: 'ERR_MFT_DISK' });
});

t.test('statistics at step 0 are what the theory predicts', async (t) => {
  // For ReLU the map of q is linear: its mean over networks holds at every width, and over images of any norm.
  const [images, networks] = [100, 400];
  const network = {
    system: 'feedforward',
    activation: 'relu',
    width: 200,
    depth: 6,
    weightVariance: 1.6,
    biasVariance: 0.1,
    keepProbability: 0.8,
  } as const;
  const options = {
    steps: 1,
    batchSize: images,
    learningRate: 0,
    shuffle: false,
    statisticsEvery: 1,
    trainEvaluation: 0,
    trainCount: images,
    normalization: 'unit',
  } as const;
  const runs = await trainMany(
    Array.from({ length: networks }, (_, seed) => ({ spec: network, options: { ...options, seed } })),
    { train: data.train },
  );
  t.same(
    runs[0]?.statistics?.variance?.axes.map((axis) => [axis.name, axis.values.length]),
    [
      ['step', 1],
      ['layer', 6],
    ],
  );
  const pixels = data.train.images.subarray(0, images * data.train.dimension) as Uint8Array;
  const secondMoment = pixels.reduce((sum, pixel) => sum + (pixel / 255) ** 2, 0) / pixels.length;
  const theory = await predict({ ...network, inputs: { secondMoment, correlation: 0, count: 1 } });
  const predicted = theory.observables.variance?.values ?? t.fail('no prediction');
  for (let layer = 0; layer < 5; layer++) {
    const found = runs.map(({ statistics }) => statistics?.variance?.values[layer] as number);
    const mean = found.reduce((sum, q) => sum + q, 0) / networks;
    const error = Math.sqrt(found.reduce((sum, q) => sum + (q - mean) ** 2, 0) / (networks * (networks - 1)));
    const z = (mean - ((predicted as Float64Array)[layer] as number)) / error;
    t.ok(Math.abs(z) < 5, `layer ${layer + 1}: q is ${mean}, z = ${z.toFixed(2)}`);
    t.ok((0.1 * mean) / error > 5, `layer ${layer + 1}: an error of 10 % would show (standard error ${error})`);
  }
  const { correlation, gradientNorm, errorNorm } = runs[0]?.statistics ?? {};
  t.ok(correlation?.values.every((c) => Math.abs(c) < 1));
  t.ok(gradientNorm?.scale === 'log' && errorNorm?.values.every(Number.isFinite));
});

t.test('divergence ends the run and says where', async (t) => {
  const run = await train({ ...spec, activation: 'relu', weightVariance: 2 }, data, {
    ...quick,
    loss: 'squared',
    learningRate: 1e6,
  });
  t.ok(run.stopped, 'stopped');
  t.ok((run.stopped?.step ?? -1) > 0 && run.steps === run.stopped?.step, 'the parameters are those before the step');
  t.match(run.stopped?.reason, /^the loss is not finite at step \d+(; the (weights|activations) of layer \d|$)/);
  t.same(Object.keys(run.train.loss), ['reason'], 'never a NaN as a result');
});

t.test(
  'a run whose last step diverged says so, and a run that is too long is refused before anything is made',
  async (t) => {
    const spec = { system: 'feedforward', activation: 'relu', width: 50, depth: 3 } as const;
    const options = { learningRate: 1e6, batchSize: 64 };
    for (const steps of [2, 30]) {
      const run = await train(spec, 'synthetic', { ...options, steps });
      t.match(run.stopped?.reason, /the loss is not finite at step \d/, `of ${steps} steps`);
    }
    const started = performance.now();
    await t.rejects(train(spec, 'synthetic', { steps: 2_000_000_000, memoryLimit: 1e6 }), { code: 'ERR_MFT_MEMORY' });
    t.ok(performance.now() - started < 20_000, 'no list of the rates of all steps was made');
  },
);

t.test('precisions, losses, laws and masks', async (t) => {
  const options = { ...quick, steps: 40 };
  const float = await train(spec, data, options);
  // The two draw other numbers; from the same weights, rounding to 6e-8 makes less than 1e-4 of a loss in 40 steps.
  const { weights: drawn } = await train(spec, data, {
    ...options,
    steps: 1,
    learningRate: 0,
    returnWeights: true,
  });
  const losses = await Promise.all(
    (['float32', 'float64'] as const).map(async (precision) => {
      const run = await train(spec, data, { ...options, precision, initialWeights: drawn ?? {} });
      return run.reports.at(-1)?.trainLoss ?? Infinity;
    }),
  );
  const [single, exact] = losses as [number, number];
  const apart = Math.abs(single / exact - 1);
  t.ok(apart > 0 && apart < 1e-4, `float32 and float64 give losses ${apart.toExponential(1)} apart`);
  const orthogonal = await train({ ...spec, weights: 'orthogonal', width: 100 }, data, {
    ...options,
    steps: 1,
    learningRate: 0,
    hasBiases: false,
    returnWeights: true,
  });
  t.same(
    Object.entries(orthogonal.weights ?? {}).map(([name, { shape }]) => [name, ...shape]),
    [
      ['layer1.weight', 100, 784],
      ['layer2.weight', 100, 100],
      ['layer3.weight', 100, 100],
      ['layer4.weight', 10, 100],
    ],
  );
  const weights = orthogonal.weights?.['layer2.weight']?.values ?? new Float64Array(0);
  for (const [i, j] of [
    [0, 0],
    [0, 1],
    [41, 99],
  ] as const) {
    // rows of the second layer: orthogonal, of squared norm 1.5
    let product = 0;
    for (let k = 0; k < 100; k++) product += (weights[100 * i + k] as number) * (weights[100 * j + k] as number);
    t.ok(Math.abs(product - (i === j ? 1.5 : 0)) < 1e-5, `rows ${i}, ${j}`);
  }
  const shared = await train({ ...spec, maskSharing: 'shared' }, data, options);
  t.not(shared.checksum, float.checksum);
  const squared = await train(spec, data, { ...options, loss: 'squared' });
  t.ok((squared.reports.at(-1)?.trainAccuracy ?? 0) > 0.3);
});

t.test('an activation given as an expression trains like the named one', async (t) => {
  for (const [expression, activation] of [
    ['tanh(x)', 'tanh'],
    ['x * sigmoid(x)', 'silu'],
    ['max(x, 0)', 'relu'],
  ] as const) {
    const options = { ...quick, steps: 20, precision: 'float64', returnWeights: true } as const;
    const [named, given] = [
      await train({ ...spec, activation }, data, options),
      await train(
        { ...spec, activation: { expression, ...(activation === 'relu' ? { kinks: [0] } : {}) } },
        data,
        options,
      ),
    ];
    const [one, other] = [named, given].map(({ weights }) => flat(weights)) as [number[], number[]];
    t.equal(one.length, 784 * 60 + 60 + 2 * (60 * 60 + 60) + 60 * 10 + 10);
    const difference = one.reduce((worst, value, i) => Math.max(worst, Math.abs(value - (other[i] ?? Infinity))), 0);
    t.ok(difference < 1e-12, `${expression}: parameters differ by ${difference}`);
  }
});

t.test('schedules', async (t) => {
  const rates = (options: TrainOptions): number[] => [
    ...learningRates(resolveTrainOptions({ learningRate: 8, ...options }), 8),
  ];
  t.same(rates({}), [8, 8, 8, 8, 8, 8, 8, 8]);
  t.same(rates({ schedule: 'step', scheduleEvery: 3, scheduleFactor: 0.5 }), [8, 8, 8, 4, 4, 4, 2, 2]);
  t.same(rates({ warmupSteps: 4 }), [2, 4, 6, 8, 8, 8, 8, 8]);
  t.ok(Math.abs((rates({ schedule: 'exponential', scheduleEvery: 4, scheduleFactor: 0.25 })[2] ?? 0) - 4) < 1e-12);
  const cosine = rates({ schedule: 'cosine', scheduleFactor: 0.5 });
  t.ok(cosine[0] === 8 && Math.abs((cosine[4] ?? 0) - 6) < 1e-12);
});

t.test('errors', async (t) => {
  const rejected = async (change: object, options: object, code: string, parameter: string): Promise<void> => {
    const error = await train({ ...spec, ...change } as never, data, { ...quick, ...options }).catch(
      (reason: unknown) => reason,
    );
    t.ok(error instanceof MftError, `${parameter} is refused`);
    t.match(error, { code, parameter });
  };
  await rejected({}, { learningRate: -1 }, 'ERR_MFT_OUT_OF_RANGE', 'learningRate');
  await rejected({}, { learningrate: 1 }, 'ERR_MFT_INVALID_ARGUMENT', 'learningrate');
  await rejected({}, { batchSize: 5000 }, 'ERR_MFT_OUT_OF_RANGE', 'batchSize');
  await rejected({}, { epochs: 1 }, 'ERR_MFT_INVALID_ARGUMENT', 'steps');
  await rejected({ weights: 'rademacher' }, {}, 'ERR_MFT_UNSUPPORTED', 'weights');
  await rejected({ output: 'randomReadout' }, {}, 'ERR_MFT_UNSUPPORTED', 'output');
  await rejected({ width: [60, 60, 60, 11] }, {}, 'ERR_MFT_SHAPE', 'width');
  await rejected({ inputWidth: 100 }, {}, 'ERR_MFT_SHAPE', 'inputWidth');
  await rejected({ width: 90_000, depth: 200 }, {}, 'ERR_MFT_MEMORY', 'width');
  const signal = AbortSignal.abort(new Error('before'));
  await t.rejects(train(spec, data, { ...quick, signal }), { message: 'before' });
});
