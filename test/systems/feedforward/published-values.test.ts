// Critical variances, rates and limits that people asked for, derived twice (by formula and by networks of their own).
import t from 'tap';
import {
  advise,
  type Estimated,
  evaluate,
  type FeedforwardSpec,
  gaussianSecondDerivativeSecondMoment,
  isUndefined,
  predict,
  simulate,
} from 'mft-native';

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
    ['correlationMultiplier', { activation: 'selu', weightVariance: 1, biasVariance: 0 }, 0.9706803523, 1e-10],
    ['varianceMultiplier', { activation: 'selu', weightVariance: 1, biasVariance: 0 }, 0.7826478832, 1e-10],
    ['fixedPointVariance', { activation: 'selu', weightVariance: 1, biasVariance: 0 }, 1, 1e-12],
    ['criticalWeightVariance', { activation: 'tanh', biasVariance: 1e-8 }, 1.003918687334, 1e-11],
    ['criticalWeightVariance', { activation: 'erf', biasVariance: 1e-8 }, 0.788474901015, 1e-11],
    ['criticalWeightVariance', { activation: 'sin', biasVariance: 1e-8 }, 1.003107226506, 1e-11],
    ['criticalWeightVariance', { activation: 'hardTanh', biasVariance: 1e-8 }, 1.000000281873, 1e-11],
    ['homogeneousOneMinusFixedPointCorrelation', { activation: 'relu', keepProbability: 0.9 }, 0.372854115051, 1e-11],
    // Product Gauss–Legendre, 400 × 400 points, and two root searches.
    [
      'depthScaleCorrelation',
      { activation: 'tanh', weightVariance: 1.7609546396067, biasVariance: 0.05, keepProbability: 0.99 },
      14.479628673523,
      1e-9,
    ],
  ];
  for (const [name, parameters, expected, tolerance] of cases) {
    const value = (await evaluate('feedforward', name as never, parameters as never)) as number;
    t.ok(Math.abs(value / expected - 1) < tolerance, `${name} ${JSON.stringify(parameters)}: ${value}`);
  }
  const selu = { activation: 'selu', weightVariance: 1, biasVariance: 0 } as const;
  t.equal(await evaluate('feedforward', 'fixedPointCorrelation', selu), 0, 'selu: c* = 0');
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

t.test('typical residual ReLU at width 100: 53.94, not 50 log 3', async (t) => {
  // Per block |x + v|²/|x|² with v_i ~ N(0, 2T/n), T = (2/n) Σ relu(g_i)²: blocks are independent; 2·10⁶ draws of one block.
  const [expected, error] = [53.9424, 0.0076];
  const trials = 300;
  const { observables } = await simulate(
    {
      system: 'residual',
      activation: 'relu',
      innerWeightVariance: 2,
      outerWeightVariance: 2,
      depth: 50,
      width: 100,
      inputs: { count: 1 },
    },
    { trials, seed: 8, rawTrials: true },
  );
  const rows = (observables.secondMoment as Estimated).trials as Float64Array;
  const size = rows.length / trials;
  const logs = Float64Array.from(
    { length: trials },
    (_, i) => (rows[(i + 1) * size - 1] as number) - (rows[i * size] as number),
  );
  const mean = logs.reduce((sum, x) => sum + x, 0) / trials;
  const variance = logs.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (trials - 1);
  const z = (mean - expected) / Math.hypot(error, Math.sqrt(variance / trials));
  t.ok(Math.abs(z) < 4, `${mean}, z ${z}`);
  t.ok(Math.abs(50 * Math.log(3) - mean) > 5 * Math.sqrt(variance / trials), 'the mean of many says another thing');
});

t.test('how heavy are the tails of an output of He ReLU, n = 20? 3 (1 + 5/n)^5', async (t) => {
  const trials = 400_000;
  const { observables } = await simulate(
    {
      system: 'feedforward',
      activation: 'relu',
      weightVariance: 2,
      width: [20, 20, 20, 20, 20, 1],
      depth: 6,
      inputWidth: 20,
      inputs: { count: 1 },
    },
    { trials, seed: 4, rawTrials: true },
  );
  const rows = (observables.variance as Estimated).trials as Float64Array;
  const squares = Float64Array.from({ length: trials }, (_, i) => rows[6 * i + 5] as number);
  const second = squares.reduce((sum, x) => sum + x, 0) / trials;
  const fourth = squares.reduce((sum, x) => sum + x * x, 0) / trials;
  t.ok(Math.abs(fourth / second ** 2 / (3 * 1.25 ** 5) - 1) < 0.02, `${fourth / second ** 2}`);
});

t.test('ReLU with dropout 0.01: correlations live 6.153 layers, not 100', async (t) => {
  const kernel = (c: number): number => (Math.sqrt(1 - c * c) + (Math.PI - Math.acos(c)) * c) / Math.PI;
  let c = 0.5;
  for (let i = 0; i < 10_000; i++) c = 0.99 * kernel(c);
  const expected = -1 / Math.log((0.99 * (Math.PI - Math.acos(c))) / Math.PI);
  const relu = { activation: 'relu', weightVariance: 1.98, biasVariance: 0, keepProbability: 0.99 } as const;
  const found = (await evaluate('feedforward', 'depthScaleCorrelation', relu)) as number;
  t.equal(found.toFixed(3), '6.153');
  t.ok(Math.abs(found / expected - 1) < 1e-9, `${found} for ${expected}`);
});

const correlations = async (depth: number, spec: FeedforwardSpec): Promise<Float64Array> =>
  (await predict({ system: 'feedforward', depth, width: 100, ...spec })).observables.correlation
    ?.values as Float64Array;

t.test('how do correlations settle at criticality?', async (t) => {
  const relu = await correlations(4001, {
    activation: 'relu',
    weightVariance: 2,
    biasVariance: 0,
    inputs: { correlation: 0.3 },
  });
  let gap = 0.7;
  for (let l = 1; l <= 4000; l++) {
    const angle = Math.acos(1 - gap);
    gap = 1 - (Math.sin(angle) + (Math.PI - angle) * (1 - gap)) / Math.PI;
    if (l % 1000 === 100) t.ok(Math.abs((1 - (relu[l] as number)) / gap - 1) < 1e-9, `ReLU, layer ${l}`);
  }
  const scaled = (l: number): number => l ** 2 * (1 - (relu[l] as number));
  t.ok(Math.abs(scaled(4000) / ((9 * Math.PI ** 2) / 2) - 1) < 0.015, `ReLU: 44.4/l², ${scaled(4000)}`);
  t.ok(scaled(100) < 0.85 * 44.4, 'and 20 % less still at layer 100');

  const [weightVariance, biasVariance] = [1.7609546396067006, 0.05];
  const smooth = { activation: 'tanh', weightVariance, biasVariance } as const;
  const q = (await evaluate('feedforward', 'fixedPointVariance', smooth)) as number;
  const tanh = await correlations(1201, { ...smooth, inputs: { secondMoment: (q - biasVariance) / weightVariance } });
  const curvature = weightVariance * q * gaussianSecondDerivativeSecondMoment('tanh', { variance: q });
  const rate = (1 / (1 - (tanh[1200] as number)) - 1 / (1 - (tanh[600] as number))) / 600;
  t.ok(Math.abs(rate / (curvature / 2) - 1) < 0.01, `smooth: 2/(C″ l), ${rate} for ${curvature / 2}`);

  const frozen = await correlations(201, { activation: 'tanh', weightVariance: 1, biasVariance: 0 });
  const other = await correlations(201, {
    activation: 'tanh',
    weightVariance: 1,
    biasVariance: 0,
    inputs: { correlation: 0.9 },
  });
  t.ok(Math.abs((frozen[200] as number) - (frozen[50] as number)) < 3e-3, 'tanh without bias: they freeze');
  t.ok((other[200] as number) - (frozen[200] as number) > 0.3, 'where, depends on the start');

  const spec = { system: 'feedforward', activation: 'relu', weightVariance: 2, biasVariance: 0, depth: 100 } as const;
  const [section] = (await advise(spec)).sections;
  const findings = section === undefined || isUndefined(section.findings) ? [] : section.findings;
  t.match(findings.find(({ id }) => id === 'phase')?.claim, /become more alike: correlation 0\.5 at layer 1, 0\.9965/);
});

t.test('small numbers of the documentation and of messages', async (t) => {
  // Behind a jump in power every layer scatters more than its mean: no first-order term of this size is handed out.
  const superlinear = await predict({
    system: 'feedforward',
    activation: { name: 'alphaRelu', alpha: 1.5 },
    weightVariance: 2,
    depth: 8,
    width: 100,
  });
  const { values, allowance } = superlinear.observables.typicalGradientSingle?.finiteSize ?? {};
  t.ok(values?.every((value) => Math.abs(value) <= 0.5) && allowance?.[0] === Infinity, 'withheld, and said so');
  await t.rejects(
    evaluate('feedforward', 'fixedPointVariance', { activation: 'silu', weightVariance: 2.9, biasVariance: 0.04 }),
    { code: 'ERR_MFT_NO_FIXED_POINT', message: /grows without bound, although there are fixed points: 0\.243/ },
  );
});

t.test('one input given twice', async (t) => {
  const x = Array.from({ length: 37 }, (_, i) => Math.sin(1.3 * i));
  const spec = {
    system: 'feedforward',
    weightVariance: 1.7,
    biasVariance: 0.05,
    depth: 4,
    width: 300,
    inputs: { values: [x, x.map((value) => -value * value), x, x] },
  } as const;
  for (const [engine, precision, bound] of [
    ['dense', 'float32', 3e-7],
    ['dense', 'float64', 5e-16],
    ['conditioned', 'float32', 3e-7],
    ['conditioned', 'float64', 5e-16],
  ] as const) {
    const run = await simulate(spec, { trials: 5, seed: 1, engine, precision });
    const found = run.observables.correlation?.values as Float64Array;
    // Pairs 0–1, 0–2, 0–3, 1–2, 1–3, 2–3 of each layer.
    for (const [i, c] of found.entries())
      if ([1, 2, 5].includes(i % 6)) t.ok(Math.abs(1 - c) <= bound, `${engine} ${precision}: 1 − c = ${1 - c}`);
  }
});
