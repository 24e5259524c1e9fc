// Memory of a minibatch: growth of the peak in one training step, without what one row takes (weights and their gradients).
// node bench/implicit-training/memory.mjs: MiB for 10, 50 and 200 updates. Then what `task.mjs` leaves of the gradient of W
// on either side: |gradient - exact|/|exact|.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { python } from '../runner/child.mjs';
import { gradientError, task, trained } from './task.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));
const options = { width: 1024, weightVariance: 1.8, updates: 1 };
const [rows, stepCounts] = [
  [1, 128],
  [10, 50, 200],
];
/** Peak of the process in bytes since the last call. */
function peak() {
  const bytes = 1024 * Number(/VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]);
  writeFileSync('/proc/self/clear_refs', '5');
  return bytes;
}
const resident = () => 1024 * Number(/VmRSS:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]);

async function ownGrowth(given) {
  await trained({ ...options, ...given, steps: 2, batch: 1 }, 1);
  global.gc?.();
  peak();
  const before = resident();
  await trained({ ...options, ...given }, 1);
  return peak() - before;
}

/** Of five: what the garbage collector does beside it differs. */
const median = (measure) => Array.from({ length: 5 }, measure).sort((a, b) => a - b)[2];

if (process.argv[2] === 'one') {
  console.log(await ownGrowth(JSON.parse(process.argv[3])));
} else {
  const own = (given) =>
    Number(
      execFileSync('node', ['--expose-gc', `${here}memory.mjs`, 'one', JSON.stringify(given)], { encoding: 'utf8' }),
    );
  const torch = ({ batch, steps, report = 'memory' }) =>
    Number(
      execFileSync(
        python,
        [
          `${here}torch.py`,
          `width=${options.width}`,
          `batch=${batch}`,
          'updates=1',
          `steps=${steps}`,
          `weightVariance=${options.weightVariance}`,
          `report=${report}`,
        ],
        { encoding: 'utf8' },
      ),
    );
  const kinds = {
    'native, Neumann series': (given) => own({ ...given, tolerance: 1e-12 }),
    'native, unrolled': (given) => own({ ...given, tolerance: 1e-12, gradient: 'unrolled' }),
    'PyTorch, unrolled': torch,
  };
  for (const [name, measure] of Object.entries(kinds))
    for (const steps of stepCounts) {
      const [one, many] = rows.map((batch) => median(() => measure({ batch, steps }) / 2 ** 20));
      console.log(`${name}, ${steps} updates: ${(many - one).toFixed(1)} MiB (one row alone ${one.toFixed(1)})`);
    }
  const [{ options: timed }] = task.cases(false);
  console.log(`error of the gradient, native: ${(await gradientError(timed)).toExponential(2)}`);
  console.log(`error of the gradient, PyTorch: ${torch({ ...timed, report: 'error' }).toExponential(2)}`);
}
