// mft reproduce: list, run, files, errors.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { mft } from './command.js';

t.test('lists, runs, writes, remembers', async (t) => {
  const folder = t.testdir({});
  const id = 'deep-dropout-figure-7-curves';
  const before = await mft(['reproduce', '--output', folder]);
  t.equal(before.status, 0);
  t.match(before.stdout, /deep-dropout-figure-4 .*not run/);
  const { status, stdout } = await mft(['reproduce', id, '--scale', 'quick', '--output', folder]);
  t.equal(status, 0);
  t.match(stdout, /24 agree/);
  for (const file of [`${id}-curves.svg`, `${id}-curves.png`, `${id}.json`]) t.ok(existsSync(join(folder, file)), file);
  t.match(JSON.parse(readFileSync(join(folder, `${id}.json`), 'utf8')), { kind: 'reproduction', id, scale: 'quick' });
  t.match((await mft(['reproduce', '--output', folder])).stdout, new RegExp(`${id} .*quick: 24 agree`));
});

t.test('errors', async (t) => {
  for (const [args, message] of [
    [['nonsense'], /Unknown reproduction/],
    [['deep-dropout-figure-1', '--scale', 'x'], /`scale`/],
    [['deep-dropout-figure-1', '--seed', '-1'], /`seed`/],
  ] as const) {
    const { status, stdout, stderr } = await mft(['reproduce', ...args]);
    t.equal(status, 2, args.join(' '));
    t.match(stderr, message);
    t.equal(stdout, '');
  }
});
