// What a sweep says it will need against what it took: one plan of each system and verb.
//   node bench/estimates/run.mjs [--only feedforward,train] [--memory] [--json file]
// Time is processor time of the processes that ran the jobs, so that a busy machine does not matter. Memory is the growth of
// the peak of a fresh process, by one large job, over one that loads the package and runs a tiny network; --memory: nothing else.
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { estimateJobs } from '../../dist/sweep/estimate.js';
import { expandPlan } from '../../dist/sweep/plan.js';
import { processPool } from '../../dist/sweep/processes.js';
import { verbs as verbTable } from '../../dist/sweep/verbs.js';
import { largeJob, planOf, systems, verbs } from './plans.mjs';

const { values } = parseArgs({
  options: { only: { type: 'string', default: '' }, memory: { type: 'boolean' }, json: { type: 'string' } },
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

/** Growth of the peak memory, and what was said before: [growth, estimate] in bytes. */
function memoryOf(system, verb) {
  const child = fileURLToPath(new URL('memory.mjs', import.meta.url));
  const text = execFileSync(process.execPath, [child, JSON.stringify([largeJob(system, verb), system])], {
    env: { ...process.env, OPENBLAS_NUM_THREADS: '1' },
    encoding: 'utf8',
  });
  return JSON.parse(text);
}

const rows = [];
const mebibytes = (size) => (size / 2 ** 20).toFixed(1);
console.log(
  `| system | verb |${values.memory ? '' : ' jobs | seconds, said | measured | ratio |'} MiB, said | measured | ratio |`,
);
console.log(`|---|---|${values.memory ? '' : '---:|---:|---:|---:|'}---:|---:|---:|`);
for (const system of systems.filter((name) => isWanted(systems, name)))
  for (const verb of verbs.filter((name) => isWanted(verbs, name) && planOf(system, name) !== undefined)) {
    const time = values.memory ? undefined : await timeOf(planOf(system, verb));
    const [growth, bytes] = memoryOf(system, verb);
    rows.push({ system, verb, ...time, bytes, growth });
    const timed =
      time === undefined
        ? ''
        : `${time.jobs} | ${time.said.toPrecision(3)} | ${time.seconds.toPrecision(3)} | ${(time.said / time.seconds).toFixed(2)} | `;
    console.log(
      `| ${system} | ${verb} | ${timed}${mebibytes(bytes)} | ${mebibytes(growth)} | ${(bytes / growth).toFixed(2)} |`,
    );
  }
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(rows, null, 1)}\n`);

/** Processor seconds of a plan's jobs, as a sweep says them before and as they are. */
async function timeOf(given) {
  const plan = await expandPlan(given);
  const { coreHours } = await estimateJobs(plan, plan.jobs, verbTable, { processes: 1, budgetSeconds: 20 });
  return { jobs: plan.jobs.length, said: 3600 * (coreHours ?? Number.NaN), seconds: await secondsOf(plan) };
}
