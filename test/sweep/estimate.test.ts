// What a sweep says it will need: every kind of training can be shortened to be measured, or is measured whole.
import { execFileSync } from 'node:child_process';
import t from 'tap';
import { estimateJobs } from '../../dist/sweep/estimate.js';
import { expandPlan } from '../../dist/sweep/plan.js';
import { verbs } from '../../dist/sweep/verbs.js';
import { loadSystem, systemNames } from '../../dist/systems/registry.js';

/** Long beside what is measured, where steps can be left out; regression has none. */
const runs: Readonly<Record<string, Readonly<Record<string, unknown>>>> = { kernel: { trainCount: 50 } };

/** Networks of a few units; a recurrent one reads an image in 28 rows. */
const small: Readonly<Record<string, object>> = {
  autoencoder: { width: 4 },
  implicit: { width: 4 },
  recurrent: { width: 4, steps: 28 },
};

void t.test('time and memory of training of every system', async (t) => {
  const trained = [];
  for (const name of systemNames) if ((await loadSystem(name)).training !== undefined) trained.push(name);
  t.ok(trained.length >= 5, trained.join(', '));
  for (const system of trained) {
    const run = runs[system] ?? { steps: 10_000, trainCount: 200, trainEvaluation: 0 };
    const plan = await expandPlan({
      verb: 'train',
      base: { system, ...(small[system] ?? { width: 4, depth: 2 }) },
      run,
      dataset: 'synthetic',
    });
    const estimate = await estimateJobs(plan, plan.jobs, verbs, { processes: 1, budgetSeconds: 60 });
    t.equal(estimate.probes, 1, `${system} is measured`);
    const seconds = 3600 * (estimate.coreHours ?? 0);
    t.ok(system === 'kernel' ? seconds > 0 : seconds > 0.1, `${system}: ${seconds.toPrecision(3)} s`);
    t.ok(estimate.memoryBytes > 2 ** 27, `${system}: ${Math.round(estimate.memoryBytes / 2 ** 20)} MiB`);
  }
});

t.test('planning a deep network takes no memory that grows with its depth', (t) => {
  const base = { system: 'kernel', angle: 2, depth: 1_000_000 };
  const plan = { verb: 'evaluate', quantity: 'normalizedKernelAtDepth', base };
  const child = 'bench/estimates/memory.mjs';
  const [growth, estimate] = JSON.parse(
    execFileSync(process.execPath, [child, JSON.stringify([plan, 'kernel'])], { encoding: 'utf8' }),
  ) as [number, number];
  t.ok(growth > 0 && growth < estimate, `${growth} bytes grown, ${estimate} said`);
  t.end();
});
