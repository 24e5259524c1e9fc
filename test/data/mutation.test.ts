// Damaged files of our own: a clear error, or data of the declared shape marked unverified; never a crash, never more
// memory than declared. (The well-known files themselves: test/verify/data-mutation.test.ts.)
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import t, { type Test } from 'tap';
import { type Dataset, MftError, readDataset, readNpy, readNpz } from 'mft-native';
import { encodeNpy } from './encode-npy.js';
import { syntheticFiles } from '../../dist/data/synthetic.js';
import { damaged } from './mutations.js';
import { zip } from './zip.js';

const folder = await mkdtemp(join(tmpdir(), 'mft-data-'));
t.teardown(() => rm(folder, { recursive: true }));
await mkdir(join(folder, 'mnist'));
await mkdir(join(folder, 'cifar10'));
const dataErrors = ['ERR_MFT_DATA_FORMAT', 'ERR_MFT_DATA_CHECKSUM'];
const mutationsPerFile = 200;

const digits = syntheticFiles('mnist', { train: 40, test: 10 });
const colours = syntheticFiles('cifar10', { train: 10, test: 10 });

/** Damages one file `mutationsPerFile` times; returns how often the reader refused. */
async function attack(t: Test, path: string, original: Buffer, read: () => Promise<void>): Promise<number> {
  let refused = 0;
  for (let seed = 0; seed < mutationsPerFile; seed++) {
    const { bytes, kind } = damaged(original, seed);
    await writeFile(path, bytes);
    try {
      await read();
    } catch (error) {
      if (!(error instanceof MftError && dataErrors.includes(error.code)))
        t.fail(`${kind} (seed ${seed}): ${String(error)}`);
      refused++;
    }
  }
  await writeFile(path, original);
  return refused;
}

function checkShape(t: Test, data: Dataset): void {
  if (data.verified) t.fail('damaged data is verified');
  if (data.images.length !== data.count * data.dimension || data.labels.length !== data.count)
    t.fail('the shape is not the declared one');
  if (data.labels.some((label) => label >= data.classes)) t.fail('a label is out of range');
}

t.test('IDX, plain', async (t) => {
  for (const [name, bytes] of digits) await writeFile(join(folder, 'mnist', name), bytes);
  for (const [name, bytes] of digits) {
    const split = name.startsWith('train') ? 'train' : 'test';
    const refused = await attack(t, join(folder, 'mnist', name), bytes, async () =>
      checkShape(t, await readDataset('mnist', split, { data: folder })),
    );
    t.ok(
      refused >= mutationsPerFile / 2,
      `${name}: ${refused} of ${mutationsPerFile} refused, the others read as unverified`,
    );
  }
});

t.test('IDX, gzip: every damage to the packed data is found', async (t) => {
  const name = 'train-images-idx3-ubyte';
  const packed = gzipSync(digits.get(name) as Buffer);
  const refused = await attack(t, join(folder, 'mnist', `${name}.gz`), packed, async () =>
    checkShape(t, await readDataset('mnist', 'train', { data: folder })),
  );
  // What may pass are changes of the gzip header's time, system and flags, which carry no data.
  t.ok(refused >= 0.8 * mutationsPerFile, `${refused} of ${mutationsPerFile} refused`);
  await rm(join(folder, 'mnist', `${name}.gz`));
});

t.test('CIFAR-10 binary', async (t) => {
  for (let batch = 1; batch <= 5; batch++)
    await writeFile(join(folder, 'cifar10', `data_batch_${batch}.bin`), colours.get('data_batch_1.bin') as Buffer);
  const path = join(folder, 'cifar10', 'data_batch_3.bin');
  const refused = await attack(t, path, colours.get('data_batch_1.bin') as Buffer, async () =>
    checkShape(t, await readDataset('cifar10', 'train', { data: folder })),
  );
  t.ok(refused >= mutationsPerFile / 3, `${refused} of ${mutationsPerFile} refused`);
});

t.test('.npy and .npz', async (t) => {
  const array = encodeNpy(
    [6, 5],
    '<f4',
    Float32Array.from({ length: 30 }, (_, i) => i),
  );
  const npy = join(folder, 'a.npy');
  const refusedNpy = await attack(t, npy, array, async () => {
    const { shape, values } = await readNpy(npy);
    if (values.length !== shape.reduce((a, b) => a * b, 1)) t.fail('shape and values disagree');
  });
  t.ok(refusedNpy >= mutationsPerFile / 3, `.npy: ${refusedNpy} refused`);
  for (const method of [0, 8] as const) {
    const archive = zip(
      [
        ['x.npy', array],
        ['y.npy', encodeNpy([6], '|u1', Uint8Array.of(0, 1, 2, 0, 1, 2))],
      ],
      method,
    );
    const path = join(folder, 'a.npz');
    const refused = await attack(t, path, archive, async () => {
      const { arrays } = await readNpz(path);
      for (const { shape, values } of arrays.values())
        if (values.length !== shape.reduce((a, b) => a * b, 1)) t.fail('shape and values disagree');
    });
    t.ok(refused >= mutationsPerFile / 2, `.npz, method ${method}: ${refused} refused`);
  }
});

t.test('declared sizes are held against the file before anything is allocated', async (t) => {
  const header = Buffer.from([0, 0, 8, 3, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 28, 0, 0, 0, 28]);
  const path = join(folder, 'mnist', 'train-images-idx3-ubyte');
  await writeFile(path, header);
  await t.rejects(readDataset('mnist', 'train', { data: folder }), { code: 'ERR_MFT_DATA_FORMAT' });
  await rm(path);
  // A bomb: a header that declares ten images, followed by 200 MB of zeros.
  const before = process.memoryUsage().arrayBuffers;
  const bomb = Buffer.alloc(200_000_000);
  Buffer.from([0, 0, 8, 3, 0, 0, 0, 10, 0, 0, 0, 28, 0, 0, 0, 28]).copy(bomb);
  await writeFile(`${path}.gz`, gzipSync(bomb, { level: 1 }));
  await t.rejects(readDataset('mnist', 'train', { data: folder }), { code: 'ERR_MFT_DATA_FORMAT' });
  t.ok(process.memoryUsage().arrayBuffers - before < bomb.length + 20_000_000, 'the bomb was not unpacked into memory');
  await rm(`${path}.gz`);
});
