// Variances far beyond and below what their squares can hold: correlations, covariances and gradients stay right, and nothing in
// a prediction is NaN or silently infinite.
import t, { type Test } from 'tap';
import { advise, predict, toJson } from 'mft-native';
import type { Predicted } from '../../../dist/core/results.js';
import { definedObservable, definedQuantity } from '../../../dist/core/defined.js';

type Spec = Parameters<typeof predict<'feedforward'>>[0];

/** No NaN anywhere, and every infinite value of a linear observable has its reason. */
async function finite(
  t: Test,
  spec: Omit<Spec, 'system'>,
): Promise<Awaited<ReturnType<typeof predict<'feedforward'>>>> {
  const prediction = await predict({ system: 'feedforward', ...spec } as Spec);
  t.doesNotThrow(() => toJson(prediction), 'no NaN');
  for (const [name, { scale, values, undefinedAt = [] }] of Object.entries(prediction.observables)) {
    const hidden = new Set(undefinedAt.map(({ index }) => index));
    const wrong = values.findIndex(
      (x, i) => !hidden.has(i) && !(Number.isFinite(x) || (scale === 'log' && x === -Infinity)),
    );
    t.equal(wrong, -1, `${name} has a value or a reason everywhere`);
  }
  return prediction;
}

t.test('ReLU with a thousandth of the variance it needs, 60 layers: a variance of 1e-181', async (t) => {
  const { observables } = await finite(t, { activation: 'relu', weightVariance: 2 ** -9, biasVariance: 0, depth: 60 });
  // q is divided by 2^10 in every layer, exactly; c follows the arc-cosine map, which knows no scale.
  const { values } = observables.variance as { values: Float64Array };
  t.equal(values[2 * 59], 2 ** -599);
  let c = 0.5;
  for (let l = 2; l <= 60; l++) c = (Math.sqrt(1 - c * c) + c * (Math.PI - Math.acos(c))) / Math.PI;
  const correlation = observables.correlation as { values: Float64Array; undefinedAt?: unknown };
  t.equal(correlation.undefinedAt, undefined, 'every layer has a correlation');
  t.ok(Math.abs((correlation.values[59] as number) / c - 1) < 1e-8, `${correlation.values[59]} is ${c}`);
  const covariance = observables.covariance?.values[59] as number;
  t.ok(Math.abs(covariance / (c * 2 ** -599) - 1) < 1e-8, 'the covariance too');
  t.ok(Number.isFinite(observables.gradientPair?.values[0]), 'and the gradients of pairs');
});

t.test('two inputs of other lengths, a variance of 1e156', async (t) => {
  const inputs = {
    values: [
      [1, 0, 0, 0],
      [1, 2, 0, 0],
    ],
  };
  const { observables } = await finite(t, {
    activation: 'relu',
    weightVariance: 2 ** 11,
    biasVariance: 0,
    depth: 52,
    inputs,
  });
  let c = Math.sqrt(1 / 5);
  for (let l = 2; l <= 52; l++) c = (Math.sqrt(1 - c * c) + c * (Math.PI - Math.acos(c))) / Math.PI;
  const last = observables.correlation?.values[51] as number;
  t.ok(Math.abs(last / c - 1) < 1e-8, `${last} is ${c}`);
  t.equal(observables.correlation?.undefinedAt, undefined);
});

t.test('nothing is NaN, whatever the variances', async (t) => {
  await finite(t, { activation: 'linear', depth: 3, weightVariance: 1e100 });
  await finite(t, { activation: 'leakyRelu', depth: 5, width: 60, weightVariance: 0, biasVariance: 0.5 });
  await finite(t, { activation: { expression: '0' }, depth: 3 });
  await finite(t, { activation: 'linear', depth: 5, weightVariance: 1e60, inputs: { correlation: 0.2 } });
});

t.test('a variance beyond the range of doubles is refused, with its layer', async (t) => {
  const error = { code: 'ERR_MFT_NOT_FINITE', message: /variance of layer 2 / };
  const spec = { system: 'feedforward', activation: 'linear', depth: 4, weightVariance: 1e200 } as const;
  await t.rejects(predict(spec), error, 'not taken for a variance that has settled');
  await t.rejects(predict({ ...spec, weightVariance: 1e100, keepProbability: 1e-300 }), error);
});

t.test('what is no number is undefined, with a reason', (t) => {
  t.match(definedQuantity(Number.NaN), { reason: /zero/ });
  t.equal(definedQuantity(Infinity), Infinity);
  t.match(definedQuantity([1, { a: Number.NaN }]), [1, { a: { reason: /zero/ } }]);
  const axes = [{ name: 'layer', values: Float64Array.of(1, 2, 3) }];
  const found = definedObservable<Predicted>({
    axes,
    scale: 'linear' as const,
    values: Float64Array.of(1, Infinity, Number.NaN),
    error: 0,
    finiteSize: { order: 1, values: Float64Array.of(Number.NaN, 1, 1) },
  });
  t.same([...found.values], [1, 0, 0]);
  t.same(
    found.undefinedAt?.map(({ index }) => index),
    [1, 2],
  );
  t.same([...(found.finiteSize?.values ?? [])], [0, 1, 1]);
  t.same([...(found.finiteSize?.allowance ?? [])], [Infinity, 0, 0], 'not known');
  t.end();
});

t.test('a variance below the range of doubles is said so wherever something rests on it', async (t) => {
  const spec = {
    activation: 'tanh',
    weightVariance: 1e-12,
    depth: 4,
    inputs: { secondMoment: 1e-300, correlation: 0.5 },
  } as const;
  const { observables } = await finite(t, spec);
  // q^1 = 1e-312 has lost digits, q^3 is 0; errors of a loss on the output begin there.
  for (const name of ['correlation', 'errorNorm', 'gradientSingle', 'gradientPair'] as const) {
    const { undefinedAt = [], values } = observables[name] as Predicted;
    t.equal(undefinedAt.length, values.length, name);
    t.match(undefinedAt[0]?.reason, /variance of layer 1 is below the range/);
  }
  const free = await finite(t, {
    ...spec,
    output: 'randomReadout',
    inputs: { secondMoment: 1e-290, correlation: 0.5 },
  });
  t.equal(free.observables.errorNorm?.undefinedAt, undefined, 'errors that do not know the activities');
  t.equal(free.observables.correlation?.undefinedAt?.length, 3, 'from layer 2 on');
  const none = await finite(t, { ...spec, weightVariance: 0, biasVariance: 0 });
  t.ok((none.observables.errorNorm as Predicted).undefinedAt === undefined, 'exact zeros are no underflow');
});

t.test('biases of 1e-300 and less: fixed points are looked for over more decades than one number has', async (t) => {
  for (const biasVariance of [1e-300, 1e-320]) {
    const { quantities } = await finite(t, { activation: 'tanh', biasVariance, depth: 3 });
    t.ok(quantities.fixedPointVariance !== undefined, 'a value or a reason');
  }
  const advice = await advise({ system: 'feedforward', weightVariance: 1e-100, keepProbability: 0.6, depth: 3 });
  t.doesNotThrow(() => toJson(advice), 'squares of variances of 1e-200');
});
