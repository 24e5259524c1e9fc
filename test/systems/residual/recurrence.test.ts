// The recurrences: identities, limits and closed forms that hold exactly.
import t from 'tap';
import { evaluate, predict, type ResidualSpec } from 'mft-native';

const ones = { outerWeightVariance: 1, innerWeightVariance: 1, outerBiasVariance: 1, innerBiasVariance: 1 };
const decays = (decay: number): object => ({
  outerWeightDecay: decay,
  innerWeightDecay: decay,
  outerBiasDecay: decay,
  innerBiasDecay: decay,
});
const number = async (quantity: Parameters<typeof evaluate<'residual'>>[1], parameters: object): Promise<number> =>
  (await evaluate('residual', quantity, parameters)) as number;

t.test('linear response: the gradient ratio is the growth of small distances', async (t) => {
  for (const activation of ['tanh', 'erf', 'silu', 'gelu']) {
    for (const block of [
      {},
      { architecture: 'reduced', outerWeightVariance: 1, outerBiasVariance: 0 },
      { architecture: 'generalized', skipStrength: 0.8 },
    ]) {
      const parameters = { ...ones, activation, depth: 20, ...block, inputOneMinusCorrelation: 1e-12 };
      const grown = (await number('logMetricExpressivity', parameters)) - Math.log(1e-12);
      const { inputOneMinusCorrelation: _, ...rest } = parameters;
      t.ok(Math.abs(grown - (await number('logGradientRatio', rest))) < 1e-5, `${activation} ${JSON.stringify(block)}`);
    }
  }
});

t.test('the total gradient does not depend on the widths', async (t) => {
  const base = { system: 'residual', depth: 30, ...ones } as const;
  const wanted = (await predict({ ...base, width: 100 })).observables.gradientTotal?.values as Float64Array;
  for (const widths of [{ start: 4096, halveAt: [4, 9, 16, 25] }, Array.from({ length: 31 }, (_, l) => 50 + 7 * l)]) {
    const got = (await predict({ ...base, width: widths })).observables.gradientTotal?.values as Float64Array;
    t.ok(
      got.every(
        (value, i) => Math.abs(value - (wanted[i] as number)) < 1e-12 * Math.max(1, Math.abs(wanted[i] as number)),
      ),
      JSON.stringify(widths).slice(0, 40),
    );
  }
});

t.test('relu: closed forms of length and gradient; leaky relu with slope 1 is linear', async (t) => {
  const [v, w, a, b, depth] = [0.8, 1.3, 0.4, 0.7, 25];
  const parameters = {
    activation: 'relu',
    outerWeightVariance: v,
    innerWeightVariance: w,
    outerBiasVariance: a,
    innerBiasVariance: b,
    depth,
    inputSecondMoment: 2,
  };
  const B = 1 + (v * w) / 2;
  const length = B ** depth * 2 + ((B ** depth - 1) / (B - 1)) * ((v * b) / 2 + a);
  t.ok(Math.abs((await number('secondMoment', parameters)) / length - 1) < 1e-13);
  t.ok(Math.abs((await number('logGradientRatio', parameters)) / (depth * Math.log(B)) - 1) < 1e-13);
  t.ok(
    Math.abs(
      (await number('logGradientRatio', parameters)) /
        (await number('reluLogProduct', { coefficient: (v * w) / 2, decay: 0, depth })) -
        1,
    ) < 1e-13,
  );
  for (const quantity of ['logMetricExpressivity', 'logSecondMoment', 'logGradientRatio'] as const) {
    const linear = {
      activation: { name: 'leakyRelu', slope: 1 },
      outerWeightVariance: v,
      innerWeightVariance: w,
      depth,
    };
    const start = quantity === 'logMetricExpressivity' ? Math.log(0.5) : 0;
    t.ok(Math.abs((await number(quantity, linear)) - start - depth * Math.log1p(v * w)) < 1e-12, quantity);
    const power = { ...parameters, activation: { name: 'alphaRelu', alpha: 1 } };
    t.ok(
      Math.abs((await number(quantity, power)) - (await number(quantity, parameters))) < 1e-11,
      `alphaRelu 1: ${quantity}`,
    );
  }
});

t.test('degenerate networks', async (t) => {
  const silent = { outerWeightVariance: 0, outerBiasVariance: 0.25, depth: 40 };
  t.equal(await number('logGradientRatio', silent), 0);
  t.ok(Math.abs((await number('secondMoment', silent)) - 11) < 1e-12);
  t.ok(Math.abs((await number('metricExpressivity', silent)) - 0.5) < 1e-14);
  t.equal(await evaluate('residual', 'metricExpressivity', { ...ones, depth: 5, inputCorrelation: 1 }), 0);
  t.equal(await evaluate('residual', 'secondMoment', { ...ones, depth: 0 }), 1);
  t.equal(await evaluate('residual', 'logGradientRatio', { ...ones, depth: 0 }), 0);
  const tiny = { outerWeightVariance: 1, innerWeightVariance: 1e-12, depth: 30 };
  t.ok(
    Math.abs((await number('logGradientRatio', tiny)) / (30 * Math.log1p(1e-12)) - 1) < 1e-9,
    'small arguments: tanh is the identity',
  );
  const odd = { outerWeightVariance: 1, innerWeightVariance: 2, depth: 12, inputCorrelation: -1 };
  t.ok(Math.abs((await number('angularDeficit', odd)) - 2) < 1e-12, 'odd activation, opposite inputs stay opposite');
});

t.test('the square-root law of tanh settles; 1/√L tends to the continuum', async (t) => {
  const remainder = async (depth: number): Promise<number> =>
    (await number('logGradientRatio', { ...ones, depth })) -
    (await number('tanhLaw.A', { outerBiasVariance: 1 })) * Math.sqrt(depth) -
    (await number('tanhLaw.B', { outerBiasVariance: 1 })) * Math.log(depth);
  const [near, far] = [await remainder(100_000), await remainder(1_000_000)];
  t.ok(Math.abs(near - far) < 2e-4 && Math.abs(far - -0.806) < 5e-4, `${near} ${far}`);
  for (const [activation, constant] of [
    ['tanh', -0.0504],
    ['relu', -0.824],
  ] as const) {
    const limit = await number('continuumLimit.p', { ...ones, activation });
    const scaled = 4000 * ((await number('secondMoment', { ...ones, activation, depth: 4000, depthPower: 1 })) - limit);
    t.ok(Math.abs(scaled - constant) < 5e-3, `${activation}: ${scaled}`);
  }
});

t.test('monotone in the decay and in the variances', async (t) => {
  for (const activation of ['tanh', 'relu']) {
    const ratios = await Promise.all(
      [0, 0.2, 0.4, 0.6, 0.8, 1].map((decay) =>
        number('logGradientRatio', { ...ones, ...decays(decay), activation, depth: 64 }),
      ),
    );
    t.ok(
      ratios.every((ratio, i) => i === 0 || ratio < (ratios[i - 1] as number)),
      `${activation}: ${ratios.join(' ')}`,
    );
  }
  const base = { ...ones, activation: 'relu', depth: 20 };
  t.ok(
    (await number('logGradientRatio', { ...base, outerWeightVariance: 1.2 })) >
      (await number('logGradientRatio', base)),
  );
  t.ok(
    (await number('logGradientRatio', { ...base, innerWeightVariance: 1.2 })) >
      (await number('logGradientRatio', base)),
  );
});

t.test('the quantities are wired to the same recurrence as the prediction', async (t) => {
  const spec = {
    system: 'residual',
    ...ones,
    depth: 12,
    width: { start: 64, halveAt: [5] },
    innerWeightDecay: 0.3,
  } as const satisfies { system: 'residual' } & ResidualSpec;
  const { system: _, ...parameters } = spec;
  const { observables, quantities } = await predict(spec);
  const last = (values: Float64Array | undefined): number => values?.[values.length - 1] as number;
  t.ok(Math.abs(last(observables.secondMoment?.values) - (await number('logSecondMoment', parameters))) < 1e-14);
  t.ok(
    Math.abs((observables.gradientSecondMoment?.values[0] as number) - (await number('logGradientRatio', parameters))) <
      1e-14,
  );
  t.equal(quantities.varianceOfLogGradient, await number('varianceOfLogGradient', parameters));
  t.ok(
    Math.abs(
      (observables.innerWeightGradient?.values[4] as number) -
        (await number('logParameterGradient', { ...parameters, parameter: 'innerWeight', layer: 3 })),
    ) < 1e-14,
  );
});

t.test('designs meet their budgets', async (t) => {
  const decay = await number('decayForGradientBudget', { ...ones, depth: 100, budget: 2 });
  t.ok(Math.abs((await number('logGradientRatio', { ...ones, ...decays(decay), depth: 100 })) - 2) < 1e-10);
  t.equal(await number('decayForGradientBudget', { ...ones, depth: 10, budget: 50 }), 0);
  const widths = (await evaluate('residual', 'widthsForFlatGradient', {
    ...ones,
    depth: 16,
    start: 100_000,
  })) as readonly number[];
  const gradient = (await predict({ system: 'residual', ...ones, depth: 16, width: widths })).observables
    .gradientSecondMoment?.values as Float64Array;
  t.ok(
    gradient.every((value) => Math.abs(value) < 1e-3),
    'flat to the rounding of the widths',
  );
});

t.test('the continuum limit of a wild activation takes what it is asked for only, and hears a signal', async (t) => {
  const wild = { ...ones, activation: { expression: 'sin(30 * x)' }, time: 2.75 };
  // E sin² tends to 1/2: dp/dt = 3/2, from p = 1.
  const p = await number('continuumLimit.p', wild);
  t.ok(Math.abs(p - (1 + 1.5 * 2.75)) < 1e-12, `${p}`);
  const start = performance.now();
  // Seconds of work.
  const wilder = { ...wild, activation: { expression: 'sin(3000 * x)' } };
  const work = evaluate('residual', 'continuumLimit.s', wilder, { signal: AbortSignal.timeout(50) });
  await t.rejects(work, { name: 'TimeoutError' });
  t.ok(performance.now() - start < 2000, 'soon');
});
