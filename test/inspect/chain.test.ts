// The network of a file as a spec, signals through it, and what is refused: never guessed.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawnSync } from 'node:child_process';
import t from 'tap';
import { advise, type FeedforwardSpec, type Inspection, inspect, predict, readArrays, train } from 'mft-native';

const fixtures = 'test/fixtures/weights';
const folder = await mkdtemp(join(tmpdir(), 'mft-chain-'));
t.teardown(() => rm(folder, { recursive: true }));
const reasonOf = ({ spec }: Inspection): string => ('reason' in spec ? spec.reason : 'a spec');
const specOf = ({ spec }: Inspection): FeedforwardSpec => spec as FeedforwardSpec;

t.test('what a state dict does not say is asked for', async (t) => {
  t.match(reasonOf(await inspect(join(fixtures, 'plain.pt'))), /names no activation and no dropout: give `activation`/);
  const { spec } = await inspect(join(fixtures, 'plain.pt'), { activation: 'tanh', keepProbability: 0.9 });
  t.match(spec, {
    system: 'feedforward',
    activation: ['tanh'],
    width: [5, 3],
    inputWidth: 6,
    depth: 2,
    keepProbability: 0.9,
  });
  t.same(specOf(await inspect(join(fixtures, 'plain.safetensors'), { activation: 'tanh' })).width, [5, 3]);
  await t.rejects(inspect(join(fixtures, 'plain.pt'), { activation: 'tanhh' as 'tanh' }), {
    code: 'ERR_MFT_INVALID_ARGUMENT',
    message: /tanh/,
  });
  t.match(reasonOf(await inspect(join(fixtures, 'recurrent.pt'), { activation: 'tanh' })), /lstm_l0 is no dense layer/);
  t.match(
    reasonOf(await inspect(join(fixtures, 'checkpoint.pt'), { activation: 'tanh' })),
    /1\.weight belongs to no dense/,
  );
});

t.test('an ONNX graph says its activations, or which node is none of ours', async (t) => {
  const plain = await inspect(join(fixtures, 'plain.onnx'));
  t.same(specOf(plain).activation, ['tanh']);
  t.same(specOf(await inspect(join(fixtures, 'merged.onnx'))).biasVariance, [0, 0, 0]);
  t.match(reasonOf(await inspect(join(fixtures, 'mixed.onnx'))), /not one of ours: node \/0\/Conv \(Conv\)/);
  t.match(reasonOf(await inspect(join(fixtures, 'residual.onnx'))), /not one of ours: node \/1\/Add \(Add\)/);
  for (const name of ['gelu', 'silu', 'relu'] as const)
    t.same(
      specOf(await inspect(join(fixtures, `${name}.onnx`))).activation,
      [name, name],
      `${name}, as PyTorch exports it`,
    );
});

t.test('signals are those of the arrays', async (t) => {
  const inputs = [0, 1].map((row) => Array.from({ length: 6 }, (_, i) => Math.sin(i + 3 * row)));
  const { arrays } = await readArrays(join(fixtures, 'plain.pt'));
  const { signals } = await inspect(join(fixtures, 'plain.pt'), { activation: 'tanh', inputs });
  t.equal(signals?.length, 4);
  for (const [input, row] of inputs.entries()) {
    let u = row;
    for (const [layer, name] of ['0', '2'].entries()) {
      const [weight, bias] = [arrays[`${name}.weight`], arrays[`${name}.bias`]];
      const h = Array.from(bias?.values ?? [], (b, i) =>
        u.reduce((sum, x, j) => sum + x * (weight?.values[i * u.length + j] as number), b),
      );
      const q = h.reduce((sum, value) => sum + value * value, 0) / h.length;
      const found = signals?.find((one) => one.layer === layer + 1 && one.input === input);
      t.ok(Math.abs((found?.variance ?? 0) / q - 1) < 1e-12, `layer ${layer + 1}, input ${input}`);
      u = h.map(Math.tanh);
    }
  }
  await t.rejects(inspect(join(fixtures, 'plain.pt'), { activation: 'tanh', inputs: [[1, 2]] }), {
    code: 'ERR_MFT_SHAPE',
  });
  await t.rejects(inspect(join(fixtures, 'residual.onnx'), { inputs }), {
    code: 'ERR_MFT_UNSUPPORTED',
    message: /Add/,
  });
});

t.test('a fresh network agrees with theory, a trained one has moved', async (t) => {
  const spec = {
    system: 'feedforward',
    activation: 'relu',
    weightVariance: 2,
    width: [200, 200, 200, 10],
    depth: 4,
  } as const;
  const options = { trainCount: 2000, batchSize: 50, seed: 5 } as const;
  const [fresh, trained] = [join(folder, 'fresh.safetensors'), join(folder, 'trained.npz')];
  await train(spec, 'synthetic', { ...options, steps: 1, learningRate: 0, saveWeights: fresh });
  await train(spec, 'synthetic', { ...options, epochs: 3, learningRate: 0.1, saveWeights: trained });
  const inputs = [1, 2, 3].map((row) => Array.from({ length: 784 }, (_, i) => Math.cos(row * i)));
  const before = await inspect(fresh, { activation: 'relu', inputs });
  for (const { name, weights, weightVariance } of before.layers) {
    t.equal(weights.verdict, 'asInitialized', `${name}: ${weights.law}`);
    t.ok([weights.law, ...weights.alike].includes('He normal'), `${name}: He normal is among the laws that fit`);
    t.ok(Math.abs(weightVariance - 2) < 0.3);
  }
  t.equal(before.signals?.length, 12);
  t.ok(
    before.signals?.every(({ verdict }) => verdict === 'agrees'),
    `${before.signals?.map(({ score }) => score.toFixed(1))}`,
  );
  const after = await inspect(trained, { activation: 'relu', inputs });
  t.ok(
    after.layers.some(({ weights }) => weights.verdict === 'moved'),
    'training shows',
  );
  const theory = await predict(after.spec as never);
  t.equal(theory.observables.variance?.axes[0]?.values.length, 4);
  t.ok((await advise(after.spec as never)).sections.length > 0);
});

t.test('a tfjs LayersModel says its activations', async (t) => {
  const dense = (name: string, activation: string) => ({ class_name: 'Dense', config: { name, activation, units: 2 } });
  const model = (...layers: object[]) => ({
    modelTopology: { model_config: { class_name: 'Sequential', config: { name: 'model', layers } } },
    weightsManifest: [
      {
        paths: ['a.bin'],
        weights: ['a', 'b'].map((name) => ({ name: `${name}/kernel`, shape: [2, 2], dtype: 'float32' })),
      },
    ],
  });
  await writeFile(join(folder, 'a.bin'), Buffer.from(Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8).buffer));
  const read = async (...layers: object[]) => {
    await writeFile(join(folder, 'model.json'), JSON.stringify(model(...layers)));
    return inspect(folder);
  };
  const leaky = { class_name: 'LeakyReLU', config: { name: 'leaky', alpha: 0.3 } };
  t.same(specOf(await read(dense('a', 'elu'), dense('b', 'softmax'))).activation, [{ name: 'elu', alpha: 1 }]);
  t.same(specOf(await read(dense('a', 'linear'), leaky, dense('b', 'linear'))).activation, [
    { name: 'leakyRelu', slope: 0.3 },
  ]);
  t.match(reasonOf(await read(dense('a', 'relu6'), dense('b', 'linear'))), /activation relu6/);
  const norm = { class_name: 'BatchNormalization', config: { name: 'norm' } };
  t.match(reasonOf(await read(dense('a', 'relu'), norm, dense('b', 'linear'))), /node norm \(BatchNormalization\)/);
});

t.test('command line', async (t) => {
  const run = (...args: string[]) =>
    spawnSync(process.execPath, ['dist/cli/main.js', 'inspect', ...args], { encoding: 'utf8' });
  t.match(run(join(fixtures, 'plain.pt')).stdout, /No spec: the file names no activation/);
  t.match(
    run(join(fixtures, 'plain.pt'), '--activation', 'tanh').stdout,
    /Spec: \{"system":"feedforward","activation":\["tanh"\]/,
  );
});
