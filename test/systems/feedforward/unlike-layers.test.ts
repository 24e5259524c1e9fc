// Layers that differ from one another and from the plain kind: an activation per layer, biases with a mean, orthogonal matrices
// of any shape, alpha dropout. Theory against simulation by z-scores that are free of the 1/width term.
import t, { type Test } from 'tap';
import {
  compare,
  type FeedforwardSpec,
  predict,
  type Prediction,
  readDataset,
  simulate,
  type Simulation,
  train,
  trainMany,
} from 'mft-native';

type Network = { system: 'feedforward' } & FeedforwardSpec;

const base: Network = {
  system: 'feedforward',
  weightVariance: 1.6,
  biasVariance: 0.1,
  keepProbability: 0.8,
  depth: 5,
  inputs: { secondMoment: 1.3, correlation: 0.4 },
};

const narrow = 300;
const theoryError = 1e-9;

interface Compared {
  readonly z: number;
  readonly planted: number;
}

/**
 * Largest |z| of 2x(2N) − x(N), from which a term in 1/N is gone, against theory; and the same with theory off by 15 %.
 */
async function largestZ(network: (width: number) => Network, trials: number): Promise<Record<string, Compared>> {
  const [narrower, theory]: Prediction<'feedforward'>[] = [
    await predict(network(narrow)),
    await predict(network(2 * narrow)),
  ];
  if (narrower === undefined || theory === undefined) throw new Error('no theory');
  const run = (width: number, seed: number): Promise<Simulation<'feedforward'>> =>
    simulate(network(width), { trials, seed });
  const [one, two] = [await run(narrow, 17), await run(2 * narrow, 18)];
  const result: Record<string, Compared> = {};
  for (const [name, expected] of Object.entries(theory.observables)) {
    const [a, b] = [one, two].map(
      (each) => (each.observables as Record<string, (typeof one.observables)['variance']>)[name],
    );
    if (a === undefined || b === undefined) throw new Error(`${name} is missing`);
    const scores = (planted: number): number =>
      Math.max(
        ...Array.from(expected.values, (value, i) => {
          const size = expected.scale === 'log' ? 1 : Math.abs(value);
          const atOne = (narrower.observables as Record<string, typeof expected>)[name]?.values[i] as number;
          // The norm of an error grows with the width: each width is held against its own theory.
          const estimate = 2 * (b.values[i] as number) - (a.values[i] as number) - (value - atOne);
          const noise = Math.hypot(2 * (b.standardError[i] as number), a.standardError[i] as number);
          const error = Math.max(expected.error, theoryError) * Math.max(size, 1e-3);
          return Math.abs(estimate - value - planted * size) / Math.hypot(noise, error);
        }),
      );
    result[name] = { z: scores(0), planted: scores(expected.scale === 'log' ? Math.log(1.15) : 0.15) };
  }
  return result;
}

async function hold(t: Test, name: string, network: (width: number) => Network, trials = 3000): Promise<void> {
  for (const [observable, { z, planted }] of Object.entries(await largestZ(network, trials))) {
    t.ok(z < 5, `${name}, ${observable}: largest |z| ${z.toFixed(2)}`);
    if (observable === 'variance' || observable === 'typicalGradientSingle' || observable === 'errorNorm')
      t.ok(planted > 5, `${name}, ${observable}: a planted 15 % gives |z| ${planted.toFixed(1)}`);
  }
}

const wide = (more: FeedforwardSpec) => (width: number) => ({ ...base, width, ...more });

t.test('another activation in some layers', { timeout: 600_000 }, async (t) => {
  const activation = ['relu', 'gelu', 'tanh', { name: 'leakyRelu', slope: 0.2 }] as const;
  await hold(t, 'four activations', wide({ activation, output: 'preactivation' }));
  await hold(
    t,
    'shared masks, φ at the output',
    wide({
      activation: [...activation, 'tanh'],
      output: 'postactivation',
      maskSharing: 'shared',
    }),
  );
  // One activation in every layer is the same network, and the same bits.
  const one = await simulate({ ...base, width: 30, activation: 'tanh' }, { trials: 3, seed: 5 });
  const many = await simulate(
    { ...base, width: 30, activation: Array.from({ length: 4 }, () => 'tanh' as const) },
    { trials: 3, seed: 5 },
  );
  t.same(many.observables, one.observables);
  await t.rejects(predict({ ...base, activation: ['relu', 'tanh'] }), {
    code: 'ERR_MFT_SHAPE',
    parameter: 'activation',
  });
  await t.rejects(predict({ ...base, activation, output: 'postactivation' }), { code: 'ERR_MFT_SHAPE' });
  await t.rejects(predict({ ...base, activation: ['relu', 'relu', 'nonsense' as 'relu', 'relu'] }), {
    code: 'ERR_MFT_INVALID_ARGUMENT',
  });
});

t.test('biases that all equal b are not biases of variance b²', { timeout: 600_000 }, async (t) => {
  const relu: Network = {
    system: 'feedforward',
    activation: 'relu',
    weightVariance: 2,
    biasMean: 1,
    depth: 6,
    width: 4000,
  };
  const { variance } = (await predict(relu)).observables;
  const first = Array.from({ length: 6 }, (_, l) => variance?.values[2 * l] as number);
  // mean squares by quadrature: z ~ N(1, s²), s² = σ_w² E relu(z)²
  const wanted = [3, 6.44, 11.28, 17.47, 25.02, 33.89];
  first.forEach((value, l) => t.ok(Math.abs(value - (wanted[l] as number)) < 0.006, `layer ${l + 1}: ${value}`));
  const shifted = await predict({ ...relu, biasMean: 0, activation: { expression: 'relu(x + 1)' } });
  const plain = Array.from({ length: 6 }, (_, l) => (shifted.observables.variance?.values[2 * l] as number) + 1);
  first.forEach((value, l) =>
    t.ok(Math.abs(value - (plain[l] as number)) < 1e-10 * value, 'relu(x + 1) without biases'),
  );
  for (const activation of ['relu', 'tanh', 'gelu'] as const)
    for (const output of ['preactivation', 'postactivation'] as const)
      await hold(t, `${activation}, ${output}`, wide({ activation, output, biasMean: [0.5, -0.3, 1, 0.2, 0.4] }));
});

t.test('orthogonal layers of a policy network 8-64-64-4', { timeout: 600_000 }, async (t) => {
  const policy: Network = {
    system: 'feedforward',
    activation: 'tanh',
    width: [64, 64, 4],
    inputWidth: 8,
    depth: 3,
    weightVariance: [2, 2, 0.0001],
    weights: 'orthogonal',
    inputs: { count: 1, secondMoment: 1 },
  };
  const theory = await predict(policy);
  t.ok(Math.abs((theory.observables.variance?.values[0] as number) - 2) < 1e-12);
  // Of masked inputs: without masks |z¹| is the same in every trial.
  const masked = { ...policy, inputKeepProbability: 0.9 };
  const [dense, conditioned] = [
    await simulate(masked, { engine: 'dense', precision: 'float64', trials: 4000, seed: 1 }),
    await simulate(masked, { engine: 'conditioned', trials: 4000, seed: 2 }),
  ];
  t.not(compare(dense, conditioned).verdict, 'disagrees', 'both engines have the same law');
  // Narrowing and widening layers, at two widths.
  const shapes = (width: number): number[] => [2 * width, width / 2, width, 3 * width, width];
  for (const activation of ['tanh', 'relu'] as const)
    for (const more of [
      {},
      { backwardWeights: 'independent' },
      { keepProbability: 1, output: 'postactivation' },
    ] as const)
      await hold(
        t,
        `${activation} ${JSON.stringify(more)}`,
        (width) => ({ ...base, activation, weights: 'orthogonal', inputWidth: width, width: shapes(width), ...more }),
        1500,
      );
});

t.test('SELU keeps mean 0 and variance 1 under alpha dropout', { timeout: 600_000 }, async (t) => {
  const selu: Network = {
    system: 'feedforward',
    activation: 'selu',
    weightVariance: 1,
    keepProbability: 0.9,
    width: 2000,
    depth: 12,
  };
  const alpha = await predict({ ...selu, dropout: 'alpha' });
  const near = (value: unknown, wanted: number, error: number): void => {
    t.ok(Math.abs((value as number) - wanted) < error, `${String(value)} is ${wanted}`);
  };
  near(alpha.quantities.fixedPointVariance, 1, 1e-9);
  near(alpha.quantities.gradientMultiplier, 0.8186, 5e-5);
  const plain = await predict(selu);
  near(plain.quantities.fixedPointVariance, 1.62559, 5e-6);
  near(plain.quantities.gradientMultiplier, 1.09099, 5e-6);
  for (const activation of ['selu', 'tanh'] as const)
    for (const maskSharing of ['independent', 'shared'] as const)
      await hold(
        t,
        `${activation}, ${maskSharing}`,
        wide({ activation, maskSharing, dropout: 'alpha', keepProbability: [0.9, 0.6, 1, 0.8] }),
      );
  await hold(t, 'orthogonal', wide({ activation: 'selu', dropout: 'alpha', weights: 'orthogonal' }));
  await t.rejects(predict({ ...selu, dropout: 0.1 as unknown as 'alpha' }), {
    message: /`keepProbability` = 1 - rate/,
  });
  // Where nothing is dropped it does nothing.
  t.same(
    (await predict({ ...selu, keepProbability: 1, dropout: 'alpha' })).observables,
    (await predict({ ...selu, keepProbability: 1 })).observables,
  );
});

t.test('trained networks start where theory says, and learn', { timeout: 600_000 }, async (t) => {
  const synthetic = await readDataset('synthetic', 'train');
  const [count, networks] = [20, 120];
  const { dimension } = synthetic;
  // Images of one norm: the mean over images is then that of each.
  const images = Float32Array.from({ length: count * dimension }, (_, i) =>
    ((i * 2654435761) >>> 7) % 2 === 0 ? 1 : -1,
  );
  const data = { ...synthetic, images, labels: synthetic.labels.subarray(0, count), count };
  const network = (width: number): Network => ({
    system: 'feedforward',
    activation: ['relu', 'selu', 'tanh'],
    depth: 4,
    width,
    weightVariance: 1.4,
    biasVariance: 0.05,
    biasMean: [0.4, -0.2, 0.1, 0],
    keepProbability: [0.8, 0.7, 1],
    dropout: 'alpha',
    weights: 'orthogonal',
  });
  const options = {
    steps: 1,
    batchSize: count,
    learningRate: 0,
    shuffle: false,
    statisticsEvery: 1,
    trainEvaluation: 0,
    normalization: 'unit',
  } as const;
  const moments = async (width: number): Promise<readonly { mean: number; error: number }[]> => {
    const runs = await trainMany(
      Array.from({ length: networks }, (_, seed) => ({ spec: network(width), options: { ...options, seed } })),
      { train: data },
    );
    return [0, 1, 2].map((layer) => {
      const found = runs.map(({ statistics }) => statistics?.variance?.values[layer] as number);
      const mean = found.reduce((sum, q) => sum + q, 0) / networks;
      const square = found.reduce((sum, q) => sum + (q - mean) ** 2, 0);
      return { mean, error: Math.sqrt(square / (networks * (networks - 1))) };
    });
  };
  const [one, two] = [await moments(60), await moments(120)];
  const theory = await predict({ ...network(120), inputs: { secondMoment: 1, count: 1 } });
  for (let layer = 0; layer < 3; layer++) {
    const [a, b] = [one[layer], two[layer]];
    if (a === undefined || b === undefined) throw new Error('no statistics');
    const wanted = theory.observables.variance?.values[layer] as number;
    const noise = Math.hypot(2 * b.error, a.error);
    const z = (2 * b.mean - a.mean - wanted) / noise;
    t.ok(Math.abs(z) < 5, `layer ${layer + 1}: q is ${b.mean}, wanted ${wanted}, z = ${z.toFixed(2)}`);
    t.ok((0.15 * wanted) / noise > 5, `layer ${layer + 1}: an error of 15 % would show (${noise})`);
  }
  const run = await train(
    { ...network(60), weights: 'gaussian' },
    { train: synthetic },
    {
      steps: 200,
      batchSize: 100,
      learningRate: 0.05,
      trainEvaluation: 1000,
      seed: 3,
    },
  );
  t.ok((run.train?.accuracy ?? 0) > 0.6, `accuracy ${run.train?.accuracy}`);
  await t.rejects(train(network(60), { train: synthetic }, { steps: 1, hasBiases: false }), {
    code: 'ERR_MFT_UNSUPPORTED',
    parameter: 'biasMean',
  });
});
