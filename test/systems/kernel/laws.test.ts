// Finite networks under every law of weights against theory, and where the law shows: few or aligned coordinates.
import t from 'tap';
import { evaluate, type KernelWeightLaw, predict, simulate } from 'mft-native';

const laws: readonly KernelWeightLaw[] = [
  'gaussian',
  'uniform',
  'laplace',
  'rademacher',
  'sphere',
  'ball',
  'orthogonal',
  { law: 'generalizedGaussian', shape: 0.8 },
  { law: 'generalizedGaussian', shape: 1.5 },
  { law: 'generalizedGaussian', shape: 6 },
  { law: 'studentT', degreesOfFreedom: 6 },
  { law: 'multivariateT', degreesOfFreedom: 24 },
  { law: 'sparse', density: 0.4 },
];
/** Inputs spread evenly over 60 coordinates, at several angles. */
const spread = Array.from({ length: 4 }, (_, a) =>
  Array.from({ length: 60 }, (_, i) => Math.cos(0.7 * i * (a + 1) + a)),
);

t.test('every law has the kernels of theory: |z| < 4.5 for every entry', async (t) => {
  for (const weights of laws) {
    const spec = {
      system: 'kernel',
      activation: { name: 'leakyRelu', slope: 0.2 },
      depth: 1,
      width: 400,
      weights,
    } as const;
    const named = { ...spec, inputs: { values: spread } };
    const [theory, measured] = [await predict(named), await simulate(named, { trials: 60, seed: 4 })];
    let worst = 0;
    for (const name of ['nngp', 'ntk', 'variance', 'covariance'] as const) {
      const [expected, found] = [theory.observables[name], measured.observables[name]];
      found?.values.forEach((value, i) => {
        const noise = found.standardError[i] as number;
        // An exact first layer has no noise; the law of independent weights shows by 3/d of the kernel at most.
        const known = 1e-12 + (expected?.finiteSize?.allowance?.[i] ?? 0) / 400;
        const apart = Math.abs(value - (expected?.values[i] as number));
        worst = Math.max(worst, (apart - (apart < known ? known : 0)) / Math.hypot(noise, 1e-12));
      });
    }
    t.ok(worst < 4.5, `${JSON.stringify(weights)}: ${worst.toFixed(2)}`);
  }
});

const kernelOf = (distribution: string, x: readonly number[], y: readonly number[], more = {}): Promise<number> =>
  evaluate('kernel', 'layerKernel', { activation: 'relu', distribution, x, y, ...more }) as Promise<number>;

t.test(
  'inputs along the axes break universality for independent weights, not for rotation-invariant ones',
  async (t) => {
    const [x, y] = [
      [1, 0, 0, 0],
      [Math.cos(1), Math.sin(1), 0, 0],
    ];
    const gaussian = await kernelOf('gaussian', x, y);
    t.ok(Math.abs(gaussian - 0.318084) < 1e-6);
    t.ok(Math.abs((await kernelOf('uniform', x, y)) - 0.325376) < 1e-6, 'uniform');
    t.ok(Math.abs((await kernelOf('laplace', x, y)) - 0.309159) < 1e-6, 'laplace');
    const heavy = { distributionParameters: { scale: 1, degreesOfFreedom: 3 } };
    t.ok(Math.abs((await kernelOf('multivariateT', x, y, heavy)) / 3 - gaussian) < 1e-12, 'multivariate t, variance 3');
    const simulated = async (weights: KernelWeightLaw): Promise<readonly [number, number]> => {
      const inputs = { values: [x, y] };
      const spec = {
        system: 'kernel',
        inputScaling: 'none',
        weightVariance: [1, 1],
        depth: 1,
        width: 2000,
        weights,
        inputs,
      } as const;
      const { nngp } = (await simulate(spec, { trials: 100, seed: 2, hasTangent: false })).observables;
      return [nngp?.values[1] as number, nngp?.standardError[1] as number];
    };
    // Of inputs that are not divided by their dimension the variance of a weight is 1 as it stands.
    for (const [weights, wanted] of [
      ['uniform', 0.325376],
      ['laplace', 0.309159],
      ['gaussian', 0.318084],
    ] as const) {
      const [value, error] = await simulated(weights);
      t.ok(Math.abs(value - wanted) < 4.5 * error, `${weights}: ${value} ± ${error}, ${wanted} expected`);
    }
  },
);

t.test('the first correction takes an order of 1/d away', async (t) => {
  const rms = async (dimension: number): Promise<readonly [plain: number, corrected: number]> => {
    let state = dimension;
    const draw = (): number => {
      let sum = 0;
      for (let k = 0; k < 12; k++) {
        state = (state * 1103515245 + 12345) % 2 ** 31;
        sum += state / 2 ** 31 - 0.5;
      }
      return sum;
    };
    const unit = (): number[] => {
      const x = Array.from({ length: dimension }, draw);
      const length = Math.hypot(...x);
      return x.map((value) => value / length);
    };
    let [plain, corrected] = [0, 0];
    for (let pair = 0; pair < 20; pair++) {
      const [x, y] = [unit(), unit()];
      const exact = await kernelOf('rademacher', x, y);
      const gaussian = await kernelOf('gaussian', x, y);
      const given = { activation: 'relu', distribution: 'rademacher', x, y };
      const correction = (await evaluate('kernel', 'universalityCorrection', given)) as number;
      plain += (exact - gaussian) ** 2 / 20;
      corrected += (exact - gaussian - correction) ** 2 / 20;
    }
    return [Math.sqrt(plain), Math.sqrt(corrected)];
  };
  const [few, many] = [await rms(8), await rms(18)];
  t.ok(few[1] / many[1] > 6, `corrected: ${few[1]} at 8 dimensions, ${many[1]} at 18`);
  t.ok(many[1] < many[0] / 3, `not corrected at 18: ${many[0]}`);
});

t.test('bad questions', async (t) => {
  const of = (more: object): Promise<unknown> =>
    evaluate('kernel', 'layerKernel', {
      distribution: 'multivariateT',
      activation: 'relu',
      x: [1, 0],
      y: [0, 1],
      ...more,
    });
  const heavy = { distributionParameters: { degreesOfFreedom: 2 } };
  await t.rejects(of(heavy), { code: 'ERR_MFT_OUT_OF_RANGE', parameter: 'degreesOfFreedom' });
  await t.rejects(of({ distribution: 'uniform', x: [1, 2, 3], y: [1, 0, 2] }), { code: 'ERR_MFT_UNSUPPORTED' });
  await t.rejects(of({ distribution: 'sphere', distributionParameters: { shape: 1 } }), {
    code: 'ERR_MFT_INVALID_ARGUMENT',
  });
  await t.rejects(of({ ...heavy, x: [1, Number.NaN] }), { code: 'ERR_MFT_OUT_OF_RANGE', parameter: 'x.1' });
  const parallel = { activation: 'relu', distribution: 'laplace', x: [1, 2], y: [2, 4] };
  await t.rejects(evaluate('kernel', 'universalityCorrection', parallel), { code: 'ERR_MFT_DEGENERATE' });
  const matrix = (more: object): Promise<unknown> => evaluate('kernel', 'mlpKernels', { inputs: [[1, 2]], ...more });
  await t.rejects(matrix({ activation: 'step' }), {
    code: 'ERR_MFT_UNSUPPORTED',
    message: /tangent kernel is infinite/,
  });
  await t.rejects(matrix({ keepProbability: 0 }), { code: 'ERR_MFT_OUT_OF_RANGE', parameter: 'keepProbability' });
  await t.rejects(matrix({ depth: 1.5 }), { code: 'ERR_MFT_OUT_OF_RANGE', parameter: 'depth' });
  await t.rejects(matrix({ inputs: [] }), { code: 'ERR_MFT_SHAPE', parameter: 'inputs' });
  await t.rejects(
    matrix({
      inputs: [
        [1, 2],
        [3, Infinity],
      ],
    }),
    { code: 'ERR_MFT_OUT_OF_RANGE', parameter: 'inputs.1.1' },
  );
  await t.rejects(matrix({ otherInputs: [[1, 2, 3]] }), { code: 'ERR_MFT_SHAPE', message: /1 × 2.*1 × 3/ });
  const zeros = await predict({
    system: 'kernel',
    inputs: {
      values: [
        [0, 0],
        [1, 2],
      ],
    },
  });
  const { normalizedKernel } = zeros.observables;
  t.match(normalizedKernel?.undefinedAt?.[0], { index: 0, reason: /no angle/ }, 'a row of zeros has no angle');
  t.same([...(zeros.observables.nngp?.values ?? [])].slice(0, 3), [0, 0, 0], 'and a kernel of zeros');
  const constant = await evaluate('kernel', 'mlpKernels', { weightVariance: 0, biasVariance: 0.3, inputs: [[1], [2]] });
  t.same(
    (constant as { nngp: unknown }).nngp,
    [
      [0.3, 0.3],
      [0.3, 0.3],
    ],
    'weights of no variance: a constant kernel',
  );
});
