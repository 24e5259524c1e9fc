// Large jobs, one of each system and verb, by which estimates of memory are judged. One rule for their sizes: the estimate is at least
// 128 MiB, ten times what V8's young generation may or may not leave behind, so that the ratio speaks of what is counted. Where the
// schema or 20 s of processor time do not allow so much, the job is about the largest that they do: predict of percolation and
// implicit, and the quantities of feedforward, percolation and autoencoder.
import { planOf } from './plans.mjs';

const pair = { inputs: { correlation: 0.4 } };
const tanh = { activation: 'tanh', weightVariance: 1.4, biasVariance: 0.1, ...pair };
const branches = {
  activation: 'tanh',
  innerWeightVariance: 1.2,
  innerBiasVariance: 0.1,
  outerBiasVariance: 0.2,
  ...pair,
};
const paths = { keepProbability: 0.9, edgeKeepProbability: 0.7 };
const modes = { inputVariance: [4, 2, 1], noiseVariance: 0.3, recordEvery: 1 };
const bare = { cell: 'minimal', weightSharing: 'untied', recurrentWeightVariance: 4, biasMean: 1 };
/** Rows of three numbers, no two alike: inputs that fill the matrices of a kernel. */
const rows = (count) => ({ values: Array.from({ length: count }, (_, i) => [1 + (i % 7), i % 11, i / count]) });
const trained = { steps: 3, trainEvaluation: 1000 };

/**
 * Network and run of each job. `draw(low, high)` is a whole number between them, `either(a, b)` one of two: wide networks, whose engines
 * are large, and narrow ones of many trials that are kept.
 */
const jobs = {
  feedforward: {
    predict: ({ draw }) => [{ ...tanh, width: 50, depth: draw(19_000, 25_000) }],
    simulate: ({ draw, either }) =>
      either(
        () => [{ ...tanh, width: draw(1_500_000, 3_000_000), depth: draw(2, 5) }, { trials: 2 }],
        () => [
          { ...tanh, width: 10, depth: draw(400, 800) },
          { trials: draw(1600, 2500), rawTrials: true },
        ],
      ),
    // One of the heaviest: a search for points of a curve by fixed points.
    evaluate: ({ draw }) => [
      'keepProbabilitiesForCorrelation',
      { activation: 'tanh', weightVariance: draw(17, 20) / 10, biasVariance: 0.1, correlation: 0.4 },
    ],
    fit: ({ draw }) => [{ ...tanh, width: draw(1_000_000, 1_600_000), depth: draw(20, 40) }, { trials: 3 }],
    train: ({ draw }) => [{ weightVariance: 1.4, width: draw(2500, 3500), depth: draw(4, 7) }, trained],
  },
  residual: {
    predict: ({ draw }) => [{ ...branches, width: 50, depth: draw(120_000, 250_000) }],
    simulate: ({ draw, either }) =>
      either(
        () => [{ ...branches, width: draw(400_000, 800_000), depth: draw(2, 5) }, { trials: 2 }],
        () => [
          { ...branches, width: 10, depth: draw(350, 700) },
          { trials: draw(1000, 1500), rawTrials: true },
        ],
      ),
    fit: ({ draw }) => [{ ...branches, width: draw(60_000, 100_000), depth: draw(20, 40) }, { trials: 3 }],
    evaluate: ({ draw }) => ['logGradientRatio', { width: 50, depth: draw(500_000, 1_000_000) }],
    train: ({ draw }) => [{ innerWeightVariance: 1.2, width: draw(1800, 2500), depth: draw(3, 6) }, trained],
  },
  percolation: {
    predict: ({ draw }) => [{ ...paths, width: draw(2, 5), depth: draw(60_000, 95_000) }],
    simulate: ({ draw }) => [{ ...paths, width: draw(50, 70), depth: draw(8000, 12_000) }, { trials: draw(64, 1024) }],
    evaluate: ({ draw }) => [
      'conv1dPathProbability',
      { width: 16, kernel: 3, depth: draw(90, 140), keepProbability: 0.9 },
    ],
    fit: ({ draw }) => [{ ...paths, width: draw(3, 5), depth: draw(60_000, 90_000) }, { trials: draw(512, 1024) }],
    train: ({ draw }) => [{ keepProbability: 0.9, width: draw(2500, 3500), depth: draw(4, 7) }, trained],
  },
  kernel: {
    predict: ({ draw }) => [{ activation: 'relu', inputs: rows(draw(2800, 3600)), depth: draw(1, 4) }],
    simulate: ({ draw }) => [
      { activation: 'relu', inputWidth: 4, width: 10, depth: draw(70, 140) },
      { trials: draw(25_000, 35_000), rawTrials: true },
    ],
    evaluate: ({ draw }) => [
      'mlpKernels',
      { activation: 'relu', depth: draw(1, 4), inputs: rows(draw(1600, 2000)).values },
    ],
    train: ({ draw }) => [{ activation: 'relu', depth: draw(1, 5) }, { trainCount: draw(4000, 4600) }],
  },
  autoencoder: {
    predict: ({ draw }) => [{ ...modes, width: draw(2, 5), steps: draw(20_000, 40_000) }],
    simulate: ({ draw }) => [
      { ...modes, width: draw(2, 4), steps: draw(1000, 1500) },
      { trials: draw(1000, 1500), rawTrials: true },
    ],
    evaluate: ({ draw }) => ['spectrum', { samples: draw(9000, 10_000), dimension: draw(230, 256) }],
    train: ({ draw }) => [{ training: { modes: 4 }, width: draw(1000, 2000) }, { steps: 3 }],
  },
  convolution: {
    predict: ({ draw }) => [{ input: [draw(700, 1100), draw(700, 1100), 1], kernel: 5, pool: 1, depth: draw(1, 3) }],
    simulate: ({ draw }) => [
      { input: [draw(240, 320), draw(240, 320), 3], kernel: 3, pool: 1, width: draw(16, 24), depth: draw(3, 4) },
      { trials: 2 },
    ],
    train: ({ draw }) => [{ kernel: 5, width: draw(150, 250), depth: 2 }, trained],
  },
  implicit: {
    predict: ({ draw }) => [{ termCount: draw(9000, 10_000) }],
    evaluate: ({ draw }) => [
      'neumannRelativeErrorMonteCarlo',
      { weightVariance: 0.5, width: draw(4000, 5000), draws: 2, termCounts: [1, draw(3, 6)] },
    ],
    simulate: ({ draw }) => [{ width: draw(4000, 5500), termCount: draw(3, 8) }, { trials: 2 }],
    train: ({ draw }) => [{ weightVariance: 0.5, width: draw(1500, 2500) }, trained],
  },
  recurrent: {
    predict: ({ draw }) => [{ cell: 'lstm', steps: draw(66, 90) }],
    simulate: ({ draw }) => [{ ...bare, width: draw(3000, 4000), steps: draw(2, 4) }, { trials: 2 }],
    evaluate: ({ draw }) => ['tiedStateSecondMoment', { cell: 'minimal', step: draw(60, 80), samples: 1_048_576 }],
    train: ({ draw }) => [{ cell: 'lstm', steps: 28, width: draw(800, 1100) }, trained],
  },
};

/** Of no seed the middle of every range (of its logarithm) and the first of two; of another one numbers of its own. */
export function drawing(seed) {
  if (seed === 0)
    return { draw: (low, high) => Math.round(Math.sqrt(low * high)), either: (first) => first(), uniform: () => 0.5 };
  // A multiplicative generator (Lehmer's, 48271 modulo 2^31 - 1): the same jobs on every machine.
  const modulus = 2 ** 31 - 1;
  let state = seed % modulus || 1;
  const uniform = () => {
    state = (48_271 * state) % modulus;
    return state / modulus;
  };
  // The first numbers of small seeds are small.
  for (let i = 0; i < 5; i++) uniform();
  return {
    uniform,
    draw: (low, high) => Math.round(low * (high / low) ** uniform()),
    either: (...makers) => makers[Math.floor(makers.length * uniform())](),
  };
}

/** A plan of one job. */
export function largeJob(system, verb, seed = 0) {
  const [first, second] = jobs[system][verb === 'compare' ? 'simulate' : verb]?.(drawing(seed)) ?? [];
  if (first === undefined) return undefined;
  if (verb === 'evaluate') return { verb, quantity: first, base: { system, ...second }, axes: {} };
  const { axes: _, ...plan } = planOf(system, verb);
  return { ...plan, base: { system, ...first }, axes: {}, ...(second === undefined ? {} : { run: second }) };
}
