// Searches over a journal: points drawn at random, the best of them, successive halving.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { bestPoints } from '../../dist/sweep/best.js';
import { successiveHalving } from '../../dist/sweep/halving.js';
import { localExecutor } from '../../dist/sweep/local.js';
import type { SweepPlan } from '../../dist/sweep/plan.js';
import { randomPoints } from '../../dist/sweep/random.js';
import { kolmogorovSmirnov } from '../../dist/statistics/kolmogorov-smirnov.js';
import { toyVerbs } from '../fixtures/toy-verbs.mjs';
import { childModule, collect } from './toy-sweeps.js';

const folder = mkdtempSync(join(tmpdir(), 'mft-search-'));
t.teardown(() => rmSync(folder, { recursive: true }));
const executor = localExecutor({ processes: 2, childModule });
const toys = { verbs: toyVerbs(), executor };

t.test('random points: their law, the first ones stay, fields and seeds are independent', async (t) => {
  const fields = { a: { linear: [-1, 3] }, b: { log: [1e-4, 1] }, c: ['x', 'y', 'z'] } as const;
  const points = randomPoints({ count: 3000, fields }) as { a: number; b: number; c: string }[];
  const grid = Float64Array.from({ length: 3000 }, (_, i) => (i + 0.5) / 3000);
  const uniforms = {
    a: points.map(({ a }) => (a + 1) / 4),
    b: points.map(({ b }) => 1 + Math.log10(b) / 4),
  };
  for (const [name, values] of Object.entries(uniforms))
    t.ok(kolmogorovSmirnov(values, grid).pValue > 1e-3, `uniform: ${name}`);
  const shares = ['x', 'y', 'z'].map((word) => points.filter(({ c }) => c === word).length);
  t.ok(shares.reduce((sum, n) => sum + (n - 1000) ** 2 / 1000, 0) < 13.8, `chi square of ${shares}`);
  const product = uniforms.a.reduce((sum, u, i) => sum + (u - 0.5) * ((uniforms.b[i] as number) - 0.5), 0);
  t.ok(Math.abs(product * 12) / Math.sqrt(3000) < 4, 'no correlation');
  t.same(randomPoints({ count: 5, fields }), points.slice(0, 5));
  t.same(
    randomPoints({ count: 5, fields: { a: fields.a } }).map(({ a }) => a),
    points.slice(0, 5).map(({ a }) => a),
    'whatever else is drawn',
  );
  t.not(randomPoints({ count: 1, seed: 2, fields })[0]?.a, points[0]?.a);
});

t.test('random points: bad input', async (t) => {
  const fields = { a: [1] };
  for (const [given, parameter] of [
    [{ fields }, 'count'],
    [{ count: 0, fields }, 'count'],
    [{ count: 2, fields: {} }, 'fields'],
    [{ count: 2, fields: { a: { linear: [2, 1] } } }, 'axes.random.fields.a'],
    [{ count: 2, fields: { a: { log: [0, 1] } } }, 'axes.random.fields.a'],
    [{ count: 2, fields: { a: { linear: [0, Infinity] } } }, 'axes.random.fields.a'],
    [{ count: 2, fields: { a: [] } }, 'axes.random.fields.a'],
    [{ count: 2, fields, sed: 3 }, 'sed'],
  ] as const)
    t.throws(() => randomPoints(given), { parameter, code: /ERR_MFT_(INVALID_ARGUMENT|OUT_OF_RANGE)/ });
});

const search: SweepPlan = {
  verb: 'toy',
  base: { system: 'toy' },
  run: { trials: 2 },
  seeds: [1, 2],
  axes: {
    points: [{ x: 3 }, { x: -1 }, { x: 0.5 }, { x: 7 }, { x: -5, fail: true }, { x: 2 }, { x: 0 }, { x: 4 }, { x: 9 }],
  },
};

t.test('the best points of a journal: means over seeds, fields that vary, what has no number', async (t) => {
  const journal = join(folder, 'best.jsonl');
  await collect(search, { ...toys, journal });
  const best = await bestPoints(journal, { by: 'square', order: 'lowest', count: 3 });
  t.match(best, { by: 'square', order: 'lowest', ranked: 8, leftOut: 2 });
  t.same(
    best.points.map(({ mean, jobs, fields }) => ({ mean, jobs, fields })),
    [0, 0.5, -1].map((x) => ({ mean: x * x, jobs: 2, fields: { x } })),
  );
  t.equal(best.points[0]?.standardError, 0);
  t.same((await bestPoints(journal, { by: 'square', count: 1 })).points[0]?.fields, { x: 9 });
  t.same((await bestPoints(journal, { by: 'limit', count: 1 })).points[0]?.standardError, undefined);
  const noise = await bestPoints(journal, { by: 'variance_input_1' });
  t.ok(
    noise.points.every(({ standardError = 0 }) => standardError > 0),
    'the last layer, two seeds',
  );
  await t.rejects(bestPoints(journal, { by: 'sqare' }), { message: /did you mean `square`/, parameter: 'by' });
  await t.rejects(bestPoints(journal, { by: 'square', order: 'best' as never }), {
    code: 'ERR_MFT_INVALID_ARGUMENT',
    parameter: 'order',
  });
  await t.rejects(bestPoints(join(folder, 'none.jsonl'), { by: 'square' }), { code: /ERR_MFT_/ });
});

t.test('successive halving: budgets, points kept, failures never; the journal resumes it', async (t) => {
  const journal = join(folder, 'halving.jsonl');
  const options = { ...toys, journal, by: 'square', order: 'lowest', field: 'run.trials' } as const;
  const rounds = await successiveHalving(search, options);
  t.same(
    rounds.map(({ budget, points, kept }) => [budget, points.length, kept]),
    [
      [2, 9, 3],
      [6, 3, 1],
      [18, 1, 1],
    ],
  );
  t.same(
    rounds[0]?.points.map(({ point }) => point.x),
    [0, 0.5, -1, 2, 3, 4, 7, 9, -5],
    'the failed one last',
  );
  t.same(rounds.at(-1)?.points, [{ point: { x: 0 }, mean: 0 }]);
  const ranked = await bestPoints(journal, { by: 'square', order: 'lowest' });
  t.equal(ranked.ranked, 8 + 3 + 1, 'rows of an ordinary sweep');
  const told: number[] = [];
  let ran = 0;
  t.same(
    await successiveHalving(search, {
      ...options,
      onRound: ({ budget }) => void told.push(budget),
      executor: {
        name: 'counted',
        execute: (jobs, control) => {
          ran += jobs.filter(({ spec }) => spec.fail !== true).length;
          return executor.execute(jobs, control);
        },
      },
    }),
    rounds,
  );
  t.same([told, ran], [[2, 6, 18], 0], 'again: only what failed runs');
  t.equal((await successiveHalving(search, { ...options, factor: 2, rounds: 2 })).at(-1)?.points.length, 5);
});

t.test('successive halving: bad input', async (t) => {
  const options = { ...toys, journal: join(folder, 'bad.jsonl'), by: 'square', field: 'run.trials' } as const;
  await t.rejects(successiveHalving({ ...search, run: {} }, options), {
    code: 'ERR_MFT_INVALID_ARGUMENT',
    parameter: 'run.trials',
  });
  await t.rejects(successiveHalving({ ...search, axes: { 'run.trials': [1, 2] } }, options), {
    code: 'ERR_MFT_INVALID_ARGUMENT',
    parameter: 'field',
  });
  await t.rejects(successiveHalving(search, { ...options, factor: 1 }), {
    code: 'ERR_MFT_OUT_OF_RANGE',
    parameter: 'factor',
  });
  await t.rejects(successiveHalving(search, { ...options, by: 'nosuch' }), { parameter: 'by', message: /square/ });
});
