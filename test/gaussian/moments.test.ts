import t from 'tap';
import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import {
  type Activation,
  gaussianDerivativePairMoment,
  gaussianDerivativeSecondMoment,
  gaussianMean,
  gaussianPairMoment,
  gaussianPairMomentDeficit,
  gaussianSecondDerivativeSecondMoment,
  gaussianSecondMoment,
  gaussianVarianceSlopeMoment,
} from 'mft-native';
import { affineFunctionOf, gaussianFunctionOf } from '../../dist/gaussian/expectation.js';
import { pairExpectation } from '../../dist/gaussian/moments.js';
import { holds } from '../properties.js';

interface Fixture {
  readonly singles: readonly {
    readonly activation: string;
    readonly variance: number;
    readonly values: readonly [number, number, number];
  }[];
  readonly pairs: readonly {
    readonly activation: string;
    readonly variance: number;
    readonly oneMinusCorrelation: number;
    readonly values: readonly [number, number];
  }[];
}
const fixture = JSON.parse(
  readFileSync(new URL('../fixtures/gaussian-moments.json', import.meta.url), 'utf8'),
) as Fixture;

function isNear(
  t: { ok(value: unknown, message: string): unknown },
  actual: number,
  expected: number,
  tolerance: number,
  what: string,
  scale = Math.abs(expected),
): void {
  t.ok(
    Math.abs(actual - expected) <= tolerance * scale || actual === expected,
    `${what}: ${actual} against ${expected}, relative ${Math.abs(actual - expected) / scale}`,
  );
}

t.test('single moments equal 30-digit integration', async (t) => {
  t.equal(fixture.singles.length, 32);
  for (const { activation, variance, values } of fixture.singles) {
    const what = `${activation} q=${variance}`;
    isNear(t, gaussianSecondMoment(activation as Activation, { variance }), values[0], 1e-12, `${what} m2`);
    isNear(t, gaussianDerivativeSecondMoment(activation as Activation, { variance }), values[1], 1e-12, `${what} s2`);
    isNear(t, gaussianVarianceSlopeMoment(activation as Activation, { variance }), values[2], 1e-11, `${what} v2`);
  }
});

t.test('pair moments equal brute-force integration in 80-bit arithmetic', async (t) => {
  t.equal(fixture.pairs.length, 112);
  for (const { activation, variance, oneMinusCorrelation, values } of fixture.pairs) {
    const what = `${activation} q=${variance} delta=${oneMinusCorrelation}`;
    const scale = gaussianDerivativeSecondMoment(activation as Activation, { variance });
    isNear(
      t,
      gaussianDerivativePairMoment(activation as Activation, { variance, oneMinusCorrelation }),
      values[0],
      1e-12,
      `${what} F`,
      scale,
    );
    isNear(
      t,
      gaussianPairMomentDeficit(activation as Activation, { variance, oneMinusCorrelation }),
      values[1],
      1e-11,
      `${what} D`,
    );
  }
});

t.test('JavaScript functions get the values of the catalogue', async (t) => {
  const functions: [Activation, Activation][] = [
    [
      'tanh',
      {
        value: Math.tanh,
        derivative: (x) => 1 / Math.cosh(x) ** 2,
        secondDerivative: (x) => (-2 * Math.tanh(x)) / Math.cosh(x) ** 2,
        kinks: [],
      },
    ],
    [
      'hardTanh',
      { value: (x) => Math.max(-1, Math.min(1, x)), derivative: (x) => (Math.abs(x) < 1 ? 1 : 0), kinks: [-1, 1] },
    ],
  ];
  for (const [name, own] of functions) {
    for (const variance of [1e-6, 0.7, 40]) {
      for (const moment of [gaussianSecondMoment, gaussianDerivativeSecondMoment, gaussianVarianceSlopeMoment]) {
        isNear(t, moment(own, { variance }), moment(name, { variance }), 1e-12, `${moment.name} q=${variance}`);
      }
      for (const oneMinusCorrelation of [1e-9, 1e-2, 0.8, 1.7]) {
        const pair = { variance, oneMinusCorrelation };
        isNear(
          t,
          gaussianPairMomentDeficit(own, pair),
          gaussianPairMomentDeficit(name, pair),
          1e-11,
          `D q=${variance} delta=${oneMinusCorrelation}`,
        );
      }
    }
  }
  t.equal(
    gaussianSecondDerivativeSecondMoment(functions[0]?.[1] as Activation, { variance: 1.7 }).toFixed(12),
    '0.262445785609',
  );
  t.equal(gaussianSecondDerivativeSecondMoment(functions[1]?.[1] as Activation, { variance: 1 }), Infinity);
});

t.test('laws that hold for every activation', async (t) => {
  const activation = fc.constantFrom<Activation>(
    'tanh',
    'erf',
    'relu',
    'sigmoid',
    'softplus',
    'gelu',
    'silu',
    'sin',
    'cos',
    { name: 'leakyRelu', slope: 0.3 },
    { name: 'rectifiedMonomial', degree: 2 },
  );
  const variance = fc.double({ min: -6, max: 3, noNaN: true }).map((exponent) => 10 ** exponent);
  const delta = fc.double({ min: -12, max: 0, noNaN: true }).map((exponent) => 2 * 10 ** exponent);
  await holds(
    t,
    fc.property(activation, variance, delta, (phi, q, oneMinusCorrelation) => {
      const second = gaussianSecondMoment(phi, { variance: q });
      const pair = gaussianPairMoment(phi, { variance: q, oneMinusCorrelation });
      const deficit = gaussianPairMomentDeficit(phi, { variance: q, oneMinusCorrelation });
      const slope = gaussianDerivativeSecondMoment(phi, { variance: q });
      // M + D = m2, D >= 0, |F| <= s2, D <= q delta s2 (convexity of M in c), M(c = 0) = mean squared
      return (
        Math.abs(pair + deficit - second) <= 1e-12 * second &&
        deficit >= 0 &&
        Math.abs(gaussianDerivativePairMoment(phi, { variance: q, oneMinusCorrelation })) <= slope * (1 + 1e-12) &&
        (oneMinusCorrelation > 1 || deficit <= q * oneMinusCorrelation * slope * (1 + 1e-11)) &&
        Math.abs(gaussianPairMoment(phi, { variance: q, correlation: 0 }) - gaussianMean(phi, { variance: q }) ** 2) <=
          1e-12 * second
      );
    }),
    { seed: 5, numRuns: 300 },
  );
});

t.test('v2 is the slope of m2, F of M', async (t) => {
  for (const phi of ['tanh', 'gelu', 'silu', 'elu', 'selu', 'hardTanh', 'softplus', 'sin', 'cos'] as const) {
    for (const q of [0.05, 1, 6]) {
      const h = 1e-4 * q;
      const m = (x: number): number => gaussianSecondMoment(phi, { variance: x });
      const slope = (8 * (m(q + h) - m(q - h)) - (m(q + 2 * h) - m(q - 2 * h))) / (12 * h);
      isNear(t, slope, gaussianVarianceSlopeMoment(phi, { variance: q }), 1e-10, `${phi} v2 q=${q}`, m(q) / q);
      const d = (x: number): number => gaussianPairMomentDeficit(phi, { variance: q, oneMinusCorrelation: x });
      const k = 1e-4;
      const fall = (8 * (d(0.4 + k) - d(0.4 - k)) - (d(0.4 + 2 * k) - d(0.4 - 2 * k))) / (12 * k * q);
      isNear(
        t,
        fall,
        gaussianDerivativePairMoment(phi, { variance: q, oneMinusCorrelation: 0.4 }),
        1e-10,
        `${phi} F q=${q}`,
        m(q) / q,
      );
    }
  }
});

t.test('expressions are integrated like the catalogue, and refused when nobody could', async (t) => {
  const twin = { expression: 'x * sigmoid(x)' };
  for (const variance of [1e-4, 1, 300]) {
    isNear(
      t,
      gaussianSecondMoment(twin, { variance }),
      gaussianSecondMoment('silu', { variance }),
      1e-12,
      `silu q=${variance}`,
    );
    isNear(
      t,
      gaussianPairMomentDeficit(twin, { variance, correlation: 0.7 }),
      gaussianPairMomentDeficit('silu', { variance, correlation: 0.7 }),
      1e-12,
      `silu D q=${variance}`,
    );
  }
  isNear(
    t,
    gaussianSecondMoment({ expression: 'tanh(10 * x)' }, { variance: 0.01 }),
    gaussianSecondMoment('tanh', { variance: 1 }),
    1e-12,
    'a sharp function',
  );
  isNear(
    t,
    gaussianSecondMoment({ expression: 'sin(5 * x)' }, { variance: 2 }),
    gaussianSecondMoment('sin', { variance: 50 }),
    1e-12,
    'an oscillating function',
  );
});

t.test('bad arguments get the documented errors', async (t) => {
  t.throws(() => gaussianSecondMoment('tanh', { variance: -1 }), {
    code: 'ERR_MFT_OUT_OF_RANGE',
    parameter: 'variance',
  });
  t.throws(() => gaussianSecondMoment('tanh', { variance: Number.NaN }), {
    code: 'ERR_MFT_OUT_OF_RANGE',
    parameter: 'variance',
  });
  t.throws(() => gaussianSecondMoment('tahn' as Activation, { variance: 1 }), { code: 'ERR_MFT_INVALID_ARGUMENT' });
  t.throws(() => gaussianPairMoment('tanh', { variance: 1, correlation: 0.5, oneMinusCorrelation: 0.5 }), {
    code: 'ERR_MFT_INVALID_ARGUMENT',
  });
  t.throws(() => gaussianPairMoment('tanh', { variance: 1 }), { code: 'ERR_MFT_INVALID_ARGUMENT' });
  t.throws(() => gaussianPairMoment('tanh', { variance: 1, correlation: 1.5 }), {
    code: 'ERR_MFT_OUT_OF_RANGE',
    parameter: 'correlation',
  });
  t.equal(
    gaussianPairMoment('tanh', { variance: 1, correlation: 1 + 5e-16 }),
    gaussianSecondMoment('tanh', { variance: 1 }),
  );
  t.equal(gaussianSecondDerivativeSecondMoment('relu', { variance: 1 }), Infinity);
  t.ok(gaussianSecondDerivativeSecondMoment({ name: 'elu', alpha: 1 }, { variance: 1 }) < 1);
  t.throws(() => gaussianSecondMoment({ value: Math.tanh, kinks: [] } as unknown as Activation, { variance: 1 }), {
    code: 'ERR_MFT_INVALID_ARGUMENT',
    parameter: 'activation.derivative',
  });
});

t.test('GELU and erf at large variances: nothing cancels, nothing overflows', async (t) => {
  // E φ'² and E φ'φ' of the closed form in 60 digits; from 1e18 on E φ'² is ½ + 0.0563/√q.
  for (const [variance, square, pair] of [
    [1e3, 0.501772148925876, 0.33342502256531314],
    [1e9, 0.5000017794063513, 0.3333333334252215],
    [1e12, 0.5000000562697698, 0.33333333333342524],
    [1e18, 0.5000000000562698, 1 / 3],
    [1e30, 0.5, 1 / 3],
    [1e200, 0.5, 1 / 3],
    [1e300, 0.5, 1 / 3],
  ] as const) {
    isNear(t, gaussianDerivativeSecondMoment('gelu', { variance }), square, 1e-15, `E φ'² of gelu at ${variance}`);
    isNear(
      t,
      gaussianDerivativePairMoment('gelu', { variance, correlation: 0.5 }),
      pair,
      1e-15,
      `E φ'φ' of gelu at ${variance}`,
    );
  }
  for (const variance of [1e100, 1e160, 1e200, 1e300]) {
    // ReLU's kernel and a step's: the limits of x Φ(x) and of erf.
    const relu = (Math.sqrt(0.75) + (2 * Math.PI) / 3 / 2) / (2 * Math.PI);
    isNear(t, gaussianSecondMoment('gelu', { variance }) / variance, 0.5, 1e-14, `E φ² of gelu at ${variance}`);
    isNear(
      t,
      gaussianPairMoment('gelu', { variance, correlation: 0.5 }) / variance,
      relu,
      1e-14,
      `E φφ of gelu at ${variance}`,
    );
    isNear(t, gaussianPairMoment('erf', { variance, correlation: 0.5 }), 1 / 3, 1e-14, `E φφ of erf at ${variance}`);
    isNear(
      t,
      gaussianPairMomentDeficit('erf', { variance, oneMinusCorrelation: 0.5 }),
      2 / 3,
      1e-14,
      `E φ² − E φφ of erf at ${variance}`,
    );
  }
});

t.test('moments of pairs at variances up to 1e300: the limit of a step, in milliseconds', async (t) => {
  // tanh(√q z) is a sign there: E is (2/π) asin c; E φ'φ' is the density of both at 0 times (∫φ')² = 4.
  const [correlation, cross] = [0.5, Math.sqrt(0.75)];
  const start = process.cpuUsage();
  for (const variance of [1e40, 1e100, 1e200, 1e300]) {
    isNear(t, gaussianPairMoment('tanh', { variance, correlation }), 1 / 3, 1e-13, `E φφ at ${variance}`);
    const density = 1 / (2 * Math.PI * variance * cross);
    isNear(
      t,
      gaussianDerivativePairMoment('tanh', { variance, correlation }),
      4 * density,
      1e-13,
      `E φ'φ', ${variance}`,
    );
    // With ∫φ' = 2 too, and tails that fall with a power only.
    isNear(
      t,
      gaussianDerivativePairMoment('softsign', { variance, correlation }),
      4 * density,
      1e-9,
      `softsign ${variance}`,
    );
    isNear(
      t,
      gaussianPairMoment('softsign', { variance, correlation }),
      1 / 3,
      1e-13,
      `E φφ of softsign at ${variance}`,
    );
  }
  const { user } = process.cpuUsage(start);
  t.ok(user < 6e6, `${user / 1e6} s: the panels grow with the logarithm of the variance, not with its square`);
});

t.test('a bias of 1e12 is no jump of the activation', (t) => {
  const far = affineFunctionOf('tanh', { shift: 1e12, scale: 1, offset: 0 });
  // The argument 1e12 + 1e50 z is positive half of the time but for a part of 1e-38.
  isNear(
    t,
    pairExpectation(far, { first: 1 }, 1e100, 1e100, 0.5),
    4 / (2 * Math.PI * 1e100 * Math.sqrt(0.75)),
    1e-3,
    'E φ′φ′',
  );
  t.ok(Number.isFinite(pairExpectation(far, { first: 1 }, 1, 1, 0.5)), 'deep in saturation');
  const step = affineFunctionOf('step', { shift: 3, scale: 1, offset: 0 });
  t.throws(
    () => pairExpectation(step, { first: 1 }, 1, 1, 0.5),
    { code: 'ERR_MFT_UNSUPPORTED' },
    'a jump is one still',
  );
  t.end();
});

t.test('E tanh² of the smallest variances is the variance', (t) => {
  for (const variance of [1e-90, 1e-110, 1e-206, 1e-250, 1e-300, 1e-306])
    isNear(t, gaussianSecondMoment('tanh', { variance }), variance, 1e-14, `at ${variance}`);
  t.end();
});

t.test('an expression that oscillates is resolved at every variance, not at small ones only', (t) => {
  for (const slope of [1, 10, 100]) {
    const activation = { expression: `sin(${slope} * x)` };
    for (const variance of [0.01, 1, 30, 1e3, 2e4]) {
      const exact = -Math.expm1(-2 * slope * slope * variance) / 2;
      const found = gaussianSecondMoment(activation, { variance });
      t.ok(Math.abs(found - exact) < 1e-12 * exact, `${slope} ${variance}: ${found} ${exact}`);
    }
  }
  const pair = gaussianPairMoment({ expression: 'sin(30 * x)' }, { variance: 10, correlation: 0.9999 });
  t.ok(Math.abs(pair - Math.exp(-0.9) / 2) < 1e-12, `${pair}`);
  // Where it leaves the range of numbers far out, it keeps its values near 0.
  const softplus = { expression: 'log(1 + exp(x))' };
  const [own, named] = [softplus, 'softplus' as const].map((one) => gaussianSecondMoment(one, { variance: 2 }));
  t.ok(Math.abs((own as number) - (named as number)) < 1e-12, `${own} ${named}`);
  t.end();
});

t.test('pairs at huge variances: half the mean square difference is that of the limit, at once', (t) => {
  const start = process.cpuUsage();
  for (const variance of [1e50, 1e154])
    for (const oneMinusCorrelation of [1e-10, 1e-15, 0.3]) {
      const step = (4 * Math.asin(Math.sqrt(oneMinusCorrelation / 2))) / Math.PI;
      const relu = gaussianPairMomentDeficit('relu', { variance, oneMinusCorrelation });
      const limits: readonly (readonly [Activation, number])[] = [
        ['relu6', 9 * step],
        ['hardTanh', step],
        ['sigmoid', step / 4],
        ['softsign', step],
        ['hardSwish', relu],
        ['mish', relu],
        [{ name: 'elu', alpha: 0.5 }, relu],
      ];
      for (const [activation, limit] of limits) {
        const found = gaussianPairMomentDeficit(activation, { variance, oneMinusCorrelation });
        const what = `${JSON.stringify(activation)} ${variance} ${oneMinusCorrelation}: ${found} ${limit}`;
        t.ok(Math.abs(found - limit) < 1e-12 * limit, what);
      }
    }
  // Below, where features of size 1 still count in the tenth digit: one integral of E φ'φ' by mpmath.
  for (const [variance, oneMinusCorrelation, exact] of [
    [1.2e14, 0.9e-4, 0.008541166023356033],
    [1e16, 1e-5, 0.0028470472269901976],
  ] as const) {
    const found = gaussianPairMomentDeficit('hardTanh', { variance, oneMinusCorrelation });
    t.ok(Math.abs(found - exact) < 1e-12 * exact, `${variance} ${oneMinusCorrelation}: ${found} ${exact}`);
  }
  const near = gaussianPairMomentDeficit('relu6', { variance: 1e29, oneMinusCorrelation: 1e-10 });
  const limit = gaussianPairMomentDeficit('relu6', { variance: 1e50, oneMinusCorrelation: 1e-10 });
  t.ok(Math.abs(near / limit - 1) < 1e-8, `${near} ${limit}`);
  const { user, system } = process.cpuUsage(start);
  t.ok(user + system < 3e6, `${user + system} µs; it took a minute each`);
  t.end();
});

t.test('two arguments on one line, of unequal variances', (t) => {
  for (const activation of [{ name: 'elu', alpha: 1.64 }, 'hardTanh', 'selu', 'relu6', 'softsign'] as const) {
    const phi = gaussianFunctionOf(activation);
    for (const integrand of [{ value: 1 }, { first: 1 }]) {
      const found = pairExpectation(phi, integrand, 1, 0.25, 0);
      const near = pairExpectation(phi, integrand, 1, 0.25, 1e-13);
      t.ok(Math.abs(found - near) < 1e-6, `${JSON.stringify(activation)}: ${found} ${near}`);
    }
  }
  // E clip(u) clip(u/2) by hand: 1/2 E u² up to 1, E u/2 from 1 to 2, 1 beyond.
  const below = (x: number): number => x * Math.exp((-x * x) / 2) * Math.sqrt(2 / Math.PI);
  const [within1, within2] = [0.682689492137086, 0.954499736103642];
  const exact = (within1 - below(1)) / 2 + (below(1) - below(2) / 2) / 2 + 1 - within2;
  const found = pairExpectation(gaussianFunctionOf('hardTanh'), { value: 1 }, 1, 0.25, 0);
  t.ok(Math.abs(found - exact) < 1e-12, `${found} ${exact}`);
  t.end();
});
