import t from 'tap';
import {
  type Activation,
  criticalInitialization,
  criticalPoints,
  evaluate,
  fixedPointsVariance,
  gaussianDerivativeSecondMoment,
  gaussianSecondMoment,
  MftError,
} from 'mft-native';

const everyActivation: readonly Activation[] = [
  'linear',
  'tanh',
  'erf',
  'erfUnitSlope',
  'relu',
  { name: 'leakyRelu', slope: 0.1 },
  'hardTanh',
  'sigmoid',
  'softplus',
  'gelu',
  'silu',
  { name: 'elu', alpha: 1 },
  'selu',
  'sin',
  'cos',
  'abs',
  'step',
  'sign',
  { name: 'alphaRelu', alpha: 0.9 },
  { name: 'abRelu', a: -0.5, b: 1 },
  { name: 'rectifiedMonomial', degree: 2 },
  { expression: 'x / (1 + x^2)' },
];

t.test('fixed points are fixed, and the recursion reaches the one that is said', async (t) => {
  for (const activation of everyActivation) {
    for (const [weightVariance, biasVariance, keepProbability] of [
      [0.6, 0.2, 0.9],
      [1.3, 0, 1],
      [3, 0.1, 0.8],
    ] as const) {
      const { points, reached } = fixedPointsVariance({ activation, weightVariance, biasVariance, keepProbability });
      const map = (q: number): number =>
        (weightVariance / keepProbability) * gaussianSecondMoment(activation, { variance: q }) + biasVariance;
      const what = `${JSON.stringify(activation)} ${weightVariance} ${biasVariance} ${keepProbability}`;
      for (const { variance } of points)
        t.ok(Math.abs(map(variance) - variance) <= 1e-12 * Math.max(variance, 1e-12), `${what}: ${variance} is fixed`);
      let q = 1;
      for (let step = 0; step < 3000 && q < 1e100; step++) q = map(q);
      if (reached === undefined)
        t.ok(
          q > 1e3 || !points.some((point) => Math.abs(point.variance - q) < 1e-6 * q),
          `${what}: nothing is reached`,
        );
      else
        t.ok(
          Math.abs(q - reached.variance) <= 1e-5 * Math.max(reached.variance, 1e-1),
          `${what}: ${q} reached, ${reached.variance} said`,
        );
    }
  }
});

t.test('critical points are critical; initializers carry their numbers', async (t) => {
  for (const activation of ['tanh', 'erf', 'sin', 'hardTanh', 'gelu', 'silu', 'selu', 'elu'] as const) {
    for (const biasVariance of [0, 0.1]) {
      for (const point of criticalPoints(activation, { biasVariance, keepProbability: 0.9 })) {
        const { weightVariance, fixedPointVariance: q } = point;
        t.ok(
          Math.abs((weightVariance / 0.9) * gaussianDerivativeSecondMoment(activation, { variance: q }) - 1) < 1e-12,
          `${activation}: chi_1 = 1`,
        );
        t.ok(
          Math.abs((weightVariance / 0.9) * gaussianSecondMoment(activation, { variance: q }) + biasVariance - q) <=
            1e-11 * Math.max(q, 1e-10),
          `${activation}: q* is fixed`,
        );
      }
    }
  }
  const relu = criticalInitialization('relu');
  t.equal(relu.weightVariance, 2);
  t.match(relu.pytorch, 'std=(2 / layer.in_features) ** 0.5');
  t.match(relu.tfjs, "scale: 2, mode: 'fanIn', distribution: 'uniform'");
  t.equal(criticalInitialization('tanh').weightVariance, 1);
  t.ok(
    Math.abs(
      criticalInitialization('tanh', { biasVariance: 0.05, keepProbability: 0.5 }).weightVariance -
        1.7609546396067386 / 2,
    ) < 1e-11,
    'the keep probability is a factor',
  );
  t.throws(() => criticalInitialization('relu', { biasVariance: 0.1 }), { code: 'ERR_MFT_NO_FIXED_POINT' });
});

t.test('every quantity of every activation is a number or a documented error', async (t) => {
  const quantities = [
    'fixedPointVariance',
    'oneMinusFixedPointCorrelation',
    'varianceMultiplier',
    'gradientMultiplier',
    'correlationMultiplier',
    'depthScaleCorrelation',
    'curvatureMultiplier',
    'trainableLength',
    'absoluteToSingleGradientRatio',
    'logGradientVarianceRate',
  ] as const;
  for (const activation of everyActivation) {
    for (const [weightVariance, biasVariance, keepProbability] of [
      [0, 0, 1],
      [0, 0.3, 0.7],
      [1.2, 0.1, 0.9],
      [50, 2, 1],
    ] as const) {
      for (const quantity of quantities) {
        const what = `${quantity} of ${JSON.stringify(activation)} at ${weightVariance}, ${biasVariance}, ${keepProbability}`;
        try {
          const value = await evaluate('feedforward', quantity, {
            activation,
            weightVariance,
            biasVariance,
            keepProbability,
          });
          t.ok(typeof value === 'number' && !Number.isNaN(value), `${what}: ${String(value)}`);
        } catch (error) {
          t.ok(
            error instanceof MftError && error.code !== 'ERR_MFT_INTERNAL' && error.code !== 'ERR_MFT_INVALID_ARGUMENT',
            `${what}: ${String(error)}`,
          );
        }
      }
    }
  }
});
