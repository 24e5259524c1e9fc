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

export const systems = Object.keys(networks);
export const verbs = ['predict', 'simulate', 'compare', 'evaluate', 'fit', 'train'];

export function planOf(system, verb) {
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
  const plan = planOf(system, verb);
  const deep = { feedforward: [50, 1000], residual: [50, 4000], percolation: [2, 95_000] }[system];
  const runs = { feedforward: 4000, residual: 2000, percolation: 1024 };
  if (verb === 'evaluate') return { ...plan, axes: Object.fromEntries(Object.entries(plan.axes).map(first)) };
  if (verb === 'train') return { ...plan, axes: axes([3000], [6]), run: { ...plan.run, steps: 3 } };
  const [width, depth] = verb === 'predict' ? [deep[0], 5 * deep[1]].map((n) => Math.min(n, 95_000)) : deep;
  return { ...plan, axes: axes([width], [depth]), ...(plan.run ? { run: { trials: runs[system] } } : {}) };
}

const first = ([name, axis]) => [name, [Array.isArray(axis) ? axis.at(-1) : axis.linear[0]]];
