// Runs the one job of a plan in this fresh process: [growth of the peak memory, estimate] in bytes. Linux only.
import { readFileSync } from 'node:fs';
import { expandPlan } from '../../dist/sweep/plan.js';
import { verbs } from '../../dist/sweep/verbs.js';
import { tinyPlan } from './plans.mjs';

const [plan, system] = JSON.parse(process.argv[2]);
const peak = () => 1024 * Number(/VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1]);

async function single(plan) {
  const { jobs, job } = await expandPlan(plan);
  const { run, ...rest } = await job(jobs[0]);
  return { ...rest, ...(run === undefined ? {} : { run: { ...run, threads: 1 } }) };
}

const tiny = await single(tinyPlan(system));
await verbs.simulate.execute(tiny, {});
const before = peak();
const job = await single(plan);
const estimate = await verbs[job.verb].memory(job);
await verbs[job.verb].execute(job, {});
console.log(JSON.stringify([peak() - before, estimate]));
