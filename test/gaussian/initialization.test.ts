import t from 'tap';
import {
  type Activation,
  criticalInitialization,
  criticalPoints,
  criticalWeightVariance,
  evaluate,
  fixedPointsVariance,
  gaussianDerivativeSecondMoment,
  gaussianPairMomentDeficit,
  gaussianSecondMoment,
  variancePreservingInitialization,
} from 'mft-native';

const mish = { expression: 'x * tanh(softplus(x))' };
const gap = (a: number, b: number): number => Math.abs(a - b) / Math.abs(b);

t.test('which weights for GELU, SiLU, Mish: an attracting point, and what begins it', async (t) => {
  // [φ, smallest σ_b² with an attracting critical point, σ_w² there]: own quadrature and bisection
  const cases: [Activation, number, number][] = [
    ['gelu', 0.172922390756, 1.983058257437],
    ['silu', 0.555143171, 1.988004678],
    [mish, 0.094522, 2.013524],
    [{ expression: 'x * sigmoid(1.702 * x)' }, 0.19164, 1.988005],
  ];
  for (const [activation, biasVariance, weightVariance] of cases) {
    const what = JSON.stringify(activation);
    for (const keepProbability of [1, 0.9, 0.5]) {
      const found = criticalInitialization(activation, { keepProbability });
      t.ok(gap(found.limit?.biasVariance as number, biasVariance) < 5e-6, `${what}: the limit's bias`);
      t.ok(
        gap(found.limit?.weightVariance as number, weightVariance * keepProbability) < 1e-6,
        `${what}: the limit's weight`,
      );
      t.equal(found.limit?.isStable, false);
      t.ok(found.biasVariance >= 1.05 * (found.limit?.biasVariance as number) * (1 - 1e-15), `${what}: 5 % above it`);
      t.match(found.reason, /half-stable/);
      const network = { activation, weightVariance: found.weightVariance, biasVariance: found.biasVariance };
      const reached = fixedPointsVariance({ ...network, keepProbability }).reached;
      t.ok(gap(reached?.variance as number, found.fixedPointVariance) < 1e-9, `${what}: reached from 1`);
      t.ok(
        gap(
          (found.weightVariance / keepProbability) *
            gaussianDerivativeSecondMoment(activation, { variance: found.fixedPointVariance }),
          1,
        ) < 1e-12,
        `${what}: critical`,
      );
      t.match(found.pytorch, String(found.weightVariance));
    }
  }
});

t.test('no recommendation repels', async (t) => {
  for (const activation of ['tanh', 'gelu', 'silu', 'elu', 'selu', 'sin', 'sigmoid', mish] as const) {
    for (const biasVariance of [0, 0.01, 0.09, 0.3]) {
      const { weightVariance, biasVariance: chosen, isStable } = criticalInitialization(activation, { biasVariance });
      const { points } = fixedPointsVariance({ activation, weightVariance, biasVariance: chosen });
      t.ok(isStable && points.some((point) => point.isStable || point.isMarginal), JSON.stringify(activation));
    }
  }
});

t.test('the weight that keeps the variance', async (t) => {
  t.ok(gap(variancePreservingInitialization('gelu').weightVariance, 2.351715614073) < 1e-12, 'gelu at 1');
  t.ok(gap(variancePreservingInitialization('elu').weightVariance, 1.550518808068) < 1e-12, 'elu at 1');
  for (const [variance, biasVariance, keepProbability] of [
    [1, 0, 1],
    [0.3, 0.1, 0.8],
    [25, 0, 0.5],
  ] as const) {
    const found = criticalInitialization('silu', { variance, biasVariance, keepProbability }).variancePreserving;
    const next =
      (found.weightVariance / keepProbability) * gaussianSecondMoment('silu', { variance }) + found.biasVariance;
    t.ok(gap(next, variance) < 1e-14, `${variance} stays`);
  }
  t.throws(() => variancePreservingInitialization('gelu', { variance: 0.1, biasVariance: 0.2 }), {
    code: 'ERR_MFT_OUT_OF_RANGE',
    parameter: 'variance',
  });
});

t.test('limits at variance 0 are exact', async (t) => {
  t.equal(criticalWeightVariance('elu'), 1);
  t.ok(gap(criticalWeightVariance('selu'), 0.476771017882753) < 1e-14, 'selu');
  t.equal(
    await evaluate('feedforward', 'phase', { activation: 'elu', weightVariance: 1, biasVariance: 0 }),
    'critical',
  );
  const none: Activation[] = [
    { name: 'alphaRelu', alpha: 1.5 },
    { name: 'alphaRelu', alpha: 0.8 },
    { name: 'rectifiedMonomial', degree: 2 },
    { expression: 'x^2' },
    { expression: 'x^3' },
    { value: (x) => x * x, derivative: (x) => 2 * x, secondDerivative: () => 2, kinks: [] },
  ];
  for (const activation of none) {
    t.same(criticalPoints(activation), [], JSON.stringify(activation));
    t.throws(() => criticalInitialization(activation), { code: 'ERR_MFT_NO_FIXED_POINT', message: /is kept by/ });
  }
  const superlinear = { activation: { name: 'alphaRelu', alpha: 1.5 }, weightVariance: 0.5, biasVariance: 0 } as const;
  t.equal(await evaluate('feedforward', 'gradientMultiplier', superlinear), 0);
  t.equal(await evaluate('feedforward', 'depthScaleGradient', superlinear), 0);
});

t.test('half the mean square difference of GELU at opposite inputs', async (t) => {
  // gelu(x) − gelu(−x) = x: exactly half the variance
  for (const variance of [0.01, 1, 10, 100, 1e4]) {
    const deficit = gaussianPairMomentDeficit('gelu', { variance, oneMinusCorrelation: 2 });
    t.ok(gap(deficit, variance / 2) < 1e-14, `${variance}: ${deficit}`);
    for (const oneMinusCorrelation of [0.049, 0.051, 0.5, 1.3, 1.999]) {
      const argument = { variance, oneMinusCorrelation };
      const own = gaussianPairMomentDeficit({ expression: 'x * (1 + erf(x / sqrt(2))) / 2' }, argument);
      const found = gaussianPairMomentDeficit('gelu', argument);
      t.ok(gap(found, own) < 1e-10, `${variance}, ${oneMinusCorrelation}: ${found} against ${own}`);
    }
  }
});

t.test('a frequency is a scale: sin(30 x) has the fixed points of sin', async (t) => {
  const plain = fixedPointsVariance({ activation: 'sin', weightVariance: 2, biasVariance: 0.1 });
  for (const frequency of [3, 30, 3000]) {
    const scale = frequency ** 2;
    const found = fixedPointsVariance({
      activation: { expression: `sin(${frequency} * x)` },
      weightVariance: 2 / scale,
      biasVariance: 0.1 / scale,
    });
    t.equal(found.points.length, plain.points.length);
    for (const [i, point] of found.points.entries()) {
      t.ok(gap(point.variance * scale, plain.points[i]?.variance as number) < 1e-12, `frequency ${frequency}`);
      t.ok(gap(point.multiplier, plain.points[i]?.multiplier as number) < 1e-10, `frequency ${frequency}`);
    }
  }
  const siren = { activation: { expression: 'sin(30 * x)' }, weightVariance: 2 / 900, biasVariance: 0 };
  t.ok(gap(Number(await evaluate('feedforward', 'fixedPointVariance', siren)), 8.853468111333556e-4) < 1e-11, 'q*');
  t.ok(gap(Number(await evaluate('feedforward', 'gradientMultiplier', siren)), 1.20318793) < 1e-7, 'chi_1');
});

t.test('fixed points of any size are found', async (t) => {
  for (const biasVariance of [1e-290, 1e-20, 1e20, 1e250]) {
    const { reached } = fixedPointsVariance({ activation: 'silu', weightVariance: 1, biasVariance });
    const slope = biasVariance < 1 ? 0.25 : 0.5;
    t.ok(gap(reached?.variance as number, biasVariance / (1 - slope)) < 1e-9, String(biasVariance));
  }
});
