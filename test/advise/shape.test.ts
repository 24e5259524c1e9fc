// Shaped activations against the published numbers of the package `dks` 0.1.2 (a modified ResNet-101), and against what they promise.
import t from 'tap';
import {
  type ActivationSpec,
  compare,
  gaussianDerivativeSecondMoment,
  gaussianMean,
  gaussianSecondDerivativeSecondMoment,
  gaussianSecondMoment,
  gaussianVarianceSlopeMoment,
  predict,
  shape,
  shapeActivation,
  simulate,
} from 'mft-native';

/** Groups of 3, 4, 23, 3 blocks; the first of a group has an activation in its shortcut. */
const resNet101 = {
  layers: 1,
  blocks: [3, 4, 23, 3].flatMap((blocks) => [
    { count: 1, shortcutWeight: 0.6, branch: 3, shortcut: 1 },
    { count: blocks - 1, shortcutWeight: 0.6, branch: 3 },
  ]),
};

const published = [
  ['softplus', 'dks', 1.2, 0.18761008168, 0.40688063442, -0.92134661514, 8.87867254367],
  ['tanh', 'dks', 1.2, 0.07461073058, 0.55669151999, -0.50343787687, 18.00263596444],
  ['gelu', 'dks', 1.2, 0.07043253127, 0.25948929793, -0.15815378962, 20.21158902316],
  ['softplus', 'tat', 0.2, 0.15011489795, 0.53745999011, -0.99648101447, 10.54880187881],
  ['tanh', 'tat', 0.2, 0.05802052186, 0.52186398041, -0.47964307044, 22.36066261763],
] as const;

const near = (value: number, wanted: number, tolerance: number): boolean =>
  Math.abs(value - wanted) <= tolerance * Math.max(1, Math.abs(wanted));

t.test('published parameters of a ResNet-101', async (t) => {
  for (const [activation, method, target, ...parameters] of published) {
    const { transform, maps } = shapeActivation(activation, { method, target, ...resNet101 });
    const found = [transform.inputScale, transform.inputShift, transform.outputShift, transform.outputScale];
    // The published numbers meet their own conditions to 1e-10 in C'(1) and 5e-8 in C''(1).
    for (const [i, value] of found.entries())
      t.ok(near(value, parameters[i] as number, 1e-7), `${activation} ${method}: ${value} for ${parameters[i]}`);
    t.ok(near(maps.variance, 1, 1e-10) && near(maps.varianceSlope, 1, 1e-10), 'the variance 1 is kept');
    if (method === 'dks') t.ok(near(maps.correlationSlope, 1.00277096585, 1e-10) && maps.correlationAtZero < 1e-20);
    else t.ok(near(maps.correlationSlope, 1, 1e-10) && near(maps.correlationCurvature, 0.0030395136778, 1e-10));
  }
});

t.test('leaky ReLU: published slope of the ResNet-101, and plain networks', async (t) => {
  const slopeOf = (target: number, network: object): number => {
    const { activation } = shapeActivation('leakyRelu', { method: 'tat', target, ...network });
    const { a, b } = activation as { a: number; b: number };
    t.ok(near(((a / b) ** 2 + 1) * b ** 2, 2, 1e-12), 'E of the square is 1');
    return a / b;
  };
  t.ok(near(slopeOf(0.75, resNet101), 0.629180029666, 1e-9));
  // Own iteration of the map.
  t.ok(near(slopeOf(0.9, { layers: 50 }), 0.430522948502, 1e-10));
  t.ok(near(slopeOf(0.9, { layers: 100 }), 0.570439531059, 1e-10));
  t.ok(near(slopeOf(0.8, { layers: 50 }), 0.548274047757, 1e-10));
  t.throws(() => shapeActivation('relu', { method: 'tat', target: 0.9, layers: 10 }), {
    code: 'ERR_MFT_OUT_OF_RANGE',
    message: /0\.871536/,
  });
});

t.test('the expression has the maps that are promised, by the Gaussian moments', async (t) => {
  for (const [activation, method] of [
    ['silu', 'dks'],
    ['sigmoid', 'dks'],
    ['erf', 'tat'],
    ['mish', 'tat'],
    ['relu', 'dks'],
    [{ expression: 'x * sigmoid(1.7 * x)' }, 'dks'],
  ] as const) {
    const { activation: made, maps } = shapeActivation(activation as ActivationSpec, { method, layers: 40 });
    const at = { variance: 1 };
    const what = `${JSON.stringify(activation)} ${method}`;
    t.ok(near(gaussianSecondMoment(made, at), 1, 1e-9), `${what}: Q(1)`);
    t.ok(near(gaussianVarianceSlopeMoment(made, at), maps.varianceSlope, 1e-9), `${what}: Q'(1)`);
    t.ok(near(gaussianMean(made, at) ** 2, maps.correlationAtZero, 1e-9), `${what}: C(0)`);
    t.ok(near(gaussianDerivativeSecondMoment(made, at), maps.correlationSlope, 1e-9), `${what}: C'(1)`);
    if (activation !== 'relu')
      t.ok(near(gaussianSecondDerivativeSecondMoment(made, at), maps.correlationCurvature, 1e-9), `${what}: C''(1)`);
    if (method === 'dks') t.ok(near(maps.correlationSlope ** 40, 1.5, 1e-9), `${what}: the slope of 40 layers`);
    else t.ok(near(maps.correlationCurvature * 40, 0.3, 1e-9), `${what}: the curvature of 40 layers`);
  }
});

t.test('a shaped network of 25 layers, theory and simulation', async (t) => {
  const { spec } = shape({ system: 'feedforward', activation: 'tanh', depth: 25, width: 100 }, { method: 'dks' });
  const [prediction, simulation] = [await predict(spec), await simulate(spec, { trials: 10, seed: 5 })];
  t.equal(compare(prediction, simulation).verdict, 'agrees');
  t.ok(near(prediction.observables.variance?.values.at(-1) as number, 1, 1e-9), 'the variance 1 at the end');
  const correlations = prediction.observables.correlation?.values as Float64Array;
  t.ok(
    correlations.every((c) => c > 0.39 && c <= 0.5 + 1e-12),
    'inputs stay apart',
  );
  const plain = await predict({ ...spec, activation: 'tanh' });
  t.ok((plain.observables.variance?.values.at(-1) as number) < 0.06, 'tanh itself loses its signal');
});

t.test('blocks with a shortcut', async (t) => {
  const given = {
    system: 'residual',
    block: 'generalized',
    skipStrength: 0.8,
    activation: 'gelu',
    depth: 30,
    width: 100,
  } as const;
  const { spec, maps } = shape(given, { method: 'tat' });
  t.ok(near(maps.correlationCurvature * 30 * (1 - 0.64), 0.3, 1e-9));
  t.ok(near(spec.outerWeightVariance as number, 0.36, 1e-12));
  const { skipStrength: kappa, outerWeightVariance: outer, innerWeightVariance: inner } = spec;
  t.ok(
    near((kappa as number) ** 2 + (outer as number) * (inner as number) * maps.variance, 1, 1e-12),
    'a block keeps the variance',
  );
});

t.test('what cannot be shaped is refused by name', async (t) => {
  const plain = { system: 'feedforward', depth: 20 } as const;
  const refused = (spec: object, options: object, code: string, parameter: string) =>
    t.throws(() => shape(spec as never, options as never), { code, parameter }, JSON.stringify([spec, options]));
  refused({ ...plain, keepProbability: 0.9 }, { method: 'dks' }, 'ERR_MFT_UNSUPPORTED', 'keepProbability');
  refused({ ...plain, activation: 'elu' }, { method: 'tat' }, 'ERR_MFT_UNSUPPORTED', 'activation');
  refused({ ...plain, activation: 'step' }, { method: 'dks' }, 'ERR_MFT_UNSUPPORTED', 'activation');
  refused(plain, { method: 'dks', target: 1 }, 'ERR_MFT_OUT_OF_RANGE', 'target');
  refused(plain, { method: 'tat', target: -1 }, 'ERR_MFT_OUT_OF_RANGE', 'target');
  refused({ ...plain, activation: 'hardTanh' }, { method: 'dks' }, 'ERR_MFT_OUT_OF_RANGE', 'target');
  refused(plain, { method: 'other' }, 'ERR_MFT_INVALID_ARGUMENT', 'method');
  refused({ ...plain, depth: 1 }, { method: 'dks' }, 'ERR_MFT_INVALID_ARGUMENT', 'layers');
  refused({ ...plain, inputs: { secondMoment: 2 } }, { method: 'dks' }, 'ERR_MFT_UNSUPPORTED', 'inputs');
  refused({ system: 'residual' }, { method: 'tat' }, 'ERR_MFT_UNSUPPORTED', 'skipStrength');
});
