// Exact gains against moments from SciPy's quadrature (20-point panels) and against the definition.
import t from 'tap';
import { type ActivationSpec, gain, gaussianMean, gaussianSecondMoment } from 'mft-native';

/** E φ², 1/√Var φ over N(0, 1): SciPy. */
const reference: readonly (readonly [ActivationSpec, number, number])[] = [
  ['relu', 0.5, 1.7128585504],
  ['gelu', 0.42522148257, 1.7009262434],
  ['silu', 0.355775519817, 1.7871872221],
  ['tanh', 0.394294490398, 1.5925374197],
  ['erf', 0.464559054398, 1.4671669505],
  ['softplus', 0.921245908859, 1.9191259801],
  ['elu', 0.644945417493, 1.2708434179],
  ['selu', 1, 1],
  [{ name: 'leakyRelu', slope: 0.01 }, 0.50005, 1.7048316272],
  ['sigmoid', 0.293379035858, 4.801313372],
];

t.test('gains of ten activations', async (t) => {
  for (const [activation, square, spread] of reference) {
    t.ok(Math.abs(gain(activation) * Math.sqrt(square) - 1) < 1e-11, JSON.stringify(activation));
    t.ok(Math.abs(gain(activation, { keeps: 'variance' }) / spread - 1) < 1e-10, JSON.stringify(activation));
  }
});

t.test('at another variance', async (t) => {
  const variance = 3.7;
  for (const activation of ['gelu', { expression: 'x * tanh(x)' }] as const) {
    const factor = gain(activation, { variance, keeps: 'variance' });
    const spread = gaussianSecondMoment(activation, { variance }) - gaussianMean(activation, { variance }) ** 2;
    t.ok(Math.abs((factor ** 2 * spread) / variance - 1) < 1e-12, JSON.stringify(activation));
  }
  t.ok(Math.abs(gain('relu', { variance: 100 }) - Math.SQRT2) < 1e-14, 'relu at any variance');
});

t.test('what has no gain', async (t) => {
  t.throws(() => gain({ expression: '2' }, { keeps: 'variance' }), { code: 'ERR_MFT_DEGENERATE' });
  t.throws(() => gain({ expression: '0 * x' }), { code: 'ERR_MFT_DEGENERATE' });
  t.throws(() => gain('relu', { variance: 0 }), { code: 'ERR_MFT_OUT_OF_RANGE' });
  t.throws(() => gain('relu', { keeps: 'mean' as never }), { code: 'ERR_MFT_INVALID_ARGUMENT' });
});
