// A random fully connected tanh network with dropout, forward and backward with the same weights, in plain JavaScript.
import { inputVectors } from './feedforward.mjs';
import { accumulator } from './serve.mjs';

/** A small seeded generator (sfc32): uniforms in (0, 1) and normals by Box–Muller. */
export function generator(seed) {
  let [a, b, c, counter] = [seed | 0, (seed / 2 ** 32) | 0, 0x9e3779b9 | 0, 1];
  const word = () => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    c |= 0;
    return sum >>> 0;
  };
  for (let i = 0; i < 16; i++) word();
  const uniform = () => (word() + 0.5) * 2 ** -32;
  let spare = Number.NaN;
  const normal = () => {
    if (!Number.isNaN(spare)) {
      const value = spare;
      spare = Number.NaN;
      return value;
    }
    const radius = Math.sqrt(-2 * Math.log(uniform()));
    const angle = 2 * Math.PI * uniform();
    spare = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  };
  return { uniform, normal };
}

/** `networks` networks, their observables averaged. */
export function naiveNetworks(options, seed) {
  const mean = accumulator();
  for (let t = 0; t < options.networks; t++) mean.add(naiveNetwork(options, generator(seed * options.networks + t)));
  return mean.mean();
}

function naiveNetwork({ width, depth, inputs, weightVariance, biasVariance, keepProbability }, { uniform, normal }) {
  const vectors = () => Array.from({ length: inputs }, () => new Float32Array(width));
  const scale = Math.sqrt(weightVariance / width);
  const layers = [];
  let u = inputVectors(inputs, width);
  for (let l = 0; l < depth; l++) {
    const weights = Float32Array.from({ length: width * width }, () => scale * normal());
    const biases = Float32Array.from({ length: width }, () => Math.sqrt(biasVariance) * normal());
    const z = vectors();
    const next = vectors();
    const slopes = vectors();
    for (let a = 0; a < inputs; a++) {
      for (let i = 0; i < width; i++) {
        let sum = biases[i];
        for (let j = 0; j < width; j++) sum += weights[i * width + j] * u[a][j];
        z[a][i] = sum;
        const mask = uniform() < keepProbability ? 1 / keepProbability : 0;
        const value = Math.tanh(sum);
        next[a][i] = mask * value;
        slopes[a][i] = mask * (1 - value * value);
      }
    }
    layers.push({ weights, u, z, slopes });
    u = next;
  }
  const observables = { variance: [], correlation: [], typicalGradientSingle: [], errorCorrelation: [] };
  let errors = layers[depth - 1].z.map((row) => row.map((value) => 2 * value));
  for (let l = depth - 1; l >= 0; l--) {
    const { z, u: below } = layers[l];
    observables.variance[l] = mean(z.map((row) => dot(row, row) / width));
    observables.correlation[l] = cosine(z[0], z[1]);
    observables.errorCorrelation[l] = cosine(errors[0], errors[1]);
    observables.typicalGradientSingle[l] = mean(
      errors.map((row, a) => Math.log((dot(row, row) * dot(below[a], below[a])) / width ** 2)),
    );
    if (l > 0)
      errors = errors.map((row, a) =>
        transposedProduct(layers[l].weights, row).map((value, j) => value * layers[l - 1].slopes[a][j]),
      );
  }
  return observables;
}

function transposedProduct(weights, vector) {
  const width = vector.length;
  const result = new Float32Array(width);
  for (let i = 0; i < width; i++) {
    for (let j = 0; j < width; j++) result[j] += weights[i * width + j] * vector[i];
  }
  return result;
}

const dot = (x, y) => x.reduce((sum, value, i) => sum + value * y[i], 0);
const cosine = (x, y) => dot(x, y) / Math.sqrt(dot(x, x) * dot(y, y));
const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
