// Data sets from images and labels in memory: the same set as from an archive of the same numbers, and what is refused.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { datasetFrom, readDataset, train } from 'mft-native';
import { zip } from './zip.js';
import { encodeNpy } from './encode-npy.js';

const pixels = (count: number, size: number): number[][] =>
  Array.from({ length: count }, (_, i) => Array.from({ length: size }, (_, k) => (37 * i + 11 * k) % 256));

t.test('the same set as an archive of the same numbers', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'mft-own-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const [count, shape] = [12, [6, 5, 3]];
  const bytes = Uint8Array.from(pixels(count, 90).flat());
  const labels = Uint8Array.from({ length: count }, (_, i) => i % 3);
  const path = join(folder, 'own.npz');
  writeFileSync(
    path,
    zip(
      [
        ['x_train.npy', encodeNpy([count, ...shape], '|u1', bytes)],
        ['y_train.npy', encodeNpy([count], '|u1', labels)],
      ],
      0,
    ),
  );
  const { name: _n, files: _f, sha256: _h, ...read } = await readDataset(path, 'train');
  const nested = Array.from({ length: count }, (_, i) =>
    Array.from({ length: 6 }, (_, y) =>
      Array.from({ length: 5 }, (_, x) =>
        Array.from({ length: 3 }, (_, c) => bytes[90 * i + 15 * y + 3 * x + c] as number),
      ),
    ),
  );
  const oneHot = Array.from(labels, (label) => [0, 1, 2].map((k) => Number(k === label)));
  for (const [what, made] of Object.entries({
    'a typed array': datasetFrom({ images: bytes, labels, shape }),
    'lists within lists': datasetFrom({ images: nested, labels: [...labels] }),
    'one-hot labels': datasetFrom({ images: nested, labels: oneHot }),
  })) {
    t.same([made.shape, made.count, made.classes], [[3, 6, 5], 12, 3], what);
    t.ok(Buffer.from(made.images).equals(Buffer.from(read.images)), `${what}: images, channels first`);
    t.ok(Buffer.from(made.labels).equals(Buffer.from(read.labels)), `${what}: labels`);
    t.equal(made.range?.unit, 255, what);
    t.equal(made.channels?.axis, 'last', what);
  }
  t.equal(datasetFrom({ images: nested, labels: oneHot }).labelForm, 'oneHot');
  t.match(datasetFrom({ images: nested, labels: oneHot }).warnings, [{ id: 'oneHotLabels' }]);
});

t.test('it trains, in two fields; what the caller does afterwards changes nothing', async (t) => {
  const images = new Float32Array(400);
  const labels = Array.from({ length: 40 }, (_, i) => i % 2);
  for (let i = 0; i < 400; i++) images[i] = (Math.floor(i / 10) % 2 === 0 ? 1 : -1) * (1 + (i % 10) / 10);
  const set = datasetFrom({ images, labels });
  t.same([set.shape, set.dimension], [[10], 10], 'without a shape: one row for each label');
  images.fill(7);
  t.equal(set.images[0], 1);
  const spec = { system: 'feedforward', activation: 'tanh', weightVariance: 1.5, depth: 2, width: 16 } as const;
  const result = await train(spec, { train: set }, { steps: 200, batchSize: 10, learningRate: 0.1, seed: 1 });
  t.equal(result.train.accuracy, 1);
});

t.test('what is refused, by name', (t) => {
  const ok = { images: [[0, 1]], labels: [0] };
  for (const [given, code, message] of [
    [{ ...ok, images: [[0, 1], [2]] }, 'ERR_MFT_SHAPE', /images\[1\].*a list of 2/],
    [{ ...ok, labels: [0, 1] }, 'ERR_MFT_SHAPE', /`labels`.*as many labels as images \(1\)/],
    [{ ...ok, labels: [0.5] }, 'ERR_MFT_DATA_FORMAT', /labels.*label 0 is 0.5/],
    [{ ...ok, labels: [300] }, 'ERR_MFT_DATA_FORMAT', /label 0 is 300/],
    [{ ...ok, images: [[0, Number.NaN]] }, 'ERR_MFT_DATA_FORMAT', /component 1 of the images is NaN/],
    [{ ...ok, images: [] }, 'ERR_MFT_SHAPE', /at least one image/],
    [{ ...ok, images: [['a', 1]] }, 'ERR_MFT_INVALID_ARGUMENT', /images\[0\]\[0\].*a number/],
    [{ images: new Float32Array(7), labels: [0, 1] }, 'ERR_MFT_SHAPE', /a multiple of 2 numbers/],
    [{ images: new Float32Array(7), labels: [0], shape: [2] }, 'ERR_MFT_SHAPE', /whole images/],
    [{ images: new Float32Array(4), labels: [0], shape: [2.5] }, 'ERR_MFT_INVALID_ARGUMENT', /`shape`/],
    [{ ...ok, shape: [2] }, 'ERR_MFT_INVALID_ARGUMENT', /`shape`.*left out/],
    [{ ...ok, split: 'testing' }, 'ERR_MFT_INVALID_ARGUMENT', /`split`/],
    [undefined, 'ERR_MFT_INVALID_ARGUMENT', /images and labels/],
  ] as const)
    t.throws(() => datasetFrom(given as never), { code, message }, String(message));
  t.end();
});
