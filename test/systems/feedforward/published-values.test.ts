// Critical variances, rates and limits that people asked for, derived twice (by formula and by networks of their own).
import t from 'tap';
import { evaluate, predict } from 'mft-native';

t.test('which weight variance is critical, how fast do logarithms scatter, where do correlations end?', async (t) => {
  const cases: readonly [string, object, number, number][] = [
    ['criticalWeightVariance', { activation: 'sigmoid', biasVariance: 0 }, 103.0075538555, 1e-11],
    ['criticalWeightVariance', { activation: 'hardTanh', biasVariance: 0.05 }, 1.165544689636, 1e-11],
    ['criticalWeightVariance', { activation: 'tanh', biasVariance: 1 }, 3.443210912265, 1e-11],
    ['logGradientVarianceRate', { activation: 'relu', weightVariance: 2, biasVariance: 0 }, 5, 1e-9],
    [
      'logGradientVarianceRate',
      { activation: 'relu', weightVariance: 1, biasVariance: 0, keepProbability: 0.5 },
      11,
      1e-9,
    ],
    ['logGradientVarianceRate', { activation: 'tanh', weightVariance: 1.76, biasVariance: 0.05 }, 3.992375, 1e-6],
    [
      'fixedPointCorrelation',
      { activation: 'relu', weightVariance: 1.8, biasVariance: 0, keepProbability: 0.9 },
      0.627145884949,
      1e-11,
    ],
    ['gradientMultiplier', { activation: 'selu', weightVariance: 1, biasVariance: 0 }, 1.0715749925, 1e-10],
  ];
  for (const [name, parameters, expected, tolerance] of cases) {
    const value = (await evaluate('feedforward', name as never, parameters as never)) as number;
    t.ok(Math.abs(value / expected - 1) < tolerance, `${name} ${JSON.stringify(parameters)}: ${value}`);
  }
  const parameters = { activation: 'softplus', biasVariance: 0 } as const;
  await t.rejects(
    evaluate('feedforward', 'criticalWeightVariance', parameters),
    { code: /ERR_MFT_/ },
    'softplus has none',
  );
});

t.test('residual ReLU, He both, 50 blocks: 50 log 3', async (t) => {
  const spec = {
    system: 'residual',
    activation: 'relu',
    innerWeightVariance: 2,
    outerWeightVariance: 2,
    depth: 50,
  } as const;
  const value = (await predict(spec)).quantities.logSecondMoment as number;
  t.ok(Math.abs(value - 50 * Math.log(3)) < 1e-11, `${value}`);
});
