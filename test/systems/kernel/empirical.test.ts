// Kernels of a network with given weights: a network of PyTorch's users worked out by hand, explicit derivatives by every
// parameter, weights of `train` and of files.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { empiricalKernels, MftError, type NamedArray, readDataset, train } from 'mft-native';
import { sameBits } from '../../bits.js';

const layers = [
  {
    weight: [
      [0.5, -1],
      [1.5, 0.25],
      [-0.75, 0.8],
    ],
    bias: [0.1, -0.2, 0.3],
  },
  {
    weight: [
      [1, -0.5, 0.25],
      [0.4, 0.9, -1.2],
    ],
    bias: [0, 0.5],
  },
];
const inputs = [
  [1, 0.5],
  [-0.4, 1.2],
];

t.test('the full kernel of a network: google/neural-tangents#68, pytorch/functorch#334', async (t) => {
  const full = await empiricalKernels(layers, inputs, { classes: 'full' });
  const wanted = [5.853125, -0.1125, 1, 0, -0.1125, 5.223125, 0, 1, 1, 0, 3.5961, -0.78, 0, 1, -0.78, 7.1776];
  t.equal(full.ntk.values.length, wanted.length);
  for (const [i, value] of wanted.entries())
    t.ok(Math.abs((full.ntk.values[i] as number) - value) < 1e-13, `entry ${i}: ${full.ntk.values[i]}`);
  t.same([full.order, full.isAveraged, full.outputs, full.parameters], [['input', 'output'], false, 2, 17]);
  const mean = await empiricalKernels(layers, inputs);
  for (const [i, value] of [5.538125, 1, 1, 5.38685].entries())
    t.ok(Math.abs((mean.ntk.values[i] as number) - value) < 1e-13, `mean over outputs, entry ${i}`);
  t.same([mean.order, mean.isAveraged, mean.ntk.shape], [['input'], true, [2, 2]]);
  // h = (0.1, 1.425, 0) and (0, 0, 1.56): weightVariance h·h/3 + biasVariance.
  const scaled = await empiricalKernels(layers, inputs, { weightVariance: 2, biasVariance: 0.5 });
  t.ok(Math.abs((scaled.nngp.values[0] as number) - (2 * (0.1 ** 2 + 1.425 ** 2)) / 3 - 0.5) < 1e-14);
  t.equal(scaled.nngp.values[1], 0.5);
});

/** Smooth and bent activations with their derivatives. */
const activations = {
  tanh: { value: Math.tanh, slope: (z: number) => 1 - Math.tanh(z) ** 2 },
  relu: { value: (z: number) => Math.max(0, z), slope: (z: number) => (z > 0 ? 1 : 0) },
  sin: { value: Math.sin, slope: Math.cos },
};

/** Forward, beside every number its derivative by one parameter: ∂f/∂p of dense layers. */
function derivatives(
  network: Readonly<Record<string, NamedArray>>,
  activation: keyof typeof activations,
  x: readonly number[],
  [name, p]: readonly [string, number],
): number[] {
  let h = x.map((value) => ({ value, by: 0 }));
  const count = Object.keys(network).filter((each) => each.endsWith('weight')).length;
  const phi = activations[activation];
  for (let l = 1; l <= count; l++) {
    const { shape, values } = network[`layer${l}.weight`] as NamedArray;
    const bias = network[`layer${l}.bias`]?.values;
    const [rows, columns] = shape as readonly [number, number];
    h = Array.from({ length: rows }, (_, i) => {
      const z = { value: bias?.[i] ?? 0, by: name === `layer${l}.bias` && p === i ? 1 : 0 };
      for (const [j, { value, by }] of h.entries()) {
        const weight = values[i * columns + j] as number;
        z.value += weight * value;
        z.by += weight * by + (name === `layer${l}.weight` && p === i * columns + j ? value : 0);
      }
      return l === count ? z : { value: phi.value(z.value), by: phi.slope(z.value) * z.by };
    });
  }
  return h.map(({ by }) => by);
}

/** Numbers without a pattern. */
const numbers = (count: number, start: number): Float64Array =>
  Float64Array.from({ length: count }, (_, i) => Math.sin(37 * (i + 1) + start));

t.test('both parameterizations against the explicit Jacobian', async (t) => {
  const network: Readonly<Record<string, NamedArray>> = {
    'layer1.weight': { shape: [5, 3], values: numbers(15, 1) },
    'layer1.bias': { shape: [5], values: numbers(5, 2) },
    'layer2.weight': { shape: [4, 5], values: numbers(20, 3) },
    'layer3.weight': { shape: [2, 4], values: numbers(8, 4) },
    'layer3.bias': { shape: [2], values: numbers(2, 5) },
  };
  const rows = [0, 1, 2].map((i) => Array.from(numbers(3, 10 + i)));
  const [weightVariance, biasVariance] = [1.7, 0.3];
  for (const activation of ['tanh', 'relu', 'sin'] as const)
    for (const parameterization of ['standard', 'ntk'] as const) {
      const found = await empiricalKernels(network, rows, {
        activation,
        classes: 'full',
        parameterization,
        weightVariance,
        biasVariance,
      });
      const size = rows.length * found.outputs;
      const wanted = new Float64Array(size * size);
      for (const [name, { shape, values }] of Object.entries(network)) {
        const scaled = name.endsWith('bias') ? biasVariance : weightVariance / (shape[1] as number);
        const rate = parameterization === 'standard' ? 1 : scaled;
        for (let p = 0; p < values.length; p++) {
          const column = rows.flatMap((row) => derivatives(network, activation, row, [name, p]));
          for (const [i, a] of column.entries())
            for (const [j, b] of column.entries())
              wanted[i * size + j] = (wanted[i * size + j] as number) + rate * a * b;
        }
      }
      const worst = Math.max(...wanted.map((value, i) => Math.abs(value - (found.ntk.values[i] as number))));
      t.ok(worst < 1e-12 * Math.max(...wanted), `${activation}, ${parameterization}: ${worst}`);
    }
});

t.test('weights of train, and of the file it writes', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'mft-empirical-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'weights.npz');
  const spec = { system: 'feedforward', width: 5, depth: 3, activation: 'tanh', biasVariance: 0.2 } as const;
  const { weights = {} } = await train(spec, 'synthetic', {
    steps: 3,
    batchSize: 8,
    trainCount: 16,
    precision: 'float64',
    returnWeights: true,
    saveWeights: file,
  });
  const { dimension } = await readDataset('synthetic', 'test');
  const rows = { shape: [3, dimension], values: numbers(3 * dimension, 1) };
  const fromFile = await empiricalKernels(file, rows, { activation: 'tanh' });
  const fromWeights = await empiricalKernels(weights, rows, { activation: 'tanh', threads: 1 });
  sameBits(t, fromFile.ntk.values, fromWeights.ntk.values, 'the file holds the same weights');
  const two = { shape: [2, dimension], values: rows.values.subarray(0, 2 * dimension) };
  const crossed = await empiricalKernels(weights, two, { activation: 'tanh', otherInputs: rows });
  t.same(crossed.ntk.shape, [2, 3]);
  t.ok(Math.abs((crossed.ntk.values[5] as number) - (fromFile.ntk.values[5] as number)) < 1e-12);
});

t.test('what does not fit is named', async (t) => {
  const refused = async (
    code: string,
    pattern: RegExp,
    ...given: Parameters<typeof empiricalKernels>
  ): Promise<void> => {
    const error = await empiricalKernels(...given).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    t.ok(error instanceof MftError && error.code === code, `${code}: ${String(error)}`);
    t.match(String(error), pattern);
  };
  await refused('ERR_MFT_SHAPE', /rows of 2 numbers/, layers, [[1, 2, 3]]);
  await refused('ERR_MFT_SHAPE', /layer2.weight with 3 columns/, [layers[0]!, { weight: [[1, 2]] }], inputs);
  await refused('ERR_MFT_NOT_FINITE', /row 1, column 0/, layers, [
    [1, 2],
    [Number.NaN, 1],
  ]);
  await refused('ERR_MFT_NOT_FINITE', /layer 1/, [{ weight: [[1e300]] }, { weight: [[1]] }], [[1e300]]);
  await refused(
    'ERR_MFT_SHAPE',
    /layer1.inner.weight/,
    { 'layer1.inner.weight': { shape: [1, 1], values: new Float64Array(1) } },
    [[1]],
  );
  await refused('ERR_MFT_SHAPE', /list of 1/, layers, inputs, { activation: ['relu', 'tanh'] });
  await refused('ERR_MFT_MEMORY', /lower/, layers, inputs, { memoryLimit: 10 });
});
