// Regression with the kernels of infinitely wide networks on images: accuracy, likelihood, seconds, memory.
// node bench/kernel-regression/run.mjs [--count 5000] [--test 10000] [--depth 3] [--sets mnist,cifar10] [--kernels nngp,ntk]
// Every row is a process of its own, so that memory is that of one fit.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { train } from '../../dist/index.js';

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '5000' },
    test: { type: 'string', default: '10000' },
    depth: { type: 'string', default: '3' },
    noise: { type: 'string', default: 'likelihood' },
    threads: { type: 'string', default: '0' },
    sets: { type: 'string', default: 'mnist,cifar10' },
    kernels: { type: 'string', default: 'nngp,ntk' },
    only: { type: 'string' },
  },
});

/** Bytes of memory at the peak of this process, as Linux counts them. */
const peakBytes = () => 1024 * Number(/VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? 0);

if (values.only === undefined) {
  console.log(
    'images    kernel  test accuracy  left out  log p(y), scaled   noise/diagonal  seconds  of processors  GiB (planned)',
  );
  for (const set of values.sets.split(','))
    for (const kernel of values.kernels.split(',')) {
      const { count, test, depth, noise, threads } = values;
      const flags = Object.entries({ count, test, depth, noise, threads, only: `${set},${kernel}` });
      const args = flags.flatMap(([name, value]) => [`--${name}`, value]);
      const child = spawnSync(process.execPath, [fileURLToPath(import.meta.url), ...args], { stdio: 'inherit' });
      if (child.status !== 0) process.exitCode = 1;
    }
} else await one(...values.only.split(','));

async function one(set, kernel) {
  const started = performance.now();
  const before = peakBytes();
  const run = await train(
    { system: 'kernel', depth: Number(values.depth), weightVariance: 2, biasVariance: 0.1 },
    set,
    {
      kernel,
      trainCount: Number(values.count),
      testCount: Number(values.test),
      noiseVariance: values.noise === 'likelihood' ? 'likelihood' : Number(values.noise),
      threads: Number(values.threads),
    },
  );
  const seconds = (performance.now() - started) / 1000;
  const { user, system } = process.cpuUsage();
  const processor = (user + system) / 1e6;
  const { quantities, test, memory } = run;
  const gibibytes = (bytes) => (bytes / 2 ** 30).toFixed(2);
  console.log(
    [
      set.padEnd(8),
      kernel.padEnd(6),
      `${(100 * test.accuracy).toFixed(2)} %`.padStart(13),
      `${(100 * quantities.leaveOneOutAccuracy).toFixed(2)} %`.padStart(8),
      quantities.scaledLogMarginalLikelihood.toFixed(0).padStart(16),
      quantities.noiseRelativeToDiagonal.toExponential(1).padStart(14),
      seconds.toFixed(1).padStart(7),
      processor.toFixed(1).padStart(13),
      `${gibibytes(peakBytes() - before)} (${gibibytes(memory)})`,
    ].join('  '),
  );
}
