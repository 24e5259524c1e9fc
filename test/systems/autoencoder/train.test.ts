// Training of autoencoders on examples whose modes are known: the axes, with variances of our choice.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { type AutoencoderSpec, type Dataset, evaluate, train, type Training, type TrainOptions } from 'mft-native';

const folder = await mkdtemp(join(tmpdir(), 'mft-autoencoder-'));
t.teardown(() => rm(folder, { recursive: true }));

const variances = [3, 1.2, 1.2, 0.3, 0];
const dimension = variances.length;

/** `copies` times ±√(D ν_i) along every axis i: S is diagonal with the variances (components are float32). */
function axesSet(copies: number): Dataset {
  const count = 2 * dimension * copies;
  const images = new Float32Array(new SharedArrayBuffer(4 * count * dimension));
  for (let row = 0; row < count; row++) {
    const i = Math.floor(row / 2) % dimension;
    images[row * dimension + i] = (row % 2 === 0 ? 1 : -1) * Math.sqrt(dimension * (variances[i] as number));
  }
  return {
    name: 'axes',
    split: 'train',
    count,
    shape: [dimension],
    dimension,
    classes: 1,
    images,
    labels: new Uint8Array(count),
    verified: true,
    files: [],
    sha256: 'axes',
  };
}

const spec: AutoencoderSpec = {
  width: 4,
  initialVariance: 0.01,
  learningRate: 0.05,
  steps: 400,
  recordEvery: 100,
  training: { modes: 5 },
};
const small = axesSet(1);
const run = async (change: AutoencoderSpec, options: TrainOptions = {}, set = small): Promise<Training> =>
  train(
    { system: 'autoencoder', ...spec, ...change },
    { train: set },
    { precision: 'float64', returnWeights: true, ...options },
  );

const weight = (training: Training, name: string): ArrayLike<number> => training.weights?.[name]?.values ?? [];
const last = (training: Training, name: string): number[] => {
  const observable = training.statistics?.[name];
  return Array.from(observable?.values ?? []).slice(-(observable?.axes[1]?.values.length ?? 0));
};

/** v_iᵀ C v_i/ν_i by loops over the examples, with the returned weights. */
function mappings(training: Training, set: Dataset, isRectified: boolean): number[] {
  const [w1, w2] = [weight(training, 'layer1.weight'), weight(training, 'layer2.weight')];
  const hidden = w1.length / dimension;
  return variances.map((nu, i) => {
    let sum = 0;
    for (let n = 0; n < set.count; n++) {
      let output = 0;
      for (let h = 0; h < hidden; h++) {
        let z = 0;
        for (let j = 0; j < dimension; j++)
          z += (w1[h * dimension + j] as number) * (set.images[n * dimension + j] as number);
        output += (w2[i * hidden + h] as number) * (isRectified ? Math.max(0, z) : z);
      }
      sum += (output * (set.images[n * dimension + i] as number)) / set.count;
    }
    return sum / nu;
  });
}

/** Squares of the singular values of W2 W1: sums of powers of the eigenvalues of its Gram matrix, by loops. */
function checkSingular(t: Test, training: Training): void {
  const [w1, w2] = [weight(training, 'layer1.weight'), weight(training, 'layer2.weight')];
  const hidden = w1.length / dimension;
  const size = Array.from({ length: dimension }, (_, i) => i);
  const product = size.map((i) =>
    size.map((j) => {
      let sum = 0;
      for (let h = 0; h < hidden; h++) sum += (w2[i * hidden + h] as number) * (w1[h * dimension + j] as number);
      return sum;
    }),
  );
  const gram = size.map((i) =>
    size.map((j) => product.reduce((sum, row) => sum + (row[i] as number) * (row[j] as number), 0)),
  );
  const squares = last(training, 'singularValue').map((s) => s ** 2);
  const trace = gram.reduce((sum, row, i) => sum + (row[i] as number), 0);
  const second = gram.flat().reduce((sum, x) => sum + x ** 2, 0);
  const near = (found: number, expected: number) => Math.abs(found / expected - 1) < 1e-6;
  t.equal(squares.length, 5);
  t.ok(squares.every((s, i) => i === 0 || s <= (squares[i - 1] as number)));
  t.ok(
    near(
      squares.reduce((a, b) => a + b, 0),
      trace,
    ),
    'their sum is the squared norm',
  );
  t.ok(
    near(
      squares.reduce((a, b) => a + b ** 2, 0),
      second,
    ),
    'and that of their squares',
  );
}

t.test('mappings that are recorded are those of the weights, linear and rectified', async (t) => {
  for (const activation of ['linear', 'relu'] as const) {
    const training = await run({ noiseVariance: 0.2, width: 8, training: { activation, modes: 5 } });
    const { modeMapping, inputVariance } = training.statistics ?? {};
    t.same([...(modeMapping?.axes[0]?.values ?? [])], [0, 100, 200, 300, 400]);
    t.ok([...(inputVariance?.values ?? [])].every((nu, i) => Math.abs(nu - (variances[i] as number)) < 1e-6));
    const [found, expected] = [last(training, 'modeMapping'), mappings(training, small, activation === 'relu')];
    // The second and third mode have one variance: their directions are not unique, their subspace is.
    for (const i of [0, 3])
      t.ok(Math.abs((found[i] as number) - (expected[i] as number)) < 1e-6, `${activation}, mode ${i}: ${found[i]}`);
    const both = ((expected[1] as number) + (expected[2] as number)) / 2;
    t.same([...(training.statistics?.subspaceMapping?.axes[1]?.values ?? [])], [0, 1, 3, 4], 'one group of two');
    t.ok(Math.abs((last(training, 'subspaceMapping')[1] as number) - both) < 1e-6, `${activation}, subspace: ${both}`);
    t.match(modeMapping?.undefinedAt?.[0], { index: 4, reason: 'a direction without variance' });
    if (activation === 'linear') checkSingular(t, training);
    else t.equal(training.statistics?.singularValue, undefined);
  }
});

t.test(
  'without noise every step is that of the formulas; decay and rate are the spec’s unless options say otherwise',
  async (t) => {
    const start = await run({}, { steps: 1, learningRate: 0 });
    for (const [change, options, rate, decay] of [
      [{ weightDecay: 0.1 }, {}, 0.05, 0.1],
      [{}, { learningRate: 0.02, weightDecay: 0.3 }, 0.02, 0.3],
    ] as const) {
      const training = await run({ steps: 50, ...change }, options);
      t.equal(training.options.batchSize, small.count, 'all examples in every step');
      t.same([training.options.learningRate, training.options.weightDecay, training.steps], [rate, decay, 50]);
      // S is diagonal: dE/dW1 = W2ᵀ (W − 1) S + g W1, dE/dW2 = (W − 1) S W1ᵀ + g W2.
      const [w1, w2] = [Array.from(weight(start, 'layer1.weight')), Array.from(weight(start, 'layer2.weight'))];
      const at = (list: readonly number[], i: number): number => list[i] as number;
      const nu = last(start, 'modeMapping').map(
        (_, i) => Math.fround(Math.sqrt(dimension * at(variances, i))) ** 2 / dimension,
      );
      for (let step = 0; step < 50; step++) {
        const error = Array.from({ length: dimension ** 2 }, (_, k) => {
          const [i, j] = [Math.floor(k / dimension), k % dimension];
          let w = i === j ? -1 : 0;
          for (let h = 0; h < 4; h++) w += at(w2, i * 4 + h) * at(w1, h * dimension + j);
          return w * at(nu, j);
        });
        const first = w1.map((value, k) => {
          const [h, j] = [Math.floor(k / dimension), k % dimension];
          let sum = decay * value;
          for (let i = 0; i < dimension; i++) sum += at(w2, i * 4 + h) * at(error, i * dimension + j);
          return sum;
        });
        const second = w2.map((value, k) => {
          const [i, h] = [Math.floor(k / 4), k % 4];
          let sum = decay * value;
          for (let j = 0; j < dimension; j++) sum += at(error, i * dimension + j) * at(w1, h * dimension + j);
          return sum;
        });
        w1.forEach((_, k) => {
          w1[k] = at(w1, k) - rate * at(first, k);
          w2[k] = at(w2, k) - rate * at(second, k);
        });
      }
      const worst = Math.max(
        ...w1.map((value, k) => Math.abs(value - (weight(training, 'layer1.weight')[k] as number))),
      );
      t.ok(worst < 1e-12, `weights differ by ${worst.toExponential(1)}`);
    }
  },
);

t.test('noise of every law ends at the fixed point, with the scatter of its last steps', async (t) => {
  const large = axesSet(200);
  for (const kind of [
    { noise: 'gaussian', noiseVariance: 0.5 },
    { noise: 'uniform', noiseVariance: 0.5 },
    { noise: 'sign', noiseVariance: 0.5 },
    // Masking is noise of variance ((1 − p)/p) S_jj: on the axes ν_i itself, so that w* = p.
    { inputKeepProbability: 0.8 },
  ] as const) {
    const training = await run(
      { ...kind, learningRate: 0.03, steps: 700, recordEvery: 20, width: 6 },
      { precision: 'float32', threads: 1 },
      large,
    );
    const values = training.statistics?.modeMapping?.values ?? new Float64Array();
    const late = Array.from({ length: 25 }, (_, r) => values[values.length - dimension * (r + 1)] as number);
    const mean = late.reduce((sum, value) => sum + value, 0) / late.length;
    const deviation = Math.sqrt(late.reduce((sum, value) => sum + (value - mean) ** 2, 0) / late.length);
    const masked = 'inputKeepProbability' in kind;
    const fixed = masked
      ? 0.8
      : ((await evaluate('autoencoder', 'fixedPoint', { inputVariance: 3, noiseVariance: 0.5 })) as number);
    // 25 records 20 steps apart: about as many independent values as relaxation times 1/(2 α ν) in them.
    const z = (mean - fixed) / (deviation / Math.sqrt(25));
    const says = `${JSON.stringify(kind)}: ${mean.toFixed(5)} against ${fixed.toFixed(5)}`;
    // A masked example of one component is 0 or x/p: with w = p neither has an error, and nothing scatters.
    if (masked) t.ok(Math.abs(mean - fixed) < 1e-6, says);
    else t.ok(Math.abs(z) < 4.5 && deviation > 1e-5, `${says}, z ${z.toFixed(1)}`);
  }
});

t.test('a run that was stopped goes on as if it had not been', async (t) => {
  const checkpoint = join(folder, 'run.checkpoint');
  await run({ noiseVariance: 0.3, steps: 200 }, { checkpoint });
  const continued = await run({ noiseVariance: 0.3, steps: 200 }, { checkpoint, steps: 400 });
  const whole = await run({ noiseVariance: 0.3, steps: 200 }, { steps: 400 });
  t.equal(continued.resumedFrom, 200);
  t.same(last(continued, 'modeMapping'), last(whole, 'modeMapping'));
  t.equal(continued.checksum, whole.checksum);
});

t.test('expected noise: the fixed points, and the mean of sampled noise from the same start', async (t) => {
  const noise = { noiseVariance: 0.5, weightDecay: 0.1 } as const;
  const expected = { modes: 5, noise: 'expected' } as const;
  const long = await run({ ...noise, steps: 2000, recordEvery: 500, training: expected });
  for (const [i, nu] of [3, 1.2, 1.2, 0.3].entries()) {
    const fixed = (await evaluate('autoencoder', 'fixedPoint', { inputVariance: nu, ...noise })) as number;
    const found = last(long, 'modeMapping')[i] as number;
    t.ok(Math.abs(found - fixed) < 1e-6, `mode ${i}: ${found} against ${fixed}`);
  }
  t.equal(long.reports.length, 4);
  t.ok(
    Math.abs((mappings(long, small, false)[0] as number) - (last(long, 'modeMapping')[0] as number)) < 1e-6,
    'of the weights',
  );
  for (const activation of ['linear', 'relu'] as const) {
    // Without noise both ways are one.
    const plain = { width: 6, steps: 60, weightDecay: 0.05 } as const;
    const [drawn, exact] = await Promise.all([
      run({ ...plain, training: { activation, modes: 5 } }),
      run({ ...plain, training: { activation, ...expected } }),
    ]);
    const worst = Math.max(
      ...Array.from(weight(drawn, 'layer1.weight'), (w, k) =>
        Math.abs(w - (weight(exact, 'layer1.weight')[k] as number)),
      ),
    );
    t.ok(worst < 1e-11, `${activation}: weights differ by ${worst.toExponential(1)}`);
    // With it the sampled run of many examples scatters around the expected one.
    const noisy = { ...plain, noiseVariance: 0.5, steps: 100 } as const;
    const large = axesSet(400);
    const samples = await Promise.all(
      [1, 2, 3, 4, 5].map((seed) =>
        run({ ...noisy, training: { activation, modes: 5 } }, { initialWeights: drawn.weights ?? {}, seed }, large),
      ),
    );
    // What is expected of copies of examples is expected of the examples.
    const mean = await run(
      { ...noisy, training: { activation, ...expected } },
      { initialWeights: drawn.weights ?? {} },
    );
    for (const mode of [0, 3]) {
      const values = samples.map((sample) => last(sample, 'modeMapping')[mode] as number);
      const average = values.reduce((sum, x) => sum + x, 0) / 5;
      const deviation = Math.sqrt(values.reduce((sum, x) => sum + (x - average) ** 2, 0) / 4);
      const apart = (average - (last(mean, 'modeMapping')[mode] as number)) / (deviation / Math.sqrt(5));
      // Student's t of four degrees of freedom: 8.6 has the probability of |z| > 3.3.
      t.ok(
        Math.abs(apart) < 8.6,
        `${activation}, mode ${mode}: t = ${apart.toFixed(1)}, deviation ${deviation.toExponential(1)}`,
      );
    }
  }
  const relu = { activation: 'relu', ...expected } as const;
  await t.rejects(run({ inputKeepProbability: 0.8, training: relu }), { code: 'ERR_MFT_UNSUPPORTED' });
  await t.rejects(run({ noise: 'sign', noiseVariance: 1, training: relu }), {
    code: 'ERR_MFT_UNSUPPORTED',
    parameter: 'noise',
  });
  await t.rejects(run({ training: expected }, { optimizer: 'adam' }), {
    code: 'ERR_MFT_UNSUPPORTED',
    parameter: 'optimizer',
  });
  const masked = await run({ inputKeepProbability: 0.8, steps: 1000, training: expected });
  t.ok(Math.abs((last(masked, 'modeMapping')[0] as number) - 0.8) < 1e-6, 'masking along the axes ends at p');
  const diverged = await run({ learningRate: 5, initialVariance: 1, training: expected });
  t.match(diverged.stopped, { reason: /not finite/ });
});

/** The largest entry of W2 − W1ᵀ. */
function imbalance(training: Training): number {
  const [w1, w2] = [weight(training, 'layer1.weight'), weight(training, 'layer2.weight')];
  const hidden = w1.length / dimension;
  return Math.max(
    ...Array.from(w1, (w, k) => Math.abs(w - (w2[(k % dimension) * hidden + Math.floor(k / dimension)] as number))),
  );
}

t.test('balanced and tied starts', async (t) => {
  const start = await run({ initial: 'balanced' }, { steps: 1, learningRate: 0 });
  const plain = await run({}, { steps: 1, learningRate: 0 });
  t.same(weight(start, 'layer1.weight'), weight(plain, 'layer1.weight'), 'W1 is the one that is drawn');
  t.ok(imbalance(start) === 0 && imbalance(plain) > 0.01);
  const expected = { noise: 'expected', modes: 5 } as const;
  const noisy = { weightDecay: 0.1, learningRate: 0.01, steps: 60, noiseVariance: 0.5, training: expected } as const;
  const tied = await run({ ...noisy, tied: true });
  t.equal(imbalance(tied), 0);
  t.ok(imbalance(await run({ ...noisy, initial: 'balanced' })) > 1e-6, 'where W and S do not commute W2 leaves W1ᵀ');
  // S is diagonal, G = W S − S + s² W: the shared matrix falls by both gradients, W1 (G + Gᵀ) + 2 g W1.
  let w1 = Array.from(weight(start, 'layer1.weight'));
  const hidden = w1.length / dimension;
  for (let step = 0; step < noisy.steps; step++) {
    const row = (h: number, i: number): number => w1[h * dimension + i] as number;
    const units = Array.from({ length: hidden }, (_, h) => h);
    const product = (i: number, j: number): number => units.reduce((sum, h) => sum + row(h, i) * row(h, j), 0);
    const gradient = (i: number, j: number): number =>
      (product(i, j) - (i === j ? 1 : 0)) * (variances[j] as number) + 0.5 * product(i, j);
    w1 = w1.map((w, k) => {
      const [h, j] = [Math.floor(k / dimension), k % dimension];
      const both = variances.reduce((sum, _, i) => sum + row(h, i) * (gradient(i, j) + gradient(j, i)), 0);
      return w - 0.01 * (both + 2 * 0.1 * w);
    });
  }
  const apart = Math.max(...w1.map((w, k) => Math.abs(w - (weight(tied, 'layer1.weight')[k] as number))));
  t.ok(apart < 1e-6, `tied descent by hand: ${apart}`);
  const long = await run({ ...noisy, tied: true, steps: 1500 });
  t.ok(Math.abs((last(long, 'modeMapping')[0] as number) - (3 - 0.1) / 3.5) < 1e-6);
  await t.rejects(run({ ...noisy, tied: true }, { initialWeights: plain.weights ?? {} }), {
    code: 'ERR_MFT_INVALID_ARGUMENT',
    parameter: 'initialWeights',
  });
  await t.rejects(run({ tied: true }), { code: 'ERR_MFT_UNSUPPORTED', parameter: 'tied' }, 'noise that is sampled');
  await t.rejects(run({ tied: true, training: { ...expected, activation: 'relu' } }), {
    code: 'ERR_MFT_UNSUPPORTED',
    parameter: 'tied',
  });
});

t.test('what cannot be trained says so', async (t) => {
  await t.rejects(run({ schedule: [{ fromStep: 5, noiseVariance: 1 }] }), {
    code: 'ERR_MFT_UNSUPPORTED',
    parameter: 'schedule',
  });
  await t.rejects(run({ initial: 'aligned' }), { code: 'ERR_MFT_UNSUPPORTED', parameter: 'initial' });
  await t.rejects(run({}, { loss: 'crossEntropy' }), { code: 'ERR_MFT_INVALID_ARGUMENT', parameter: 'loss' });
  await t.rejects(run({}, { hasBiases: true }), { code: 'ERR_MFT_INVALID_ARGUMENT', parameter: 'hasBiases' });
  const diverged = await run({ learningRate: 5, initialVariance: 1 });
  t.match(diverged.stopped, { reason: /not finite/ });
  t.ok(diverged.statistics?.modeMapping?.values.every(Number.isFinite));
  const without = await run({ training: { modes: 0 } });
  t.notOk('statistics' in without);
});
