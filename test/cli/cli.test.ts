// The command line: data on stdout, errors on stderr, documented exit codes.
import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { mft, mftProcess } from './command.js';

t.test('doctor', async (t) => {
  const { status, stdout } = await mft(['doctor', '--json']);
  t.equal(status, 0);
  t.match(JSON.parse(stdout), { 'mft-native': String, BLAS: /OpenBLAS/, 'instruction set': /^(avx512|avx2|baseline)/ });
});

t.test('npx mft of this checkout is this build', async (t) => {
  // npx takes a command from node_modules/.bin; without it, it would install the checkout and compile the addon anew.
  const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
  const command = join(root, 'node_modules', '.bin', 'mft');
  t.equal(realpathSync(command), realpathSync(join(root, 'lib', 'mft.js')), 'the bundle of it');
  const { status, stdout } = mftProcess(['--version'], [command]);
  t.equal(status, 0);
  t.equal(stdout.trim(), JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).version);
});

t.test('a process of its own: the exit code and the streams that the shell sees', async (t) => {
  for (const words of [
    ['predict', '--depth', '5', '--json'],
    ['predict', '--depth', '0'],
    ['fit', 'none.json'],
  ]) {
    const alone = mftProcess(words);
    const { status, stderr, stdout } = await mft(words);
    t.same([alone.status, alone.stderr], [status, stderr], words.join(' '));
    t.equal(alone.stdout.length, stdout.length);
  }
});

t.test('help shows the flags of the system', async (t) => {
  const { status, stdout } = await mft(['simulate', '--help']);
  t.equal(status, 0);
  for (const flag of [
    '--weight-variance',
    '--keep-probability',
    '--trials',
    '--seed',
    '--threads',
    '--engine',
    '--raw-trials',
  ])
    t.match(stdout, flag);
});

t.test('bad input: exit code 2 and the documented sentence on stderr', async (t) => {
  const cases: [string[], RegExp][] = [
    [
      ['predict', '--weight-variance', '-1'],
      /Expected `weightVariance` to be a number >= 0.*received -1\. \[ERR_MFT_OUT_OF_RANGE\]/,
    ],
    [['predict', '--weight-variance', 'NaN'], /`weightVariance`.*ERR_MFT_INVALID_ARGUMENT/],
    [['predict', '--keep-probability', '0'], /`keepProbability`.*ERR_MFT_OUT_OF_RANGE/],
    [['predict', '--depth', '0'], /`depth`.*ERR_MFT_OUT_OF_RANGE/],
    [['simulate', '--width', '1e12'], /`width`.*ERR_MFT_OUT_OF_RANGE/],
    [['predict', '--inputs', '{"correlation":1.5}'], /`inputs\.correlation`.*\[-1, 1\].*ERR_MFT_OUT_OF_RANGE/],
    [['predict', '--inputs', '{"values":[]}'], /inputs\.values/],
    [['predict', '--inputs', '{oops'], /valid JSON/],
    [['predict', '--drop-rate', '0.1'], /keepProbability/],
    [['predict', '--activation', 'tahn'], /did you mean `tanh`/],
    [['predict', '--system', 'foo'], /`system`/],
    [['simulate', '--trials', '0'], /`trials`/],
    [['evaluate', 'feedforward', 'nonsense'], /Unknown quantity/],
    [['evaluate', 'feedforward', 'x', '--parameters', '{'], /--parameters/],
    [['figure', 'nonsense'], /`figure`/],
    [['nonsense'], /unknown command/],
  ];
  for (const [args, message] of cases) {
    const { status, stdout, stderr } = await mft(args);
    t.equal(status, 2, args.join(' '));
    t.match(stderr, message, args.join(' '));
    t.equal(stdout, '', 'nothing on stdout');
  }
  t.equal((await mft(['fit', 'does-not-exist.json'])).status, 4);
});

t.test('the depth scale of a prediction, with and without a window', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'mft-cli-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'tanh.json');
  const layers = ['--weight-variance', '1.3', '--bias-variance', '0.05', '--depth', '50'];
  writeFileSync(file, (await mft(['predict', ...layers, '--json'])).stdout);
  const fit = async (...window: string[]) => {
    const words = [
      'fit',
      file,
      '--observable',
      'correlation',
      '--law',
      'depthScale',
      '--limit',
      '1',
      '--json',
      ...window,
    ];
    return JSON.parse((await mft(words)).stdout) as { depthScale: number; window: number[]; points: number };
  };
  t.match(await fit(), { window: [1, 50], points: 50 });
  t.match(await fit('--from', '10', '--to', '40'), { window: [10, 40], points: 31 });
  t.ok(Math.abs((await fit('--from', '25')).depthScale - 7.834) < 0.05, 'predict has 7.834 far from the inputs');
});

t.test(
  'a spec saved on Windows: byte-order mark, UTF-16 of PowerShell, CRLF; what cannot be read is named',
  async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'mft-cli-'));
    t.teardown(() => rmSync(folder, { recursive: true }));
    const file = join(folder, 's.json');
    const spec = '{\r\n "depth": 5\r\n}\r\n';
    const utf16 = Buffer.from(`\ufeff${spec}`, 'utf16le');
    const predicted = (await mft(['predict', '--depth', '5', '--json'])).stdout;
    const forms = [spec, `\ufeff${spec}`, utf16, Buffer.from(utf16).swap16()];
    for (const bytes of forms) {
      writeFileSync(file, bytes);
      const { status, stdout } = await mft(['predict', '--spec', file, '--json']);
      t.equal(status, 0);
      t.same(JSON.parse(stdout).observables, JSON.parse(predicted).observables);
    }
    const refused: readonly (readonly [Buffer, RegExp])[] = [
      [utf16.subarray(2), /UTF-16 without byte-order mark/],
      [Buffer.from([0x7b, 0xff, 0x7d]), /bytes that are no UTF-8/],
      [Buffer.from([0xff, 0xfe, 0, 0, 0x7b, 0, 0, 0]), /UTF-32/],
      [Buffer.from('{"depth": \u200b5}'), /hold JSON.*\\u200b/],
      [Buffer.from('{"\x1b[31mdepth": 5}'), /JSON|key/],
    ];
    for (const [bytes, message] of refused) {
      writeFileSync(file, bytes);
      const { status, stderr } = await mft(['predict', '--spec', file]);
      t.equal(status, 2);
      t.match(stderr, message);
      t.notOk(stderr.includes('\x1b') || stderr.includes('\u200b'), 'nothing that a terminal obeys or hides');
    }
  },
);
