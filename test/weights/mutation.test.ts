// Damaged files of weights: a clear error, or arrays of their declared shape; where the format has checksums, never other values.
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { type FileArrays, MftError, readArrays } from 'mft-native';
import { damaged } from '../data/mutations.js';
import { encodeNpy } from '../data/encode-npy.js';
import { zip } from '../data/zip.js';

const perFormat = Number(process.env.MFT_MUTATIONS ?? 200);
const folder = await mkdtemp(join(tmpdir(), 'mft-mutation-'));
t.teardown(() => rm(folder, { recursive: true }));
const fixture = (name: string): Promise<Buffer> => readFile(join('test/fixtures/weights', name));
const codes = ['ERR_MFT_DATA_FORMAT', 'ERR_MFT_DATA_CHECKSUM', 'ERR_MFT_MEMORY', 'ERR_MFT_DATA_NOT_FOUND'];

const text = ({ arrays }: FileArrays): string =>
  Object.entries(arrays)
    .map(([name, { shape, values }]) => `${name} ${shape} ${Array.from(values)}`)
    .join('\n');

const manifest = JSON.stringify({
  weightsManifest: [
    {
      paths: ['shard.bin'],
      weights: [
        { name: 'a', shape: [2, 3], dtype: 'float32', quantization: { dtype: 'uint8', scale: 0.5, min: -1 } },
        { name: 'b', shape: [3], dtype: 'float32' },
      ],
    },
  ],
});
await mkdir(join(folder, 'tfjs'));
await writeFile(join(folder, 'tfjs', 'shard.bin'), Buffer.alloc(18, 1));

/** Files, and what at least is refused of them. `isChecked`: by checksums. */
const targets: { readonly path: string; readonly bytes: Buffer; readonly least: number; readonly isChecked?: true }[] =
  [
    { path: 'a.safetensors', bytes: await fixture('plain.safetensors'), least: 0.5 },
    { path: 'b.safetensors', bytes: await fixture('types.safetensors'), least: 0.5 },
    { path: 'a.pt', bytes: await fixture('plain.pt'), least: 0.5, isChecked: true },
    { path: 'b.pt', bytes: await fixture('views.pt'), least: 0.5, isChecked: true },
    { path: 'c.pt', bytes: await fixture('wrapped.pt'), least: 0.5, isChecked: true },
    { path: 'a.onnx', bytes: await fixture('plain.onnx'), least: 0.4 },
    { path: 'b.onnx', bytes: await fixture('lstm.onnx'), least: 0.3 },
    { path: 'tfjs/model.json', bytes: Buffer.from(manifest), least: 0.5 },
    {
      path: 'a.npz',
      bytes: zip([['w.npy', encodeNpy([3, 2], '<f4', Float32Array.of(1, 2, 3, 4, 5, 6))]], 8),
      least: 0.5,
      isChecked: true,
    },
  ];

for (const { path, bytes, least, isChecked } of targets) {
  // The first file of a format gets them all, the others a quarter.
  const count = path.startsWith('a.') || path.startsWith('tfjs') ? perFormat : Math.ceil(perFormat / 4);
  t.test(`${path}: ${count} kinds of damage`, async (t) => {
    const place = join(folder, path);
    await writeFile(place, bytes);
    const whole = text(await readArrays(place));
    let refused = 0;
    for (let seed = 0; seed < count; seed++) {
      const { bytes: changed, kind } = damaged(bytes, seed);
      await writeFile(place, changed);
      try {
        const read = await readArrays(place);
        for (const [name, { shape, values }] of Object.entries(read.arrays))
          if (values.length !== shape.reduce((product, size) => product * size, 1))
            t.fail(`${kind} (seed ${seed}): ${name}`);
        if (isChecked && text(read) !== whole) t.fail(`${kind} (seed ${seed}): other values than were saved`);
      } catch (error) {
        if (!(error instanceof MftError && codes.includes(error.code)))
          t.fail(`${kind} (seed ${seed}): ${String(error)}`);
        refused++;
      }
    }
    t.ok(refused >= least * count, `${refused} of ${count} refused`);
  });
}
