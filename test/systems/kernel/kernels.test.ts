// Kernels of data matrices: the vectorised maps against the careful way pair by pair, identities, blocks and threads.
import t from 'tap';
import { evaluate, predict } from 'mft-native';
import { crossKernels, type Kernels, selfKernels } from '../../../dist/systems/kernel/kernels.js';
import { mappedKernels } from '../../../dist/systems/kernel/maps.js';
import { kernelModel, type KernelModel, modelParameters } from '../../../dist/systems/kernel/model.js';
import { z } from 'zod';
import { sameBits } from '../../bits.js';

const schema = z.strictObject(modelParameters);
const dimension = 7;
const model = (given: object): KernelModel =>
  kernelModel(schema.parse({ depth: 3, weightVariance: 1.7, ...given }), dimension);

/** Rows drawn by a linear congruence, with a row of zeros, equal, nearly equal, opposite and parallel ones. */
function rows(count: number, seed: number): { count: number; dimension: number; values: Float64Array } {
  let state = seed;
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
  return { count, dimension, values };
}
const data = rows(300, 1);
const other = rows(70, 2);
/** Few enough for the careful way, and no multiple of what a vector holds. */
const few = rows(131, 1);
// With this listener every pair goes the careful way.
const careful = { ntk: true, onLayer: () => {} };

/** Largest difference relative to the root of the diagonal entries. */
function distance(found: Float64Array, wanted: Float64Array, sizes: (i: number, j: number) => number, columns: number) {
  let largest = 0;
  wanted.forEach((value, at) => {
    const [i, j] = [Math.floor(at / columns), at % columns];
    largest = Math.max(largest, Math.abs((found[at] as number) - value) / (sizes(i, j) || 1));
  });
  return largest;
}

const activations = [
  'relu',
  { name: 'leakyRelu', slope: 0.2 },
  { name: 'abRelu', a: 0.3, b: -1.1 },
  'abs',
  'linear',
  'erf',
] as const;
const settings = [
  {},
  { biasVariance: 0.1 },
  { keepProbability: 0.7, biasVariance: 0.3, maskSharing: 'shared' },
  { keepProbability: 0.8, biasVariance: 0.1, parameterization: 'standard', width: [5, 6, 7] },
  { inputKeepProbability: 0.5, inputScaling: 'none' },
] as const;

t.test('the vectorised maps agree with the careful way', async (t) => {
  for (const activation of activations)
    for (const more of settings) {
      const network = model({ activation, ...more });
      const own = await selfKernels(network, few, { ntk: true });
      const slow = await selfKernels(network, few, careful);
      const cross = await crossKernels(network, few, other, { ntk: true });
      const slowCross = await crossKernels(network, few, other, careful);
      const diagonal = (of: Kernels, name: 'nngp' | 'ntk', i: number): number => of[name][i * of.columns + i] as number;
      const otherOwn = await selfKernels(network, other, careful);
      for (const name of ['nngp', 'ntk'] as const) {
        const size = (a: Kernels, b: Kernels) => (i: number, j: number) =>
          Math.sqrt(Math.abs(diagonal(a, name, i) * diagonal(b, name, j)));
        const what = `${name} ${JSON.stringify({ activation, ...more })}`;
        const near = distance(own[name], slow[name], size(slow, slow), few.count);
        // Of a pair at an angle θ near 0 or π the slope of a rectifier has an error of 1e-16/θ.
        t.ok(near < (name === 'ntk' ? 1e-12 : 1e-13), `${what}: ${near}`);
        const far = distance(cross[name], slowCross[name], size(slow, otherOwn), other.count);
        t.ok(far < 1e-12, `${what}, with others: ${far}`);
      }
    }
});

t.test('gelu, which the careful way integrates', async (t) => {
  const few = { ...data, count: 12, values: data.values.subarray(0, 12 * dimension) };
  const network = model({ activation: 'gelu', depth: 1, biasVariance: 0.1 });
  const { nngp, ntk } = await mappedKernels(network, few, undefined, true, {});
  const slow = await selfKernels(network, few, careful);
  t.ok(distance(nngp, slow.nngp, () => 1, 12) < 1e-12);
  t.ok(distance(ntk, slow.ntk, () => 1, 12) < 1e-11);
});

t.test('symmetric; the same bits in blocks of rows and for any number of calls', async (t) => {
  const network = model({ biasVariance: 0.2 });
  const whole = await mappedKernels(network, data, undefined, true, {});
  for (let i = 0; i < data.count; i++)
    for (let j = 0; j < i; j++)
      if (whole.nngp[i * data.count + j] !== whole.nngp[j * data.count + i]) t.fail(`entry ${i}, ${j}`);
  sameBits(t, (await mappedKernels(network, data, undefined, true, {})).ntk, whole.ntk, 'again');
  for (const [firstRow, count] of [
    [0, 100],
    [100, 200],
  ] as const) {
    const part = await mappedKernels(network, data, undefined, true, {}, { firstRow, rows: count });
    const from = whole.nngp.subarray(firstRow * data.count, (firstRow + count) * data.count);
    const worst = distance(part.nngp, from, () => 1, data.count);
    t.ok(worst < 1e-14, `rows from ${firstRow} on: ${worst}`);
  }
});

t.test('rows of doubles are those of lists, are read before the promise, and name what is wrong in them', async (t) => {
  const row = (i: number): Float64Array => data.values.slice(i * dimension, (i + 1) * dimension);
  const typed = Array.from({ length: 25 }, (_, i) => row(i));
  const network = { system: 'kernel', depth: 2, biasVariance: 0.1 } as const;
  const wanted = await predict({ ...network, inputs: { values: typed.map((each) => [...each]) } });
  const found = predict({ ...network, inputs: { values: typed } });
  for (const each of typed) each.fill(NaN);
  sameBits(t, (await found).observables.ntk?.values ?? [], wanted.observables.ntk?.values ?? [1], 'typed rows');
  const mixed = await predict({ ...network, inputs: { values: [row(0), [...row(1)], row(2)] } });
  t.same(mixed.observables.nngp?.values.length, 9);
  const [short, moved] = [row(1).slice(1), row(1)];
  structuredClone(moved, { transfer: [moved.buffer as ArrayBuffer] });
  for (const [wrong, code] of [
    [short, 'ERR_MFT_SHAPE'],
    [moved, 'ERR_MFT_INVALID_ARGUMENT'],
    [row(1).fill(Infinity, 3, 4), 'ERR_MFT_OUT_OF_RANGE'],
    [[...row(1).fill(Infinity, 3, 4)], 'ERR_MFT_OUT_OF_RANGE'],
  ] as const)
    await t.rejects(predict({ ...network, inputs: { values: [row(0), wrong, row(2)] } }), { code }, code);
});

t.test('identities', async (t) => {
  const small = { count: 60, dimension, values: data.values.subarray(0, 60 * dimension) };
  const inner = (i: number, j: number): number => {
    let sum = 0;
    for (let k = 0; k < dimension; k++)
      sum += (data.values[i * dimension + k] as number) * (data.values[j * dimension + k] as number);
    return sum / dimension;
  };
  const flat = await selfKernels(model({ depth: 0, biasVariance: 0.3 }), small, { ntk: true });
  const linear = await selfKernels(model({ activation: 'linear' }), small, { ntk: true });
  let worst = 0;
  for (let i = 0; i < 60; i++)
    for (let j = 0; j < 60; j++) {
      const at = i * 60 + j;
      worst = Math.max(
        worst,
        Math.abs((flat.nngp[at] as number) - 1.7 * inner(i, j) - 0.3),
        Math.abs((flat.ntk[at] as number) - (flat.nngp[at] as number)),
        Math.abs((linear.nngp[at] as number) - 1.7 ** 4 * inner(i, j)) / 10,
        Math.abs((linear.ntk[at] as number) - 4 * (linear.nngp[at] as number)) / 40,
      );
    }
  t.ok(worst < 1e-14, `depth 0 and linear: ${worst}`);
  const relu = await selfKernels(model({ activation: 'relu' }), small, { ntk: true });
  const same = await selfKernels(model({ activation: { name: 'abRelu', a: 0, b: 1 } }), small, { ntk: true });
  t.same(relu.nngp, same.nngp, 'abRelu 0, 1 is relu');
  for (const [one, other] of [
    [{ name: 'abRelu', a: 1, b: 1 }, 'linear'],
    [{ name: 'abRelu', a: -1, b: 1 }, 'abs'],
    [{ name: 'leakyRelu', slope: 0 }, 'relu'],
  ] as const) {
    const [first, second] = await Promise.all(
      [one, other].map((activation) => selfKernels(model({ activation, biasVariance: 0.2 }), small, { ntk: true })),
    );
    t.same(first?.nngp, second?.nngp, `${JSON.stringify(one)} is ${JSON.stringify(other)}`);
    t.same(first?.ntk, second?.ntk);
  }
  let beyond = 0;
  for (const { nngp } of [relu, linear, flat])
    for (let i = 0; i < 60; i++)
      for (let j = 0; j < 60; j++) {
        const whole = Math.sqrt((nngp[i * 61] as number) * (nngp[j * 61] as number));
        beyond = Math.max(beyond, Math.abs(nngp[i * 60 + j] as number) - whole * (1 + 4 * 60 * Number.EPSILON));
      }
  t.ok(beyond <= 0, `no entry is above the geometric mean of its diagonals: ${beyond}`);
  const values = [1, 0, -1].map((covariance) =>
    evaluate('kernel', 'pairExpectation', { activation: 'relu', variance1: 1, variance2: 1, covariance }),
  );
  t.strictSame(await Promise.all(values), [0.5, 1 / (2 * Math.PI), 0], 'angles 0, π/2 and π');
  const double = { ...small, values: small.values.map((x) => 2 * x) };
  const scaled = await selfKernels(model({ activation: 'relu' }), double, { ntk: true });
  t.same(
    scaled.nngp,
    relu.nngp.map((k) => 4 * k),
    'homogeneous of degree 1 in each input',
  );
  const turned = { ...small, values: small.values.slice() };
  for (let i = 0; i < 60; i++) {
    const [x, y] = [small.values[i * dimension] as number, small.values[i * dimension + 1] as number];
    turned.values[i * dimension] = 0.6 * x - 0.8 * y;
    turned.values[i * dimension + 1] = 0.8 * x + 0.6 * y;
  }
  const rotated = await selfKernels(model({ activation: 'relu' }), turned, { ntk: true });
  t.ok(distance(rotated.nngp, relu.nngp, () => 10, 60) < 1e-13, 'invariant under rotations');
  const least = (matrix: Float64Array): number => leastRayleigh(matrix, 60);
  const rest = relu.ntk.map((value, at) => value - (relu.nngp[at] as number));
  t.ok(least(relu.nngp) > -1e-11 && least(rest) > -1e-11, 'K and Θ − K are positive semidefinite');
});

/** A lower bound of what the smallest eigenvalue is not: the least of x'Ax/x'x over steps of descent from many starts. */
function leastRayleigh(matrix: Float64Array, size: number): number {
  const largest = Math.max(...Array.from({ length: size }, (_, i) => rowSum(matrix, size, i)));
  let vector = Float64Array.from({ length: size }, (_, i) => Math.sin(1 + 7 * i));
  let value = 0;
  for (let step = 0; step < 3000; step++) {
    const image = vector.map((_, i) => dot(matrix.subarray(i * size, (i + 1) * size), vector));
    value = dot(image, vector) / dot(vector, vector);
    const next = vector.map((x, i) => x - (image[i] as number) / largest);
    const length = Math.sqrt(dot(next, next));
    vector = next.map((x) => x / length);
  }
  return value;
}
const dot = (a: Float64Array, b: Float64Array): number => a.reduce((sum, x, i) => sum + x * (b[i] as number), 0);
const rowSum = (matrix: Float64Array, size: number, i: number): number =>
  matrix.subarray(i * size, (i + 1) * size).reduce((sum, x) => sum + Math.abs(x), 0);

t.test('inputs on a line: lengths that differ turn pre-activations apart in all but homogeneous layers', async (t) => {
  const found = (activation: string, inputs: readonly number[][]): Promise<{ nngp: number[][]; ntk: number[][] }> =>
    evaluate('kernel', 'mlpKernels', { activation, depth: 3, weightVariance: 2, inputs } as never) as never;
  // By the closed recursions at 40 digits.
  for (const [activation, wanted] of [
    ['erf', 0.9214017569229134],
    ['sin', 0.23892187861459427],
  ] as const) {
    const { nngp } = await found(activation, [[1], [2]]);
    t.ok(Math.abs((nngp[0]?.[1] as number) - wanted) < 1e-14, `${activation}: ${nngp[0]?.[1]}`);
  }
  // An odd activation of the opposite, an even one of the same: pairs at correlation −1 are computed another way.
  for (const [activation, sign] of [
    ['tanh', -1],
    ['sin', -1],
    ['cos', 1],
  ] as const) {
    const [along, against] = [await found(activation, [[1], [2]]), await found(activation, [[1], [-2]])];
    for (const name of ['nngp', 'ntk'] as const) {
      const apart = (along[name][0]?.[1] as number) - sign * (against[name][0]?.[1] as number);
      t.ok(Math.abs(apart) < 1e-13, `${activation}, ${name}: ${apart}`);
    }
  }
});

t.test('kernels beyond the range of double precision name the layer', async (t) => {
  const given = {
    activation: 'relu',
    depth: 60,
    weightVariance: 1e6,
    inputs: [
      [1, 1],
      [1, -1],
    ],
  };
  await t.rejects(evaluate('kernel', 'mlpKernels', given), { code: 'ERR_MFT_NOT_FINITE', message: /`ntk`.*layer 54/ });
  await t.rejects(evaluate('kernel', 'mlpKernels', { ...given, get: ['nngp'] }), {
    code: 'ERR_MFT_NOT_FINITE',
    message: /`nngp`.*layer 55/,
  });
  const { cosine, logVariance } = (await evaluate('kernel', 'mlpKernels', { ...given, normalize: true })) as never as {
    cosine: number[][];
    logVariance: number[];
  };
  t.ok(Math.abs((cosine[0]?.[1] as number) - 0.9911227696829629) < 1e-11);
  t.ok(Math.abs((logVariance[0] as number) / Math.LN10 - 347.938200260161) < 1e-9);
  const many = Array.from({ length: 60 }, (_, i) => [1, i]);
  await t.rejects(predict({ system: 'kernel', depth: 60, weightVariance: 1e6, inputs: { values: many } }), {
    code: 'ERR_MFT_NOT_FINITE',
    message: /layer 5\d/,
  });
});

t.test('variances of weights that differ from layer to layer', async (t) => {
  const weightVariance = [...Array.from({ length: 15 }, (_, i) => (i + 1) ** 2), 1];
  const found = await evaluate('kernel', 'mlpKernels', {
    activation: 'relu',
    depth: 15,
    weightVariance,
    inputs: [[1]],
  });
  const { nngp, ntk } = found as { nngp: number[][]; ntk: number[][] };
  t.ok(Math.abs((nngp[0]?.[0] as number) / 5.2185432517218e19 - 1) < 1e-12);
  t.ok(Math.abs((ntk[0]?.[0] as number) / 8.34966920275488e20 - 1) < 1e-12);
});

t.test('the tangent kernel with any bias tends to 4/7, without to 1/4', async (t) => {
  const inputs = [
    [Math.SQRT2, 0],
    [0, Math.SQRT2],
  ];
  const at = async (given: object): Promise<number> =>
    (await evaluate('kernel', 'normalizedNtkAtDepth', {
      activation: 'relu',
      weightVariance: 2,
      inputs,
      ...given,
    })) as number;
  const depth = 10_000;
  const hidden = (first: number, rest: number): number[] => [first, ...Array.from({ length: depth }, () => rest)];
  const biased = await at({ depth, weightVariance: hidden(1, 2), biasVariance: hidden(0, 1) });
  t.ok(Math.abs(biased - 0.580256) < 1e-6, `${biased}`);
  const free = await at({ depth: 1000 });
  t.ok(free > 0.25 && free < 0.26, `${free}`);
});
