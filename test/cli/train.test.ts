// mft train and mft data.
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { mft } from './command.js';

const folder = await mkdtemp(join(tmpdir(), 'mft-cli-'));
t.teardown(() => rm(folder, { recursive: true }));

const network = ['--width', '30', '--depth', '3', '--steps', '30', '--train-count', '1000'];

t.test('train', async (t) => {
  const table = await mft(['train', 'synthetic', ...network, '--learning-rate', '0.1']);
  t.equal(table.status, 0);
  t.match(table.stdout, /test accuracy: [\d.]+ % of 2000 images/);
  const checkpoint = join(folder, 'run');
  const training = [
    'train',
    'synthetic',
    ...network,
    '--checkpoint',
    checkpoint,
    '--json',
    '--no-shuffle',
    '--no-has-biases',
  ];
  const json = await mft([...training, '--threads', '1']);
  const run = JSON.parse(json.stdout) as { options: object; steps: number; checksum: string };
  t.match(run, { kind: 'training', steps: 30, options: { shuffle: false, hasBiases: false } });
  const again = JSON.parse((await mft(training)).stdout) as { checksum: string };
  t.match(again, { resumedFrom: 30, checksum: run.checksum });
});

t.test('train: a system without steps has flags of its own', async (t) => {
  const fit = join(folder, 'fit.npz');
  const images = ['--train-count', '40', '--test-count', '20'];
  const kernel = [
    'train',
    'synthetic',
    '--system',
    'kernel',
    '--depth',
    '2',
    '--weight-variance',
    '2',
    '--kernel',
    'ntk',
    ...images,
  ];
  const table = await mft([...kernel, '--save-weights', fit]);
  t.equal(table.status, 0, table.stderr);
  t.match(table.stdout, /test accuracy: [\d.]+ % of 20 images/);
  t.match(table.stdout, /leave one out accuracy: 0\.\d+/);
  const again = JSON.parse((await mft([...kernel, '--initial-weights', fit, '--json'])).stdout) as { checksum: string };
  t.ok(table.stdout.includes(again.checksum), 'the same fit, read back');
  const { status, stderr } = await mft([...kernel, '--learning-rate', '0.1']);
  t.equal(status, 2);
  t.match(stderr, /learning-rate/);
});

t.test('train: errors', async (t) => {
  for (const [args, message] of [
    [['train', 'synthetic', '--learning-rate', '-1'], /`learningRate`.*ERR_MFT_OUT_OF_RANGE/],
    [['train', 'letters'], /`dataset`.*ERR_MFT_INVALID_ARGUMENT/],
    [['train', 'mnist'], /MFT_DATA.*ERR_MFT_DATA_NOT_FOUND/],
    [['train', 'synthetic', '--optimizer', 'sdg'], /`optimizer`/],
  ] as const) {
    const { status, stdout, stderr } = await mft(args);
    t.ok(status === 2 || status === 4, `${args.join(' ')}: ${status}`);
    t.equal(stdout, '');
    t.match(stderr, message);
  }
});

t.test('data', async (t) => {
  t.equal((await mft(['data', 'synthetic', folder])).status, 0);
  t.ok(existsSync(join(folder, 'mnist', 'train-images-idx3-ubyte')));
  const { status, stdout } = await mft(['data', 'check', '--data', folder, '--json']);
  t.equal(status, 0);
  const checks = JSON.parse(stdout) as { split: string; status: string; count?: number }[];
  t.equal(checks.length, 11);
  t.match(checks[0], { split: 'train', status: 'unverified', count: 10_000 });
  t.equal(checks[4]?.status, 'missing');
  t.match((await mft(['data', 'check'])).stderr, /MFT_DATA.*ERR_MFT_DATA_NOT_FOUND/);
});
