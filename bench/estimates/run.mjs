// What a sweep says it will need against what it took: one plan of each system and verb.
//   node bench/estimates/run.mjs [--only feedforward,train] [--memory [--seed 5]] [--json file]
// Time is processor time of the processes that ran the jobs, so that a busy machine does not matter. Memory is the growth of
// the peak of a fresh process, by one large job, over one that loads the package and runs a tiny network; --memory: nothing else,
// --seed: three jobs of each system and verb whose sizes are drawn. The estimate may not be below, nor 25 % above; where the growth is
// below 16 MiB, which V8's young generation alone may or may not take, nor 4 MiB above.
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { estimateJobs } from '../../dist/sweep/estimate.js';
import { expandPlan } from '../../dist/sweep/plan.js';
import { processPool } from '../../dist/sweep/processes.js';
import { verbs as verbTable } from '../../dist/sweep/verbs.js';
import { largeJob } from './large.mjs';
import { planOf, systems, verbs } from './plans.mjs';

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    memory: { type: 'boolean' },
    seed: { type: 'string' },
    json: { type: 'string' },
  },
});
const wanted = values.only === '' ? [] : values.only.split(',');
const isWanted = (kind, name) => !wanted.some((word) => kind.includes(word)) || wanted.includes(name);

/** Processor seconds of all jobs, one after the other in one process; the first of them once before. */
async function secondsOf(plan) {
  const pool = processPool({ processes: 1 });
  const jobs = await Promise.all(plan.jobs.map((planned) => plan.job(planned)));
  try {
    await pool.run(jobs[0]);
    let seconds = 0;
    for (const job of jobs) {
      const outcome = await pool.run(job);
      if (outcome.status !== 'done') throw new Error(`${job.verb} ${job.system}: ${outcome.error.message}`);
      seconds += outcome.meta.processorSeconds;
    }
    return seconds;
  } finally {
    pool.end();
  }
}

/** The large jobs of a system and verb: the one that is the same every time, or three that a seed draws. */
const largeJobs = (system, verb) =>
  (values.seed === undefined ? [0] : [1, 2, 3].map((i) => 100 * Number(values.seed) + i)).map((seed) =>
    largeJob(system, verb, seed),
  );

/** Growth of the peak memory, and what was said before: [growth, estimate] in bytes. */
function memoryOf(job, system) {
  const child = fileURLToPath(new URL('memory.mjs', import.meta.url));
  const text = execFileSync(process.execPath, [child, JSON.stringify([job, system])], {
    env: { ...process.env, OPENBLAS_NUM_THREADS: '1' },
    encoding: 'utf8',
  });
  return JSON.parse(text);
}

/** What is wrong with an estimate, or nothing. */
function verdictOf(bytes, growth) {
  if (bytes < growth) return 'below';
  const isLarge = growth >= 2 ** 24;
  return (isLarge ? bytes > 1.25 * growth : bytes > growth + 2 ** 22) ? 'above' : '';
}

const rows = [];
const mebibytes = (size) => (size / 2 ** 20).toFixed(1);
console.log(
  `| system | verb |${values.memory ? '' : ' jobs | seconds, said | measured | ratio |'} MiB, said | measured | ratio |`,
);
console.log(`|---|---|${values.memory ? '' : '---:|---:|---:|---:|'}---:|---:|---:|`);
for (const system of systems.filter((name) => isWanted(systems, name)))
  for (const verb of verbs.filter((name) => isWanted(verbs, name) && largeJob(system, name) !== undefined)) {
    const small = planOf(system, verb);
    if (small === undefined && !values.memory) continue;
    const time = values.memory ? undefined : await timeOf(small);
    for (const job of largeJobs(system, verb)) {
      const [growth, bytes] = memoryOf(job, system);
      const verdict = verdictOf(bytes, growth);
      rows.push({ system, verb, ...time, bytes, growth, verdict, job });
      const timed =
        time === undefined
          ? ''
          : `${time.jobs} | ${time.said.toPrecision(3)} | ${time.seconds.toPrecision(3)} | ${(time.said / time.seconds).toFixed(2)} | `;
      const memory = `${mebibytes(bytes)} | ${mebibytes(growth)} | ${(bytes / growth).toFixed(2)} |`;
      console.log(`| ${system} | ${verb} | ${timed}${memory} ${verdict}`.trimEnd());
    }
  }
const counted = (verdict) => rows.filter((row) => row.verdict === verdict).length;
console.log(`${rows.length} jobs: ${counted('below')} below, ${counted('above')} above`);
if (counted('below') + counted('above') > 0) process.exitCode = 1;
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(rows, null, 1)}\n`);

/** Processor seconds of a plan's jobs, as a sweep says them before and as they are. */
async function timeOf(given) {
  const plan = await expandPlan(given);
  const { coreHours } = await estimateJobs(plan, plan.jobs, verbTable, { processes: 1, budgetSeconds: 20 });
  return { jobs: plan.jobs.length, said: 3600 * (coreHours ?? Number.NaN), seconds: await secondsOf(plan) };
}
