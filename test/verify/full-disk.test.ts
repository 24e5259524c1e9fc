// Every writer on a full disk: the older good file stays whole, no part is left, exit code and sentence say what happened. A small
// tmpfs that is filled up where this process may mount one, else a limit of the size of files.
import { spawnSync } from 'node:child_process';
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { cleanEnvironment, main } from '../cli/command.js';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const folder = mkdtempSync(join(tmpdir(), 'mft-full-'));
const disk = join(folder, 'disk');
mkdirSync(disk);
const isMounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', disk]).status === 0;
t.teardown(() => {
  if (isMounted) spawnSync('umount', [disk]);
  rmSync(folder, { recursive: true });
});
/** Shorter than anything that is written here. */
const limit = isMounted ? '' : 'ulimit -f 4; ';
t.comment(isMounted ? 'a tmpfs' : 'a limit of the size of files');

function run(words: readonly string[], shell: string, stdout = '/dev/null'): { status: number | null; stderr: string } {
  const child = spawnSync(
    'bash',
    ['-c', `trap '' XFSZ; ${shell}exec "$0" "$@" > "${stdout}"`, process.execPath, ...words],
    { encoding: 'utf8', cwd: root, env: cleanEnvironment() },
  );
  return { status: child.status, stderr: child.stderr };
}

const at = (name: string): string => join(disk, name);
const plan = join(folder, 'plan.json');
const longer = join(folder, 'longer.json');
const base = { system: 'feedforward', width: 10, depth: 40 };
writeFileSync(plan, JSON.stringify({ verb: 'predict', base, axes: { weightVariance: [1, 2] } }));
writeFileSync(longer, JSON.stringify({ verb: 'predict', base, axes: { weightVariance: [1, 2, 3, 4, 5, 6] } }));
const journal = join(folder, 'rows.jsonl');
const small = ['synthetic', '--width', '40', '--depth', '2', '--steps', '5', '--seed', '1'];

/** What is run, and the file it would replace or extend. */
const writers: Readonly<Record<string, readonly [file: string, words: readonly string[]]>> = {
  'figure, SVG': ['f.svg', ['figure', 'phase-diagram', '-o', at('f.svg')]],
  'figure, PNG': ['f.png', ['figure', 'phase-diagram', '-o', at('f.png')]],
  'figure, JSON': ['f.json', ['figure', 'phase-diagram', '-o', at('f.json')]],
  'figure, HTML': ['f.html', ['figure', 'phase-diagram', '-o', at('f.html')]],
  'export, CSV': ['e.csv', ['sweep', 'export', journal, '--csv', at('e.csv')]],
  'export, JSON': ['e.json', ['sweep', 'export', journal, '--json', at('e.json')]],
  'export, Parquet': ['e.parquet', ['sweep', 'export', journal, '--parquet', at('e.parquet')]],
  'export, report': ['e.html', ['sweep', 'export', journal, '--report', at('e.html')]],
  journal: ['j.jsonl', ['sweep', 'run', longer, '--journal', at('j.jsonl')]],
  merge: ['m.jsonl', ['sweep', 'merge', at('m.jsonl'), journal]],
  weights: ['w.safetensors', ['train', ...small, '--save-weights', at('w.safetensors')]],
  checkpoint: ['c', ['train', ...small, '--steps', '9', '--checkpoint', at('c')]],
  explorer: ['x.html', ['explore', '--axis', 'weightVariance=1:2:3', '--export', at('x.html')]],
  'synthetic set': ['mnist/train-images-idx3-ubyte', ['data', 'synthetic', disk]],
  'standard output': ['out.json', ['predict', '--depth', '300', '--json']],
};

t.test('the older file whole, no part, exit code and sentence', async (t) => {
  t.equal(run([main, 'sweep', 'run', longer, '--journal', journal], '').status, 0);
  t.equal(run([main, 'sweep', 'run', plan, '--journal', at('j.jsonl')], '').status, 0);
  writeFileSync(at('m.jsonl'), readFileSync(at('j.jsonl')));
  t.equal(run([main, 'train', ...small, '--checkpoint', at('c')], '').status, 0);
  mkdirSync(at('mnist'));
  for (const [file] of Object.values(writers))
    if (!['j.jsonl', 'm.jsonl', 'c'].includes(file)) writeFileSync(at(file), `the older ${file}`);
  if (isMounted) fill();
  for (const [what, [file, words]] of Object.entries(writers)) {
    const [before, names] = [readFileSync(at(file)), readdirSync(disk, { recursive: true }).sort()];
    const isStdout = what === 'standard output';
    const { status, stderr } = run([main, ...words], limit, isStdout ? at(file) : undefined);
    t.equal(status, 4, `${what}: ${stderr.slice(-300)}`);
    t.match(stderr, /ERR_MFT_DISK/, what);
    t.match(stderr, isStdout ? /standard output/ : file.split('/').at(-1), `${what}: the file is named`);
    t.notMatch(stderr, /^\s+at .*:\d+:\d+\)?$/m, `${what}: no stack`);
    t.same(readdirSync(disk, { recursive: true }).sort(), names, `${what}: nothing is left beside`);
    // A shell empties the file of an output before the command begins; a journal keeps its rows.
    const kept = file.endsWith('.jsonl') ? readFileSync(at(file)).subarray(0, before.length) : readFileSync(at(file));
    if (!isStdout) t.ok(kept.equals(before), `${what}: the older file is whole`);
  }
  for (const file of ['j.jsonl', 'm.jsonl'])
    t.equal(run([main, 'sweep', 'status', at(file)], '').status, 0, `${file} can be read`);
});

/** Until not a byte is left. */
function fill(): void {
  const file = openSync(at('filler'), 'w');
  for (let size = 2 ** 16; size >= 1; )
    try {
      writeSync(file, Buffer.alloc(size));
    } catch {
      size = Math.floor(size / 2);
    }
  closeSync(file);
  t.ok(statSync(at('filler')).size > 0);
}
