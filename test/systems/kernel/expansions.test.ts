// Maps of activations without a vectorised closed form, sums of Hermite terms, against pairs integrated one by one; the bits of
// all maps for any number of threads and on every instruction set.
import t from 'tap';
import { evaluate, predict } from 'mft-native';
import { z } from 'zod';
import { addon } from '../../../dist/core/addon.js';
import { selfKernels } from '../../../dist/systems/kernel/kernels.js';
import { mappedKernels } from '../../../dist/systems/kernel/maps.js';
import { kernelModel, type KernelModel, modelParameters } from '../../../dist/systems/kernel/model.js';
import type { ActivationSpec } from '../../../dist/gaussian/activations.js';
import { gaussianFunctionOf, type NativeGaussianFunction, powers } from '../../../dist/gaussian/expectation.js';
import type { Integrand } from '../../../dist/gaussian/integrand.js';
import { deficit, expectation } from '../../../dist/gaussian/moments.js';
import { pairGaps, pairMoments } from '../../../dist/systems/kernel/pair.js';
import type {} from '../../../dist/systems/kernel/maps-native.js';
import { sameBits } from '../../bits.js';

const schema = z.strictObject(modelParameters);
const dimension = 7;
const count = 40;
const model = (given: object): KernelModel =>
  kernelModel(schema.parse({ depth: 2, weightVariance: 1.7, ...given }), dimension);

const largest = (values: Float64Array): number => values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);

/** Rows drawn by a linear congruence; among them a row of zeros, equal, nearly equal, opposite, parallel and tiny ones. */
function rows(): { count: number; dimension: number; values: Float64Array } {
  let state = 1;
  const values = Float64Array.from({ length: count * dimension }, () => {
    state = (state * 1103515245 + 12345) % 2 ** 31;
    return 4 * (state / 2 ** 31 - 0.5);
  });
  const row = (i: number): Float64Array => values.subarray(i * dimension, (i + 1) * dimension);
  row(5).fill(0);
  row(9).set(row(8));
  row(11).set(row(10).map((x, k) => x * (1 + 1e-9 * k)));
  row(13).set(row(12).map((x) => -x));
  row(15).set(row(14).map((x) => 3 * x));
  row(16).set(row(16).map((x) => 1e-3 * x));
  return { count, dimension, values };
}
const data = rows();

/** Largest difference relative to the root of the diagonal entries. */
function distance(found: Float64Array, wanted: Float64Array): number {
  const own = (i: number): number => Math.abs(wanted[i * (count + 1)] as number);
  let largest = 0;
  wanted.forEach((value, at) => {
    const size = Math.sqrt(own(Math.floor(at / count)) * own(at % count)) || 1;
    largest = Math.max(largest, Math.abs((found[at] as number) - value) / size);
  });
  return largest;
}

t.test('sums of Hermite terms agree with integrals, pair by pair', async (t) => {
  for (const activation of ['tanh', 'silu', 'softplus', 'sigmoid', 'mish', 'sin', 'cos'] as const)
    for (const more of [{}, { biasVariance: 0.3, keepProbability: 0.8 }]) {
      const network = model({ activation, ...more });
      const found = await mappedKernels(network, data, undefined, true, {});
      const wanted = await selfKernels(network, data, { ntk: true, onLayer: () => {} });
      const what = `${activation} ${JSON.stringify(more)}`;
      const near = distance(found.nngp, wanted.nngp);
      t.ok(near < 1e-12, `${what}: ${near}`);
      const slope = distance(found.ntk, wanted.ntk);
      t.ok(slope < 1e-12, `${what}, tangent: ${slope}`);
    }
});

t.test('kinks, where correlations near 1 are beyond the sum', async (t) => {
  const few = { count: 18, dimension, values: data.values.subarray(0, 18 * dimension) };
  const network = model({ activation: 'elu', depth: 1, biasVariance: 0.1 });
  const found = await mappedKernels(network, few, undefined, true, {});
  const wanted = await selfKernels(network, few, { ntk: true, onLayer: () => {} });
  const worst = wanted.ntk.reduce((most, value, at) => Math.max(most, Math.abs(value - (found.ntk[at] as number))), 0);
  t.ok(worst < 1e-12, `${worst}`);
});

t.test('pairs near correlations of 1 and -1 of activations with kinks agree with quadrature', async (t) => {
  const slots = (): Int32Array => new Int32Array(new SharedArrayBuffer(64));
  const clipped = { expression: 'max(min(x, 1), -0.5) + 0.1 * x', kinks: [1, -0.5] };
  const bent = { expression: 'max(x, tanh(x))', kinks: [0] };
  for (const activation of ['elu', 'selu', 'softsign', bent, 'hardTanh', 'relu6', 'hardSigmoid', clipped]) {
    const phi = gaussianFunctionOf(activation as ActivationSpec);
    const few = [
      [0.5, 0.5, 1e-10],
      [0.5, 2, 1e-6],
      [2, 0.5, 1e-6],
      [1.3, 1.31, 1e-4],
      [2, 1.9, 3e-3],
      [0.5, 2, 0.02],
      [2, 2, 1 - 0.3],
      [0.5, 2, 1.999],
      [1, 1, 2],
      [2, 2, 2 - 1e-9],
    ] as const;
    // As many pairs as it takes for tables to be made: variances between those of the few.
    const more = Array.from({ length: 150 }, (_, i) => [0.5 + i / 100, 2 - i / 100, 2e-4 * (1 + i)] as const);
    const call = (pairs: readonly (readonly [number, number, number])[]) => ({
      activation: phi.native as NativeGaussianFunction,
      varianceA: Float64Array.from(pairs, (pair) => pair[0]),
      varianceB: Float64Array.from(pairs, (pair) => pair[1]),
      oneMinusCorrelation: Float64Array.from(pairs, (pair) => pair[2]),
      threads: 1,
    });
    const pairs = [...few, ...more];
    const found = await addon().kernelPairs({ ...call(pairs), hasTangent: true }, slots());
    const integral = (integrand: Integrand) =>
      addon().startGaussian({ ...call(few), what: 'pair', integrand: powers(integrand) }, slots());
    const [value, slope] = [await integral({ value: 1 }), await integral({ first: 1 })];
    few.forEach(([q1, q2, gap], i) => {
      const norm = (integrand: Integrand): number =>
        Math.sqrt(expectation(phi, integrand, q1) * expectation(phi, integrand, q2));
      const far = Math.abs((found[i] as number) - (value[i] as number)) / norm({ value: 2 });
      const farSlope = Math.abs((found[pairs.length + i] as number) - (slope[i] as number)) / norm({ first: 2 });
      const what = `${JSON.stringify(activation)} at ${q1}, ${q2}, ${gap}`;
      t.ok(far < 1e-13, `${what}: ${far}`);
      t.ok(farSlope < 1e-13, `${what}, slope: ${farSlope}`);
    });
  }
});

t.test('pairs on a line, of unlike lengths, with kinks away from zero', async (t) => {
  // Gaps of 0 and of 1e-30: the same numbers.
  const phi = gaussianFunctionOf('hardSwish');
  const variance2 = Float64Array.of(1.001, 1.001, 4, 4);
  const gap = Float64Array.of(0, 1e-30, 0, 1e-30);
  const covariance = variance2.map((q, i) => Math.sqrt(q) * (1 - (gap[i] as number)));
  const pairs = { variance1: new Float64Array(4).fill(1), variance2, covariance, gap };
  const { product, slope } = await pairMoments(phi, pairs, true, {});
  for (const [name, values] of Object.entries({ product, slope }))
    for (const at of [0, 2]) {
      const apart = Math.abs((values[at] as number) - (values[at + 1] as number));
      t.ok(apart < 1e-14, `${name}: ${apart}`);
    }
  const inputs = [
    [1, 0.5],
    [3, 1.5],
  ];
  const { nngp } = (await evaluate('kernel', 'mlpKernels', { activation: 'hardSwish', inputs })) as never as {
    readonly nngp: readonly (readonly number[])[];
  };
  t.ok(Number.isFinite(nngp[1]?.[0]), 'parallel inputs without biases');
});

t.test('gaps of many pairs of one variance keep their digits', async (t) => {
  const gaps = Float64Array.from({ length: 40 }, (_, i) => 1e-12 * 1.8 ** i);
  for (const [activation, variance] of [
    ['elu', 1],
    ['hardTanh', 3],
  ] as const) {
    const phi = gaussianFunctionOf(activation);
    const same = gaps.map(() => variance);
    const pairs = { variance1: same, variance2: same, covariance: gaps.map((gap) => variance * (1 - gap)), gap: gaps };
    const found = await pairGaps(phi, pairs, (await pairMoments(phi, pairs, false, {})).product, {});
    const second = expectation(phi, { value: 2 }, variance);
    [0, 7, 15, 23, 31, 38, 39].forEach((i) => {
      const wanted = deficit(phi, variance, gaps[i] as number) / second;
      const far = Math.abs((found[i] as number) / wanted - 1);
      t.ok(far < 2e-12, `${activation}, gap ${gaps[i]}: ${far}`);
    });
  }
});

t.test('an expression is the activation it spells', async (t) => {
  const named = await mappedKernels(model({ activation: 'tanh' }), data, undefined, true, {});
  const spelt = await mappedKernels(model({ activation: { expression: 'tanh(x)' } }), data, undefined, true, {});
  t.ok(distance(spelt.nngp, named.nngp) < 1e-12);
  t.ok(distance(spelt.ntk, named.ntk) < 1e-12);
});

t.test('through predict a matrix of many rows has the entries of few', async (t) => {
  const values = Array.from({ length: 60 }, (_, i) =>
    Array.from({ length: 5 }, (_, k) => Math.cos(1 + 3 * i * k + i) * (1 + (i % 4))),
  );
  const spec = { activation: 'tanh', depth: 3, weightVariance: 1.8, biasVariance: 0.05 } as const;
  const { observables } = await predict({ system: 'kernel', ...spec, inputs: { values } });
  const own = await evaluate('kernel', 'mlpKernels', { ...spec, inputs: values.slice(0, 6) });
  const { nngp, ntk } = own as { nngp: number[][]; ntk: number[][] };
  for (let i = 0; i < 6; i++)
    for (let j = 0; j < 6; j++) {
      const at = i * values.length + j;
      t.ok(Math.abs((observables.nngp?.values[at] as number) - (nngp[i]?.[j] as number)) < 1e-12, `K ${i}, ${j}`);
      t.ok(Math.abs((observables.ntk?.values[at] as number) - (ntk[i]?.[j] as number)) < 1e-11, `Θ ${i}, ${j}`);
    }
});

t.test('the same bits with AVX2 and AVX-512 and for any number of threads, the same numbers without', async (t) => {
  const order = ['baseline', 'avx2', 'avx512'] as const;
  const best = addon().environment().bestInstructionSet;
  const sets = order.slice(0, order.indexOf(best) + 1);
  for (const activation of ['relu', 'erf', 'gelu', 'tanh', 'silu'] as const) {
    const network = model({ activation, biasVariance: 0.2, keepProbability: 0.9 });
    const wanted = await mappedKernels(network, data, undefined, true, { threads: 1 });
    for (const threads of [2, 7])
      sameBits(
        t,
        await mappedKernels(network, data, undefined, true, { threads }),
        wanted,
        `${activation}, ${threads} threads`,
      );
    for (const set of sets) {
      addon().useInstructionSet(set);
      const found = await mappedKernels(network, data, undefined, true, {});
      // Without fused multiply-adds every number is rounded where it is not with them.
      if ((set === 'baseline') === (best === 'baseline')) sameBits(t, found, wanted, `${activation} on ${set}`);
      else
        for (const name of ['nngp', 'ntk'] as const)
          t.ok(
            found[name].every(
              (value, i) => Math.abs(value - (wanted[name][i] as number)) <= 1e-12 * largest(wanted[name]),
            ),
            `${activation} on ${set}: ${name}`,
          );
    }
  }
});
