// Stationary points of the risk over n examples: the teacher is one of the true risk, the gauge is flat, a wrong prediction differs.
import t from 'tap';
import { rowsOf, stationaryPoints } from '../../dist/reproduce/deep-cnn/stationary-points.js';
import { riskAt, stationaryPoint, zeroEigenvalues } from '../../dist/systems/convolution/experiments/stationary.js';
import {
  features,
  inGauge,
  normalWeights,
  sampled,
  teacherPopulation,
} from '../../dist/systems/convolution/experiments/teacher.js';

const population = await teacherPopulation(40);
const { native, shares } = population;
const setting = { decay: 0, threads: 2 };

t.test('the weights that drew the labels are a stationary point; a vector in the gauge changes nothing', async (t) => {
  const at = await riskAt(population, shares, native.weights, setting);
  t.ok(Math.hypot(...at.gradient) < 1e-14, `${Math.hypot(...at.gradient)}`);
  t.equal(zeroEigenvalues(at), features);
  t.ok(
    at.eigenvalues.every((value) => value > -1e-9 * (at.eigenvalues[0] as number)),
    'a minimum',
  );
  const moved = native.weights.map((value, j) => value + (j >= 8 ? 0.1 * ((j - 8) % features) : 0));
  const there = await riskAt(population, shares, moved, setting, false);
  t.ok(Math.abs(there.value - at.value) < 1e-14);
  t.ok(Math.hypot(...inGauge(moved).map((value, j) => value - (native.weights[j] as number))) < 1e-14);
});

t.test('gradient and curvature against central differences', async (t) => {
  const weights = normalWeights(3, 0.7);
  const decay = 0.01;
  const at = await riskAt(population, shares, weights, { ...setting, decay });
  const h = 1e-5;
  const off = async (j: number, by: number): Promise<number> => {
    const moved = weights.slice();
    moved[j] = (moved[j] as number) + by;
    return (await riskAt(population, shares, moved, { ...setting, decay }, false)).value;
  };
  for (const j of [0, 5, 11, 30]) {
    const slope = ((await off(j, h)) - (await off(j, -h))) / (2 * h);
    t.ok(Math.abs(slope - (at.gradient[j] as number)) < 1e-9, `gradient ${j}`);
    const step = 1e-3;
    const bend = ((await off(j, step)) - 2 * at.value + (await off(j, -step))) / step ** 2;
    const own = at.eigenvalues.reduce(
      (sum, value, v) => sum + value * (at.eigenvectors[v * weights.length + j] as number) ** 2,
      0,
    );
    t.ok(Math.abs(bend - own) < 1e-6, `curvature ${j}: ${bend} ${own}`);
  }
});

t.test('draws have the shares of the population', async (t) => {
  const n = 100_000;
  const counts = sampled(population, n, 1, 0);
  const total = shares.reduce((sum, x) => sum + x, 0);
  let square = 0;
  for (const [i, count] of counts.entries()) {
    const wanted = ((shares[i] as number) / total) * n;
    if (wanted > 0) square += (count - wanted) ** 2 / wanted;
  }
  const freedom = shares.length - 1;
  t.ok(Math.abs(square - freedom) < 4.5 * Math.sqrt(2 * freedom), `χ² ${square} of ${freedom}`);
});

t.test('a prediction that is a fifth off differs from enough samples', async (t) => {
  const decaying = { decay: 2e-3, threads: 2 };
  const point = await stationaryPoint(population, shares, native.weights, decaying, 1e-3);
  if (point === undefined) return t.fail('no minimum');
  // Squares as theory has them, of 5,000 samples: their mean has an error of 1/50.
  const squares = Array.from({ length: 5000 }, (_, i) => (-Math.log((i + 0.5) / 5000) * point.spread) / 1000);
  const tracked = {
    name: 'minimum',
    point,
    sampled: [{ samples: 1000, squares, lost: 0, indices: squares.map(() => 0) }],
  };
  const verdict = (spread: number): string | undefined =>
    rowsOf({ ...tracked, point: { ...point, spread } })[0]?.verdict;
  t.same([verdict(point.spread), verdict(1.2 * point.spread)], ['agrees', 'differs']);
  const lost = { ...tracked.sampled[0], samples: 1000, squares, lost: 1, indices: squares.map(() => 0) };
  t.equal(rowsOf({ ...tracked, sampled: [lost] }).at(-1)?.verdict, 'differs', 'a point that was not found again');
  t.equal(stationaryPoints.id, 'deep-cnn-stationary-points');
});
