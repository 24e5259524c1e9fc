// What the tasks on random networks share: our reference distribution, the check, and the limits.
import { simulate } from '../../dist/index.js';
import { networkAnswer, specOf } from '../competitor/feedforward.mjs';
import { compareNetworks } from './answers.mjs';

/** Mean and variance over `trials` networks of what the competitors answer, from our conditioned engine in double precision. */
export async function expectedNetworks(options, trials, engine = 'conditioned') {
  const simulation = await simulate(specOf(options), {
    trials,
    seed: 20_000_003,
    engine,
    precision: engine === 'dense' ? 'float32' : 'float64',
    rawTrials: true,
  });
  const one = (trial) => {
    const observables = Object.fromEntries(
      Object.entries(simulation.observables).map(([name, { values, trials: raw }]) => [
        name,
        { values: raw.subarray(trial * values.length, (trial + 1) * values.length) },
      ]),
    );
    return networkAnswer({ observables }, { ...options, networks: 1 }).observables;
  };
  const answers = Array.from({ length: trials }, (_, trial) => one(trial));
  const moments = (name, layer) => {
    const values = answers.map((answer) => answer[name][layer]);
    const mean = values.reduce((sum, value) => sum + value, 0) / trials;
    return { mean, variance: values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (trials - 1) };
  };
  const observables = Object.fromEntries(
    Object.keys(answers[0]).map((name) => {
      const layers = Array.from({ length: options.depth }, (_, layer) => moments(name, layer));
      // A variance of few trials is noisy: none is taken below half of the typical one.
      const typical = [...layers.map(({ variance }) => variance)].sort((a, b) => a - b)[options.depth >> 1];
      return [
        name,
        {
          mean: layers.map(({ mean }) => mean),
          variance: layers.map(({ variance }) => (trials < 100 ? Math.max(variance, typical / 2) : variance)),
        },
      ];
    }),
  );
  return { networks: trials, observables };
}

export const checkNetworks = compareNetworks;

/** Options of every network task: tanh at the paper's setting. */
export const network = { weightVariance: 1.69, biasVariance: 0.05, keepProbability: 0.9, inputs: 2 };

/**
 * Smallest time of one network of `width` and `depth` under the measured limits.
 *  dense:       few inputs: every weight drawn forward and again backward (many: once), at our normals per second, or
 * the products at the multiply-add peak;
 *  stored:      weights written once and read twice at copy bandwidth (where they do not fit a cache), or the products;
 *  conditioned: two normals per unit and input direction, and one for the bias.
 */
export function networkLimit({ width, depth, inputs, weights }, { kind, precision }, limits) {
  const [normals, peak, bytes] =
    precision === 'float64'
      ? [limits.normalsFloat64, limits.multiplyAddFloat64, 8]
      : [limits.normalsFloat32, limits.multiplyAddFloat32, 4];
  const weightCount = width * width * depth;
  const products = {
    limit: `multiply-add peak ${(peak / 1e9).toFixed(0)} Gflop/s`,
    seconds: (2 * 2 * weightCount * inputs) / peak,
  };
  const draws = (count, rate = normals) => ({
    limit: `our normals ${(rate / 1e9).toFixed(2)}e9/s`,
    seconds: count / rate,
  });
  const traffic = {
    limit: `copy bandwidth ${(limits.copyBandwidth / 1e9).toFixed(1)} GB/s`,
    seconds: ((weights === 'given' ? 2 : 3) * bytes * weightCount) / (2 * limits.copyBandwidth),
  };
  if (kind === 'conditioned') return draws((2 * inputs + 1) * width * depth);
  // nothing flows back through the first layer
  if (kind === 'dense') return larger(products, draws(inputs > 8 ? weightCount : 2 * weightCount - width * width));
  return larger(products, traffic);
}

const larger = (a, b) => (a.seconds >= b.seconds ? a : b);
