// inspect of a convolutional network: the bounds are those of its training, and what no file says is asked for.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { inspect, MftError, readDataset, train } from 'mft-native';

const folder = await mkdtemp(join(tmpdir(), 'mft-inspect-bounds-'));
t.teardown(() => rm(folder, { recursive: true }));
const data = { train: await readDataset('synthetic', 'train') };
const said = {
  input: [28, 28, 1],
  stride: [2, 1],
  pool: [2, 1],
  pooling: 'max',
  padding: 'valid',
  activation: 'tanh',
  samples: 200,
} as const;
const spec = { system: 'convolution', depth: 2, width: [3, 5], kernel: [5, 3], ...said } as const;
const options = {
  steps: 5,
  batchSize: 40,
  trainCount: 200,
  trainEvaluation: 0,
  loss: 'brier',
  normalization: 'unit',
} as const;

for (const format of ['npz', 'safetensors'])
  t.test(`${format}: norms and bounds of the trained network`, async (t) => {
    const file = join(folder, `net.${format}`);
    const run = await train(spec, data, { ...options, hasBiases: false, saveWeights: file });
    const { kernelNorm, fcNorm, bounds } = run.quantities ?? {};
    t.same((await inspect(file, { network: said })).bounds, { kernelNorm, fcNorm, bounds });
    t.notOk('bounds' in (await inspect(file)), 'only where they are asked for');
  });

t.test('what does not fit is refused, what is no such network says why', async (t) => {
  const file = join(folder, 'net.npz');
  const { samples: _, ...without } = said;
  const wrong = {
    'network.samples': without,
    network: { ...said, pool: 1 },
    'network.input': { ...said, input: [28, 28, 3] },
    'pool[0]': { ...said, pool: [5, 1] },
    spec: { ...said, failureProbability: 2 },
  };
  for (const [parameter, network] of Object.entries(wrong)) {
    const error = await inspect(file, { network: network as never }).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    t.ok(error instanceof MftError && error.code !== 'ERR_MFT_INTERNAL', parameter);
    if (parameter !== 'spec') t.match((error as MftError).parameter, parameter);
  }
  const biased = join(folder, 'biased.npz');
  await train(spec, data, { ...options, hasBiases: true, saveWeights: biased });
  t.same((await inspect(biased, { network: said })).bounds, { reason: 'the bounds are for networks without biases' });
  const dense = join(folder, 'dense.npz');
  await train({ system: 'feedforward', depth: 2, width: 8, activation: 'tanh' }, data, {
    ...options,
    saveWeights: dense,
  });
  t.match((await inspect(dense, { network: said })).bounds, { reason: /convolution/ });
});
