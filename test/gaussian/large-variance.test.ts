// Pairs at variances far beyond the features of an activation: by Hermite series, or beside a line, which must be what panels give.
import t from 'tap';
import { gaussianPairMoment, gaussianPairMomentDeficit, gaussianSecondMoment, predict } from 'mft-native';

const gelu = { expression: 'x * (1 + erf(x / sqrt(2))) / 2' };
const silu = { expression: 'x * (1 + tanh(x / 2)) / 2' };
const deltas = [1.5, 0.5, 1e-3, 1e-5];

t.test('named and written activations agree, closed or not', async (t) => {
  for (const [name, written] of [
    ['gelu', gelu],
    ['silu', silu],
  ] as const)
    for (const variance of [1e13])
      for (const oneMinusCorrelation of deltas) {
        const pair = { variance, oneMinusCorrelation };
        const [d, same] = [gaussianPairMomentDeficit(name, pair), gaussianPairMomentDeficit(written, pair)];
        t.ok(Math.abs(same / d - 1) < 1e-11, `${name} ${variance} ${oneMinusCorrelation}: ${same / d - 1}`);
        const moment = gaussianPairMoment(written, pair);
        const difference = Math.abs(gaussianPairMoment(name, pair) - moment);
        t.ok(difference < 1e-11 * gaussianSecondMoment(name, { variance }), `${name}: pair moment`);
      }
});

t.test('near pairs beside a line keep their digits', async (t) => {
  // elu(x) = relu(x) + r, r in [-1, 0]: D/D_relu - 1 is of order 1/√(qδ), with one sign.
  for (const [variance, oneMinusCorrelation] of [
    [1e16, 1e-12],
    [1e20, 1e-14],
    [1e13, 1e-6],
  ] as const) {
    const pair = { variance, oneMinusCorrelation };
    const ratio = gaussianPairMomentDeficit('elu', pair) / gaussianPairMomentDeficit('relu', pair) - 1;
    t.ok(ratio > 0 && ratio < 4 / Math.sqrt(variance), `${ratio}`);
  }
});

t.test('gelu by tanh at any variance', async (t) => {
  const activation = { name: 'gelu', approximate: 'tanh' } as const;
  for (const variance of [1e6, 1e20])
    t.ok(Math.abs(gaussianSecondMoment(activation, { variance }) / (variance / 2) - 1) < 1 / Math.sqrt(variance));
  const { observables } = await predict({
    system: 'feedforward',
    activation,
    inputs: { secondMoment: 1e20 },
    depth: 3,
  });
  t.ok(observables.variance?.values.every((value) => value > 0 && value < Infinity));
});

t.test('an expression of straight pieces is two half-lines far out, however near two inputs are', async (t) => {
  const activation = { expression: 'max(x, 0.2 * x - 1)' } as const;
  const line = { name: 'leakyRelu', slope: 0.2 } as const;
  const before = process.cpuUsage().user;
  for (const variance of [1e23, 1e30, 1e154])
    for (const oneMinusCorrelation of [0.7, 1e-20, 1e-154]) {
      const pair = { variance, oneMinusCorrelation };
      const ratio = gaussianPairMomentDeficit(activation, pair) / gaussianPairMomentDeficit(line, pair);
      t.ok(Math.abs(ratio - 1) < 1e-10, `${ratio} at ${variance}, ${oneMinusCorrelation}`);
    }
  t.ok(process.cpuUsage().user - before < 1e6, 'and takes no seconds');
  // By quadrature, just below: the same to what the kink at -1.25 is worth.
  const pair = { variance: 1e21, oneMinusCorrelation: 1e-12 };
  const ratio = gaussianPairMomentDeficit(activation, pair) / gaussianPairMomentDeficit(line, pair);
  t.ok(Math.abs(ratio - 1) < 1e-9, `${ratio}`);
  // A jump far out is none of this.
  const step = { expression: 'x + step(x)' } as const;
  t.ok(gaussianPairMoment(step, { variance: 1e24, correlation: 0.5 }) > 0.49e24);
});

t.test('deep stacks of what has no closed pairs take no minutes', async (t) => {
  const before = process.cpuUsage().user;
  await predict({ system: 'residual', activation: 'elu', depth: 265, inputs: { correlation: 0.5 } });
  await predict({
    system: 'residual',
    block: 'reduced',
    activation: 'mish',
    depth: 35,
    inputs: { correlation: -0.87 },
  });
  const seconds = (process.cpuUsage().user - before) / 1e6;
  t.ok(seconds < 10, `${seconds} s`);
});
