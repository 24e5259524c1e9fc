// The trainable-length experiment: the rate is chosen on validation images, formulas are fitted as the criterion says.
import t from 'tap';
import type { LevelSet } from '../../../../dist/fit/level-set.js';
import {
  boundaries,
  fitFormulas,
  formulaLengths,
  type LengthColumn,
  trainCells,
} from '../../../../dist/systems/feedforward/experiments/trainable-length.js';

const columns: readonly LengthColumn[] = [1, 1.3, 2.5, 3].map((weightVariance) => ({
  activation: 'tanh',
  weightVariance,
  biasVariance: 0.05,
  keepProbability: 0.98,
}));
const at = (depth: number): LevelSet => ({
  depth,
  low: depth / 1.1,
  high: depth * 1.1,
  logStandardError: 0.05,
  slope: -4,
});

t.test('a boundary at a multiple of one formula is recognised', async (t) => {
  const planted = columns.map((column) => at((5 / 12) * formulaLengths(column).twelveMinimum));
  const fits = new Map(fitFormulas(columns, planted).map((fit) => [fit.formula, fit]));
  const right = fits.get('twelveMinimum');
  t.ok(Math.abs((right?.multiple ?? 0) - 5) < 1e-9 && (right?.scatter ?? 1) < 1e-9);
  t.ok(Math.abs((right?.misfit ?? 0) - Math.log(12 / 5)) < 1e-9);
  for (const wrong of ['twelveGradient', 'twelveCorrelation', 'sixCorrelation'] as const)
    t.ok((fits.get(wrong)?.scatter ?? 0) > 0.1, `${wrong} scatters`);
  t.ok(
    Math.abs((fits.get('sixCorrelation')?.scatter ?? 0) - (fits.get('twelveCorrelation')?.scatter ?? 1)) < 1e-12,
    'one scale, two factors: the scatter is the same',
  );
});

t.test('interval, standard error, censoring', async (t) => {
  const shifts = [-0.2, 0, 0.2];
  const measured = columns.map((column, i) =>
    i === 3
      ? ({ censored: 'above' } as const)
      : at(formulaLengths(column).twelveGradient * Math.exp(shifts[i] as number)),
  );
  const fit = fitFormulas(columns, measured).find(({ formula }) => formula === 'twelveGradient');
  t.equal(fit?.columns, 3, 'a censored column is left out');
  // Sample standard deviation 0.2 over three columns.
  t.ok(Math.abs(Math.log((fit?.high ?? 0) / 12) - (4.302652729911275 * 0.2) / Math.sqrt(3)) < 1e-9);
  t.ok(Math.abs((fit?.standardError ?? 0) - (12 * 0.2) / Math.sqrt(3)) < 1e-9);
  t.same(
    fitFormulas(
      columns,
      columns.map(() => ({ censored: 'below' }) as const),
    ),
    [],
    'no boundary, no fit',
  );
});

t.test('boundary per column from accuracies', async (t) => {
  const cells = [8, 16, 32, 64].flatMap((depth) =>
    [0, 1].map((column) => ({
      column,
      depth,
      learningRate: 0.1,
      accuracies: [0.8, 0.6].map((high) => (depth <= (column === 0 ? 16 : 64) ? high : 0.1)),
    })),
  );
  const [first, second] = boundaries(cells, 0.5);
  t.ok(first !== undefined && 'depth' in first && first.depth > 16 && first.depth < 32);
  t.same(second, { censored: 'above' });
  const [stricter] = boundaries(cells, 0.9);
  t.ok(
    stricter !== undefined && 'depth' in stricter && stricter.depth > 8 && stricter.depth < 16,
    'more asks for less depth',
  );
});

t.test('cells: the rate that validates best is used for every seed', async (t) => {
  const protocol = {
    width: 24,
    depths: [2, 3],
    steps: 60,
    batchSize: 32,
    learningRates: [1e-6, 0.1],
    seeds: [1, 2],
    trainCount: 600,
    validationCount: 200,
  };
  const one = [columns[1] as LengthColumn];
  const cells = await trainCells('synthetic', one, protocol);
  t.same(
    cells.map(({ column, depth, learningRate }) => ({ column, depth, learningRate })),
    [2, 3].map((depth) => ({ column: 0, depth, learningRate: 0.1 })),
    'a rate of 1e-6 learns nothing',
  );
  t.ok(cells.every(({ accuracies }) => accuracies.length === 2 && accuracies.every((accuracy) => accuracy > 0.2)));
  t.same(await trainCells('synthetic', one, protocol), cells, 'the same numbers again');
  await t.rejects(trainCells('synthetic', one, { ...protocol, trainCount: 1e6 }), { code: 'ERR_MFT_OUT_OF_RANGE' });
});
