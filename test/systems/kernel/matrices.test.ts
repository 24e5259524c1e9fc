// Kernels written to files, block by block of rows.
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { readNpy, writeKernel } from 'mft-native';
import { selfKernels, crossKernels } from '../../../dist/systems/kernel/kernels.js';
import { dataMatrix, kernelModel, modelParameters } from '../../../dist/systems/kernel/model.js';
import { z } from 'zod';

const rows = Array.from({ length: 37 }, (_, i) => Array.from({ length: 5 }, (_, k) => Math.cos(1 + 3 * i * k + i)));
const network = { activation: 'tanh', depth: 2, weightVariance: 1.6, biasVariance: 0.1, keepProbability: 0.9 } as const;
const model = kernelModel(z.strictObject(modelParameters).parse(network), 5);
const data = dataMatrix(rows, 'inputs');

const distance = (found: ArrayLike<number>, wanted: Float64Array): number =>
  wanted.reduce((most, value, at) => Math.max(most, Math.abs((found[at] as number) - value)), 0);

t.test('blocks of any number of rows have the entries of the whole', async (t) => {
  const path = join(t.testdir(), 'kernel.npy');
  const wanted = await selfKernels(model, data, { ntk: true });
  for (const kernel of ['nngp', 'ntk'] as const)
    for (const blockRows of [1, 10, 37, undefined]) {
      const seen: number[] = [];
      const options = blockRows === undefined ? { kernel } : { kernel, blockRows };
      const file = await writeKernel(network, rows, path, { ...options, onProgress: ({ done }) => seen.push(done) });
      const { shape, values } = await readNpy(path);
      t.same(shape, [37, 37]);
      const far = distance(values, wanted[kernel]);
      t.ok(far < 1e-14, `${kernel} in blocks of ${file.blockRows}: ${far}`);
      t.ok(seen.length > 0, 'progress is told');
    }
});

t.test('with other inputs', async (t) => {
  const path = join(t.testdir(), 'kernel.npy');
  const others = { shape: [4, 5], values: data.values.slice(0, 20) };
  const wanted = await crossKernels(model, data, dataMatrix(rows.slice(0, 4), 'others'), { ntk: true });
  const file = await writeKernel(network, rows, path, { otherInputs: others, kernel: 'ntk', blockRows: 8 });
  t.match(file, { rows: 37, columns: 4, blockRows: 8 });
  const far = distance((await readNpy(path)).values, wanted.ntk);
  t.ok(far < 1e-13, `${far}`);
});

t.test('what cannot be written leaves no file', async (t) => {
  const folder = t.testdir();
  const path = join(folder, 'kernel.npy');
  const rejects = (code: string, given: object, message: RegExp, file = path): Promise<unknown> =>
    t.rejects(writeKernel({ ...network, ...given }, rows, file), { code, message });
  await rejects('ERR_MFT_UNSUPPORTED', { activation: 'step' }, /continuous/);
  await rejects('ERR_MFT_UNSUPPORTED', { weightVariance: 0 }, /above 0/);
  await rejects('ERR_MFT_NOT_FINITE', { activation: 'relu', depth: 3, weightVariance: 1e120 }, /layer 3/);
  await rejects('ERR_MFT_DATA_NOT_FOUND', {}, /no/, join(folder, 'no', 'kernel.npy'));
  await t.rejects(writeKernel(network, rows, path, { memoryLimit: 1000 }), { code: 'ERR_MFT_MEMORY' });
  await t.rejects(writeKernel(network, rows, path, { signal: AbortSignal.abort() }), { name: 'AbortError' });
  t.same(await readdir(folder), []);
});
