// What a sweep says it will need against what it took: one plan of each system and verb.
//   node bench/estimates/run.mjs [--only feedforward,train] [--time | --memory [--seed 5 [--each 3]]] [--json file]
// Time is processor time of the processes that ran the jobs, so that a busy machine does not matter: within a factor 2. Memory is the
// growth of the peak of a fresh process, by one large job, over one that loads the package and runs a tiny network; --seed: jobs of each
// system and verb whose sizes are drawn, so many each. The estimate may not be below, nor 25 % above; where the growth is below 16 MiB,
// which V8's young generation alone may or may not take, nor 4 MiB above. --time, --memory: nothing else.
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
    time: { type: 'boolean' },
    seed: { type: 'string' },
    each: { type: 'string', default: '3' },
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

/** The large jobs of a system and verb: the one that is the same every time, or those that a seed draws. */
const drawn = Array.from({ length: Number(values.each) }, (_, i) => 100 * Number(values.seed) + i + 1);
const largeJobs = (system, verb) =>
  (values.seed === undefined ? [0] : drawn).map((seed) => largeJob(system, verb, seed));

/** Growth of the peak memory, and what was said before: [growth, estimate] in bytes. */
function memoryOf(job, system) {
  const child = fileURLToPath(new URL('memory.mjs', import.meta.url));
  const text = execFileSync(process.execPath, [child, JSON.stringify([job, system])], {
    env: { ...process.env, OPENBLAS_NUM_THREADS: '1' },
    encoding: 'utf8',
  });
  return JSON.parse(text);
}

const ratioOf = ({ said, seconds }) => said / seconds;
const timeVerdict = (time) => (ratioOf(time) >= 0.5 && ratioOf(time) <= 2 ? '' : 'outside');

/** What is wrong with an estimate, or nothing. */
function verdictOf(bytes, growth) {
  if (bytes < growth) return 'below';
  const isLarge = growth >= 2 ** 24;
  return (isLarge ? bytes > 1.25 * growth : bytes > growth + 2 ** 22) ? 'above' : '';
}

const rows = [];
const mebibytes = (size) => (size / 2 ** 20).toFixed(1);
/** The cells of a row that are asked for: of time, of memory. */
const row = (time, memory) => `| ${[...(values.memory ? [] : time), ...(values.time ? [] : memory)].join(' | ')} |`;
console.log(
  `| system | verb ${row(['jobs', 'seconds, said', 'measured', 'ratio'], ['MiB, said', 'measured', 'ratio'])}`,
);
console.log(`|---|---${row(Array(4).fill('---:'), Array(3).fill('---:')).replaceAll(' ', '')}`);
for (const system of systems.filter((name) => isWanted(systems, name)))
  for (const verb of verbs.filter((name) => isWanted(verbs, name) && largeJob(system, name) !== undefined)) {
    const small = planOf(system, verb);
    if (small === undefined && !values.memory) continue;
    const time = values.memory ? undefined : await timeOf(small);
    for (const job of values.time ? [undefined] : largeJobs(system, verb)) {
      const [growth, bytes] = job === undefined ? [] : memoryOf(job, system);
      const verdict = [time && timeVerdict(time), bytes && verdictOf(bytes, growth)].filter(Boolean).join(', ');
      rows.push({ system, verb, ...time, bytes, growth, verdict, job });
      const times = time && [
        time.jobs,
        ...[time.said, time.seconds].map((x) => x.toPrecision(3)),
        ratioOf(time).toFixed(2),
      ];
      const memory = bytes && [mebibytes(bytes), mebibytes(growth), (bytes / growth).toFixed(2)];
      console.log(`| ${system} | ${verb} ${row(times, memory)} ${verdict}`.trimEnd());
    }
  }
const counted = (verdict) => rows.filter((row) => row.verdict.includes(verdict)).length;
console.log(
  `${rows.length} rows: ${['below', 'above', 'outside'].map((verdict) => `${counted(verdict)} ${verdict}`).join(', ')}`,
);
if (rows.some(({ verdict }) => verdict !== '')) process.exitCode = 1;
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(rows, null, 1)}\n`);

/** Processor seconds of a plan's jobs, as a sweep says them before and as they are. */
async function timeOf(given) {
  const plan = await expandPlan(given);
  const { coreHours } = await estimateJobs(plan, plan.jobs, verbTable, { processes: 1, budgetSeconds: 20 });
  return { jobs: plan.jobs.length, said: 3600 * (coreHours ?? Number.NaN), seconds: await secondsOf(plan) };
}
