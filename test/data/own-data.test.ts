// Data as people have it: the same pixels in another type or order train the same network, and what was noticed is said.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { checkData, predict, readDataset, train } from 'mft-native';
import { encodeNpy } from './encode-npy.js';
import { encodeIdx } from '../../dist/data/idx.js';
import { readInputs } from '../../dist/data/inputs.js';
import { zip } from './zip.js';

const folder = await mkdtemp(join(tmpdir(), 'mft-own-'));
t.teardown(() => rm(folder, { recursive: true }));
const spec = { system: 'feedforward', activation: 'relu', weightVariance: 2, depth: 3, width: 20 } as const;
const options = { steps: 4, batchSize: 16, normalization: 'unit', seed: 1 } as const;
const [count, side] = [32, 4];
const pixels = Uint8Array.from({ length: count * side * side * 3 }, (_, i) => (i * 7919 + (i >> 3)) % 256);
const labels = Uint8Array.from({ length: count }, (_, i) => i % 3);

type Values = Parameters<typeof encodeNpy>[2];
/** An archive; `type` may be one that the encoder does not know. */
async function archive(
  shape: readonly number[],
  type: string,
  x: Values,
  y = encodeNpy([count], '|u1', labels),
): Promise<string> {
  const path = join(folder, `own-${Math.floor(Math.random() * 2 ** 48)}.npz`);
  const known = encodeNpy(shape, '|u1', x as Uint8Array)
    .toString('latin1')
    .replace("'|u1'", `'${type}'`);
  await writeFile(path, zip([['x_train.npy', Buffer.from(known, 'latin1')], ['y_train.npy', y]], 8)); // biome-ignore format: a list of two
  return path;
}

const flat = [count, side * side * 3];

t.test('pixels of 0 to 255 in int64, float32 or float16 train as their bytes do', async (t) => {
  const half = (value: number): number => {
    if (value === 0) return 0;
    const exponent = Math.floor(Math.log2(value));
    return ((exponent + 15) << 10) | ((value / 2 ** exponent - 1) * 1024);
  };
  const bytes = await train(spec, await archive(flat, '|u1', pixels), options);
  const forms = {
    '<i8': BigInt64Array.from(pixels, BigInt) as unknown as Uint8Array,
    '<i4': Int32Array.from(pixels),
    '<f4': Float32Array.from(pixels),
    '<f8': Float64Array.from(pixels),
    '<f2': Uint16Array.from(pixels, half) as unknown as Uint8Array,
  };
  t.same(bytes.dataset.train.range, { smallest: 0, largest: 255, unit: 255, from: 'format' });
  for (const [type, x] of Object.entries(forms)) {
    const other = await train(spec, await archive(flat, type, x), options);
    t.equal(other.checksum, bytes.checksum, `${type}: same bits`);
    t.same(other.dataset.train.range, { smallest: 0, largest: 255, unit: 255, from: 'values' });
    t.same(other.warnings, [], 'and nothing to warn of, not even that the file is not a published one');
  }
});

t.test('fewer images than the batch size nobody gave: the message says that it is the default', async (t) => {
  const path = await archive(flat, '|u1', pixels);
  await t.rejects(train(spec, path, { steps: 4, seed: 1 }), {
    code: 'ERR_MFT_OUT_OF_RANGE',
    parameter: 'batchSize',
    message: /\[1, 32\], the training images \(left out, it is 128\)/,
  });
});

t.test('booleans, floats of 0 and 1: themselves; dim, fractional and wide ranges are named and settable', async (t) => {
  const ones = pixels.map((value) => value & 1);
  const booleans = await train(spec, await archive(flat, '|b1', ones), options);
  const floats = await train(spec, await archive(flat, '<f4', Float32Array.from(ones)), options);
  const integers = await train(spec, await archive(flat, '<i4', Int32Array.from(ones)), options);
  t.same([booleans.checksum, integers.checksum], [floats.checksum, floats.checksum]);
  t.same([booleans.warnings, floats.warnings, integers.warnings], [[], [], []]);
  const warned = async (type: string, x: Values): Promise<string> => {
    const { warnings } = await readDataset(await archive(flat, type, x));
    return (warnings ?? []).map(({ id, message }) => `${id} ${message}`).join();
  };
  t.match(await warned('|u1', ones), /pixelRange .*\[0, 1\] and are divided by 255/);
  t.match(
    await warned(
      '<f8',
      Float64Array.from(pixels, (value) => value % 17),
    ),
    /\[0, 16\] and are divided by 255/,
  );
  t.match(
    await warned(
      '<f4',
      Float32Array.from(pixels, (value) => value / 2),
    ),
    /\[0, 127.5\] and are taken as they are/,
  );
  t.match(
    await warned(
      '<i4',
      Int32Array.from(pixels, (value) => 4 * value),
    ),
    /\[0, 1020\] and are taken as they are/,
  );
  t.equal(
    await warned(
      '<f4',
      Float32Array.from(pixels, (value) => value / 50 - 2.5),
    ),
    '',
    'standardized data',
  );
  const sixteen = await archive(
    flat,
    '<f8',
    Float64Array.from(pixels, (value) => value % 17),
  );
  const unit = await archive(
    flat,
    '<f8',
    Float64Array.from(pixels, (value) => Math.fround((value % 17) / 16)),
  );
  const chosen = await train(spec, sixteen, { ...options, pixelMaximum: 16 });
  t.equal(chosen.checksum, (await train(spec, unit, options)).checksum, 'pixelMaximum 16 is x/16');
  t.match(chosen.dataset.train.range, { unit: 16, from: 'option' });
  t.same(chosen.warnings, []);
  t.match((await readDataset(sixteen, 'train', { pixelMaximum: 4 })).warnings, [
    { message: /not in \[0, pixelMaximum\]/ },
  ]);
  await t.rejects(readDataset(sixteen, 'train', { pixelMaximum: 0 }), { code: 'ERR_MFT_OUT_OF_RANGE' });
});

t.test('channels-last images train as their channels-first copy does', async (t) => {
  const first = new Uint8Array(pixels.length);
  const plane = side * side;
  for (let image = 0; image < count; image++)
    for (let p = 0; p < plane; p++)
      for (let c = 0; c < 3; c++) first[(image * 3 + c) * plane + p] = pixels[(image * plane + p) * 3 + c] as number;
  const standard = { ...options, normalization: 'standard' } as const;
  const a = await train(spec, await archive([count, 3, side, side], '|u1', first), standard);
  const b = await train(spec, await archive([count, side, side, 3], '|u1', pixels), standard);
  t.equal(a.checksum, b.checksum);
  t.match(a.dataset.train.channels, { count: 3, axis: 'first', from: 'shape' });
  t.match(b.dataset.train.channels, { count: 3, axis: 'last', from: 'shape' });
  const read = await readDataset(await archive([count, side, side, 3], '<f4', Float32Array.from(pixels)));
  t.same([read.shape, Buffer.from(read.images.buffer)], [[3, side, side], Buffer.from(first.buffer)]);
  const odd = await archive([count, 2, 8, 3], '|u1', pixels);
  t.match(await readDataset(odd, 'train', { channelAxis: 'first' }), { channels: { count: 2 }, shape: [2, 8, 3] });
  const guessed = await readDataset(await archive([count, 3, 16, 1], '|u1', pixels));
  t.match(guessed, { channels: { axis: 'first' }, warnings: [{ id: 'channelAxis', message: /first or last/ }] });
  await t.rejects(readDataset(await archive(flat, '|u1', pixels), 'train', { channelAxis: 'last' }), {
    code: 'ERR_MFT_SHAPE',
  });
});

t.test('one-hot labels are recognised and named; what only looks so is refused; gaps are warned about', async (t) => {
  const oneHot = Float32Array.from({ length: 3 * count }, (_, i) => (i % 3 === labels[Math.floor(i / 3)] ? 1 : 0));
  const numbers = await train(spec, await archive(flat, '|u1', pixels), options);
  const rows = await train(spec, await archive(flat, '|u1', pixels, encodeNpy([count, 3], '<f4', oneHot)), options);
  t.equal(rows.checksum, numbers.checksum);
  t.match(rows.warnings, [{ id: 'oneHotLabels', message: /y_train is one-hot \(32 × 3\)/ }]);
  t.equal(rows.dataset.train.labelForm, 'oneHot');
  oneHot[0] = 0.5;
  const soft = await archive(flat, '|u1', pixels, encodeNpy([count, 3], '<f4', oneHot));
  await t.rejects(readDataset(soft), { code: 'ERR_MFT_DATA_FORMAT', message: /\(32, 3\), as one-hot.*row 0/ });
  const sparse = encodeNpy(
    [count, 1],
    '<i4',
    Int32Array.from(labels, (label) => 2 * label),
  );
  const gaps = await readDataset(await archive(flat, '|u1', pixels, sparse));
  t.match(gaps, { classes: 5, warnings: [{ id: 'labelGaps', message: /label 1, 3 \(2 of 5 classes/ }] });
});

t.test('images of an archive as inputs of predict', async (t) => {
  const path = await archive(flat, '<f4', Float32Array.from(pixels));
  const named = { dataset: path, indices: [0, 5] };
  const { vectors } = await readInputs(named, {});
  t.same(
    [...vectors.values.subarray(0, 3)],
    [...pixels.subarray(0, 3)].map((value) => value / 255),
  );
  const values = [0, 5].map((i) => [...pixels.subarray(48 * i, 48 * (i + 1))].map((value) => value / 255));
  const own = await predict({ ...spec, inputs: named });
  const given = await predict({ ...spec, inputs: { values } });
  t.same(own.observables.correlation, given.observables.correlation);
  const error: unknown = await predict({ ...spec, inputs: { dataset: 'mnits', indices: [0] } }).catch(
    (error: unknown) => error,
  );
  t.match(error, { code: 'ERR_MFT_INVALID_ARGUMENT', message: /one of mnist, .*emnist-letters.*\.npz/ });
});

t.test('files in the layouts of CIFAR-100, EMNIST and QMNIST', async (t) => {
  for (const name of ['cifar100', 'emnist', 'mnist']) await mkdir(join(folder, name));
  const records = Buffer.alloc(4 * 3074, 9);
  [3, 99, 0, 50].forEach((label, i) => records.set([label >> 3, label, i], 3074 * i));
  await writeFile(join(folder, 'cifar100', 'test.bin'), records);
  const hundred = await readDataset('cifar100', 'test', { data: folder });
  t.match(hundred, { count: 4, classes: 100, shape: [3, 32, 32] });
  t.same([[...hundred.labels], hundred.images[3072], hundred.images[3073]], [[3, 99, 0, 50], 1, 9]);
  records[1] = 100;
  await writeFile(join(folder, 'cifar100', 'test.bin'), records);
  await t.rejects(readDataset('cifar100', 'test', { data: folder }), { message: /label 100; labels of CIFAR-100/ });

  const images = encodeIdx(
    [3, 28, 28],
    Uint8Array.from({ length: 2352 }, (_, i) => i % 256),
  );
  const letters = encodeIdx([3], Uint8Array.of(26, 1, 7));
  await writeFile(join(folder, 'emnist', 'emnist-letters-train-images-idx3-ubyte'), images);
  await writeFile(join(folder, 'emnist', 'emnist-letters-train-labels-idx1-ubyte'), letters);
  const read = await readDataset('emnist-letters', 'train', { data: folder });
  t.match(read, { name: 'emnist-letters', count: 3, classes: 26 });
  t.same([...read.labels], [25, 0, 6], 'letters are 1 to 26 in the file');
  await t.rejects(readDataset('emnist-letters', 'test', { data: folder }), { code: 'ERR_MFT_DATA_NOT_FOUND' });

  // EMNIST under the names of MNIST, then QMNIST's labels: int32, eight per image, the class first.
  await writeFile(join(folder, 'mnist', 'train-images-idx3-ubyte'), images);
  await writeFile(join(folder, 'mnist', 'train-labels-idx1-ubyte'), letters);
  await t.rejects(readDataset('mnist', 'train', { data: folder }), { message: /label 0 is 26.*emnist-letters/ });
  const check = (await checkData({ data: folder })).find(({ path }) => path.endsWith('train-labels-idx1-ubyte'));
  t.match(check, { status: 'damaged', reason: /beyond 9.*emnist-letters/ });
  const qmnist = Buffer.alloc(12 + 3 * 8 * 4);
  [0, 0, 0x0c, 2, 0, 0, 0, 3, 0, 0, 0, 8].forEach((byte, i) => qmnist.writeUInt8(byte, i));
  [4, 0, 9].forEach((label, i) => {
    qmnist.writeInt32BE(label, 12 + 32 * i);
    qmnist.writeInt32BE(2309 + i, 12 + 32 * i + 8);
  });
  await writeFile(join(folder, 'mnist', 'train-labels-idx1-ubyte'), qmnist);
  t.same([...(await readDataset('mnist', 'train', { data: folder })).labels], [4, 0, 9]);
});
