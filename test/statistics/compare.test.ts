// compare: verdicts on made-up results whose truth is known.
import t from 'tap';
import { compare, type Verdict } from 'mft-native';
import type { Estimated, Predicted, Prediction, Simulation } from '../../dist/core/results.js';
import { axis } from '../../dist/core/results.js';

const shared = {
  schemaVersion: 1,
  system: 'made-up',
  spec: { width: 100 },
  warnings: [],
  provenance: {} as never,
} as const;
const points = 60;

/** Deterministic standard normals: enough for tests of verdicts. */
function normal(i: number): number {
  const u = ((i * 2654435761) % 4294967296) / 4294967296;
  const v = ((i * 40503 + 12345) % 65536) / 65536;
  return Math.sqrt(-2 * Math.log(u + 1e-12)) * Math.cos(2 * Math.PI * v);
}

function prediction(values: number[], more: Partial<Predicted> = {}): Prediction<'made-up', 'x'> {
  return {
    ...shared,
    kind: 'prediction',
    quantities: {},
    observables: {
      x: {
        axes: [axis('layer', values.length, 1)],
        scale: 'linear',
        values: Float64Array.from(values),
        error: 1e-10,
        ...more,
      },
    },
  };
}

function simulation(
  values: number[],
  error: number,
  count = 100,
  more: Partial<Estimated> = {},
): Simulation<'made-up', 'x'> {
  const filled = (value: number): Float64Array => new Float64Array(values.length).fill(value);
  return {
    ...shared,
    kind: 'simulation',
    run: {},
    observables: {
      x: {
        axes: [axis('layer', values.length, 1)],
        scale: 'linear',
        estimator: 'mean',
        values: Float64Array.from(values),
        count: filled(count),
        variance: filled(error * error * count),
        standardError: filled(error),
        ...more,
      },
    },
  };
}

const truth = Array.from({ length: points }, (_, i) => 1 + i / 10);
const noisy = truth.map((value, i) => value + 0.01 * normal(i + 1));

t.test('agrees, disagrees, finite size, inconclusive', async (t) => {
  const verdictOf = (a: Parameters<typeof compare>[0], b: Simulation): Verdict =>
    compare(a as never, b as never).verdict;
  t.equal(verdictOf(prediction(truth), simulation(noisy, 0.01)), 'agrees');
  const shifted = noisy.map((value, i) => (i === 30 ? value + 0.08 : value));
  t.equal(verdictOf(prediction(truth), simulation(shifted, 0.01)), 'disagrees', 'one point 8 standard errors off');
  t.equal(compare(prediction(truth), simulation(shifted, 0.01)).observables.x?.verdicts[30], 'disagrees');
  const term = { finiteSize: { order: 1, values: new Float64Array(points).fill(0.1) } };
  t.equal(
    verdictOf(
      prediction(truth, term),
      simulation(
        noisy.map((value) => value + 0.1),
        0.01,
      ),
    ),
    'finiteSize',
  );
  t.equal(
    verdictOf(
      prediction(truth, term),
      simulation(
        noisy.map((value) => value - 0.1),
        0.01,
      ),
    ),
    'disagrees',
    'the wrong sign is not explained',
  );
  t.equal(verdictOf(prediction(truth), simulation(noisy, Infinity, 1)), 'inconclusive');
  t.equal(verdictOf(simulation(truth, 0.01), simulation(noisy, 0.01)), 'agrees');
});

t.test('exact, binomial and log-scale estimators use their own tests', async (t) => {
  const exact = { estimator: 'exact' as const };
  t.equal(compare(prediction([1]), simulation([1 + 1e-12], 0, 1, exact)).verdict, 'agrees');
  t.equal(compare(prediction([1]), simulation([1.001], 0, 1, exact)).verdict, 'disagrees');
  const binomial = { estimator: 'binomial' as const };
  t.equal(compare(prediction([0.5]), simulation([0.52], 0.005, 10_000, binomial)).verdict, 'disagrees');
  t.equal(compare(prediction([0.5]), simulation([0.505], 0.005, 10_000, binomial)).verdict, 'agrees');
  const log = { scale: 'log' as const };
  t.equal(compare(prediction([-500], log), simulation([-500.01], 0.01, 100, log)).verdict, 'agrees');
  t.equal(compare(prediction([-500], log), simulation([-500.1], 0.01, 100, log)).verdict, 'disagrees');
});

t.test('undefined points are skipped and counted', async (t) => {
  const gone = { undefinedAt: [{ index: 0, reason: 'dead layer' }] };
  const result = compare(prediction(truth, gone), simulation(noisy, 0.01));
  t.equal(result.observables.x?.skipped, 1);
  t.equal(result.tests, points - 1);
});

t.test('refusals', async (t) => {
  const other = { ...simulation(noisy, 0.01), spec: { width: 200 } };
  t.throws(() => compare(prediction(truth), other), { code: 'ERR_MFT_INVALID_ARGUMENT', parameter: 'width' });
  t.equal(compare(prediction(truth), other, { mayDiffer: ['width'] }).verdict, 'agrees');
  t.throws(() => compare(prediction(truth.slice(1)), simulation(noisy, 0.01)), {
    code: 'ERR_MFT_SHAPE',
    parameter: 'x',
  });
  t.throws(() => compare(prediction(truth), simulation(noisy, 0.01), { significance: 2 }), {
    code: 'ERR_MFT_OUT_OF_RANGE',
  });
  t.throws(() => compare(prediction(truth), simulation(noisy, 0.01), { observables: ['y'] }), {
    code: 'ERR_MFT_INVALID_ARGUMENT',
  });
});

t.test('a deviation without any error counts in the largest z', async (t) => {
  const comparison = compare(prediction([0, 0], { error: 0 }), simulation([0, 0.1], 0, 100, { estimator: 'exact' }));
  t.equal(comparison.largestZ, Infinity);
  t.equal(comparison.verdict, 'disagrees');
  const within = compare(prediction([0.001], { error: 0 }), simulation([0], 0, 10, { estimator: 'binomial' }));
  t.equal(within.verdict, 'agrees', 'no success in ten trials says nothing against one in a thousand');
  t.equal(within.largestZ, 0);
});

t.test('the same value in every trial is no evidence, and one trial has no z', async (t) => {
  // What a simulation gives whose numbers fell below the smallest of their precision: zeros, with no spread.
  const vanished = compare(prediction([1e-48, 1e-50]), simulation([0, 0], 0));
  t.equal(vanished.verdict, 'inconclusive');
  t.same([...(vanished.observables.x?.z ?? [])], [0, 0], 'no invented z');
  t.match(vanished.observables.x?.undecided, [{ index: 0, reason: /same value/ }, { index: 1 }]);
  t.equal(compare(prediction([0.5]), simulation([0.5], 0)).verdict, 'agrees', 'what is exactly right agrees');
  const single = compare(prediction([1]), simulation([2], Infinity, 1));
  t.equal(single.verdict, 'inconclusive');
  t.same([...(single.observables.x?.z ?? [])], [0]);
  t.match(single.observables.x?.undecided, [{ index: 0, reason: /fewer than two trials/ }]);
  t.doesNotThrow(() => JSON.stringify(single), 'nothing is NaN');
});

t.test('logarithms of zero on both sides, of numbers whose scatter theory knows', async (t) => {
  const spread = Float64Array.of(0.08, 0.08);
  const theory = prediction([-Infinity, 0], { scale: 'log', spread });
  const comparison = compare(theory, simulation([-Infinity, 0], 0.01, 8, { scale: 'log' }));
  t.notOk([...(comparison.observables.x?.standardError ?? [NaN])].some(Number.isNaN), 'no NaN');
  t.doesNotThrow(() => JSON.stringify(comparison));
});
