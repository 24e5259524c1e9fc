import t from 'tap';
import { evaluate, isUndefined, predict, simulate } from 'mft-native';

type Spec = Parameters<typeof predict<'feedforward'>>[0];
const base: Spec = {
  system: 'feedforward',
  activation: 'tanh',
  weightVariance: 1.4,
  biasVariance: 0.1,
  keepProbability: 0.8,
  width: 20_000,
  depth: 8,
};

/** Largest |z| of simulation against theory (with the predicted 1/width term where there is one), by observable. */
async function distances(spec: Spec, trials: number, plantedError = 0): Promise<Map<string, number>> {
  const theory = await predict(spec);
  const simulation = await simulate(spec, { trials, seed: 11 });
  const result = new Map<string, number>();
  for (const [name, estimate] of Object.entries(simulation.observables)) {
    const predicted = theory.observables[name as keyof typeof theory.observables];
    if (predicted === undefined) throw new Error(`${name} is not predicted`);
    let largest = 0;
    estimate.values.forEach((value, i) => {
      if ((predicted.undefinedAt ?? []).some(({ index }) => index === i) || predicted.values[i] === -Infinity) return;
      const expected =
        ((predicted.values[i] as number) + (predicted.finiteSize?.values[i] ?? 0)) *
          (predicted.scale === 'linear' ? 1 + plantedError : 1) +
        (predicted.scale === 'log' ? plantedError : 0);
      const noise = Math.hypot(
        estimate.standardError[i] as number,
        predicted.error * (predicted.scale === 'log' ? 1 : Math.abs(expected)),
        1e-12,
      );
      largest = Math.max(largest, Math.abs(value - expected) / noise);
    });
    result.set(name, largest);
  }
  return result;
}

const specs: readonly [string, Spec][] = [
  ['tanh, shared weights', base],
  [
    'relu, loss on the activations',
    { ...base, activation: 'relu', weightVariance: 1.2, keepProbability: 0.7, output: 'postactivation' },
  ],
  [
    'gelu, shared masks, masked inputs',
    {
      ...base,
      activation: 'gelu',
      maskSharing: 'shared',
      inputKeepProbability: 0.8,
      inputs: { secondMoment: 1.5, correlation: 0.3 },
    },
  ],
  ['softplus, random readout', { ...base, activation: 'softplus', output: 'randomReadout' }],
  ['independent backward weights', { ...base, backwardWeights: 'independent' }],
  ['orthogonal weights', { ...base, weights: 'orthogonal', keepProbability: 0.7 }],
  [
    'unequal inputs, every layer different',
    {
      ...base,
      depth: 5,
      weightVariance: [1, 1.2, 1.3, 2, 1.5],
      biasVariance: [0, 0.1, 0.2, 0.3, 0.4],
      keepProbability: [0.9, 0.8, 0.7, 1],
      width: [20_000, 10_000, 15_000, 30_000, 20_000],
      inputs: {
        values: [
          Array.from({ length: 60 }, (_, i) => Math.sin(i)),
          Array.from({ length: 60 }, (_, i) => 2 * Math.cos(1.3 * i) + Math.sin(i)),
        ],
      },
    },
  ],
];

t.test('wide simulations agree with the theory on every layer', async (t) => {
  for (const [name, spec] of specs) {
    for (const [observable, z] of await distances(spec, 40))
      t.ok(z < 5, `${name}, ${observable}: |z| = ${z.toFixed(2)}`);
  }
});

t.test('a planted error of 2 % is caught', async (t) => {
  const found = await distances({ ...base, depth: 5 }, 400, 0.02);
  for (const name of ['variance', 'errorNorm', 'typicalGradientSingle'])
    t.ok((found.get(name) as number) > 5, `${name}: |z| = ${found.get(name)}`);
});

t.test('at finite width the leading terms are those of the theory', async (t) => {
  for (const [name, spec, trials] of [
    ['tanh', { ...base, width: 300, depth: 16, output: 'randomReadout' }, 8000],
    ['relu', { ...base, width: 300, depth: 10, activation: 'relu', output: 'randomReadout' }, 8000],
  ] as const) {
    const [theory, simulation] = [await predict(spec), await simulate(spec, { trials, seed: 3 })];
    for (const observable of ['errorNorm', 'gradientSingle', 'typicalGradientSingle', 'variance'] as const) {
      const [predicted, estimate] = [theory.observables[observable], simulation.observables[observable]];
      let [largest, without] = [0, 0];
      estimate?.values.forEach((value, i) => {
        const deviation = value - (predicted?.values[i] as number);
        const noise = Math.hypot(estimate.standardError[i] as number, 1e-9);
        largest = Math.max(largest, Math.abs(deviation - (predicted?.finiteSize?.values[i] as number)) / noise);
        without = Math.max(without, Math.abs(deviation) / noise);
      });
      t.ok(largest < 5, `${name} ${observable}: |z| = ${largest.toFixed(2)} with the term`);
      if (observable === 'typicalGradientSingle' || (observable === 'errorNorm' && name === 'tanh'))
        t.ok(without > 10, `${name} ${observable}: |z| = ${without.toFixed(2)} without it`);
    }
  }
});

t.test('far down the recursions reach the fixed-point quantities', async (t) => {
  const layer = { activation: 'tanh', weightVariance: 1.4, biasVariance: 0.1, keepProbability: 0.8 } as const;
  const depth = 120;
  for (const output of ['preactivation', 'postactivation'] as const) {
    const { observables } = await predict({ system: 'feedforward', ...layer, depth, output });
    const at = 100;
    const distance = depth - at;
    const single = Math.log(
      (await evaluate('feedforward', 'sharedWeightGradientSingle', { ...layer, distance, output })) as number,
    );
    t.ok(Math.abs((observables.gradientSingle?.values[2 * (at - 1)] as number) - single) < 1e-9, `g_aa, ${output}`);
    const pair = Math.log(
      (await evaluate('feedforward', 'sharedWeightGradientPair', { ...layer, distance, output })) as number,
    );
    t.ok(Math.abs((observables.gradientPair?.values[at - 1] as number) - pair) < 1e-9, `g_ab, ${output}`);
  }
  const { observables } = await predict({ system: 'feedforward', ...layer, depth, output: 'randomReadout' });
  const ratio =
    (observables.gradientPairAbsolute?.values[59] as number) - (observables.gradientSingle?.values[118] as number);
  t.ok(
    Math.abs(
      Math.exp(ratio) / ((await evaluate('feedforward', 'absoluteToSingleGradientRatio', layer)) as number) - 1,
    ) < 1e-6,
    `absolute to single: ${Math.exp(ratio)}`,
  );
  const rate = (await evaluate('feedforward', 'logGradientVarianceRate', layer)) as number;
  // The mean of the logarithm lies half the variance of log g_aa below the logarithm of the mean: β/2N more per layer.
  const gap = (l: number): number =>
    (observables.gradientSingle?.finiteSize?.values[2 * l] as number) -
    (observables.typicalGradientSingle?.finiteSize?.values[2 * l] as number);
  t.ok(Math.abs(gap(59) - gap(60) - rate / 2000) < 1e-9 * rate, 'β/2N per layer');
});

t.test('deep networks neither overflow nor lose their way', async (t) => {
  const deep = await predict({
    system: 'feedforward',
    activation: 'tanh',
    weightVariance: 16,
    biasVariance: 0.09,
    depth: 2000,
    inputs: { count: 1 },
  });
  const values = deep.observables.gradientSingle?.values as Float64Array;
  t.ok((values[0] as number) > 1000, `log g_aa = ${values[0]} at the first layer`);
  t.ok(
    Math.abs(
      (values[500] as number) - (values[501] as number) - Math.log(deep.quantities.gradientMultiplier as number),
    ) < 1e-9,
  );
});

t.test('quantities that do not exist carry a reason', async (t) => {
  const none = await predict({
    system: 'feedforward',
    activation: 'relu',
    weightVariance: 2.5,
    biasVariance: 0.1,
    depth: 4,
  });
  t.ok(isUndefined(none.quantities.fixedPointVariance));
  t.equal(none.observables.variance?.values.length, 8, 'trajectories exist where the fixed point does not');
  const zero = await predict({
    system: 'feedforward',
    activation: 'tanh',
    weightVariance: 0.9,
    biasVariance: 0,
    depth: 4,
  });
  t.ok(isUndefined(zero.quantities.fixedPointCorrelation));
  t.equal(zero.quantities.phase, 'ordered');
  const mixed = await predict({ system: 'feedforward', weightVariance: [1, 2], depth: 2 });
  t.ok(isUndefined(mixed.quantities.fixedPointVariance));
});

t.test('prediction is cancellable and reports progress', async (t) => {
  const controller = new AbortController();
  controller.abort(new Error('enough'));
  await t.rejects(predict(base, { signal: controller.signal }), { message: 'enough' });
  let done = 0;
  await predict(base, { onProgress: (progress) => (done = progress.done) });
  t.equal(done, base.depth);
});
