// Rows of trials and their table become observables: places, parts, undefined values, and moments against two passes.
import t from 'tap';
import { simulate } from 'mft-native';
import { addSpread, estimatedSpread, spreadAccumulator } from '../../dist/statistics/spread.js';
import { axesAt, estimateTrials, type Measure, type RowTable, valueAt } from '../../dist/statistics/trials.js';

/** Rows of two layers × three inputs of a number, then two layers × one pair of a logarithm. */
const table: RowTable<'number' | 'log'> = {
  rowLength: 8,
  places: {
    number: {
      offset: 0,
      stride: 4,
      axes: [
        { name: 'layer', count: 2, start: 1 },
        { name: 'input', count: 3, start: 0 },
      ],
      scale: 'linear',
    },
    log: {
      offset: 3,
      stride: 4,
      axes: [
        { name: 'layer', count: 2, start: 1 },
        { name: 'pair', count: 1, start: 0 },
      ],
      scale: 'log',
    },
  },
};
const row = (trial: number): number[] => [1, 2, 3, Math.log(1 + trial), 4, 5, 6 * trial, trial === 0 ? -Infinity : 0];

t.test('places, parts and raw trials', async (t) => {
  const { number, log } = table.places;
  const measures: Record<'number' | 'log' | 'odd', Measure> = {
    number: { axes: axesAt(number), estimator: 'mean', value: valueAt(number) },
    log: { axes: axesAt(log), estimator: 'logMean', value: valueAt(log) },
    odd: {
      axes: axesAt(number),
      estimator: 'mean',
      value: (one, i, j) => (j === 0 ? Number.NaN : valueAt(number)(one, i, j)),
      reason: 'never',
    },
  };
  const run = { firstTrial: 0, trials: 4, rawTrials: true };
  const asked: number[] = [];
  const drawn = await estimateTrials(measures, run, table.rowLength, 1, {}, async ({ firstTrial, trials }) => {
    asked.push(trials);
    return Float64Array.from(Array.from({ length: trials }, (_, i) => row(firstTrial + i)).flat());
  });
  t.same(asked, [4]);
  t.same([...(drawn.number?.values ?? [])], [1, 2, 3, 4, 5, 9]);
  t.same(drawn.number?.axes[0]?.values, Float64Array.of(1, 2));
  t.ok(Math.abs((drawn.log?.values[0] ?? 0) - Math.log(2.5)) < 1e-15);
  t.ok(Math.abs((drawn.log?.values[1] ?? 0) - Math.log(0.75)) < 1e-15, 'an exact zero in one trial counts as zero');
  t.same(drawn.log?.trials?.slice(0, 4), Float64Array.of(0, -Infinity, Math.log(2), 0));
  t.same(drawn.odd?.undefinedAt, [
    { index: 0, reason: 'never' },
    { index: 3, reason: 'never' },
  ]);
});

t.test('variances over trials agree with two passes', async (t) => {
  const logs = Array.from({ length: 200 }, (_, i) => 3 * Math.sin(i * 1.7) + 400 * Math.cos(0.001 * i));
  for (const of of ['relative', 'logarithm'] as const) {
    const sums = spreadAccumulator(1, of);
    for (const log of logs) addSpread(sums, 0, log);
    const top = Math.max(...logs);
    const values = of === 'relative' ? logs.map((log) => Math.exp(log - top)) : logs;
    const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
    const moment = (k: number): number => values.reduce((sum, x) => sum + (x - mean) ** k, 0);
    const unit = of === 'relative' ? mean ** 2 : 1;
    const spread = moment(2) / (values.length - 1) / unit;
    const error = Math.sqrt(
      Math.max(moment(4) / values.length / unit ** 2 - spread ** 2, 2 * spread ** 2) / values.length,
    );
    const result = estimatedSpread(sums, []);
    t.ok(Math.abs((result.values[0] ?? 0) / spread - 1) < 1e-11, `${of}: variance`);
    t.ok(Math.abs((result.standardError[0] ?? 0) / error - 1) < 1e-10, `${of}: its error`);
  }
});

t.test('variances that do not exist say why', async (t) => {
  const one = spreadAccumulator(1, 'relative');
  addSpread(one, 0, 1);
  t.same(estimatedSpread(one, []).undefinedAt, [{ index: 0, reason: 'a variance needs two trials' }]);
  for (const of of ['relative', 'logarithm'] as const) {
    const dead = spreadAccumulator(1, of);
    for (let i = 0; i < 3; i++) addSpread(dead, 0, -Infinity);
    t.same(estimatedSpread(dead, []).undefinedAt, [{ index: 0, reason: 'some trial is exactly zero' }]);
  }
});

t.test('networks that die in both inputs leave the angle undefined, never NaN', async (t) => {
  const { observables } = await simulate(
    {
      system: 'residual',
      width: 2,
      hiddenWidth: 1,
      depth: 10,
      activation: 'relu',
      block: 'generalized',
      skipStrength: 0,
    },
    { trials: 20, seed: 11 },
  );
  let checked = 0;
  for (const [name, { values, variance, standardError }] of Object.entries(observables))
    for (const list of [values, variance, standardError]) {
      t.notOk(list.some(Number.isNaN), `${name} has no NaN`);
      checked += list.length;
    }
  t.ok(checked > 500);
  const last = observables.angularDeficit?.undefinedAt?.find(({ index }) => index === 10);
  t.match(last?.reason, /both inputs are exactly zero/);
});
