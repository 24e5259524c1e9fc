// Layers that differ from one another and from the plain kind: an activation per layer, biases with a mean, orthogonal matrices
// of any shape, alpha dropout. More of their kinds against simulation: test/verify/unlike-layers.test.ts.
import t from 'tap';
import { compare, evaluate, predict, readDataset, simulate, train } from 'mft-native';
import { base, hold, type Network, trained, wide } from './unlike-layers.js';

t.test('another activation in some layers', { timeout: 600_000 }, async (t) => {
  const activation = ['relu', 'gelu', 'tanh', { name: 'leakyRelu', slope: 0.2 }] as const;
  await hold(t, 'four activations', wide({ activation, output: 'preactivation' }));
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
  await hold(t, 'relu', wide({ activation: 'relu', biasMean: [0.5, -0.3, 1, 0.2, 0.4] }));
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
  await hold(
    t,
    'independent masks',
    wide({ activation: 'selu', dropout: 'alpha', keepProbability: [0.9, 0.6, 1, 0.8] }),
  );
  const layer = { activation: 'selu', weightVariance: 1, keepProbability: 0.9, dropout: 'alpha' } as const;
  for (const name of ['fixedPointVariance', 'gradientMultiplier', 'correlationMultiplier', 'phase'] as const)
    t.equal(await evaluate('feedforward', name, layer), alpha.quantities[name], name);
  await t.rejects(predict({ ...selu, dropout: 0.1 as unknown as 'alpha' }), {
    message: /`keepProbability` = 1 - rate/,
  });
  // Where nothing is dropped it does nothing.
  t.same(
    (await predict({ ...selu, keepProbability: 1, dropout: 'alpha' })).observables,
    (await predict({ ...selu, keepProbability: 1 })).observables,
  );
});

t.test('networks of such layers learn', async (t) => {
  const synthetic = await readDataset('synthetic', 'train');
  const run = await train(
    { ...trained(60), weights: 'gaussian' },
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
  await t.rejects(train(trained(60), { train: synthetic }, { steps: 1, hasBiases: false }), {
    code: 'ERR_MFT_UNSUPPORTED',
    parameter: 'biasMean',
  });
});
