// What must hold for every network: exact relations of the bounds, Lipschitz constants of real gradients, spatial modes.
import t from 'tap';
import { compare, evaluate, predict, type QuantityValue, simulate } from 'mft-native';

type Name = Parameters<typeof evaluate<'convolution'>>[1];
const ask = (name: Name, parameters: object): Promise<QuantityValue> => evaluate('convolution', name, parameters);
const number = async (name: Name, parameters: object): Promise<number> => (await ask(name, parameters)) as number;
const near = (a: number, b: number, tolerance: number): boolean => Math.abs(a - b) <= tolerance * Math.abs(b);

interface Layer {
  readonly kernel: number;
  readonly channels: number;
  readonly stride?: number;
  readonly pool?: number;
  readonly norm?: number;
  readonly rank?: number;
}
const lenet = {
  input: [28, 28, 1],
  classes: 10,
  fcNorm: 5,
  layers: [
    { kernel: 5, channels: 6, pool: 2, norm: 1 },
    { kernel: 5, channels: 16, pool: 2, norm: 1 },
  ] as readonly Layer[],
} as const;

t.test('the stated bound: its inverse, its elasticity, the net of its proof', async (t) => {
  for (const [target, failureProbability] of [
    [0.3, 0.01],
    [0.05, 0.2],
    [1e-4, 1e-6],
  ] as const) {
    const samples = await number('samplesForGapStated', { architecture: lenet, target, failureProbability });
    const theta = await number('freedomDegree', { architecture: lenet });
    const one = await number('logFactor', { architecture: lenet, samples: 1 });
    const gap = Math.sqrt((theta * (one + Math.log(samples)) + Math.log(4 / failureProbability)) / (2 * samples));
    t.ok(near(gap, target, 1e-12), `gap of n(${target}): ${gap}`);
  }
  const scaled = (factor: number): object => ({
    ...lenet,
    layers: [{ ...lenet.layers[0], norm: factor }, lenet.layers[1]],
  });
  const step = 1e-5;
  const at = (factor: number): Promise<number> =>
    number('gapStated', { architecture: scaled(factor), samples: 60_000 });
  const slope = Math.log((await at(Math.exp(step))) / (await at(Math.exp(-step)))) / (2 * step);
  t.ok(near(slope, await number('elasticityToNorm', { architecture: lenet, samples: 60_000 }), 1e-8), `slope ${slope}`);
  const radius = await number('netRadiusStated', { architecture: lenet, samples: 60_000 });
  const log = await number('logFactor', { architecture: lenet, samples: 60_000 });
  t.ok(near(Math.log((9 * (5 + 6 + 16)) / radius), log, 1e-14), 'log(9B/radius) = ϱ');
  const tiny = { input: [6, 6, 1], classes: 3, layers: [{ kernel: 3, channels: 2, pool: 2 }] };
  t.same(await ask('gapStated', { architecture: tiny, samples: 100 }), {
    reason: 'logFactor negative: the stated bound is undefined here',
  });
});

t.test('the certified bound: monotone, no η beats it, its samples are the fewest', async (t) => {
  const gap = (more: object, samples = 60_000): Promise<number> =>
    number('gapCertified', { architecture: { ...lenet, ...more }, samples });
  const plain = await gap({});
  t.ok((await gap({}, 70_000)) < plain, 'falls with n');
  t.ok((await gap({ fcNorm: 6 })) > plain, 'grows with the norm of the head');
  t.ok((await gap({ classes: 11 })) > plain, 'grows with the classes');
  for (const i of [0, 1])
    t.ok(
      (await gap({ layers: lenet.layers.map((one, at) => (at === i ? { ...one, norm: 1.3 } : one)) })) > plain,
      `norm ${i}`,
    );
  for (let i = 0; i < 40; i++) {
    const eta = 10 ** (-8 + 0.2 * i);
    t.ok((await number('certifiedAtEta', { architecture: lenet, samples: 60_000, eta })) >= plain, `η = ${eta}`);
  }
  for (const target of [0.5, 0.1, 3]) {
    const samples = await number('samplesForGapCertified', { architecture: lenet, target });
    t.ok((await gap({}, samples)) <= target, `${samples} samples suffice for ${target}`);
    t.ok((await gap({}, samples - 1)) > target, 'one less do not');
  }
  const dead = { ...lenet, layers: [lenet.layers[0], { ...lenet.layers[1], norm: 0 }] };
  t.ok((await number('gapCertified', { architecture: dead, samples: 60_000 })) < plain, 'a norm of 0 is a block less');
});

t.test('gradients of real networks stay below the Lipschitz constants of the blocks', async (t) => {
  let [largest, count, networks] = [0, 0, 0];
  const amplitudes = Array.from({ length: 24 }, (_, i) => 0.05 * 1.28 ** i);
  for (const activation of ['sigmoid', 'tanh', 'relu', 'linear'] as const)
    for (const pooling of ['average', 'max'] as const)
      for (const padding of ['valid', 'zero', 'circular'] as const)
        for (const stride of [1, 2, 3])
          for (const amplitude of amplitudes) {
            const [height, width] = padding === 'valid' ? [stride + 2, 3 * stride + 2] : [2 * stride, 4 * stride];
            const sizes = { input: [height, width, 2], classes: 3, activation, pooling, padding };
            const layers = [{ kernel: 2 + (padding === 'valid' ? 1 : 0), stride, channels: 3, pool: 2 }];
            // Of this input the kernels fit: one pool of two by two, then a layer of one tap.
            const second = { kernel: 1, channels: 2 };
            const entry = (i: number, j: number): number => amplitude * Math.sin(0.7 * j + i + 1);
            const norms = (i: number, kernels: number, size: number): number =>
              Math.max(
                ...Array.from({ length: kernels }, (_, o) =>
                  Math.hypot(...Array.from({ length: size }, (__, j) => entry(i, o * size + j))),
                ),
              );
            const maps = padding === 'valid' ? Math.floor((height - 3) / stride) + 1 : Math.ceil(height / stride);
            if (maps % 2 !== 0) layers[0] = { ...(layers[0] as (typeof layers)[0]), pool: 1 };
            const { kernel, pool } = layers[0] as (typeof layers)[0];
            const across = padding === 'valid' ? Math.floor((width - 3) / stride) + 1 : Math.ceil(width / stride);
            if (across % pool !== 0) continue;
            const features = (2 * maps * across) / pool ** 2;
            const architecture = {
              ...sizes,
              fcNorm: Math.hypot(...Array.from({ length: 3 * features }, (_, j) => entry(2, j))),
              layers: [
                { ...layers[0], norm: norms(0, 3, kernel ** 2 * 2) },
                { ...second, norm: norms(1, 2, 3) },
              ],
            };
            networks++;
            for (let block = 0; block < 3; block++) {
              const bound = await number('blockLipschitz', { architecture, block });
              const found = await number('cnn:blockGradientNorm', { architecture, amplitude, label: 1, block });
              largest = Math.max(largest, found / bound);
              count++;
            }
          }
  t.ok(networks >= 1000, `${networks} networks, ${count} blocks`);
  t.ok(largest <= 1, `largest share of the bound ${largest}`);
  t.ok(largest > 0.05, 'the bound is not far away');
  const sensitivity = await number('cnn:outputSensitivity2', {
    architecture: { input: [4, 4, 1], classes: 2, layers: [{ kernel: 2, channels: 1 }] },
    amplitude: 0.3,
  });
  t.ok(sensitivity <= 128 / 729 && sensitivity > 0, 'at most 128/729');
});

t.test('the norm of a layer against that of its kernels', async (t) => {
  let largest = 0;
  for (let i = 0; i < 60; i++) {
    const [side, stride, padding] = [1 + (i % 4), 1 + (i % 3), ['valid', 'zero', 'circular'][i % 3]] as const;
    const parameters = {
      kernelShape: [2, 3, side, side],
      amplitude: 1,
      phase: i,
      height: 6,
      width: 6,
      stride,
      padding,
    };
    const norm = await number('conv:spectralNorm', parameters);
    const frobenius = Math.hypot(...Array.from({ length: 6 * side ** 2 }, (_, j) => Math.sin(0.7 * j + i)));
    largest = Math.max(largest, norm / (Math.ceil(side / stride) * frobenius));
    if (stride === 1 && padding === 'valid')
      t.ok(norm >= (await number('conv:reshapedNorm', parameters)) * (1 - 1e-12), 'never below the reshaped norm');
  }
  t.ok(largest <= 1 + 1e-12 && largest > 0.5, `largest share of ceil(k/s)|W|: ${largest}`);
});

t.test('modes of the variance decay by λ; zeros outside take their share', async (t) => {
  const spec = {
    system: 'convolution',
    input: [8, 8, 1],
    depth: 6,
    kernel: 3,
    pool: 1,
    activation: 'relu',
    weightVariance: 2,
    image: 'impulse',
  } as const;
  const { observables } = await predict({ ...spec, padding: 'circular' });
  const modes = observables.varianceMode?.values ?? new Float64Array();
  for (const periods of [1, 2, 3]) {
    const factor = await number('circularMultiplier', { kernel: 3, side: 8, periods });
    for (let l = 1; l < 6; l++)
      t.ok(
        near(modes[3 * l + periods - 1] as number, factor * (modes[3 * (l - 1) + periods - 1] as number), 1e-10),
        `mode ${periods}, layer ${l + 1}`,
      );
  }
  t.ok(
    near(observables.variance?.values[5] as number, observables.variance?.values[0] as number, 1e-13),
    'circular: kept',
  );
  const left = async (side: number, layers: number): Promise<number> => {
    const found = await ask('paddedVariance', { height: side, width: side, layers });
    return (found as { readonly mean: number }).mean;
  };
  t.ok(near(await left(8, 50), 0.0131817, 1e-5), '8 × 8 behind 50 layers');
  t.ok(near(await left(32, 50), 0.5498874, 1e-6), '32 × 32 behind 50 layers');
  const rate = await number('paddingRate', { height: 8, width: 8 });
  t.ok(near((await left(8, 401)) / (await left(8, 400)), rate, 1e-12), 'rate at great depth');
});

t.test('strides, pools and padding: theory against networks', async (t) => {
  const base = { system: 'convolution', width: 48, image: 'grating' } as const;
  const specs = [
    {
      input: [12, 12, 2],
      depth: 3,
      kernel: 3,
      stride: [1, 2, 1],
      pool: [2, 1, 1],
      padding: 'zero',
      activation: 'tanh',
      weightVariance: 1.7,
    },
    {
      input: [14, 14, 1],
      depth: 2,
      kernel: [5, 2],
      pool: [2, 1],
      padding: 'valid',
      activation: 'sigmoid',
      weightVariance: 6,
    },
    {
      input: [12, 12, 1],
      depth: 3,
      kernel: [4, 3, 2],
      pool: [2, 3, 1],
      padding: 'circular',
      activation: 'relu',
      biasVariance: 0.3,
    },
  ] as const;
  for (const spec of specs) {
    const whole = { ...base, ...spec };
    const found = compare(await predict(whole), await simulate(whole, { trials: 300, seed: 7 }));
    t.not(found.verdict, 'disagrees', `${spec.padding}: ${found.verdict}`);
  }
});

t.test(
  'zero and circular padding are told apart: |z| < 5 with the own theory, far beyond with the other',
  async (t) => {
    const base = { system: 'convolution', input: [8, 8, 1], depth: 6, width: 24, kernel: 3, pool: 1 } as const;
    const relu = { ...base, activation: 'relu', weightVariance: 2, image: 'impulse' } as const;
    const names = ['variance', 'gradient', 'varianceMode'] as const;
    for (const padding of ['zero', 'circular'] as const) {
      const simulated = await simulate({ ...relu, padding }, { trials: 400, seed: 21 });
      const largest = async (theory: 'zero' | 'circular', name: (typeof names)[number]): Promise<number> => {
        const wanted = (await predict({ ...relu, padding: theory })).observables[name]?.values as Float64Array;
        const found = simulated.observables[name];
        const scores = Array.from(wanted, (value, i) => {
          const error = found?.standardError[i] as number;
          return Math.abs((found?.values[i] as number) - value) / Math.hypot(error, 1e-9);
        });
        return Math.max(...scores);
      };
      const other = padding === 'zero' ? 'circular' : 'zero';
      for (const name of names) t.ok((await largest(padding, name)) < 5, `${name}, ${padding}: |z| < 5`);
      for (const name of ['gradient', 'varianceMode'] as const)
        t.ok((await largest(other, name)) > 8, `${name}: networks with ${padding} padding are not those with ${other}`);
    }
  },
);
