// Every reproduction at a tiny scale: verdicts, structure of the figures; errors; a planted error is caught.
import t from 'tap';
import { MftError, reproduce, reproductions } from 'mft-native';
import { gradientRun, meanLogSlope } from '../../dist/systems/feedforward/experiments/gradients.js';
import { loadReproduction, reproductionIds } from '../../dist/reproduce/registry.js';
import {
  comparisonRow,
  inSetting,
  numberRow,
  printedRow,
  statementRow,
  statisticRow,
} from '../../dist/reproduce/rows.js';
import { concordanceRows } from '../../dist/reproduce/residual/level-set-rows.js';
import type { ReproductionRow } from '../../dist/reproduce/types.js';
import { predictedExponent } from '../../dist/systems/feedforward/experiments/variance-law.js';
import { feedforward } from '../../dist/systems/feedforward/index.js';
import { numbersOf, structure, tiny } from './tiny.js';

// Snapshots and rows are those of the synthetic images, whatever data this machine has.
delete process.env.MFT_DATA;

for (const id of reproductionIds) {
  t.test(id, async (t) => {
    const found = await loadReproduction(id);
    t.ok(found !== undefined && tiny[id] !== undefined, 'has a tiny scale');
    if (found === undefined) return;
    t.equal(found.id, id);
    t.match(found.scales.quick.cost, /^\d+ (s|min)$/);
    t.match(found.scales.paper.cost, /^\d+ (s|min|days|years)$/);
    const { figures, rows } = await found.run({ ...found.scales.quick, ...tiny[id] }, { seed: 3, threads: 1 });
    t.ok(rows.length > 0 && figures.length > 0);
    for (const row of rows) {
      t.not(row.verdict, 'differs', `${row.what}: published ${row.published}, measured ${row.measured}, z ${row.z}`);
      if (row.verdict === 'explained') t.not(row.expected, undefined, `${row.what} meets what theory expects`);
      if (row.verdict === 'notComparable') t.ok((row.note ?? '') !== '', `${row.what} says why`);
    }
    t.equal(new Set(figures.map((figure) => figure.name)).size, figures.length, 'names of figures differ');
    for (const { name, figure } of figures) {
      t.ok(numbersOf(figure).every(Number.isFinite), `${name}: finite numbers`);
      t.matchSnapshot(structure(figure).join('\n'), `${id} ${name}`);
    }
  });
}

t.test('the verb', async (t) => {
  const result = await reproduce('deep-dropout-figure-7-curves');
  t.match(result, {
    kind: 'reproduction',
    id: 'deep-dropout-figure-7-curves',
    scale: 'quick',
    system: 'feedforward',
    provenance: { package: String, systemVersion: feedforward.version },
  });
  t.ok(result.rows.every((row) => row.verdict === 'agrees'));
  t.same(
    (await reproductions()).map((entry) => entry.id),
    reproductionIds,
  );
});

t.test('the same seed gives the same rows, another seed others', async (t) => {
  const found = await loadReproduction('deep-information-figure-4');
  const run = async (seed: number, threads: number): Promise<unknown> =>
    (await found?.run({ ...found.scales.quick, ...tiny['deep-information-figure-4'] }, { seed, threads }))?.rows;
  const first = await run(1, 1);
  t.same(await run(1, 2), first);
  t.notSame(await run(2, 1), first);
});

t.test('errors', async (t) => {
  const error = async (work: Promise<unknown>): Promise<MftError> => {
    try {
      await work;
    } catch (caught) {
      if (caught instanceof MftError) return caught;
    }
    throw new Error('expected an MftError');
  };
  const unknown = await error(reproduce('deep-dropout-figure-9'));
  t.equal(unknown.code, 'ERR_MFT_INVALID_ARGUMENT');
  t.match(unknown.message, /did you mean `deep-dropout-figure-\d`/);
  t.equal((await error(reproduce('__proto__'))).code, 'ERR_MFT_INVALID_ARGUMENT');
  t.match(await error(reproduce('deep-dropout-figure-2', { scale: 'huge' as never })), {
    code: 'ERR_MFT_INVALID_ARGUMENT',
    parameter: 'scale',
  });
  await t.rejects(reproduce('deep-dropout-figure-2', { signal: AbortSignal.abort(new Error('stop')) }), /stop/);
});

t.test('rows: what agrees, what does not', async (t) => {
  const common = { what: 'x', source: 'derived' };
  t.equal(printedRow({ ...common, published: 0.736322, measured: 0.7363224, decimals: 6 }).verdict, 'agrees');
  t.equal(printedRow({ ...common, published: 0.736322, measured: 0.736323, decimals: 6 }).verdict, 'differs');
  t.equal(
    numberRow({ ...common, published: 1, measured: Number.NaN, tolerance: 1 }).verdict,
    'differs',
    'no number never agrees',
  );
  t.match(statisticRow({ ...common, published: 2, measured: 2.3, standardError: 0.1, count: Infinity }), {
    verdict: 'agrees',
  });
  t.match(statisticRow({ ...common, published: 2, measured: 2.6, standardError: 0.1, count: Infinity }), {
    verdict: 'differs',
  });
  t.match(
    statisticRow({ ...common, published: 2, measured: 2.6, standardError: 0.1, count: Infinity, expected: 2.55 }),
    {
      verdict: 'explained',
    },
  );
  t.match(
    statisticRow({ ...common, published: 2, measured: 2.6, standardError: 0.1, count: Infinity, expected: 3.5 }),
    {
      verdict: 'differs',
    },
  );
  t.match(statisticRow({ ...common, published: 2, measured: 2.6, standardError: Infinity, count: 20 }), {
    verdict: 'inconclusive',
  });
  t.match(statementRow({ ...common, published: 'a', measured: 'b', holds: false }), { verdict: 'differs' });
});

t.test('rows: each kind differs when the measurement is wrong', async (t) => {
  const common = { what: 'x', source: 'derived' };
  const claim = { predictor: 'gradientRatio', isSmallerBetter: true } as const;
  // Networks of one depth and across depths: the smaller the predictor, the better the accuracy; planted the other way round.
  const path = (sign: number): never => {
    const cells = [4, 8].flatMap((depth) =>
      [1, 2, 3].map((value) => ({
        depth,
        value,
        accuracy: 0.5 - sign * 0.1 * value,
        predictors: { gradientRatio: value },
      })),
    );
    return { name: 'p', cells } as never;
  };
  const rows = (wrong: number): ReproductionRow[] => [
    numberRow({ ...common, published: 1, measured: 1 + 0.2 * wrong, tolerance: 0.1 }),
    printedRow({ ...common, published: 0.7363, measured: 0.7363 + 0.001 * wrong, decimals: 4 }),
    statisticRow({ ...common, published: 1, measured: 1 + 2 * wrong, standardError: 0.1, count: 10 }),
    statisticRow({ ...common, published: 1, measured: 1 + 2 * wrong, standardError: 0.1, count: 10, expected: 5 }),
    statementRow({ ...common, published: 'a', measured: 'b', holds: wrong === 0 }),
    statementRow({
      ...common,
      published: 'a',
      measured: 'b',
      holds: wrong === 0,
      expected: { what: 'c', holds: false },
    }),
    comparisonRow({
      ...common,
      comparison: { tests: 1, largestZ: 9 * wrong, verdict: wrong === 0 ? 'agrees' : 'disagrees' } as never,
    }),
    ...concordanceRows(path(wrong === 0 ? 1 : -1), [claim], 'the gradient ratio'),
  ];
  for (const row of rows(0)) t.equal(row.verdict, 'agrees', row.what);
  for (const row of rows(1)) t.equal(row.verdict, 'differs', row.what);
  for (const row of [...rows(0), ...rows(1)]) {
    t.equal(inSetting(row, false, 'why').verdict, 'notComparable', 'another setting neither agrees nor differs');
    t.same(inSetting(row, true, 'why'), row);
  }
});

t.test('rows: few networks need a larger t', async (t) => {
  const row = (count: number): string =>
    statisticRow({ what: 'x', source: 'derived', published: 0, measured: 6, standardError: 1, count }).verdict;
  t.equal(row(Infinity), 'differs');
  t.equal(row(1000), 'differs');
  t.equal(row(4), 'agrees', '|t| = 6 from four networks happens once in a hundred times');
  t.equal(row(1), 'inconclusive');
});

t.test('power: a weight variance that is 2 % too large is seen in the slope of the gradients', async (t) => {
  const network = { activation: 'tanh', weightVariance: 1.4, biasVariance: 0.1, keepProbability: 0.9 } as const;
  const size = { width: 500, depth: 120, trials: 60 };
  const row = async (planted: number): Promise<string> => {
    const right = await gradientRun(network, { ...size, trials: 2 }, 'postactivation', {});
    const run = await gradientRun(
      { ...network, weightVariance: planted * network.weightVariance },
      size,
      'postactivation',
      {},
    );
    const { mean, standardError, count } = meanLogSlope(run, 'gradientSingle', 25, 105);
    return statisticRow({
      what: 'slope',
      source: 'derived',
      published: right.decay,
      measured: mean,
      standardError,
      count,
      allowance: 0.1 * run.logBias,
    }).verdict;
  };
  t.equal(await row(1), 'agrees');
  t.equal(await row(1.02), 'differs');
});

t.test('exponent of exp(βM/N) − 1 against the values of an independent evaluation', async (t) => {
  // Linear, σ_w² 0.5, width 500, every 10th of 200 layers: 1.879 at ρ = 0.6, 1.966 at ρ = 0.9 (to the choice of the layers).
  const layers = Array.from({ length: 19 }, (_, i) => 10 * (i + 1));
  for (const [keep, exponent] of [
    [0.6, 1.879],
    [0.9, 1.966],
  ] as const) {
    const beta = 3 / keep - 1;
    t.ok(Math.abs(predictedExponent(layers, 200, -Math.log(0.5 / keep), beta / 1000) - exponent) < 0.03, `ρ = ${keep}`);
  }
});
