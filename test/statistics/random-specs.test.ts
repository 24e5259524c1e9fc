// Comparisons of random specs that were called disagreements until theory told what of them is finite width, rare events or a limit.
import t from 'tap';
import { compare, gaussianSecondMoment, predict, simulate, type SystemName, type Verdict } from 'mft-native';
import type { Predicted } from '../../dist/core/results.js';

interface Case {
  readonly spec: { readonly system: SystemName } & Readonly<Record<string, unknown>>;
  readonly seed: number;
  readonly observable: string;
  readonly verdicts: readonly Verdict[];
}

const cases: Readonly<Record<string, Case>> = {
  // A product of every unit's own gates: at step 13 one unit in 5e6 makes the mean.
  'a minimal GRU that forgets': {
    spec: { system: 'recurrent', cell: 'minGru', width: 77, biasMean: -1.906, inputVariance: 2.276, steps: 13 },
    seed: 3300031,
    observable: 'perturbationGrowth',
    verdicts: ['agrees'],
  },
  // Two inputs of 16 components have a correlation that scatters about zero.
  'sequences of few components': {
    spec: {
      system: 'recurrent',
      cell: 'minGru',
      width: 119,
      recurrentWeightVariance: 1.336,
      biasMean: 1.285,
      inputVariance: 2.674,
      weights: 'gaussian',
      initialStateVariance: 1.85,
      inputWidth: 16,
      steps: 14,
    },
    seed: 3300061,
    observable: 'stateCovariance',
    verdicts: ['finiteSize'],
  },
  'saturated units of a plain recurrent network': {
    spec: {
      system: 'recurrent',
      width: 98,
      recurrentWeightVariance: 0.9588,
      inputWeightVariance: 0.6391,
      biasVariance: 0.1111,
      biasMean: 2.8991,
      inputVariance: 1.3793,
      weightSharing: 'untied',
      initialStateVariance: 1.4711,
      steps: 26,
    },
    seed: 2310032,
    observable: 'perturbationGrowth',
    verdicts: ['agrees', 'inconclusive'],
  },
  'masks that no run meets': {
    spec: { system: 'implicit', width: 66, inputVariance: 1.607, keepProbability: 1e-12, termCount: 28 },
    seed: 3300037,
    observable: 'preActivationVariance',
    verdicts: ['agrees'],
  },
  'a spectral radius near 1': {
    spec: { system: 'implicit', width: 156, weightVariance: 2.7978, termCount: 3 },
    seed: 3300033,
    observable: 'squaredJacobianRadius',
    verdicts: ['finiteSize'],
  },
  'a flow at a rate above the limit of descent': {
    spec: {
      system: 'autoencoder',
      width: 110,
      inputVariance: 1.949,
      weightDecay: 1.76,
      learningRate: 2.467,
      steps: 2,
      recordEvery: 3,
      dynamics: 'flow',
    },
    seed: 3300038,
    observable: 'modeMapping',
    verdicts: ['finiteSize'],
  },
  // Of 60 pairs of masks of four inputs four have a component in common; the mean is made by those with a large one.
  'two masks of few inputs': {
    spec: { system: 'kernel', width: 123, inputKeepProbability: 0.12645, mode: 'train', inputWidth: 4, depth: 5 },
    seed: 7000066,
    observable: 'covariance',
    verdicts: ['agrees', 'inconclusive', 'finiteSize'],
  },
  'masks of inputs that no run meets': {
    spec: { system: 'kernel', width: 82, biasVariance: 2.11, inputKeepProbability: 1e-100, inputWidth: 3, depth: 6 },
    seed: 7000067,
    observable: 'variance',
    verdicts: ['inconclusive'],
  },
  'weights that are all zero in every run': {
    spec: {
      system: 'feedforward',
      width: 96,
      weightVariance: 1.245,
      biasVariance: 0.128,
      weights: { law: 'sparse', density: 1e-300 },
      depth: 4,
    },
    seed: 7000044,
    observable: 'variance',
    verdicts: ['inconclusive', 'finiteSize'],
  },
  'slopes without a fourth moment': {
    spec: { system: 'implicit', width: 116, activation: { name: 'alphaRelu', alpha: 0.5845 }, inputVariance: 0.4455 },
    seed: 7000002,
    observable: 'termNorm',
    verdicts: ['agrees', 'finiteSize', 'inconclusive'],
  },
  'channels so few that one network makes the mean': {
    spec: {
      system: 'convolution',
      width: [1, 2, 10, 1],
      kernel: [1, 3, 3, 2],
      pool: 1,
      padding: 'circular',
      activation: 'linear',
      weightVariance: 0.2333,
      image: 'uniform',
      depth: 4,
      input: [4, 15, 1],
      classes: 6,
    },
    seed: 7000015,
    observable: 'variance',
    verdicts: ['agrees', 'inconclusive'],
  },
  'a gradient below the smallest number with all its digits': {
    spec: {
      system: 'convolution',
      width: [1, 12, 5],
      kernel: [1, 5, 4],
      pool: 1,
      padding: 'zero',
      input: [6, 14, 1],
      weightVariance: 1e-320,
      biasVariance: 2.885,
      depth: 3,
      classes: 7,
    },
    seed: 7000010,
    observable: 'variance',
    verdicts: ['agrees'],
  },
};

for (const [name, { spec, seed, observable, verdicts }] of Object.entries(cases))
  t.test(name, async (t) => {
    const theory = await predict(spec as never);
    const simulation = await simulate(spec as never, { trials: 60, seed, threads: 1 } as never);
    const comparison = compare(theory as never, simulation as never) as {
      verdict: Verdict;
      observables: Readonly<Record<string, { verdict: Verdict }>>;
    };
    t.not(comparison.verdict, 'disagrees');
    t.ok(verdicts.includes(comparison.observables[observable]?.verdict as Verdict), observable);
  });

t.test('the growth of a perturbation whose factor is far below rounding of 1', async (t) => {
  const spec = { system: 'recurrent', recurrentWeightVariance: 1e-100, steps: 5 } as const;
  const [small, ordinary] = [await predict(spec), await predict({ ...spec, recurrentWeightVariance: 1e-4 })];
  // The variance of the state comes from inputs alone but for 1e-4 of it: the factors are in the ratio of the weight variances.
  const apart = (at: number): number =>
    (ordinary.observables.perturbationGrowth?.values[at] as number) -
    (small.observables.perturbationGrowth?.values[at] as number);
  for (const at of [1, 5]) t.ok(Math.abs(apart(at) / (at * 96 * Math.log(10)) - 1) < 1e-4, `${apart(at)}`);
});

t.test('a flow says by how much descent differs from it', async (t) => {
  const spec = { system: 'autoencoder', learningRate: 0.05, steps: 200, recordEvery: 20, width: 20 } as const;
  const [flow, descent] = [await predict({ ...spec, dynamics: 'flow' }), await predict(spec)];
  for (const name of ['modeMapping', 'loss', 'squaredNorm'] as const) {
    const { values, finiteSize } = flow.observables[name] as Predicted;
    const sum = values.map((value, i) => value + (finiteSize?.values[i] as number));
    t.ok(
      Math.max(...sum.map((value, i) => Math.abs(value - (descent.observables[name]?.values[i] as number)))) < 1e-14,
    );
    t.ok(Math.max(...values.map((_, i) => Math.abs(finiteSize?.values[i] as number))) > 1e-4, 'which is not nothing');
  }
  const long = await predict({ ...spec, steps: 1e6, recordEvery: 1e5, dynamics: 'flow' });
  t.ok(
    long.observables.loss?.finiteSize?.allowance?.every((value) => value === Infinity),
    'unknown of many steps',
  );
});

// All units drift alike, and so does what sets two inputs apart: the mean distance is e^8 times that of infinite width.
t.test('distances of reduced blocks with a common direction', async (t) => {
  const network = { system: 'residual', block: 'reduced', activation: 'relu', width: 94, depth: 35 } as const;
  const spec = { ...network, inputs: { correlation: -0.869 } } as const;
  const [theory, simulation] = [await predict(spec), await simulate(spec, { trials: 60, seed: 1, threads: 1 })];
  for (const name of ['metricExpressivity', 'angularDeficit'] as const) {
    const { values, finiteSize } = theory.observables[name] as Predicted;
    const apart = values.map((value, l) => (simulation.observables[name]?.values[l] as number) - value);
    t.ok((apart.at(-1) as number) > 5, 'far from infinite width');
    t.ok(
      apart.every((value, l) => value <= (finiteSize?.allowance?.[l] as number) + 0.5),
      'and by no more than is said',
    );
  }
});

t.test('a state that leaves the range of numbers is refused, not followed for ever', async (t) => {
  const spec = { system: 'recurrent', activation: { expression: 'x * x' }, recurrentWeightVariance: 1.64 } as const;
  await t.rejects(predict(spec), { code: 'ERR_MFT_NOT_FINITE' });
  t.throws(() => gaussianSecondMoment('tanh', { variance: Infinity }), { code: 'ERR_MFT_OUT_OF_RANGE' });
});
