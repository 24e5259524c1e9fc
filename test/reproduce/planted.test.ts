// The rows that single figures build: each agrees with a measurement that is right and differs from a planted wrong one.
import t from 'tap';
import { rateRow } from '../../dist/reproduce/deep-dropout/figure-5.js';
import { published } from '../../dist/reproduce/linear-autoencoders/figure-5-published.js';
import { imageRows } from '../../dist/reproduce/linear-autoencoders/figure-5.js';
import { circleRow } from '../../dist/reproduce/expressivity/figure-3.js';
import { finiteRows, kernelRows } from '../../dist/reproduce/gaussian-processes/regression.js';
import { tableRow } from '../../dist/reproduce/gaussian-processes/table.js';
import { deviationRows } from '../../dist/reproduce/weight-laws/real-data.js';
import { effectRow } from '../../dist/reproduce/percolation/three-arms.js';
import { peakRow } from '../../dist/reproduce/residual/mnist-tanh.js';
import type { MeasuredPath } from '../../dist/reproduce/residual/level-sets.js';

t.test('effect: an arm that costs less than nothing', async (t) => {
  const row = (mean: number, seeds = 10): string =>
    effectRow('x', { mean, standardError: 0.1, count: seeds }, seeds).verdict;
  t.equal(row(1), 'agrees');
  t.equal(row(-1), 'differs');
  t.equal(row(0.2), 'inconclusive', 'two standard errors of ten seeds');
  t.equal(row(1, 2), 'inconclusive', 'two seeds decide nothing');
});

t.test('circle: a metric that is off by more than O(layer/width) and its errors', async (t) => {
  const row = (factor: number): string =>
    circleRow('g', 7, { mean: 7 * factor, standardError: 0.07, count: 50 }, 5, 1000).verdict;
  t.equal(row(1), 'agrees');
  t.equal(row(1.02), 'agrees', 'allowed for: 3 · 5/1000, and half a standard error more');
  for (const factor of [0.9, 1.1]) t.equal(row(factor), 'differs', `${factor} times the theory`);
});

/** Pairs of standard normal numbers by the polar method, from a generator with a fixed seed. */
function normals(seed: number): () => number {
  let state = seed;
  const uniform = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state + 0.5) / 2 ** 32;
  };
  return () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
}

t.test('rate: logarithms of gradients that spread faster or slower than β/N per layer', async (t) => {
  const [width, depth, beta] = [500, 110, 2.5];
  // From the last layer down, every layer adds an independent normal number of variance β/N to the logarithm.
  const networks = (factor: number): number[][] => {
    const normal = normals(1);
    return Array.from({ length: 400 }, () => {
      const logs = [0];
      for (let layer = 1; layer < depth; layer++)
        logs.unshift((logs[0] as number) + Math.sqrt((factor * beta) / width) * normal());
      return logs;
    });
  };
  const row = (factor: number): string =>
    rateRow({ width, depth, logBias: beta / (2 * width) } as Parameters<typeof rateRow>[0], networks(factor)).verdict;
  t.equal(row(1), 'agrees');
  t.equal(row(2), 'differs');
  t.equal(row(0.4), 'differs');
});

t.test('peak: another decay trains best than the one with the flattest gradients', async (t) => {
  const decays = [0, 0.2, 0.4, 0.6, 0.8, 1];
  const depth = 20;
  const path = (best: number): MeasuredPath =>
    ({
      name: 'p',
      activation: 'tanh',
      fields: (decay: number) => ({
        innerWeightDecay: decay,
        innerBiasDecay: decay,
        outerWeightDecay: decay,
        outerBiasDecay: decay,
      }),
      cells: decays.map((value) => ({ value, depth, accuracy: 0.9 - 0.1 * Math.abs(value - best) })),
    }) as unknown as MeasuredPath;
  const scale = { points: decays.length } as Parameters<typeof peakRow>[2];
  const flattest = Number((await peakRow(path(0.2), depth, scale, {})).published);
  t.ok(flattest > 0.05 && flattest < 0.95, `the theory has a minimum inside: ${flattest}`);
  const nearest = decays.reduce((a, b) => (Math.abs(b - flattest) < Math.abs(a - flattest) ? b : a));
  t.equal((await peakRow(path(nearest), depth, scale, {})).verdict, 'agrees');
  for (const wrong of decays.filter((decay) => Math.abs(decay - flattest) > 0.21))
    t.equal((await peakRow(path(wrong), depth, scale, {})).verdict, 'differs', `best at ${wrong}`);
});

t.test('linear networks on images: losses, mappings and times that are off', async (t) => {
  const [set] = published;
  if (set === undefined) return t.fail('there is a data set');
  const records = Array.from({ length: 251 }, (_, i) => 20 * i);
  const { losses, plateaus } = set.runs.noise;
  /** Logistic curves that end at the published mappings. */
  const curve = (delay: number, shift: number) => (record: number, mode: number) => {
    const end = plateaus.find(([of]) => of === mode)?.[1] ?? 0.5;
    return (end + shift) / (1 + Math.exp(-(20 * record - delay * 1000) / 100));
  };
  const verdicts = (lossFactor: number, shift: number, delay: number, deviation = 0, widened = 0.95): string[] => {
    const loss = records.map((epoch) => {
      const at = [0, 500, 1000, 2000, 3000, 4000, 4900].indexOf(epoch);
      return at < 0 ? 0 : lossFactor * (losses[at] as number);
    });
    const run = {
      starts: 10,
      records,
      loss,
      lossDeviation: loss.map((x) => deviation * x),
      mapping: curve(delay, shift),
      theory: curve(1, 0),
      low: curve(1, 0),
      high: curve(1, 0),
      inBand: { share: 0.6, widened },
    };
    return imageRows(set, 'noise', run, 'images').map(({ verdict }) => verdict);
  };
  t.same(new Set(verdicts(1.004, 0.005, 1.02)), new Set(['agrees']));
  t.same(verdicts(1.01, 0, 1).slice(0, 7), Array(7).fill('differs'), 'losses 1 % off');
  t.same(verdicts(1.01, 0, 1, 0.005).slice(0, 7), Array(7).fill('agrees'), 'unless starts scatter by half of that');
  t.same(verdicts(1, 0.02, 1).slice(7, 12), Array(5).fill('differs'), 'mappings 0.02 off');
  t.equal(verdicts(1, 0, 1.1).at(-2), 'differs', 'ten per cent late');
  t.equal(verdicts(1, 0, 1, 0, 0.89).at(-1), 'differs', 'too many starts outside the band');
});

t.test('gaussian processes: accuracies that are not the published ones', async (t) => {
  const row = { set: 'mnist', count: 1000, depth: 20, weightVariance: 1.45, biasVariance: 0.28 } as const;
  const of = (accuracies: readonly number[], images: 'mnist' | 'synthetic' = 'mnist'): string =>
    tableRow({ ...row, accuracy: 0.9279, networkAccuracy: 0.9252 }, accuracies, 10_000, images).verdict;
  t.equal(of([0.925, 0.924, 0.931, 0.934, 0.928, 0.926]), 'agrees');
  const wrong = [0.86, 0.859, 0.866, 0.869, 0.863, 0.861, 0.864, 0.862];
  t.equal(of(wrong), 'differs');
  t.equal(of(wrong, 'synthetic'), 'notComparable');
  const point = (accuracy: number) => ({ count: 5000, accuracy, standardError: 0.002, quantities: {}, seconds: 1 });
  const scale = { counts: [5000], validationCount: 10_000, seeds: 3, width: 512 };
  const kernels = (accuracy: number): string[] =>
    kernelRows({ set: 'mnist', images: 'mnist', nngp: [point(accuracy)], ntk: [point(0.96)] }, scale).map(
      ({ verdict }) => verdict,
    );
  t.same(kernels(0.962), ['agrees', 'agrees']);
  t.same(kernels(0.91), ['differs', 'agrees']);
  t.same(kernels(0.99), ['differs', 'agrees']);
  const against = (network: number): string | undefined =>
    finiteRows({ set: 'mnist', images: 'mnist', nngp: [point(0.962)], finite: [point(network)] }, scale)[0]?.verdict;
  t.equal(against(0.951), 'agrees');
  t.equal(against(0.975), 'differs');
  t.equal(against(0.963), 'inconclusive');
});

t.test('laws of weights: a deviation that is not the predicted one', async (t) => {
  const of = (measured: number, images: 'mnist' | 'synthetic' = 'mnist'): (string | undefined)[] => {
    const pair = { dimension: 784, predicted: -4e-4, measured, standardError: 1e-5, share: 0.01 };
    return deviationRows({ set: 'mnist', images, deviations: [[pair], []] }, 40).map(({ verdict }) => verdict);
  };
  t.same(of(-4.1e-4), ['agrees']);
  t.same(of(0), ['differs']);
  t.same(of(-8e-4), ['differs']);
  t.same(of(0, 'synthetic'), ['notComparable']);
});
