// Trained networks that other packages carry: arrays against NumPy, outputs against onnxruntime (bench/real-weights makes the numbers),
// and what `inspect` says of each matrix against variances from NumPy's sums.
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { type FileArrays, inspect, readArrays } from 'mft-native';
import { realWeights } from '../../bench/real-weights/packages.mjs';

interface Fixture {
  readonly outputs: Readonly<Record<string, readonly number[]>>;
  /** Name, shape, sum, sum of squares. */
  readonly arrays: Readonly<Record<string, readonly (readonly [string, readonly number[], number, number])[]>>;
}

const here = dirname(fileURLToPath(import.meta.url));
const fixture = JSON.parse(readFileSync(join(here, '../fixtures/real-weights.json'), 'utf8')) as Fixture;
const { files = {}, absent } = realWeights();
if (absent !== undefined && (process.env.MFT_REQUIRE ?? '').split(',').includes('registry')) throw new Error(absent);
const skip = absent ?? false;

t.test('every array as NumPy reads it', { skip }, async (t) => {
  for (const [name, rows] of Object.entries(fixture.arrays)) {
    const { arrays } = await readArrays(files[name] as string);
    const wrong = rows.filter(([array, shape, sum, squares]) => {
      const found = arrays[array];
      if (found === undefined || String(found.shape) !== String(shape)) return true;
      let [total, square, size] = [0, 0, 0];
      for (const value of found.values) {
        total += Number(value);
        square += Number(value) ** 2;
        size += Math.abs(Number(value));
      }
      return Math.abs(total - sum) > 1e-11 * size || Math.abs(square - squares) > 1e-11 * squares;
    });
    t.same(wrong, [], `${name}: ${rows.length} arrays`);
    t.equal(Object.keys(arrays).length, rows.length, `${name}: and no others`);
  }
});

/** ReLU of layer normalisation of W x + b, twice, and a sigmoid: the networks of openwakeword-js. */
function output({ arrays }: FileArrays, x: Float32Array): number {
  const of = (name: string): ArrayLike<number> => arrays[name]?.values as Float32Array;
  const affine = (input: ArrayLike<number>, name: string): number[] => {
    const [weights, biases] = [of(`${name}.weight`), of(`${name}.bias`)];
    return Array.from(biases, (bias, i) => {
      let sum = bias;
      for (let j = 0; j < input.length; j++) sum += (weights[i * input.length + j] as number) * (input[j] as number);
      return sum;
    });
  };
  const normalised = (z: readonly number[], name: string): number[] => {
    const mean = z.reduce((sum, value) => sum + value, 0) / z.length;
    const variance = z.reduce((sum, value) => sum + (value - mean) ** 2, 0) / z.length;
    const [scale, shift] = [of(`${name}.weight`), of(`${name}.bias`)];
    return z.map((value, i) =>
      Math.max(0, ((value - mean) / Math.sqrt(variance + 1e-5)) * (scale[i] as number) + (shift[i] as number)),
    );
  };
  const first = normalised(affine(x, 'layer1'), 'layernorm1');
  const second = normalised(affine(first, 'blocks.0.fcn_layer'), 'blocks.0.layer_norm');
  return 1 / (1 + Math.exp(-(affine(second, 'last_layer')[0] as number)));
}

t.test('networks of the arrays give what onnxruntime gives', { skip }, async (t) => {
  for (const [name, wanted] of Object.entries(fixture.outputs)) {
    const read = await readArrays(files[name] as string);
    const inputs = read.arrays['layer1.weight']?.shape[1] as number;
    for (const [i, value] of wanted.entries()) {
      const x = Float32Array.from({ length: inputs }, (_, j) => 3 * Math.sin(1 + 12.9898 * (j + 1000 * i)));
      // onnxruntime works in float32.
      t.ok(Math.abs(output(read, x) - value) < 2e-6, `${name}, input ${i}: ${output(read, x)} for ${value}`);
    }
  }
});

t.test('what inspect says of every matrix', { skip }, async (t) => {
  const firstVariances: Readonly<Record<string, number>> = {
    'hello_deepa.onnx': 1.78,
    'hello_deepa_old.onnx': 1.5,
    'namaste_deepa.onnx': 1.31,
  };
  for (const [name, rows] of Object.entries(fixture.arrays)) {
    const { layers, spec } = await inspect(files[name] as string);
    t.ok(layers.length >= 3, `${name}: ${layers.length} matrices`);
    t.match(JSON.stringify(spec), /not one of ours/, `${name}: no spec of ours`);
    const byVariance = layers.filter((layer) => {
      const sizes = layer.shape.reduce((product, size) => product * size, 1);
      // A matrix of the file: one array of that size has that variance.
      return rows.some(([, shape, sum, squares]) => {
        const count = shape.reduce((product, size) => product * size, 1);
        if (count !== sizes) return false;
        const variance = layer.fanIn * (squares / count - (sum / count) ** 2);
        return Math.abs(variance - Number(layer.weightVariance)) <= 1e-8 * Math.max(1e-12, variance);
      });
    });
    t.equal(byVariance.length, layers.length, `${name}: fan-in times the variance from NumPy's sums`);
    const first = firstVariances[name];
    if (first !== undefined) {
      t.equal(Number(Number(layers[0]?.weightVariance).toFixed(2)), first, `${name}: first layer`);
      t.equal(layers[0]?.weights.verdict, 'moved', `${name}: trained`);
    }
  }
});
