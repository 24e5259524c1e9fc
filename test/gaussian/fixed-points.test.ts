import t from 'tap';
import {
  type Activation,
  criticalInitialization,
  criticalPoints,
  criticalWeightVariance,
  evaluate,
  fixedPointsVariance,
  gaussianDerivativeSecondMoment,
  gaussianSecondMoment,
  keepProbabilitiesForCorrelation,
  MftError,
  varianceBasins,
  weightVariancesForDepthScale,
} from 'mft-native';
import { reachedFixedPoint } from '../../dist/gaussian/reached-fixed-point.js';

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

t.test('why is there no fixed point? which exist and from where each is reached', async (t) => {
  const gelu = { activation: 'gelu', weightVariance: 3, biasVariance: 0 } as const;
  const basins = varianceBasins(gelu);
  t.match(basins, [
    { from: 0, reaches: 0 },
    { to: Infinity, reaches: 'infinity' },
  ]);
  t.equal(basins.length, 2);
  t.ok(Math.abs((basins[0]?.to as number) - 0.247067168663) < 1e-11, 'the repelling point between them');
  t.throws(() => reachedFixedPoint(gelu), {
    code: 'ERR_MFT_NO_FIXED_POINT',
    message: /0 is reached from between 0 and 0.247067; 0.247067 repels/,
  });
  t.throws(() => reachedFixedPoint({ activation: 'gelu', weightVariance: 4, biasVariance: 0 }), {
    message: /from any start: .* needs `weightVariance` below 4, received 4/,
  });
  t.throws(() => reachedFixedPoint({ activation: 'silu', weightVariance: 2.9, biasVariance: 0.04 }), {
    message: /although there are fixed points/,
  });
});

t.test('basins are where the recursion goes', async (t) => {
  for (const activation of ['tanh', 'gelu', 'cos', 'sigmoid', { expression: 'x / (1 + x^2)' }] as const) {
    for (const [weightVariance, biasVariance] of [
      [1.97, 0.17],
      [3, 0],
      [9, 0.2],
    ] as const) {
      const basins = varianceBasins({ activation, weightVariance, biasVariance });
      t.equal(basins[0]?.from, 0);
      t.equal(basins.at(-1)?.to, Infinity);
      for (const [i, { from, to, reaches }] of basins.entries()) {
        t.equal(from, i === 0 ? 0 : basins[i - 1]?.to, 'without gaps');
        const start = to === Infinity ? 3 * Math.max(from, 0.1) : from === 0 ? 0.9 * to : Math.sqrt(from * to);
        let q = start;
        for (let step = 0; step < 3000 && q < 1e60; step++)
          q = weightVariance * gaussianSecondMoment(activation, { variance: q }) + biasVariance;
        const what = `${JSON.stringify(activation)} ${weightVariance} ${biasVariance} from ${start}: ${q}, said ${reaches}`;
        if (reaches === 'infinity') t.ok(q > 1e59, what);
        else if (reaches !== 'cycle') t.ok(Math.abs(q - reaches) <= 1e-5 * Math.max(reaches, 0.1), what);
      }
    }
  }
});

t.test('which variances for a given depth scale', async (t) => {
  const found = weightVariancesForDepthScale('tanh', { depthScale: 10, biasVariance: 0.09 });
  t.equal(found.length, 1);
  t.ok(Math.abs((found[0]?.weightVariance as number) - 1.55852509) < 5e-9, 'tanh, 10 layers, bias 0.09');
  for (const activation of ['tanh', 'erf', 'silu', 'relu', 'elu'] as const) {
    for (const depthScale of [3, 25, -25]) {
      if (activation === 'relu' && depthScale < 0) continue; // refused, below
      for (const point of weightVariancesForDepthScale(activation, {
        depthScale,
        biasVariance: 0.01,
        keepProbability: 0.9,
      }).filter(({ isStable }) => isStable)) {
        const { points } = fixedPointsVariance({ activation, ...point, keepProbability: 0.9 });
        const q = points.find(({ variance }) => Math.abs(variance / point.fixedPointVariance - 1) < 1e-8)?.variance;
        const chi =
          (point.weightVariance / 0.9) * gaussianDerivativeSecondMoment(activation, { variance: q as number });
        t.ok(Math.abs(-1 / Math.log(chi) / depthScale - 1) < 1e-8, `${activation} ${depthScale}: ${chi}`);
      }
    }
  }
  t.throws(() => weightVariancesForDepthScale('tanh', { depthScale: 0 }), { code: 'ERR_MFT_OUT_OF_RANGE' });
  t.throws(() => weightVariancesForDepthScale('relu', { depthScale: -5, biasVariance: 0.1 }), {
    code: 'ERR_MFT_NO_FIXED_POINT',
  });
});

t.test('layers without weights, or nearly so, settle at their biases or at φ(0)', async (t) => {
  const fixed = async (activation: Activation, weightVariance: number, biasVariance: number): Promise<number> =>
    (await evaluate('feedforward', 'fixedPointVariance', {
      activation,
      weightVariance,
      biasVariance,
      keepProbability: 0.7,
    } as never)) as number;
  for (const activation of ['gelu', 'mish', 'tanh', 'relu', { expression: 'x / (1 + x^2)' }] as const)
    for (const biasVariance of [0, 0.1, 1, 1e6])
      t.equal(await fixed(activation, 0, biasVariance), biasVariance, `${JSON.stringify(activation)} ${biasVariance}`);
  for (const [activation, square] of [
    ['cos', 1],
    ['sigmoid', 0.25],
    ['softplus', Math.LN2 ** 2],
    ['step', 0.5],
    ['sign', 1],
  ] as const)
    for (const weightVariance of [1e-14, 1e-30, 1e-200]) {
      const found = await fixed(activation, weightVariance, 0);
      t.ok(Math.abs(found / ((weightVariance * square) / 0.7) - 1) < 1e-6, `${activation} ${weightVariance}: ${found}`);
    }
});

t.test('which keep probability for a given correlation', async (t) => {
  for (const [activation, weightVariance, biasVariance, correlation] of [
    ['tanh', 1.7, 0.1, 0.8],
    ['relu', 1.4, 0.1, 0.8],
    ['gelu', 1.5, 0.2, 0.9],
  ] as const) {
    const [point] = keepProbabilitiesForCorrelation({ activation, weightVariance, biasVariance, correlation });
    const { keepProbability } = point as { readonly keepProbability: number };
    const network = { activation, weightVariance, biasVariance, keepProbability };
    const reached = await evaluate('feedforward', 'fixedPointCorrelation', network);
    t.ok(Math.abs(Number(reached) - correlation) < 1e-9, `${activation}: ${keepProbability} gives ${reached}`);
  }
  t.throws(
    () =>
      keepProbabilitiesForCorrelation({
        activation: 'tanh',
        weightVariance: 3.7,
        biasVariance: 0.1,
        correlation: 0.99,
      }),
    { code: 'ERR_MFT_NO_FIXED_POINT' },
  );
  t.throws(
    () =>
      keepProbabilitiesForCorrelation({
        activation: 'selu',
        weightVariance: 1,
        biasVariance: 0,
        correlation: 0.5,
        dropout: 'alpha',
      } as never),
    { code: 'ERR_MFT_UNSUPPORTED' },
  );
  t.throws(() => criticalWeightVariance('gelu', { dropout: 0.1 } as never), {
    message: /`keepProbability` = 1 - dropout/,
  });
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
