// Conditional estimates of kernels: the means of plain ones with less scatter, and exact where there is nothing left to draw.
import t from 'tap';
import { type KernelWeightLaw, MftError, evaluate, predict, simulate } from 'mft-native';
import { sameBits } from '../../bits.js';

const inputs = {
  values: [0, 1].map((i) => Array.from({ length: 8 }, (_, j) => Math.cos(i * 1.3 + j * (1.1 + 0.3 * i)))),
};
const entries = [0, 1, 3];
const run = { trials: 200, seed: 5, hasTangent: false, threads: 1 } as const;

async function nngpOf(spec: object, more: object) {
  const { nngp } = (await simulate({ system: 'kernel', width: 50, inputs, ...spec }, { ...run, ...more })).observables;
  t.ok(nngp !== undefined);
  return nngp as NonNullable<typeof nngp>;
}

const mixed: readonly KernelWeightLaw[] = [
  'laplace',
  { law: 'studentT', degreesOfFreedom: 6 },
  { law: 'multivariateT', degreesOfFreedom: 6 },
  { law: 'sparse', density: 0.3 },
];

t.test('plain and conditional estimates have one mean', async (t) => {
  for (const activation of ['relu', 'gelu', 'erf'])
    for (const weights of mixed) {
      const spec = { activation, weights, depth: 2, weightVariance: 2, biasVariance: 0.3, keepProbability: 0.8 };
      const plain = await nngpOf(spec, {});
      const conditional = await nngpOf(spec, { seed: 6, estimator: 'conditional' });
      for (const i of entries) {
        const error = Math.hypot(plain.standardError[i] as number, conditional.standardError[i] as number);
        const z = ((plain.values[i] as number) - (conditional.values[i] as number)) / error;
        t.ok(Math.abs(z) < 4.5, `${activation}, ${JSON.stringify(weights)}, entry ${i}: z = ${z.toFixed(2)}`);
      }
    }
});

t.test('one layer: the variance falls by more than a thousand', async (t) => {
  for (const weights of mixed.slice(0, 3)) {
    const spec = { activation: 'relu', weights, depth: 1, biasVariance: 0.3 };
    const plain = await nngpOf(spec, {});
    const conditional = await nngpOf(spec, { estimator: 'conditional' });
    const ratio = ((plain.standardError[1] as number) / (conditional.standardError[1] as number)) ** 2;
    t.ok(ratio > 1000, `${JSON.stringify(weights)}: ${ratio.toFixed(0)} times`);
  }
});

t.test('nothing left to draw: exact in every network', async (t) => {
  const [x, y] = inputs.values as [number[], number[]];
  const laws = [
    ['rademacher', 'rademacher', { variance: 1 / 8 }],
    [{ law: 'sparse', density: 0.3 }, 'sparse', { variance: 1 / 8, density: 0.3 }],
    ['gaussian', 'gaussian', { variance: 1 / 8 }],
    ['sphere', 'sphere', { radius: 1 }],
  ] as const;
  for (const [weights, distribution, distributionParameters] of laws) {
    const spec = { activation: 'relu', weights, depth: 1, weightVariance: 1 };
    const { values, standardError } = await nngpOf(spec, { trials: 3, estimator: 'conditional' });
    for (const [i, a, b] of [
      [0, x, x],
      [1, x, y],
      [3, y, y],
    ] as const) {
      const exact = await evaluate('kernel', 'layerKernel', {
        activation: 'relu',
        distribution,
        distributionParameters,
        x: a,
        y: b,
      });
      t.ok(Math.abs((values[i] as number) - (exact as number)) < 1e-14, `${distribution}, entry ${i}`);
      t.ok((standardError[i] as number) < 1e-15);
    }
  }
});

t.test('deep networks: theory, biases, masks and the tangent kernel as before', async (t) => {
  const spec = { system: 'kernel', activation: 'erf', depth: 3, width: 300, weights: 'laplace', inputs } as const;
  const more = { biasVariance: 0.2, keepProbability: 0.9, maskSharing: 'shared' } as const;
  const { nngp, covariance } = (await predict({ ...spec, ...more })).observables;
  const found = (await simulate({ ...spec, ...more }, { ...run, estimator: 'conditional' })).observables;
  for (const i of entries) {
    const [value, error] = [found.nngp?.values[i] as number, found.nngp?.standardError[i] as number];
    const allowed = (nngp?.finiteSize?.allowance?.[i] as number) + 4.5 * error;
    t.ok(Math.abs(value - (nngp?.values[i] as number)) < allowed, `entry ${i}`);
  }
  t.equal(covariance?.values.length, found.covariance?.values.length);
  const both = { ...run, trials: 4, hasTangent: true } as const;
  const plain = (await simulate(spec, both)).observables.ntk;
  const conditional = (await simulate(spec, { ...both, estimator: 'conditional' })).observables.ntk;
  sameBits(
    t,
    plain?.values as Float64Array,
    conditional?.values as Float64Array,
    'tangent kernels are those of drawn weights',
  );
});

t.test('laws and activations that leave nothing to average with', async (t) => {
  for (const [spec, name] of [
    [{ weights: 'uniform' }, 'law'],
    [{ weights: 'ball', biasVariance: 0.1 }, 'law'],
    [{ activation: 'tanh' }, 'activation'],
  ] as const)
    await t.rejects(
      simulate({ system: 'kernel', width: 10, ...spec }, { ...run, trials: 2, estimator: 'conditional' }),
      { code: 'ERR_MFT_UNSUPPORTED', parameter: 'estimator', message: new RegExp(`plain for this ${name}`) },
    );
  await t.rejects(simulate({ system: 'kernel' }, { estimator: 'other' as never }), MftError);
});
