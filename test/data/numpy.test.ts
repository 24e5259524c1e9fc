// Where NumPy reads a file, its values are read or it is refused by name: never a silent difference. The files, whole and
// damaged, and NumPy's answers are those of scripts/numpy-fixture.py.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { MftError, type NpyArray, readNpy, readNpz } from 'mft-native';

interface Said {
  readonly shape: readonly number[];
  readonly values: readonly string[];
}
interface Case {
  readonly kind: 'npy' | 'npz';
  readonly isWhole: boolean;
  readonly file: string;
  readonly numpy: Said | Readonly<Record<string, Said | null>> | null;
}
const cases = JSON.parse(
  await readFile(new URL('../fixtures/numpy-readers.json', import.meta.url), 'utf8'),
) as readonly Case[];
const folder = await mkdtemp(join(tmpdir(), 'mft-numpy-'));
t.teardown(() => rm(folder, { recursive: true }));

/** Python writes a number so. */
const number = (text: string): number =>
  text.endsWith('inf') ? Number(text.replace('inf', 'Infinity')) : Number(text);

function isSame(ours: NpyArray, theirs: Said | null | undefined): boolean {
  return (
    theirs !== null &&
    theirs !== undefined &&
    JSON.stringify(ours.shape) === JSON.stringify(theirs.shape) &&
    theirs.values.every((value, i) => Object.is(ours.values[i], number(value)))
  );
}

t.test('files that NumPy wrote, and damaged ones, against what NumPy reads', async (t) => {
  const count = { read: 0, readByNumpy: 0 };
  for (const [index, { kind, isWhole, file, numpy }] of cases.entries()) {
    const path = join(folder, `case.${kind}`);
    await writeFile(path, Buffer.from(file, 'base64'));
    if (numpy !== null) count.readByNumpy++;
    try {
      if (kind === 'npy') {
        if (!isSame(await readNpy(path), numpy as Said | null)) t.fail(`file ${index} is read as another array`);
      } else {
        for (const [name, array] of (await readNpz(path)).arrays)
          if (!isSame(array, (numpy as Record<string, Said> | null)?.[name]))
            t.fail(`file ${index}, ${name}: another array`);
      }
      count.read++;
    } catch (error) {
      if (isWhole && numpy !== null) t.fail(`file ${index} is whole: ${String(error)}`);
      if (!(error instanceof MftError && error.code.startsWith('ERR_MFT_DATA_')))
        t.fail(`file ${index}: ${String(error)}`);
    }
  }
  t.ok(cases.length > 600 && count.read >= 50, `${cases.length} files: ${count.read} read, NumPy ${count.readByNumpy}`);
});
