// A random fully connected tanh network with dropout in TensorFlow.js, forward and backward with the same stored weights.
// The backward product is written (W Dᵀ)ᵀ: transposing the thin matrix is far cheaper than a transposed operand here.
import { inputVectors } from './feedforward.mjs';
import { absent, accumulator, peer, readOptions, serve } from './serve.mjs';

/** Serves the network on one backend: 'cpu', 'wasm' or 'node'. */
export async function serveTfjs(backend) {
  const tf = backend === 'node' ? await peer('@tensorflow/tfjs-node') : await peer('@tensorflow/tfjs');
  if (backend === 'wasm') await peer('@tensorflow/tfjs-backend-wasm');
  const name = backend === 'node' ? 'tensorflow' : backend;
  if (!(await tf.setBackend(name).catch(() => false))) absent(`the backend ${name} of TensorFlow.js does not start`);
  await tf.ready();
  const options = readOptions();
  const { width, depth, inputs, weightVariance, biasVariance } = options;
  // The memory of the wasm backend ends below 4 GiB, and it gives wrong answers when it is full: large networks keep their
  // weights outside and hand them over layer by layer.
  const isLarge = backend === 'wasm' && 4 * width * width * depth > 2 ** 30;
  const held = (weights) => {
    if (!isLarge) return { weights: () => weights, dispose: () => weights.dispose() };
    const values = weights.dataSync();
    weights.dispose();
    return { weights: () => tf.tensor2d(values, [width, width]), dispose: () => {} };
  };
  const draw = (seed) =>
    Array.from({ length: depth }, (_, l) => ({
      ...held(
        tf.randomNormal([width, width], 0, Math.sqrt(weightVariance / width), 'float32', seed * 4096 + 2 * l + 1),
      ),
      biases: tf.randomNormal([1, width], 0, Math.sqrt(biasVariance), 'float32', seed * 4096 + 2 * l + 2),
    }));
  const input = tf.tensor2d(Float32Array.from(inputVectors(inputs, width).flatMap((row) => Array.from(row))), [
    inputs,
    width,
  ]);
  const given = options.weights === 'given' ? draw(1) : undefined;
  await serve(async (seed) => {
    const mean = accumulator();
    for (let t = 0; t < options.networks; t++) {
      const layers = given ?? draw(seed * options.networks + t);
      const result = tf.tidy(() => oneNetwork(tf, options, layers, input, seed * options.networks + t));
      const values = Object.fromEntries(
        await Promise.all(Object.entries(result).map(async ([key, tensor]) => [key, await tensor.data()])),
      );
      for (const tensor of Object.values(result)) tensor.dispose();
      if (given === undefined) for (const layer of layers) layer.dispose();
      if (given === undefined) tf.dispose(layers.map(({ biases }) => biases));
      mean.add(values);
    }
    return mean.mean();
  });
}

function oneNetwork(tf, { width, depth, keepProbability }, layers, input, seed) {
  const squaresOf = (x) => tf.sum(tf.square(x), 1);
  const row = (x, a) => tf.slice(x, [a, 0], [1, width]);
  const cosine = (x) =>
    tf.div(
      tf.sum(tf.mul(row(x, 0), row(x, 1))),
      tf.sqrt(tf.mul(tf.sum(tf.square(row(x, 0))), tf.sum(tf.square(row(x, 1))))),
    );
  const variance = [];
  const correlation = [];
  const below = [];
  const slopes = [];
  let u = input;
  let z = input;
  for (let l = 0; l < depth; l++) {
    below.push(squaresOf(u));
    z = tf.tidy(() => tf.add(tf.matMul(u, layers[l].weights()), layers[l].biases));
    variance.push(tf.div(tf.mean(squaresOf(z)), width));
    correlation.push(cosine(z));
    if (l + 1 < depth) {
      const mask = tf.div(
        tf.cast(tf.less(tf.randomUniform(z.shape, 0, 1, 'float32', seed * 4096 + l + 7), keepProbability), 'float32'),
        keepProbability,
      );
      const value = tf.tanh(z);
      slopes.push(tf.mul(mask, tf.sub(1, tf.square(value))));
      u = tf.mul(mask, value);
    }
  }
  const gradient = [];
  const errorCosine = [];
  let errors = tf.mul(z, 2);
  for (let l = depth - 1; l >= 0; l--) {
    gradient.unshift(tf.mean(tf.log(tf.div(tf.mul(squaresOf(errors), below[l]), width * width))));
    errorCosine.unshift(cosine(errors));
    if (l > 0)
      errors = tf.tidy(() => tf.mul(tf.transpose(tf.matMul(layers[l].weights(), tf.transpose(errors))), slopes[l - 1]));
  }
  return {
    variance: tf.stack(variance),
    correlation: tf.stack(correlation),
    typicalGradientSingle: tf.stack(gradient),
    errorCorrelation: tf.stack(errorCosine),
  };
}
