// The real verbs in a sweep: each gives what the function of the same name gives.
import t from 'tap';
import { evaluate, predict, simulate, train } from 'mft-native';
import { canonicalJson } from '../../dist/core/codec.js';
import { checkedJob } from '../../dist/sweep/job.js';
import { localExecutor } from '../../dist/sweep/local.js';
import { expandPlan, type SweepPlan } from '../../dist/sweep/plan.js';
import type { SweepRow } from '../../dist/sweep/rows.js';
import { sweep } from '../../dist/sweep/run.js';
import { verbs } from '../../dist/sweep/verbs.js';

const base = { system: 'feedforward', activation: 'tanh', biasVariance: 0.05, width: 60, depth: 12 } as const;
const plans: readonly SweepPlan[] = [
  { verb: 'predict', base, axes: { weightVariance: [1.2, 2] } },
  { verb: 'simulate', base, trials: 4, seeds: [1, 2], axes: { weightVariance: [1.2, 2] } },
  { verb: 'compare', base, trials: 4, outputs: ['variance'], axes: { weightVariance: [1.2] } },
  {
    verb: 'fit',
    base: { ...base, width: 500 },
    trials: 40,
    fit: { observable: 'correlation', limit: 'fixedPointCorrelation' },
    axes: { weightVariance: [1.2] },
  },
  {
    verb: 'evaluate',
    base: { system: 'feedforward', activation: 'tanh' },
    quantity: 'criticalWeightVariance',
    axes: { biasVariance: [0.05, 0.1] },
  },
  {
    verb: 'train',
    base: { ...base, width: 20, depth: 3 },
    dataset: 'synthetic',
    run: { steps: 10, trainCount: 500 },
    axes: { weightVariance: [1.5] },
  },
];

const rows = new Map<string, SweepRow[]>();

t.before(async () => {
  for (const plan of plans) {
    const found: SweepRow[] = [];
    const executor = localExecutor({ processes: plan.verb === 'simulate' ? 2 : 1 });
    for await (const row of sweep(plan, { executor })) found.push(row);
    rows.set(plan.verb, found);
  }
});

function resultOf(
  verb: string,
  i = 0,
): Readonly<Record<string, unknown>> & { readonly quantities: Readonly<Record<string, unknown>> } {
  const row = rows.get(verb)?.[i];
  if (row?.status !== 'done') throw new Error(`${verb}: ${JSON.stringify(row)}`);
  return row.result as ReturnType<typeof resultOf>;
}

const dateless = (result: object): string => canonicalJson({ ...result, provenance: null });

t.test('predict and simulate: the results of the functions, bit for bit, whatever the threads', async (t) => {
  for (const row of rows.get('predict') ?? [])
    if (row.status === 'done') t.equal(dateless(row.result), dateless(await predict(row.spec as typeof base)));
  t.equal(rows.get('simulate')?.length, 4);
  for (const row of rows.get('simulate') ?? []) {
    if (row.status !== 'done') return t.fail('a simulation failed');
    const direct = await simulate(row.spec as typeof base, { ...row.run, threads: 2 });
    t.equal(dateless({ ...row.result, run: null }), dateless({ ...direct, run: null }));
  }
});

t.test(
  'compare keeps the outputs asked for; fit finds the depth scale; evaluate and train are the functions',
  async (t) => {
    const comparison = resultOf('compare') as unknown as {
      observables: Record<string, { z: unknown }>;
      verdict: string;
    };
    t.same(Object.keys(comparison.observables), ['variance']);
    t.ok(comparison.observables.variance?.z instanceof Float64Array);
    const { depthScale, standardError, limit, converged } = resultOf('fit').quantities as Record<string, number>;
    t.equal(converged as unknown, true);
    const theory = await predict({ ...base, weightVariance: 1.2 });
    t.equal(limit, theory.quantities.fixedPointCorrelation);
    const expected = theory.quantities.depthScaleCorrelation as number;
    // The profile approaches its exponential law only after a transient: the fit over all layers is near, not equal.
    t.ok(
      Math.abs((depthScale as number) / expected - 1) < 0.25,
      `${depthScale} ± ${standardError}, theory ${expected}`,
    );
    const values = (rows.get('evaluate') ?? [])
      .map((row) =>
        row.status === 'done' ? (row.result.quantities as Record<string, number>).criticalWeightVariance : undefined,
      )
      .sort();
    t.same(
      values,
      [
        await evaluate('feedforward', 'criticalWeightVariance', { activation: 'tanh', biasVariance: 0.05 }),
        await evaluate('feedforward', 'criticalWeightVariance', { activation: 'tanh', biasVariance: 0.1 }),
      ].sort(),
    );
    const [training] = rows.get('train') ?? [];
    if (training?.status !== 'done') return t.fail('the training failed');
    const direct = await train(training.spec as typeof base, 'synthetic', training.run ?? {});
    t.equal(training.result.checksum, direct.checksum);
  },
);

t.test('jobs of every verb pass the check of a worker unchanged', async (t) => {
  for (const plan of plans) {
    const { jobs, job } = await expandPlan(plan);
    for (const one of jobs.map(job)) {
      const sent = JSON.parse(JSON.stringify(await one)) as unknown;
      t.same(await checkedJob(sent, verbs), sent, plan.verb);
    }
  }
});

t.test('a trainer that draws nothing gets no seed', async (t) => {
  const kernels = { system: 'kernel', activation: 'relu', depth: 1 } as const;
  const plan = { verb: 'train', base: kernels, dataset: 'synthetic', run: { trainCount: 30, testCount: 20 } } as const;
  const found: SweepRow[] = [];
  const executor = localExecutor({ processes: 1 });
  for await (const row of sweep(plan as unknown as SweepPlan, { executor })) found.push(row);
  t.equal(found.length, 1);
  t.match(found[0], { status: 'done' });
});

t.test('what the verbs refuse', async (t) => {
  const cases: [Partial<SweepPlan>, string][] = [
    [{ verb: 'simulate', run: { memoryLimit: 1e9 } }, 'run.memoryLimit'],
    [{ verb: 'train', dataset: 'synthetic', run: { checkpoint: '/tmp/x' } }, 'run.checkpoint'],
    [{ verb: 'train', dataset: '../data.npz' }, 'dataset'],
    [{ verb: 'train' }, 'dataset'],
    [{ verb: 'train', dataset: 'synthetic', outputs: ['variance'] }, 'outputs'],
    [{ verb: 'fit', fit: { observable: 'nothing' } }, 'fit.observable'],
    [{ verb: 'fit', fit: { observable: 'correlation', limit: 'nothing' } }, 'fit.limit'],
    [{ verb: 'fit' }, 'fit'],
    [{ verb: 'simulate', fit: { observable: 'correlation' } }, 'fit'],
    [{ verb: 'predict', seeds: [1] }, 'seeds'],
  ];
  for (const [change, parameter] of cases)
    await t.rejects(
      expandPlan({ base, ...change } as SweepPlan),
      { parameter } as object as { message: string },
      JSON.stringify(change),
    );
});
