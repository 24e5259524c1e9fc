import t from 'tap';
import { checkedJob, type Job, jobSeed } from '../../dist/sweep/job.js';
import { expandPlan, type PlannedJob, type SweepPlan } from '../../dist/sweep/plan.js';
import type { VerbTable } from '../../dist/sweep/verb.js';
import { verbs } from '../../dist/sweep/verbs.js';
import { toyVerbs } from '../fixtures/toy-verbs.mjs';

const smallest: SweepPlan = {
  verb: 'simulate',
  base: { system: 'feedforward', activation: 'tanh', biasVariance: 0.05, width: 300, depth: 60, keepProbability: 0.95 },
  run: { trials: 20, seed: 5 },
  axes: { weightVariance: { linear: [1, 3, 60] } },
};

/** The whole of every job of a plan. */
const jobsOf = async (plan: SweepPlan, ...table: [VerbTable?]): Promise<Job[]> => {
  const { jobs, job } = await expandPlan(plan, ...table);
  return Promise.all(jobs.map(job));
};

t.test('the smallest plan: sixty jobs with distinct keys and seeds', async (t) => {
  t.match(await expandPlan(smallest), { duplicates: 0, axisNames: ['weightVariance'] });
  const jobs = await jobsOf(smallest);
  t.equal(jobs.length, 60);
  t.equal(new Set(jobs.map((job) => job.key)).size, 60);
  t.equal(new Set(jobs.map((job) => job.run?.seed)).size, 60);
  t.equal(jobs[59]?.spec.weightVariance, 3);
  t.equal(jobs[0]?.run?.seed, jobSeed(5, jobs[0]?.key ?? ''));
});

t.test('the key holds what decides the result, and nothing else', async (t) => {
  const keyOf = async (change: Partial<SweepPlan>): Promise<string | undefined> =>
    (await expandPlan({ ...smallest, axes: { weightVariance: [2] }, ...change })).jobs[0]?.key;
  const key = await keyOf({});
  t.equal(await keyOf({ run: { trials: 20, seed: 5, threads: 3 } }), key, 'threads are not part of it');
  t.equal(
    await keyOf({ base: { ...smallest.base, depth: 60, weights: 'gaussian' } }),
    key,
    'a default written out is the same job',
  );
  t.equal(await keyOf({ trials: 20, run: { seed: 5 } }), key, '`trials` is short for run.trials');
  t.not(await keyOf({ run: { trials: 21, seed: 5 } }), key);
  t.not(await keyOf({ run: { trials: 20, seed: 6 } }), key);
  t.not(await keyOf({ verb: 'compare' }), key);
  t.not(await keyOf({ outputs: ['variance'] }), key);
});

t.test('adding a point leaves the other keys alone; equal points are one job', async (t) => {
  const keys = async (values: number[]): Promise<string[]> =>
    (await expandPlan({ ...smallest, axes: { weightVariance: values } })).jobs.map((job) => job.key);
  const before = await keys([1, 2]);
  t.same(
    (await keys([1, 1.5, 2])).filter((key) => before.includes(key)),
    before,
  );
  const twice = await expandPlan({ ...smallest, axes: { weightVariance: [1, 1] } });
  t.match(twice, { duplicates: 1 });
  t.equal(twice.jobs.length, 1);
});

t.test('a planned job names the whole one', async (t) => {
  const { jobs, job } = await expandPlan({
    ...smallest,
    run: {},
    seeds: [3, 4],
    axes: { weightVariance: [1, 2], depth: [5, 6, 7] },
  });
  t.equal(jobs.length, 12);
  for (const planned of jobs) {
    const { key, point, system, systemVersion } = planned;
    t.match(await job(planned), { key, point, system, systemVersion, sweepSeed: planned.sweepSeed });
  }
});

t.test('a plan that changes afterwards changes no job', async (t) => {
  const values = [1, 2];
  const base = { ...smallest.base };
  const { jobs, job, plan } = await expandPlan({ ...smallest, base, axes: { weightVariance: values } });
  values[0] = 3;
  base.width = 7;
  t.match(await job(jobs[0] as PlannedJob), { key: jobs[0]?.key, spec: { weightVariance: 1, width: 300 } });
  t.match(plan, { base: { width: 300 }, axes: { weightVariance: [1, 2] } });
});

t.test('axes reach into the run and into nested fields; several seeds run every point several times', async (t) => {
  const jobs = await jobsOf({
    ...smallest,
    run: {},
    seeds: [1, 2, 3],
    axes: { 'inputs.correlation': [0, 0.5], 'run.trials': [2, 4] },
  });
  t.equal(jobs.length, 12);
  t.same(new Set(jobs.map((job) => (job.spec.inputs as { correlation: number }).correlation)), new Set([0, 0.5]));
  t.same(new Set(jobs.map((job) => job.run?.trials)), new Set([2, 4]));
});

t.test('a plan is refused as a whole, naming the point', async (t) => {
  const refuse = async (
    change: object,
    pattern: { code?: string; parameter?: string; message?: RegExp },
  ): Promise<void> =>
    void (await t.rejects(
      expandPlan({ ...smallest, ...change } as SweepPlan),
      pattern as { message: RegExp },
      JSON.stringify(change),
    ));
  await refuse(
    { axes: { weightVariance: [1, -2] } },
    { code: 'ERR_MFT_OUT_OF_RANGE', parameter: 'weightVariance', message: /At weightVariance = -2/ },
  );
  await refuse({ axes: { dropRate: [0.1] } }, { code: 'ERR_MFT_INVALID_ARGUMENT', message: /keepProbability/ });
  await refuse({ verb: 'explode' }, { code: 'ERR_MFT_INVALID_ARGUMENT', parameter: 'verb' });
  await refuse({ grid: {} }, { code: 'ERR_MFT_INVALID_ARGUMENT', parameter: 'grid' });
  await refuse({ base: { system: 'nothing' } }, { code: 'ERR_MFT_INVALID_ARGUMENT', parameter: 'system' });
  await refuse({ trials: 5 }, { parameter: 'trials' });
  await refuse({ seeds: [1] }, { parameter: 'seeds' });
  await refuse({ run: { seed: -1 } }, { parameter: 'run.seed' });
  await refuse({ axes: { 'run.seed': [1, 2] } }, { parameter: 'axes.run.seed' });
  await refuse({ outputs: ['varianec'] }, { parameter: 'outputs', message: /did you mean `variance`/ });
  await refuse({ verb: 'predict' }, { parameter: 'run.trials' });
  await refuse({ verb: 'evaluate', run: {}, quantity: 'none' }, { parameter: 'quantity' });
});

t.test('a job from elsewhere is checked again', async (t) => {
  const [job] = await jobsOf(smallest);
  if (job === undefined) return t.fail('no job');
  const again = JSON.parse(JSON.stringify(job)) as Record<string, unknown>;
  t.same(await checkedJob(again, verbs), job, 'a true job passes unchanged');
  const forgeries: [object, RegExp][] = [
    [{ ...job, verb: 'remove' }, /verb/],
    [{ ...job, key: 'f'.repeat(64) }, /not the hash/],
    [{ ...job, spec: { ...job.spec, width: 301 } }, /not the hash/],
    [{ ...job, run: { ...job.run, seed: 1 } }, /seed/],
    [{ ...job, spec: { ...job.spec, activation: { name: '../../etc/passwd' } } }, /path/],
    [{ ...job, callback: 'f' }, /unknown field/],
    [{ ...job, format: 99 }, /format/],
    [{ ...job, systemVersion: 99 }, /version 99/],
    [{ ...job, spec: { ...job.spec, width: -1 } }, /width/],
    [[], /not an object/],
  ];
  for (const [forgery, pattern] of forgeries)
    await t.rejects(checkedJob(forgery, verbs), { message: pattern }, String(pattern));
});

t.test('resolving a resolved job changes nothing, so keys survive the way through a queue', async (t) => {
  const toys = toyVerbs();
  for (const job of await jobsOf({ verb: 'toy', base: { system: 'toy' }, axes: { x: [1, 2, 3] } }, toys))
    t.same(await checkedJob({ ...job }, toys), job);
});
