// A checkpoint on disk: one writer, no part left behind, no file but a regular one.
import { spawnSync } from 'node:child_process';
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { train } from '../../dist/index.js';

const folder = mkdtempSync(join(tmpdir(), 'mft-checkpoint-'));
t.teardown(() => rmSync(folder, { recursive: true }));
const at = (name: string): string => join(folder, name);
const spec = { system: 'feedforward', width: 60, depth: 3 } as const;
const options = { steps: 60, batchSize: 64, threads: 1, trainEvaluation: 0 } as const;

t.test('of runs with one checkpoint one writes, the others are refused; the lock goes with it', async (t) => {
  const checkpoint = at('shared');
  const runs = await Promise.allSettled(
    Array.from({ length: 3 }, () => train(spec, 'synthetic', { ...options, checkpoint, checkpointEvery: 1 })),
  );
  const done = runs.filter((run) => run.status === 'fulfilled');
  t.equal(done.length, 1);
  for (const run of runs)
    if (run.status === 'rejected')
      t.match(run.reason, { code: 'ERR_MFT_JOURNAL_LOCKED', parameter: 'checkpoint', message: /Another run writes/ });
  t.same(readdirSync(folder), ['shared'], 'neither lock nor part');
  const again = await train(spec, 'synthetic', { ...options, checkpoint });
  t.equal(again.checksum, done[0]?.value.checksum);
});

t.test("a lock and a part that a killed run left are in nobody's way; a link stays a link", async (t) => {
  symlinkSync('shared', at('link'));
  for (const name of ['shared.lock', 'shared.partial']) writeFileSync(at(name), 'left');
  await train(spec, 'synthetic', { ...options, steps: 70, checkpoint: at('link') });
  t.ok(lstatSync(at('link')).isSymbolicLink());
  t.same(readdirSync(folder).sort(), ['link', 'shared']);
});

t.test('a disk that is full leaves the older checkpoint and no part', (t) => {
  const before = readFileSync(at('shared'));
  const program = `
    process.on('SIGXFSZ', () => undefined);
    const { train } = await import(${JSON.stringify(new URL('../../dist/index.js', import.meta.url).href)});
    const run = train(${JSON.stringify(spec)}, 'synthetic', ${JSON.stringify({ ...options, steps: 80, checkpoint: at('shared') })});
    await run.then(() => console.log('written'), (error) => console.log(error.code, error.message));
  `;
  // A limit of the size of files stands for a full disk: the checkpoint is larger.
  const limit = Math.floor(statSync(at('shared')).size / 2048);
  const limited = spawnSync('bash', [
    '-c',
    `ulimit -f ${limit}; exec "$0" --input-type=module -e "$1"`,
    process.execPath,
    program,
  ]);
  t.match(limited.stdout.toString(), /^ERR_MFT_DISK The checkpoint .* could not be written: File too large/);
  t.ok(readFileSync(at('shared')).equals(before));
  t.same(readdirSync(folder).sort(), ['link', 'shared']);
  t.end();
});

t.test('folders, pipes and loops of links are refused by name, without waiting', async (t) => {
  mkdirSync(at('folder'));
  spawnSync('mkfifo', [at('pipe')]);
  symlinkSync('loop', at('loop'));
  const refusals = {
    folder: { code: 'ERR_MFT_DATA_FORMAT', message: /is a folder; name a file/ },
    pipe: { code: 'ERR_MFT_DATA_FORMAT', message: /is no regular file; name a file/ },
    loop: { code: 'ERR_MFT_DISK', message: /Too many levels of symbolic links/ },
    'none/x': { code: 'ERR_MFT_DISK', message: /No such file/ },
  };
  for (const [name, refusal] of Object.entries(refusals))
    await t.rejects(
      train(spec, 'synthetic', { ...options, checkpoint: at(name) }),
      { ...refusal, parameter: 'checkpoint' },
      name,
    );
  t.same(readdirSync(folder).sort(), ['folder', 'link', 'loop', 'pipe', 'shared']);
});
