import { spawnSync } from 'node:child_process';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { replaceFile } from '../../ts/core/replace-file.js';

const folder = mkdtempSync(join(tmpdir(), 'mft-replace-'));
const at = (name: string): string => join(folder, name);

t.test('a file is replaced whole, links stay links, nothing is left beside', async (t) => {
  writeFileSync(at('old'), 'older', { mode: 0o600 });
  symlinkSync('old', at('link'));
  await replaceFile(at('link'), ['new ', Buffer.from('content')]);
  t.ok(lstatSync(at('link')).isSymbolicLink());
  t.equal(readFileSync(at('old'), 'utf8'), 'new content');
  t.equal(statSync(at('old')).mode & 0o777, 0o600, 'who may read it stays');
  await Promise.all(Array.from({ length: 10 }, (_, i) => replaceFile(at('many'), [String(i).repeat(100_000)])));
  t.match(readFileSync(at('many'), 'utf8'), /^(\d)\1*$/, 'one of ten writers at once, whole');
  t.same(readdirSync(folder).sort(), ['link', 'many', 'old']);
});

t.test('a file that cannot be written leaves the older one and no part', async (t) => {
  writeFileSync(at('good'), 'older');
  // A limit of the size of files stands for a full disk: the write fails in its middle.
  const program = `
    process.on('SIGXFSZ', () => undefined);
    const { replaceFile } = await import(${JSON.stringify(new URL('../../dist/core/replace-file.js', import.meta.url).href)});
    const written = replaceFile(${JSON.stringify(at('good'))}, ['x'.repeat(5e6)]);
    await written.then(() => console.log('written'), (error) => console.log(error.code));
  `;
  const limited = spawnSync('bash', [
    '-c',
    'ulimit -f 1000; exec "$0" --input-type=module -e "$1"',
    process.execPath,
    program,
  ]);
  t.equal(limited.stdout.toString().trim(), 'EFBIG');
  t.equal(readFileSync(at('good'), 'utf8'), 'older');
  mkdirSync(at('folder'));
  await t.rejects(replaceFile(at('folder'), ['x']), { code: 'EISDIR' });
  await t.rejects(replaceFile(at('missing/file'), ['x']), { code: 'ENOENT' });
  t.same(readdirSync(folder).sort(), ['folder', 'good', 'link', 'many', 'old']);
});

t.test('parts that killed writers left are removed, those of writers that live are not', async (t) => {
  const { pid } = spawnSync('true');
  const [left, recent, alive, other] = [
    `.good.${pid}-0.partial`,
    `.good.${pid}-1.partial`,
    `.good.${process.pid}-999.partial`,
    '.good.png.1-1.partial',
  ].map(at) as [string, string, string, string];
  const hourAgo = Date.now() / 1000 - 3600;
  for (const file of [left, recent, alive, other]) {
    writeFileSync(file, 'part');
    if (file !== recent) utimesSync(file, hourAgo, hourAgo);
  }
  await replaceFile(at('good'), ['newer']);
  t.equal(readFileSync(at('good'), 'utf8'), 'newer');
  t.same(
    [left, recent, alive, other].map((file) => existsSync(file)),
    [false, true, true, true],
  );
});

t.test('a device is written as it is, never replaced', async (t) => {
  await replaceFile('/dev/null', ['nothing']);
  t.ok(statSync('/dev/null').isCharacterDevice());
});
