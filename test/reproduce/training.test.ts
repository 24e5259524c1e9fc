// Figures that train: jobs of a sweep, continued from a journal, shared between figures; maps, boundaries and what rows say of them.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import type { LengthCell } from '../../dist/systems/feedforward/experiments/trainable-length.js';
import { formulaLengths } from '../../dist/systems/feedforward/experiments/trainable-length.js';
import { loadReproduction } from '../../dist/reproduce/registry.js';
import {
  type MeasuredMap,
  trainedMaps,
  type TrainabilityMap,
  type TrainabilityScale,
} from '../../dist/reproduce/deep-dropout/trainability.js';
import { comparisonRows, deeperRow, multipleRows } from '../../dist/reproduce/deep-dropout/trainability-rows.js';
import { simulatedRuns } from '../../dist/reproduce/simulating.js';
import { tiny } from './tiny.js';

delete process.env.MFT_DATA;

const map: TrainabilityMap = {
  dataset: 'mnist',
  keepProbability: 0.9,
  weightVariances: [1, 2],
  depths: [3, 12],
  steps: 40,
  learningRates: [1e-6, 0.1],
};
const scale: TrainabilityScale = {
  width: 24,
  batchSize: 20,
  trainCount: 400,
  validationCount: 200,
  seeds: 3,
  maps: [map],
  isPaper: false,
  cost: '1 s',
};

t.test('a journal is continued, and other figures read it', async (t) => {
  const journal = join(t.testdir({}), 'training.jsonl');
  const lines = (): number =>
    readFileSync(journal, 'utf8')
      .split('\n')
      .filter((line) => line.startsWith('{"key"')).length;
  const first = await trainedMaps(scale, { journal, threads: 1 });
  // Two rates with the first seed, then two more seeds at the chosen rate, in four cells.
  t.equal(lines(), 4 * (2 + 2));
  t.same((await trainedMaps(scale, { journal, threads: 1 })).maps, first.maps, 'the same numbers');
  t.equal(lines(), 16, 'nothing was trained again');
  const deeper = await trainedMaps({ ...scale, maps: [{ ...map, depths: [3, 12, 20] }] }, { journal, threads: 1 });
  t.equal(lines(), 24, 'only the new depth was trained');
  t.same(
    deeper.maps[0]?.cells.filter(({ depth }) => depth < 20),
    first.maps[0]?.cells,
  );
  t.same((await trainedMaps(scale, { threads: 1 })).maps, first.maps, 'without a journal too');
  t.same(
    first.maps[0]?.cells.map(({ learningRate, accuracies }) => [learningRate, accuracies.length]),
    Array.from({ length: 4 }, () => [0.1, 3]),
    'a rate of 1e-6 learns nothing',
  );
});

t.test('simulations are kept and continued too; one that fails says why', async (t) => {
  const journal = join(t.testdir({}), 'simulations.jsonl');
  const base = { system: 'autoencoder', inputVariance: [2, 1], width: 2, initialVariance: 0.01, steps: 40 };
  const plan = { base, run: { trials: 1 }, outputs: ['loss'], axes: { weightDecay: [0, 0.5] } };
  const lines = (): string[] => readFileSync(journal, 'utf8').split('\n');
  const first = await simulatedRuns({ ...plan, seeds: [1] }, { journal, threads: 1 });
  t.same(first.map(({ spec }) => spec.weightDecay).sort(), [0, 0.5]);
  t.ok(first.every(({ observables }) => Number.isFinite(observables.loss?.values.at(-1))));
  const written = lines();
  t.same(await simulatedRuns({ ...plan, seeds: [1] }, { journal, threads: 1 }), first, 'the same numbers');
  t.same(lines(), written, 'nothing was simulated again');
  const wild = { ...base, learningRate: 50, initialVariance: 100, steps: 400 };
  await t.rejects(simulatedRuns({ ...plan, base: wild }, { threads: 1 }), {
    code: 'ERR_MFT_JOB_FAILED',
    message: /leaves the range of numbers at step/,
  });
});

t.test('images that are not there', async (t) => {
  const { maps, missing } = await trainedMaps({ ...scale, maps: [{ ...map, dataset: 'cifar10' }] }, {});
  t.same(maps, []);
  t.match(missing, [{ verdict: 'inconclusive', note: /CIFAR-10 was not found: set MFT_DATA/ }]);
  const figure = await loadReproduction('deep-dropout-figure-7');
  const only = { ...figure?.scales.quick, ...tiny['deep-dropout-figure-7'], maps: [{ ...map, dataset: 'cifar10' }] };
  const { rows } = (await figure?.run(only as never, {})) ?? { rows: [] };
  t.equal(rows.length, 1, 'the figure says so and goes on');
});

t.test('cancelled', async (t) => {
  await t.rejects(trainedMaps(scale, { signal: AbortSignal.abort(new Error('enough')) }), /enough/);
});

/** Networks that train up to exactly `multiple` min(ξ_1, ξ_c) (or ξ_c), at any threshold. */
function planted(
  keepProbability: number,
  formula: 'twelveMinimum' | 'sixCorrelation',
  multiple: number,
  isBlurred: boolean,
): MeasuredMap {
  const weightVariances = [1, 1.3, 2.2, 2.6, 3, 3.5];
  const depths = Array.from({ length: 40 }, (_, i) => 3 * 1.12 ** i);
  const columns = weightVariances.map(
    (weightVariance) => ({ activation: 'tanh', biasVariance: 0.05, weightVariance, keepProbability }) as const,
  );
  const cells = columns.flatMap((column, c): LengthCell[] => {
    const shift = isBlurred ? 1 + 0.05 * (c % 2) : 1;
    const boundary = shift * multiple * (formulaLengths(column)[formula] / (formula === 'sixCorrelation' ? 6 : 12));
    return depths.map((depth) => ({
      column: c,
      depth,
      learningRate: 0.1,
      accuracies: [1, 2, 3].map(() => (depth <= boundary ? 0.9 : 0.1)),
    }));
  });
  return { ...map, name: `planted, ρ = ${keepProbability}`, keepProbability, weightVariances, depths, columns, cells };
}

t.test('rows find the planted formula', async (t) => {
  const keeps = [1, 0.98, 0.95, 0.9];
  const rowsOf = (formula: 'twelveMinimum' | 'sixCorrelation', multiple: number, isPaper: boolean) => {
    const maps = keeps.map((keep) => planted(keep, formula, multiple, true));
    return {
      multiples: multipleRows(maps, 'all', { ...scale, isPaper }, 'x'),
      which: comparisonRows(maps, { ...scale, isPaper }, 'all', 'x'),
    };
  };
  const verdicts = (rows: readonly { readonly what: string; readonly verdict: string }[], start: string): string[] =>
    rows.filter(({ what }) => what.startsWith(start)).map(({ verdict }) => verdict);
  const minimum = rowsOf('twelveMinimum', 12, true);
  t.same(verdicts(minimum.multiples, '12 min'), ['agrees', 'agrees', 'agrees']);
  t.same(verdicts(minimum.which, 'scatter'), ['agrees', 'agrees', 'agrees']);
  t.same(verdicts(minimum.which, 'misfit'), ['agrees', 'agrees', 'agrees']);
  const correlation = rowsOf('sixCorrelation', 6, true);
  t.same(verdicts(correlation.multiples, '6 ξ_c'), ['agrees', 'agrees', 'agrees']);
  t.same(verdicts(correlation.multiples, '12 ξ_c'), ['differs', 'differs', 'differs']);
  t.same(verdicts(correlation.which, 'misfit'), ['differs', 'differs', 'differs']);
  t.same(verdicts(correlation.which, 'ξ_1 alone'), ['agrees', 'agrees', 'agrees']);
  const reduced = rowsOf('sixCorrelation', 6, false);
  t.same(
    [...verdicts(reduced.multiples, '12 ξ_c'), ...verdicts(reduced.multiples, '6 ξ_c')],
    Array.from({ length: 6 }, () => 'notComparable'),
    'other training than the paper refutes no factor and confirms none',
  );
  t.match(reduced.multiples.find(({ what }) => what.startsWith('12 ξ_c'))?.note, /Not the training of the paper/);
});

t.test('two boundaries', async (t) => {
  const column = { activation: 'tanh', biasVariance: 0.05, weightVariance: 1, keepProbability: 1 } as const;
  const at = (depth: number) => ({
    column,
    lengths: formulaLengths(column),
    boundary: { depth, low: depth / 1.2, high: depth * 1.2, logStandardError: 0.1, slope: -4 },
  });
  t.equal(deeperRow('x', 'y', 'z', at(60), at(30)).verdict, 'agrees');
  t.equal(deeperRow('x', 'y', 'z', at(33), at(30)).verdict, 'inconclusive');
  t.equal(deeperRow('x', 'y', 'z', at(30), at(60)).verdict, 'differs');
  t.equal(deeperRow('x', 'y', 'z', at(30), { ...at(60), boundary: { censored: 'above' } }).verdict, 'inconclusive');
});
