import fc from 'fast-check';
import t from 'tap';
import { evaluate, isUndefined } from 'mft-native';
import { holds } from '../../properties.js';

type Name = Parameters<typeof evaluate<'feedforward'>>[1];

async function number(quantity: Name, parameters: object): Promise<number> {
  const value = await evaluate('feedforward', quantity, parameters);
  if (typeof value !== 'number')
    throw new Error(`${quantity} is no number: ${JSON.stringify(value)}, undefined: ${isUndefined(value)}`);
  return value;
}

const layers = [
  { activation: 'tanh', weightVariance: 1.4, biasVariance: 0.1, keepProbability: 0.8 },
  { activation: 'tanh', weightVariance: 2.5, biasVariance: 0.05 },
  { activation: 'erf', weightVariance: 1.8, biasVariance: 0.2, keepProbability: 0.95 },
  { activation: 'sin', weightVariance: 2, biasVariance: 0.3, keepProbability: 0.9 },
  { activation: 'gelu', weightVariance: 1.5, biasVariance: 0.1, keepProbability: 0.9 },
  { activation: { name: 'leakyRelu', slope: 0.2 }, weightVariance: 1.2, biasVariance: 0.3, keepProbability: 0.9 },
];

t.test('multipliers are the slopes of the maps', async (t) => {
  for (const layer of layers) {
    const q = await number('fixedPointVariance', layer);
    const delta = await number('oneMinusFixedPointCorrelation', layer);
    t.ok(Math.abs((await number('varianceMap', { ...layer, variance: q })) - q) <= 1e-13 * q, 'q* is fixed');
    const h = 1e-3 * q;
    const map = (variance: number): Promise<number> => number('varianceMap', { ...layer, variance });
    const slope =
      (8 * ((await map(q + h)) - (await map(q - h))) - ((await map(q + 2 * h)) - (await map(q - 2 * h)))) / (12 * h);
    t.ok(Math.abs(slope - (await number('varianceMultiplier', layer))) < 1e-10, `chi_q of ${JSON.stringify(layer)}`);
    const pair = (x: number): Promise<number> =>
      number('covarianceMap', {
        activation: layer.activation,
        weightVariance: layer.weightVariance,
        biasVariance: layer.biasVariance,
        varianceA: q,
        varianceB: q,
        covariance: q * (1 - x),
      });
    t.ok(Math.abs((await pair(delta)) - q * (1 - delta)) <= 1e-12 * q, 'c* is fixed');
    const k = 1e-3;
    const fall =
      (8 * ((await pair(delta + k)) - (await pair(delta - k))) -
        ((await pair(delta + 2 * k)) - (await pair(delta - 2 * k)))) /
      (-12 * k * q);
    if (delta > 0.01)
      t.ok(
        Math.abs(fall - (await number('correlationMultiplier', layer))) < 1e-9,
        `chi_c of ${JSON.stringify(layer)}: ${fall}`,
      );
  }
});

t.test('limits', async (t) => {
  const ordered = { activation: 'tanh', weightVariance: 1.2, biasVariance: 0.1 };
  t.equal(
    await number('depthScaleCorrelation', ordered),
    await number('depthScaleGradient', ordered),
    'without dropout in the ordered phase both depth scales are one',
  );
  const relu = { activation: 'relu', weightVariance: 1.1, biasVariance: 0.3, keepProbability: 0.8 };
  t.equal(await number('varianceMultiplier', relu), await number('gradientMultiplier', relu), 'relu: chi_q = chi_1');
  for (const activation of ['tanh', 'erf', 'erfUnitSlope', 'hardTanh', 'sin']) {
    const weightVariance = await number('criticalWeightVariance', { activation, biasVariance: 0.2 });
    t.ok(
      Math.abs((await number('gradientMultiplier', { activation, weightVariance, biasVariance: 0.2 })) - 1) < 1e-12,
      `${activation} is critical on the critical line`,
    );
    t.equal(await evaluate('feedforward', 'phase', { activation, weightVariance, biasVariance: 0.2 }), 'critical');
  }
  const sine = await number('criticalWeightVariance', { activation: 'sin', biasVariance: 0.4 });
  const sineLength = await number('fixedPointVariance', { activation: 'sin', weightVariance: sine, biasVariance: 0.4 });
  t.ok(Math.abs(sineLength - (sine + 0.4 - 1)) < 1e-11, 'sin: q* = σ_w² + σ_b² − 1 on the critical line');
  t.equal(await number('criticalWeightVariance', { activation: { name: 'leakyRelu', slope: 0.5 } }), 2 / 1.25);
  t.equal(
    await number('fixedPointCorrelation', { activation: 'tanh', weightVariance: 2, biasVariance: 0 }),
    0,
    'odd and without bias: c* = 0',
  );
  t.equal(
    await number('circleCurvature', { activation: 'relu', weightVariance: 1, biasVariance: 0.1, layer: 3 }),
    Infinity,
  );
  t.equal(await number('depthScaleVariance', { activation: 'linear', weightVariance: 0, biasVariance: 0.5 }), 0);
});

t.test('the scaling laws of dropout at the former critical point', async (t) => {
  // smooth: 1 − c* → √(2ε/C''); relu: (ε/κ)^(2/3): the ratio approaches 1 as the drop rate falls
  const biasVariance = 0.05;
  const weightVariance = await number('criticalWeightVariance', { activation: 'tanh', biasVariance });
  let last = Infinity;
  for (const drop of [1e-4, 1e-6, 1e-8]) {
    const layer = { activation: 'tanh', weightVariance, biasVariance, keepProbability: 1 - drop };
    const q = await number('fixedPointVariance', layer);
    const epsilon =
      (weightVariance *
        (1 / (1 - drop) - 1) *
        (await number('gaussianSecondMoment', { activation: 'tanh', variance: q }))) /
      q;
    const bend =
      weightVariance * q * (await number('gaussianSecondDerivativeSecondMoment', { activation: 'tanh', variance: q }));
    const distance = Math.abs(
      (await number('oneMinusFixedPointCorrelation', layer)) / Math.sqrt((2 * epsilon) / bend) - 1,
    );
    t.ok(distance < last / 3, `tanh, drop ${drop}: ${distance}`);
    last = distance;
  }
  t.ok(last < 1e-3);
  const kappa = (2 * Math.SQRT2) / (3 * Math.PI);
  const ratio =
    (await number('homogeneousOneMinusFixedPointCorrelation', { activation: 'relu', keepProbability: 1 - 1e-9 })) /
    (1e-9 / kappa) ** (2 / 3);
  t.ok(Math.abs(ratio - 1) < 1e-3, `relu: ${ratio}`);
});

t.test('the shared-weight recursion gives the linear formulas', async (t) => {
  await holds(
    t,
    fc.asyncProperty(
      fc.double({ min: 0.05, max: 0.5, noNaN: true }),
      fc.double({ min: 0.01, max: 2, noNaN: true }),
      fc.double({ min: 0.6, max: 1, noNaN: true }),
      fc.integer({ min: 0, max: 40 }),
      async (weightVariance, biasVariance, keepProbability, distance) => {
        const layer = { activation: 'linear', weightVariance, biasVariance, keepProbability, distance };
        const single =
          (await number('sharedWeightGradientSingle', layer)) / (await number('linearGradientSingle', layer));
        const pair = (await number('sharedWeightGradientPair', layer)) / (await number('linearGradientPair', layer));
        return Math.abs(single - 1) < 1e-12 && Math.abs(pair - 1) < 1e-12;
      },
    ),
    { seed: 3, numRuns: 100 },
  );
});

t.test('values that do not exist are errors with their code', async (t) => {
  const cases: [Name, object, string][] = [
    ['fixedPointVariance', { activation: 'gelu', weightVariance: 2.5, biasVariance: 0.1 }, 'ERR_MFT_NO_FIXED_POINT'],
    ['fixedPointVariance', { activation: 'linear', weightVariance: 1, biasVariance: 0.1 }, 'ERR_MFT_NO_FIXED_POINT'],
    ['fixedPointCorrelation', { activation: 'tanh', weightVariance: 0.9, biasVariance: 0 }, 'ERR_MFT_DEGENERATE'],
    ['depthScaleCorrelation', { activation: 'relu', weightVariance: 1, biasVariance: 0 }, 'ERR_MFT_DEGENERATE'],
    ['criticalWeightVariance', { activation: 'relu', biasVariance: 0.1 }, 'ERR_MFT_NO_FIXED_POINT'],
    [
      'pairGradientNoiseFloor',
      { activation: 'tanh', weightVariance: 1.2, biasVariance: 0.1, width: 100 },
      'ERR_MFT_WRONG_PHASE',
    ],
    ['gaussianSecondMoment', { activation: 'tanh', variance: -1 }, 'ERR_MFT_OUT_OF_RANGE'],
    [
      'gaussianPairMoment',
      { activation: 'tanh', variance: 1, correlation: 0.5, oneMinusCorrelation: 0.5 },
      'ERR_MFT_INVALID_ARGUMENT',
    ],
    ['gaussianPairMoment', { activation: 'tanh', variance: 1, correlation: -1.1 }, 'ERR_MFT_OUT_OF_RANGE'],
    [
      'fixedPointVariance',
      { activation: 'tanh', weightVariance: 1, biasVariance: 0, dropRate: 0.1 },
      'ERR_MFT_INVALID_ARGUMENT',
    ],
    ['fixedPointVariance', { activation: 'tanh', weightVariance: 1, keepProbability: 0 }, 'ERR_MFT_OUT_OF_RANGE'],
    [
      'covarianceMap',
      { activation: 'tanh', weightVariance: 1, varianceA: 1, varianceB: 1, covariance: 1.5 },
      'ERR_MFT_OUT_OF_RANGE',
    ],
    ['linearGradientSingle', { activation: 'tanh', weightVariance: 0.5, distance: 3 }, 'ERR_MFT_INVALID_ARGUMENT'],
  ];
  for (const [quantity, parameters, code] of cases)
    await t.rejects(
      evaluate('feedforward', quantity, parameters),
      { code },
      `${quantity} ${JSON.stringify(parameters)}`,
    );
  t.equal(await number('fixedPointVariance', { activation: 'tanh', weightVariance: 0.9, biasVariance: 0 }), 0);
  t.equal(
    await number('gradientMultiplier', { activation: 'tanh', weightVariance: 0.9, biasVariance: 0 }),
    0.9,
    'chi_1 is defined where signals vanish',
  );
  await t.rejects(
    evaluate('feedforward', 'fixedPointVariance', {
      activation: 'relu',
      weightVariance: 0.9,
      biasVariance: 1,
      keepProbability: 0.4,
    }),
    { message: /below 0\.8,/ },
  );
});

t.test('several fixed points are all listed', async (t) => {
  const points = (await evaluate('feedforward', 'fixedPointsVariance', {
    activation: 'gelu',
    weightVariance: 1.9,
    biasVariance: 0.1,
    keepProbability: 0.9,
  })) as unknown as { variance: number; multiplier: number; isStable: boolean }[];
  t.match(
    points.map((point) => point.isStable),
    [true, false],
  );
  t.ok((points[0]?.multiplier as number) < 1 && (points[1]?.multiplier as number) > 1);
});
