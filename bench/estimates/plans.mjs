// One plan of each system and verb: networks from small to large, so that an estimate has something to scale.
const networks = {
  feedforward: { activation: 'tanh', weightVariance: 1.4, biasVariance: 0.1, inputs: { correlation: 0.4 } },
  residual: {
    activation: 'tanh',
    innerWeightVariance: 1.2,
    innerBiasVariance: 0.1,
    outerWeightVariance: 0.8,
    outerBiasVariance: 0.2,
    inputs: { correlation: 0.4 },
  },
  percolation: { keepProbability: 0.9, edgeKeepProbability: 0.7 },
};

const axes = (width, depth) => ({ width, depth });
const networkOf = (system, more = {}) => ({ system, ...networks[system], ...more });

/** Widths and depths of simulations: narrow and deep next to wide and shallow. */
const simulated = {
  feedforward: { axes: axes([10, 300, 20_000], [5, 60]), trials: 300 },
  residual: { axes: axes([10, 300, 20_000], [5, 60]), trials: 100 },
  percolation: { axes: axes([4, 40, 300], [5, 60]), trials: 4096 },
};
const predicted = {
  feedforward: { axes: axes([100], [5, 20, 60, 200, 600]) },
  residual: { axes: axes([100], [50, 500, 5000, 50_000]) },
  percolation: { axes: axes([10, 100, 600], [5, 60, 600, 6000]) },
};
const fitted = { feedforward: 'correlation', residual: 'preactivationCorrelation', percolation: 'pathProbability' };
/** Without the seconds of theory at great depth: what is fitted are a few dozen layers. */
const fits = {
  feedforward: { axes: axes([100, 3000], [20, 60]), trials: 1000 },
  residual: { axes: axes([100, 3000], [20, 60]), trials: 300 },
  percolation: { axes: axes([10, 100], [20, 60]), trials: 20_480 },
};
const quantities = {
  feedforward: {
    quantity: 'fixedPointCorrelation',
    base: { activation: 'tanh', weightVariance: 1.4, biasVariance: 0.1 },
    axes: { weightVariance: { linear: [1.2, 3, 20] } },
  },
  residual: {
    quantity: 'logGradientRatio',
    base: { width: 50 },
    axes: { depth: [200, 2000, 20_000] },
  },
  percolation: {
    quantity: 'pathProbability',
    base: { edgeKeepProbability: 0.01 },
    axes: axes([50, 300, 900], [50, 500]),
  },
};
const trained = {
  feedforward: networkOf('feedforward'),
  residual: networkOf('residual'),
  percolation: { system: 'percolation', keepProbability: 0.9 },
};
delete trained.feedforward.inputs;
delete trained.residual.inputs;

/** Rows of three numbers, no two alike: inputs that fill the matrices of a kernel. */
const rows = (count) => ({ values: Array.from({ length: count }, (_, i) => [1 + (i % 7), i % 11, i / count]) });
const bare = { cell: 'minimal', weightSharing: 'untied', recurrentWeightVariance: 4, biasMean: 1 };
const modes = { inputVariance: [4, 2, 1], noiseVariance: 0.3, recordEvery: 10 };

/**
 * Systems whose networks have no width and depth of the same meaning: of each verb a plan, and what makes its job a large one.
 * compare takes both from simulate.
 */
const others = {
  kernel: {
    predict: [
      { base: { activation: 'relu' }, axes: { depth: [1, 20, 200] } },
      { inputs: rows(1500), depth: 3 },
    ],
    simulate: [
      { base: { activation: 'relu', inputWidth: 4 }, axes: axes([10, 300, 1000], [2, 20]), run: { trials: 300 } },
      { width: 10, depth: 100 },
      { trials: 30_000 },
    ],
    evaluate: [
      { quantity: 'normalizedKernelAtDepth', base: { angle: 2 }, axes: { depth: [10, 1000, 100_000] } },
      { depth: 100_000 },
    ],
    train: [
      { base: { activation: 'relu' }, axes: { depth: [1, 5] }, run: { trainCount: 400 }, dataset: 'synthetic' },
      { depth: 5 },
      { trainCount: 1500 },
    ],
  },
  autoencoder: {
    predict: [
      { base: modes, axes: { width: [2, 8], steps: [100, 1000] } },
      { width: 3, steps: 20_000 },
    ],
    simulate: [
      { base: modes, axes: { width: [2, 8], steps: [100, 1000] }, run: { trials: 300 } },
      { width: 3, steps: 20_000 },
      { trials: 600 },
    ],
    evaluate: [
      {
        quantity: 'descentWeights',
        base: { inputVariance: 1, noiseVariance: 0.5, learningRate: 1e-4, w1: 0.1, w2: 0.2 },
        axes: { steps: [1e4, 1e6, 1e8] },
      },
      { steps: 1e8 },
    ],
    train: [
      { base: { training: { modes: 4 } }, axes: { width: [10, 300] }, run: { steps: 300 }, dataset: 'synthetic' },
      { width: 5000 },
      { steps: 3 },
    ],
  },
  convolution: {
    predict: [{ base: { input: [20, 20, 1], kernel: 5, pool: 1 }, axes: { depth: [1, 2, 4] } }, { input: [64, 64, 1] }],
    simulate: [
      { base: { input: [20, 20, 3], kernel: 5, pool: 1 }, axes: axes([8, 32], [1, 3]), run: { trials: 30 } },
      { input: [64, 64, 3], width: 64, depth: 3 },
      { trials: 4 },
    ],
  },
  implicit: {
    predict: [{ axes: { termCount: [10, 100, 1000] } }, { termCount: 10_000 }],
    simulate: [{ axes: { width: [30, 100, 300] }, run: { trials: 30 } }, { width: 2000, termCount: 5 }, { trials: 2 }],
  },
  recurrent: {
    predict: [{ base: { cell: 'lstm' }, axes: { steps: [3, 10, 30] } }, { steps: 30 }],
    simulate: [
      { base: bare, axes: { width: [10, 100, 300], steps: [5, 20] }, run: { trials: 100 } },
      { width: 1500, steps: 4 },
      { trials: 4 },
    ],
    evaluate: [
      {
        quantity: 'tiedStateSecondMoment',
        base: { cell: 'minimal', step: 10 },
        axes: { samples: [131_072, 1_048_576] },
      },
      { samples: 1_048_576 },
    ],
  },
};

/** A network of each system that costs nothing and loads everything. */
export function tinyPlan(system) {
  const base = {
    autoencoder: { inputVariance: [2, 1], width: 2, steps: 5 },
    recurrent: { ...bare, width: 5, steps: 3 },
    implicit: { width: 5, termCount: 3 },
    convolution: { input: [6, 6, 1], kernel: 3, width: 2, depth: 1 },
  }[system] ?? { width: 5, depth: 3 };
  return { verb: 'simulate', base: { system, ...base }, run: { trials: 2 } };
}

function otherPlan(system, verb) {
  const found = others[system][verb === 'compare' ? 'simulate' : verb];
  if (found === undefined) return undefined;
  const [plan, ...large] = found;
  return [{ verb, ...plan, base: { system, ...plan.base } }, ...large];
}

export const systems = [...Object.keys(networks), ...Object.keys(others)];
export const verbs = ['predict', 'simulate', 'compare', 'evaluate', 'fit', 'train'];

/** Nothing where the system has no such verb, or (fit of those without a depth) none is measured. */
export function planOf(system, verb) {
  if (system in others) return otherPlan(system, verb)?.[0];
  const base = networkOf(system);
  if (verb === 'predict') return { verb, base, ...predicted[system] };
  if (verb === 'evaluate') {
    const { base: parameters, ...rest } = quantities[system];
    return { verb, base: { system, ...parameters }, ...rest };
  }
  if (verb === 'train')
    return {
      verb,
      base: trained[system],
      axes: axes([50, 400], [3, 12]),
      run: { steps: 300, trainEvaluation: 1000 },
      dataset: 'synthetic',
    };
  const { axes: grid, trials } = verb === 'fit' ? fits[system] : simulated[system];
  const run = { trials };
  return { verb, base, axes: grid, run, ...(verb === 'fit' ? { fit: { observable: fitted[system] } } : {}) };
}

/** A job that holds tens of MiB, where the memory of the interpreter is small beside it. */
export function largeJob(system, verb) {
  if (system in others) {
    const [{ axes: _, ...plan }, network, run] = otherPlan(system, verb);
    const base = { ...plan.base, ...network };
    return { ...plan, base, ...(plan.run ? { run: { ...plan.run, ...run } } : {}) };
  }
  const plan = planOf(system, verb);
  const deep = { feedforward: [50, 1000], residual: [50, 4000], percolation: [2, 95_000] }[system];
  const runs = { feedforward: 4000, residual: 2000, percolation: 1024 };
  if (verb === 'evaluate') return { ...plan, axes: Object.fromEntries(Object.entries(plan.axes).map(first)) };
  if (verb === 'train') return { ...plan, axes: axes([3000], [6]), run: { ...plan.run, steps: 3 } };
  const [width, depth] = verb === 'predict' ? [deep[0], 5 * deep[1]].map((n) => Math.min(n, 95_000)) : deep;
  return { ...plan, axes: axes([width], [depth]), ...(plan.run ? { run: { trials: runs[system] } } : {}) };
}

const first = ([name, axis]) => [name, [Array.isArray(axis) ? axis.at(-1) : axis.linear[0]]];
