// What a sweep costs beside its jobs: 10,000 jobs of negligible cost, and the start of a sweep whose 100,000 rows are there.
//   node bench/sweep-overhead/run.mjs [--jobs 10000] [--rows 100000]
// Prints wall and processor seconds: on a busy machine only the latter mean something.
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { canonicalJson } from '../../dist/core/codec.js';
import { disk } from '../../dist/sweep/disk.js';
import { openJournal } from '../../dist/sweep/journal.js';
import { localExecutor } from '../../dist/sweep/local.js';
import { expandPlan } from '../../dist/sweep/plan.js';
import { encodeRow } from '../../dist/sweep/rows.js';
import { runPlan } from '../../dist/sweep/run.js';

const { values } = parseArgs({
  options: { jobs: { type: 'string', default: '10000' }, rows: { type: 'string', default: '100000' } },
});
const folder = mkdtempSync(join(tmpdir(), 'mft-bench-'));

async function timed(name, work) {
  const [started, before] = [performance.now(), process.cpuUsage()];
  const result = await work();
  const used = process.cpuUsage(before);
  const wall = (performance.now() - started) / 1000;
  console.log(
    `${name}: ${wall.toFixed(2)} s, of which this process computed ${((used.user + used.system) / 1e6).toFixed(2)} s`,
  );
  return { result, wall };
}

// A quantity of microseconds: what is measured is the sweep.
const cheap = (count) => ({
  verb: 'evaluate',
  base: { system: 'feedforward', activation: 'tanh' },
  quantity: 'gaussianSecondMoment',
  axes: { variance: { linear: [0.1, 5, count] } },
});
const network = (count) => ({
  verb: 'predict',
  base: { system: 'feedforward', activation: 'tanh', biasVariance: 0.05 },
  axes: { weightVariance: { linear: [1, 3, count] } },
});

const jobs = Number(values.jobs);
const { result: plan } = await timed(`expand ${jobs} jobs`, () => expandPlan(cheap(jobs)));
const { wall, result: summary } = await timed(`run ${jobs} jobs`, () =>
  runPlan(plan, { journal: join(folder, 'jobs.jsonl'), executor: localExecutor() }),
);
console.log(`  ${(jobs / wall).toFixed(0)} jobs per second, ${summary.failed} failed`);

const rows = Number(values.rows);
const { result: large } = await timed(`expand ${rows} jobs of a network`, () => expandPlan(network(rows)));
const path = join(folder, 'rows.jsonl');
const journal = await openJournal(path, { plan: large.plan, planHash: large.hash });
const quantities = {
  fixedPointVariance: 0.4,
  fixedPointCorrelation: 0.7,
  depthScaleVariance: 3,
  depthScaleCorrelation: 9,
};
const values60 = Array.from({ length: 20 }, (_, i) => Math.sin(i));
const result = canonicalJson({
  kind: 'prediction',
  quantities,
  observables: {
    variance: { axes: [{ name: 'layer', values: values60 }], scale: 'linear', values: values60, error: 1e-12 },
  },
  warnings: [],
});
let writes = [];
for (const planned of large.jobs) {
  const job = await large.job(planned);
  writes.push(
    journal.append(
      await encodeRow(job, { key: job.key, status: 'done', result, meta: { seconds: 0.001 } }, path, disk),
    ),
  );
  if (writes.length >= 5000) await Promise.all(writes.splice(0));
}
await Promise.all(writes);
await journal.close();
writes = [];
console.log(`journal of ${rows} rows: ${(statSync(path).size / 2 ** 20).toFixed(0)} MiB`);
await timed('read its index', async () =>
  (await openJournal(path, { plan: large.plan, planHash: large.hash })).close(),
);
await timed('resume: expand the plan, read the index, find that nothing is missing', async () =>
  runPlan(await expandPlan(network(rows)), { journal: path, executor: localExecutor() }),
);
rmSync(folder, { recursive: true });
