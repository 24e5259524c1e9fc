// A sweep of each system, as one types it: what `mft sweep run --dry-run` prints beforehand against what the run takes, in processor
// seconds of the command with its child process and in the largest memory of either. Within a factor 2, or the script fails.
//   node bench/estimates/sweeps.mjs [--only kernel,implicit]
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values } = parseArgs({ options: { only: { type: 'string' } } });

const plan = (verb, base, axes, more = {}) => ({ verb, base, axes, ...more });
const trials = (count) => ({ run: { trials: count } });
const training = { run: { steps: 60, trainEvaluation: 1000 }, dataset: 'synthetic' };
const pair = { inputs: { correlation: 0.4 } };
const tanh = { system: 'feedforward', activation: 'tanh', biasVariance: 0.1, depth: 50, ...pair };
const words = { system: 'recurrent', cell: 'lstm', steps: 28 };

/** Plans of ten seconds or so: axes over points and sizes. */
const plans = {
  feedforward: plan('compare', tanh, { weightVariance: [1, 1.8, 3], width: [300, 3000] }, trials(1500)),
  residual: plan(
    'compare',
    { system: 'residual', activation: 'tanh', ...pair },
    { width: [100, 1000], depth: [20, 80] },
    trials(100),
  ),
  percolation: plan(
    'simulate',
    { system: 'percolation', depth: 40 },
    { edgeKeepProbability: [0.3, 0.9], width: [20, 80] },
    trials(20_480),
  ),
  kernel: plan(
    'compare',
    { system: 'kernel', activation: 'relu', inputWidth: 4 },
    { width: [100, 600], depth: [2, 8] },
    trials(300),
  ),
  autoencoder: plan(
    'train',
    { system: 'autoencoder', training: { modes: 4 } },
    { width: [10, 100, 300] },
    { ...training, run: { steps: 30 } },
  ),
  recurrent: plan('train', words, { width: [50, 100], recurrentWeightVariance: [0.5, 1] }, training),
  convolution: plan(
    'train',
    { system: 'convolution', kernel: 5, depth: 1 },
    { width: [4, 16], weightVariance: [1, 2] },
    training,
  ),
  implicit: plan(
    'compare',
    { system: 'implicit', activation: 'tanh' },
    { width: [300, 1000], weightVariance: [0.3, 0.6] },
    trials(60),
  ),
};

const command = fileURLToPath(new URL('../../lib/mft.js', import.meta.url));
const environment = { ...process.env, OPENBLAS_NUM_THREADS: '1' };

/** Processor seconds and bytes, as printed beforehand. */
function said(args) {
  const text = execFileSync(process.execPath, [...args, '--dry-run', '--json'], { env: environment, encoding: 'utf8' });
  const { jobs, estimate } = JSON.parse(text);
  return { jobs, seconds: 3600 * (estimate.coreHours ?? Number.NaN), bytes: estimate.memoryBytes };
}

/** The same of the command as it runs (GNU time). */
function taken(args) {
  const { stderr, status } = spawnSync('/usr/bin/time', ['-f', 'taken %U %S %M', process.execPath, ...args], {
    env: environment,
    encoding: 'utf8',
  });
  const found = /taken ([\d.]+) ([\d.]+) (\d+)/.exec(stderr);
  if (status !== 0 || found === null) throw new Error(stderr.slice(-500));
  const [user, system, kibibytes] = found.slice(1).map(Number);
  return { seconds: user + system, bytes: 1024 * kibibytes };
}

const folder = mkdtempSync(join(tmpdir(), 'mft-sweeps-'));
const isWithin = (ratio) => ratio >= 0.5 && ratio <= 2;
let outside = 0;
console.log('| system | verb | jobs | seconds, said | taken | ratio | MiB, said | taken | ratio |');
console.log('|---|---|---:|---:|---:|---:|---:|---:|---:|');
for (const [system, given] of Object.entries(plans)) {
  if (values.only !== undefined && !values.only.split(',').includes(system)) continue;
  const file = join(folder, `${system}.json`);
  writeFileSync(file, JSON.stringify(given));
  const args = [command, 'sweep', 'run', file, '--journal', join(folder, `${system}.journal`), '--processes', '1'];
  const before = said(args);
  const after = taken(args);
  const [time, memory] = [before.seconds / after.seconds, before.bytes / after.bytes];
  const isRight = isWithin(time) && isWithin(memory);
  if (!isRight) outside++;
  const seconds = `${before.seconds.toPrecision(3)} | ${after.seconds.toPrecision(3)} | ${time.toFixed(2)}`;
  const mebibytes = [before, after].map(({ bytes }) => (bytes / 2 ** 20).toFixed(0)).join(' | ');
  const end = isRight ? '' : ' outside';
  console.log(
    `| ${system} | ${given.verb} | ${before.jobs} | ${seconds} | ${mebibytes} | ${memory.toFixed(2)} |${end}`,
  );
}
rmSync(folder, { recursive: true, force: true });
if (outside > 0) process.exitCode = 1;
