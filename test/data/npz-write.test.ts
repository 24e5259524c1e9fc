// The .npz archives that are written are those that NumPy has read (scripts/npz-fixture.py), and a kill in the middle of
// writing leaves a whole archive.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { readNpz } from 'mft-native';
import t from 'tap';
import { writeNpz } from '../../dist/data/npz-write.js';

interface Written {
  readonly shape: readonly number[];
  readonly values: Float32Array | Float64Array;
}
interface Said {
  readonly type: string;
  readonly shape: readonly number[];
  readonly values: readonly string[];
}
const script = fileURLToPath(new URL('../fixtures/npz-arrays.mjs', import.meta.url));
const { arrays } = (await import(script)) as { arrays: Readonly<Record<string, Written>> };
const folder = await mkdtemp(join(tmpdir(), 'mft-npz-'));
t.teardown(() => rm(folder, { recursive: true }));

t.test('NumPy reads what is written', async (t) => {
  const fixture = JSON.parse(await readFile(new URL('../fixtures/npz-writer.json', import.meta.url), 'utf8')) as {
    readonly sha256: string;
    readonly arrays: Readonly<Record<string, Said>>;
  };
  const file = join(folder, 'arrays.npz');
  await writeNpz(file, arrays);
  const digest = createHash('sha256')
    .update(await readFile(file))
    .digest('hex');
  t.equal(digest, fixture.sha256, 'the archive is the one NumPy has read (else run scripts/npz-fixture.py again)');
  t.same(Object.keys(fixture.arrays), Object.keys(arrays));
  const own = await readNpz(file);
  for (const [name, { shape, values }] of Object.entries(arrays)) {
    const said = fixture.arrays[name];
    t.equal(said?.type, values instanceof Float32Array ? '<f4' : '<f8', name);
    t.same(said?.shape, shape);
    t.ok(
      said?.values.every((text, i) => Object.is(Number(text), values[i])),
      'every bit',
    );
    t.same(own.arrays.get(name)?.shape, shape);
    t.ok(
      values.every((value, i) => Object.is(value, own.arrays.get(name)?.values[i])),
      'and read here',
    );
  }
});

t.test('a kill in the middle leaves a whole archive', async (t) => {
  const file = join(folder, 'killed.npz');
  const found = new Set<number>();
  for (let kill = 0; kill < 12; kill++) {
    const child = spawn(process.execPath, [script, file, 'endless'], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(child.stdout, 'data');
    await setTimeout(3 + 7 * kill);
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    t.same(await ended, [null, 'SIGKILL'], 'killed while it wrote');
    const { arrays } = await readNpz(file);
    const [a, b] = [arrays.get('a')?.values ?? [], arrays.get('b')?.values ?? []];
    const first = Number(a[0]);
    found.add(first);
    t.ok(a.length === 200_000 && a.every((value) => value === first), `all ${first}`);
    t.ok(b.length === 200_000 && b.every((value) => value === first), 'in both arrays');
  }
  t.ok(found.size === 2, 'kills fell between both kinds of archive');
});
