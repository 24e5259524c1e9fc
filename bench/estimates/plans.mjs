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

const bare = { cell: 'minimal', weightSharing: 'untied', recurrentWeightVariance: 4, biasMean: 1 };
const modes = { inputVariance: [4, 2, 1], noiseVariance: 0.3, recordEvery: 10 };

/** Systems whose networks have no width and depth of the same meaning: of each verb a plan. compare takes it from simulate. */
const others = {
  kernel: {
    predict: { base: { activation: 'relu' }, axes: { depth: [1, 20, 200] } },
    simulate: {
      base: { activation: 'relu', inputWidth: 4 },
      axes: axes([10, 300, 1000], [2, 20]),
      run: { trials: 300 },
    },
    evaluate: { quantity: 'normalizedKernelAtDepth', base: { angle: 2 }, axes: { depth: [10, 1000, 100_000] } },
    train: { base: { activation: 'relu' }, axes: { depth: [1, 5] }, run: { trainCount: 400 }, dataset: 'synthetic' },
  },
  autoencoder: {
    predict: { base: modes, axes: { width: [2, 8], steps: [100, 1000] } },
    simulate: { base: modes, axes: { width: [2, 8], steps: [100, 1000] }, run: { trials: 300 } },
    evaluate: {
      quantity: 'descentWeights',
      base: { inputVariance: 1, noiseVariance: 0.5, learningRate: 1e-4, w1: 0.1, w2: 0.2 },
      axes: { steps: [1e4, 1e6, 1e8] },
    },
    train: { base: { training: { modes: 4 } }, axes: { width: [10, 300] }, run: { steps: 300 }, dataset: 'synthetic' },
  },
  convolution: {
    predict: { base: { input: [20, 20, 1], kernel: 5, pool: 1 }, axes: { depth: [1, 2, 4] } },
    simulate: {
      base: { input: [20, 20, 3], kernel: 5, pool: 1 },
      axes: axes([8, 32], [1, 3]),
      run: { trials: 30 },
    },
    train: {
      base: { kernel: 5 },
      axes: axes([4, 16], [1, 2]),
      run: { steps: 30, trainEvaluation: 1000 },
      dataset: 'synthetic',
    },
  },
  implicit: {
    predict: { axes: { termCount: [10, 100, 1000] } },
    simulate: { axes: { width: [30, 100, 300] }, run: { trials: 30 } },
    train: {
      base: { weightVariance: 0.5 },
      axes: { width: [30, 100, 300] },
      run: { steps: 30, trainEvaluation: 1000 },
      dataset: 'synthetic',
    },
  },
  recurrent: {
    predict: { base: { cell: 'lstm' }, axes: { steps: [3, 10, 30] } },
    simulate: { base: bare, axes: { width: [10, 100, 300], steps: [5, 20] }, run: { trials: 100 } },
    evaluate: {
      quantity: 'tiedStateSecondMoment',
      base: { cell: 'minimal', step: 10 },
      axes: { samples: [131_072, 1_048_576] },
    },
    train: {
      base: { cell: 'lstm', steps: 28 },
      axes: { width: [20, 100] },
      run: { steps: 30, trainEvaluation: 1000 },
      dataset: 'synthetic',
    },
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
  const plan = others[system][verb === 'compare' ? 'simulate' : verb];
  return plan === undefined ? undefined : { verb, ...plan, base: { system, ...plan.base } };
}

export const systems = [...Object.keys(networks), ...Object.keys(others)];
export const verbs = ['predict', 'simulate', 'compare', 'evaluate', 'fit', 'train'];

/** Nothing where the system has no such verb, or (fit of those without a depth) none is measured. */
export function planOf(system, verb) {
  if (system in others) return otherPlan(system, verb);
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
