// Training saves and loads every format of weights that it should: the same bits whatever the file.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { readArrays, train } from 'mft-native';

const folder = await mkdtemp(join(tmpdir(), 'mft-weights-train-'));
t.teardown(() => rm(folder, { recursive: true }));
const spec = { system: 'feedforward', activation: 'tanh', width: 12, depth: 3 } as const;
const options = { trainCount: 64, batchSize: 16, steps: 3, seed: 3, returnWeights: true } as const;

t.test('saved as safetensors and as .npz, loaded from both', async (t) => {
  const [first, second] = ['net.safetensors', 'net.npz'].map((name) => join(folder, name)) as [string, string];
  for (const precision of ['float32', 'float64'] as const) {
    const { weights } = await train(spec, 'synthetic', { ...options, precision, saveWeights: first });
    await train(spec, 'synthetic', { ...options, precision, saveWeights: second });
    const read = await readArrays(first);
    t.equal(read.format, 'safetensors');
    t.same(Object.keys(read.arrays).sort(), Object.keys(weights ?? {}).sort());
    for (const [name, { shape, values }] of Object.entries(weights ?? {})) {
      const found = read.arrays[name];
      t.same(found?.shape, shape, `${name} has its shape`);
      t.equal(found?.type, precision === 'float32' ? 'F32' : 'F64');
      t.ok(
        values.every((value, i) => Object.is(value, found?.values[i])),
        `${name} has its values`,
      );
    }
    const [a, b] = await Promise.all(
      [first, second].map(async (initialWeights) => {
        const run = await train(spec, 'synthetic', { ...options, precision, initialWeights });
        return Object.values(run.weights ?? {}).map(({ values }) => Array.from(values));
      }),
    );
    t.strictSame(a, b, 'the same run from either file');
  }
  t.equal((await readFile(first)).toString('latin1', 8, 9), '{');
});

t.test('weights of another network are refused by name', async (t) => {
  await t.rejects(train(spec, 'synthetic', { ...options, initialWeights: 'test/fixtures/weights/plain.safetensors' }), {
    code: 'ERR_MFT_SHAPE',
    message: /layer1\.weight.*0\.weight/,
  });
});
