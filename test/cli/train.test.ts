// mft train and mft data.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';

const main = join(dirname(dirname(dirname(fileURLToPath(import.meta.url)))), 'dist', 'cli', 'main.js');
const folder = await mkdtemp(join(tmpdir(), 'mft-cli-'));
t.teardown(() => rm(folder, { recursive: true }));

function mft(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  const { NODE_OPTIONS: _, MFT_DATA: __, ...env } = process.env;
  const result = spawnSync(process.execPath, [main, ...args], { encoding: 'utf8', env });
  return { status: result.status, stdout: result.stdout, stderr: result.stderr };
}

const network = ['--width', '30', '--depth', '3', '--steps', '30', '--train-count', '1000'];

t.test('train', async (t) => {
  const table = mft('train', 'synthetic', ...network, '--learning-rate', '0.1');
  t.equal(table.status, 0);
  t.match(table.stdout, /test accuracy: [\d.]+ % of 2000 images/);
  const checkpoint = join(folder, 'run');
  const json = mft(
    'train',
    'synthetic',
    ...network,
    '--checkpoint',
    checkpoint,
    '--json',
    '--no-shuffle',
    '--no-has-biases',
    '--threads',
    '1',
  );
  const run = JSON.parse(json.stdout) as { options: object; steps: number; checksum: string };
  t.match(run, { kind: 'training', steps: 30, options: { shuffle: false, hasBiases: false } });
  const again = JSON.parse(
    mft('train', 'synthetic', ...network, '--checkpoint', checkpoint, '--json', '--no-shuffle', '--no-has-biases')
      .stdout,
  ) as { checksum: string };
  t.match(again, { resumedFrom: 30, checksum: run.checksum });
});

t.test('train: errors', async (t) => {
  for (const [args, message] of [
    [['train', 'synthetic', '--learning-rate', '-1'], /`learningRate`.*ERR_MFT_OUT_OF_RANGE/],
    [['train', 'letters'], /`dataset`.*ERR_MFT_INVALID_ARGUMENT/],
    [['train', 'mnist'], /MFT_DATA.*ERR_MFT_DATA_NOT_FOUND/],
    [['train', 'synthetic', '--optimizer', 'sdg'], /`optimizer`/],
  ] as const) {
    const { status, stdout, stderr } = mft(...args);
    t.ok(status === 2 || status === 4, `${args.join(' ')}: ${status}`);
    t.equal(stdout, '');
    t.match(stderr, message);
  }
});

t.test('data', async (t) => {
  t.equal(mft('data', 'synthetic', folder).status, 0);
  t.ok(existsSync(join(folder, 'mnist', 'train-images-idx3-ubyte')));
  const { status, stdout } = mft('data', 'check', '--data', folder, '--json');
  t.equal(status, 0);
  const checks = JSON.parse(stdout) as { split: string; status: string; count?: number }[];
  t.equal(checks.length, 11);
  t.match(checks[0], { split: 'train', status: 'unverified', count: 10_000 });
  t.equal(checks[4]?.status, 'missing');
  t.match(mft('data', 'check').stderr, /MFT_DATA.*ERR_MFT_DATA_NOT_FOUND/);
});
