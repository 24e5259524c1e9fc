// The command line: data on stdout, errors on stderr, documented exit codes.
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';

const main = join(dirname(dirname(dirname(fileURLToPath(import.meta.url)))), 'dist', 'cli', 'main.js');

function mft(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  const { NODE_OPTIONS: _, ...env } = process.env;
  const result = spawnSync(process.execPath, [main, ...args], { encoding: 'utf8', env });
  return { status: result.status, stdout: result.stdout, stderr: result.stderr };
}

t.test('doctor', async (t) => {
  const { status, stdout } = mft('doctor', '--json');
  t.equal(status, 0);
  t.match(JSON.parse(stdout), { 'mft-native': String, BLAS: /OpenBLAS/, 'instruction set': /^(avx512|avx2|baseline)/ });
});

t.test('help shows the flags of the system', async (t) => {
  const { status, stdout } = mft('simulate', '--help');
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
    const { status, stdout, stderr } = mft(...args);
    t.equal(status, 2, args.join(' '));
    t.match(stderr, message, args.join(' '));
    t.equal(stdout, '', 'nothing on stdout');
  }
  t.equal(mft('fit', 'does-not-exist.json').status, 4);
});
