// Reading data sets: the synthetic set through every format, errors that say which file belongs where, real files when
// MFT_DATA names them.
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import t from 'tap';
import { checkData, MftError, readDataset, readIdx, readNpy, readNpz } from 'mft-native';
import { encodeNpy } from './encode-npy.js';
import { readInputs } from '../../dist/data/inputs.js';
import { syntheticFiles, syntheticImages } from '../../dist/data/synthetic.js';
import { sameBits } from '../bits.js';
import { zip } from './zip.js';

const folder = await mkdtemp(join(tmpdir(), 'mft-data-'));
t.teardown(() => rm(folder, { recursive: true }));

t.test('the synthetic set is the same everywhere', async (t) => {
  const train = await readDataset('synthetic', 'train');
  const test = await readDataset('synthetic', 'test');
  t.match(train, {
    name: 'synthetic',
    split: 'train',
    count: 10_000,
    shape: [28, 28],
    dimension: 784,
    classes: 10,
    verified: true,
  });
  t.match(test, { split: 'test', count: 2_000, verified: true });
  t.not(train.sha256, test.sha256);
  t.ok(train.images.buffer instanceof SharedArrayBuffer, 'images lie in shared memory');
});

t.test('gratings are the same everywhere, and what they are said to be', async (t) => {
  const train = await readDataset('gratings', 'train');
  const test = await readDataset('gratings', 'test');
  t.match(train, { name: 'gratings', count: 10_000, shape: [12, 12], dimension: 144, classes: 4, verified: true });
  t.match(test, { split: 'test', count: 10_000, verified: true });
  // Along the stripes of class 0, down a column, neighbours agree but for the noise; across, half a wave away, they do not.
  const covariance = (label: number, step: number): number => {
    let [sum, count] = [0, 0];
    test.labels.forEach((own, i) => {
      if (own !== label) return;
      for (let at = 0; at + step < 144; at++) {
        if (step < 12 && (at % 12) + step >= 12) continue;
        const value = (k: number): number => (test.images[144 * i + k] as number) / 255 - 0.5;
        sum += value(at) * value(at + step);
        count++;
      }
    });
    return sum / count;
  };
  // ¼² ½ cos(2π 2/5) and ¼² ½: less what the cuts at 0 and 1 take.
  const [along, across] = [covariance(0, 24), covariance(0, 2)];
  t.ok(along > 0.025 && along < 0.03125 && across < -0.02 && across > -0.0253, `${along}, ${across}`);
  t.ok(Math.abs(covariance(2, 2) - along) < 1e-3 && Math.abs(covariance(2, 24) - across) < 1e-3, 'class 2 is turned');
});

t.test('nearest class mean reads the synthetic set far above chance, but not perfectly', async (t) => {
  const train = await readDataset('synthetic', 'train');
  const test = await readDataset('synthetic', 'test');
  const means = Array.from({ length: 10 }, () => new Float64Array(784));
  train.labels.forEach((label, i) =>
    train.images
      .subarray(784 * i, 784 * (i + 1))
      .forEach(
        (value, k) =>
          ((means[label] as Float64Array)[k] = ((means[label] as Float64Array)[k] as number) + value / 1000),
      ),
  );
  const correct = test.labels.filter((label, i) => {
    const distances = means.map((mean) =>
      mean.reduce((sum, value, k) => sum + (value - (test.images[784 * i + k] as number)) ** 2, 0),
    );
    return distances.indexOf(Math.min(...distances)) === label;
  }).length;
  t.ok(correct > 1200 && correct < 2000, `${correct} of 2000`);
});

t.test('files of the synthetic set read back, packed and plain', async (t) => {
  const counts = { train: 30, test: 20 };
  await mkdir(join(folder, 'mnist'));
  await mkdir(join(folder, 'cifar10'));
  for (const [name, bytes] of syntheticFiles('mnist', counts)) {
    const packed = name.includes('images');
    await writeFile(join(folder, 'mnist', packed ? `${name}.gz` : name), packed ? gzipSync(bytes) : bytes);
  }
  const digits = await readDataset('mnist', 'test', { data: folder });
  const expected = syntheticImages('test', { size: 28, channels: 1 }, counts.test);
  sameBits(t, digits.images, expected.images, 'images');
  sameBits(t, digits.labels, expected.labels, 'labels');
  t.equal(digits.verified, false, 'unknown files are read, and said to be unverified');
  t.match(
    digits.files.map((file) => file.sha256.length),
    [64, 64],
  );

  const colours = syntheticFiles('cifar10', counts);
  for (const [name, bytes] of colours)
    if (name.startsWith('data_batch')) await writeFile(join(folder, 'cifar10', name), bytes);
  const painted = await readDataset('cifar10', 'train', { data: folder });
  t.match(painted, { count: 30, shape: [3, 32, 32], verified: false });
  const whole = syntheticImages('train', { size: 32, channels: 3 }, counts.train);
  sameBits(t, painted.images, whole.images, 'five batches are one set');
  await t.rejects(readDataset('cifar10', 'test', { data: folder }), {
    code: 'ERR_MFT_DATA_NOT_FOUND',
    message: /test_batch\.bin was not found.*test_batch_first1000\.bin/,
  });
  await writeFile(join(folder, 'cifar10', 'test_batch_first1000.bin'), colours.get('test_batch.bin') as Buffer);
  t.equal(
    (await readDataset('cifar10', 'test', { data: folder })).split,
    'testFirst1000',
    'a part of the test set is never called the test set',
  );
  await writeFile(join(folder, 'cifar10', 'test_batch.bin'), colours.get('test_batch.bin') as Buffer);
  t.equal((await readDataset('cifar10', 'test', { data: folder })).split, 'test');
});

t.test('errors say which file belongs where', async (t) => {
  const saved = process.env.MFT_DATA;
  delete process.env.MFT_DATA;
  await t.rejects(readDataset('mnist'), {
    code: 'ERR_MFT_DATA_NOT_FOUND',
    message: /train-images-idx3-ubyte\.gz.*MFT_DATA/,
  });
  await t.rejects(readDataset('mnist', 'train', { data: join(folder, 'nowhere') }), {
    code: 'ERR_MFT_DATA_NOT_FOUND',
    message: /There is no folder .*nowhere\./,
  });
  await t.rejects(checkData(), { code: 'ERR_MFT_DATA_NOT_FOUND' });
  if (saved !== undefined) process.env.MFT_DATA = saved;
  const empty = await mkdtemp(join(folder, 'empty-'));
  await t.rejects(readDataset('cifar10', 'train', { data: empty }), {
    code: 'ERR_MFT_DATA_NOT_FOUND',
    expected: join(empty, 'cifar10', 'data_batch_1.bin'),
  });
  await t.rejects(readDataset('imagenet'), { code: 'ERR_MFT_INVALID_ARGUMENT', parameter: 'dataset' });
  await t.rejects(readDataset('none.npz'), { code: 'ERR_MFT_DATA_NOT_FOUND' });
  const checks = await checkData({ data: empty });
  t.ok(checks.length === 11 && checks.every((check) => check.status === 'missing'));
  const other = await checkData({ data: folder });
  t.match(
    other.find((check) => check.path.endsWith('data_batch_1.bin')),
    { status: 'unverified', count: 6 },
  );
  await writeFile(join(folder, 'cifar10', 'data_batch_2.bin'), 'not an image');
  t.match(
    (await checkData({ data: folder })).find((check) => check.path.endsWith('data_batch_2.bin')),
    { status: 'damaged', reason: /12 bytes/ },
  );
  await mkdir(join(empty, 'mnist'));
  await copyFile(join(folder, 'mnist', 't10k-labels-idx1-ubyte'), join(empty, 'mnist', 'train-images-idx3-ubyte'));
  t.match((await checkData({ data: empty }))[0], { status: 'damaged', reason: /shape 20, not images/ });
  const signal = AbortSignal.abort(new Error('enough'));
  await t.rejects(readIdx(join(folder, 'mnist', 't10k-labels-idx1-ubyte'), { signal }), { message: 'enough' });
});

t.test('.npy types', async (t) => {
  const path = join(folder, 'values.npy');
  await writeFile(path, encodeNpy([2, 3], '<f8', Float64Array.of(1.5, -2, 3, 4, 5, 6)));
  const array = await readNpy(path);
  t.match(array, { shape: [2, 3], type: '<f8' });
  t.same([...array.values], [1.5, -2, 3, 4, 5, 6]);
  const replace = async (from: string, to: string, values: Buffer): Promise<void> => {
    const text = encodeNpy([2], '<f8', Float64Array.of(0, 0)).toString('latin1').replace(from, to);
    await writeFile(path, Buffer.concat([Buffer.from(text.slice(0, 128), 'latin1'), values]));
  };
  await replace('<f8', '>i4', Buffer.from([0, 0, 1, 0, 255, 255, 255, 255]));
  t.same([...(await readNpy(path)).values], [256, -1]);
  await replace('<f8', '<i8', Buffer.from([1, 0, 0, 0, 0, 0, 0, 0, 254, 255, 255, 255, 255, 255, 255, 255]));
  t.same([...(await readNpy(path)).values], [1, -2]);
  await replace('<f8', '<u8', Buffer.alloc(16, 255));
  await t.rejects(readNpy(path), { code: 'ERR_MFT_DATA_FORMAT', message: /beyond 2\^53/ });
  await replace('<f8', '|O8', Buffer.alloc(16));
  await t.rejects(readNpy(path), { code: 'ERR_MFT_DATA_FORMAT' }, 'objects are not read');
  await replace('False', 'True ', Buffer.alloc(16));
  t.match(await readNpy(path), { shape: [2] }, 'one dimension has no order');
});

t.test('a .npz archive as a data set', async (t) => {
  const path = join(folder, 'digits.npz');
  const images = encodeNpy(
    [4, 2, 3],
    '<f4',
    Float32Array.from({ length: 24 }, (_, i) => i / 24),
  );
  const labels = encodeNpy([4], '<i4', Int32Array.of(0, 2, 1, 2));
  for (const method of [0, 8] as const) {
    await writeFile(
      path,
      zip(
        [
          ['x_train.npy', images],
          ['y_train.npy', labels],
        ],
        method,
      ),
    );
    t.match(await readDataset(path), { count: 4, shape: [2, 3], dimension: 6, classes: 3, verified: false });
  }
  t.same([...(await readNpz(path)).arrays.keys()], ['x_train', 'y_train']);
  await t.rejects(readDataset(path, 'test'), {
    code: 'ERR_MFT_DATA_FORMAT',
    message: /no array "x_test"; it has x_train, y_train/,
  });
  await writeFile(
    path,
    zip(
      [
        ['x_train.npy', images],
        ['y_train.npy', encodeNpy([4], '<i4', Int32Array.of(0, -1, 1, 2))],
      ],
      8,
    ),
  );
  await t.rejects(readDataset(path), { code: 'ERR_MFT_DATA_FORMAT', message: /y_train: label 1 is -1/ });
});

t.test('images as inputs of a network', async (t) => {
  const { vectors, sha256 } = await readInputs({ dataset: 'synthetic', split: 'test', indices: [3, 0] }, {});
  const { images } = await readDataset('synthetic', 'test');
  t.match(vectors, { count: 2, dimension: 784 });
  t.equal(vectors.values[5], (images[3 * 784 + 5] as number) / 255);
  t.equal(vectors.values[784 + 7], (images[7] as number) / 255);
  t.ok(vectors.values.every((value) => value >= 0 && value <= 1));
  await readInputs({ dataset: 'synthetic', split: 'test', indices: [0], sha256 }, {});
  const other = await readInputs(
    { dataset: 'synthetic', split: 'test', indices: [0], sha256: '0'.repeat(64) },
    {},
  ).catch((error: unknown) => error);
  t.match(other, { code: 'ERR_MFT_DATA_CHECKSUM', parameter: 'inputs.sha256' });
  const beyond = await readInputs({ dataset: 'synthetic', split: 'test', indices: [0, 2000] }, {}).catch(
    (error: unknown) => error,
  );
  t.ok(beyond instanceof MftError);
  t.match(beyond, { code: 'ERR_MFT_OUT_OF_RANGE', parameter: 'inputs.indices.1' });
});

const required = (process.env.MFT_REQUIRE ?? '').split(',').includes('data');
t.test(
  'the real files',
  { skip: process.env.MFT_DATA === undefined && !required ? 'MFT_DATA is not set' : false },
  async (t) => {
    const digits = await readDataset('mnist', 'train');
    t.match(digits, { count: 60_000, verified: true });
    t.same([...digits.labels.subarray(0, 10)], [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]);
    const mean = Array.from(digits.images).reduce((sum, value) => sum + value, 0) / digits.images.length / 255;
    t.ok(Math.abs(mean - 0.1306604762738429) < 1e-12);
    const colours = await readDataset('cifar10', 'train');
    t.match(colours, { count: 50_000, verified: true });
    t.same([...colours.images.subarray(0, 10)], [59, 43, 50, 68, 98, 119, 139, 145, 149, 149]);
    t.match(await readDataset('cifar10', 'test'), { verified: true });
    t.match(await readInputs({ dataset: 'mnist', indices: [0, 1] }, {}), { vectors: { count: 2, dimension: 784 } });
  },
);
