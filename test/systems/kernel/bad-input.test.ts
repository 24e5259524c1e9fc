// What is no input of the kernels, row by row of the list of bad input: its code, its place, its sentence; and what looks like bad
// input and is none.
import t from 'tap';
import { evaluate, predict, simulate } from 'mft-native';

const rows = [
  [1, 0.2, -0.3],
  [0.1, -0.4, 0.9],
  [0.5, 0.5, 0.2],
];
const targets = [1, -1, 0.5];
const base = { activation: 'relu', depth: 2, weightVariance: 2, inputs: rows } as const;
const kernels = (given: object): Promise<unknown> => evaluate('kernel', 'mlpKernels', { ...base, ...given } as never);
const regression = (given: object): Promise<Record<string, unknown>> =>
  evaluate('kernel', 'kernelRegression', {
    ...base,
    targets,
    testInputs: rows,
    noiseVariance: 0,
    ...given,
  } as never) as never;

interface Refusal {
  readonly what: string;
  readonly asked: () => Promise<unknown>;
  readonly code: string;
  readonly parameter: string;
  readonly message: RegExp;
}

const refusals: readonly Refusal[] = [
  ...([0, -0.1, 1.5, Number.NaN] as const).map((keepProbability) => ({
    what: `keep probability ${keepProbability}`,
    asked: () => kernels({ keepProbability }),
    code: 'ERR_MFT_OUT_OF_RANGE',
    parameter: 'keepProbability',
    message: /\(0, 1\]/,
  })),
  ...(['weightVariance', 'biasVariance'] as const).map((name) => ({
    what: `negative ${name}`,
    asked: () => kernels({ [name]: -1 }),
    code: 'ERR_MFT_OUT_OF_RANGE',
    parameter: name,
    message: /received -1/,
  })),
  ...([1.5, -1] as const).map((depth) => ({
    what: `depth ${depth}`,
    asked: () => kernels({ depth }),
    code: 'ERR_MFT_OUT_OF_RANGE',
    parameter: 'depth',
    message: /whole number/,
  })),
  ...([Number.NaN, Number.POSITIVE_INFINITY] as const).map((number) => ({
    what: `data with ${number}: row and column`,
    asked: () =>
      kernels({
        inputs: [
          [1, 2],
          [3, number],
        ],
      }),
    code: 'ERR_MFT_OUT_OF_RANGE',
    parameter: 'inputs.1.1',
    message: new RegExp(`received ${number}`),
  })),
  ...(['step', 'sign'] as const).map((activation) => ({
    what: `tangent kernel of ${activation}`,
    asked: () => kernels({ activation, get: ['ntk'] }),
    code: 'ERR_MFT_UNSUPPORTED',
    parameter: 'activation',
    message: /tangent kernel is infinite/,
  })),
  ...(['multivariateT', 'studentT'] as const).flatMap((law) =>
    [2, 1.5].map((degreesOfFreedom) => ({
      what: `${law} with ${degreesOfFreedom} degrees of freedom`,
      asked: () => predict({ system: 'kernel', weights: { law, degreesOfFreedom } }),
      code: 'ERR_MFT_INVALID_ARGUMENT',
      parameter: 'weights',
      message: /degreesOfFreedom > 2/,
    })),
  ),
  {
    what: 'layer kernel of weights without a variance',
    asked: () =>
      evaluate('kernel', 'layerKernel', {
        activation: 'relu',
        distribution: 'multivariateT',
        distributionParameters: { degreesOfFreedom: 2 },
        x: [1, 0],
        y: [0, 1],
      }),
    code: 'ERR_MFT_OUT_OF_RANGE',
    parameter: 'degreesOfFreedom',
    message: /infinite/,
  },
  {
    what: 'weights with a mean',
    asked: () => simulate({ system: 'kernel', weights: { law: 'gaussian', mean: 0.1 } as never }, { trials: 2 }),
    code: 'ERR_MFT_INVALID_ARGUMENT',
    parameter: 'weights',
    message: /gaussian/,
  },
  {
    what: 'equal rows without noise',
    asked: () => regression({ inputs: [...rows, rows[1]], targets: [...targets, 0] }),
    code: 'ERR_MFT_DEGENERATE',
    parameter: 'noiseVariance',
    message: /row 3 depends .* rows 1 and 3 are equal/,
  },
  {
    what: 'rows of one direction of a rectifier without biases',
    asked: () => regression({ inputs: [...rows, [2, 0.4, -0.6]], targets: [...targets, 0] }),
    code: 'ERR_MFT_DEGENERATE',
    parameter: 'biasVariance',
    message: /rows 0 and 3 have the same direction/,
  },
  {
    what: 'a linear kernel of more rows than columns',
    asked: () => regression({ activation: 'linear', inputs: [...rows, [1, 1, 1]], targets: [...targets, 0] }),
    code: 'ERR_MFT_DEGENERATE',
    parameter: 'noiseVariance',
    message: /rank 3/,
  },
  {
    what: 'other inputs of other columns',
    asked: () => kernels({ otherInputs: [[1, 2]] }),
    code: 'ERR_MFT_SHAPE',
    parameter: 'otherInputs',
    message: /3 × 3\), received 1 × 2/,
  },
  {
    what: 'no inputs',
    asked: () => kernels({ inputs: [] }),
    code: 'ERR_MFT_SHAPE',
    parameter: 'inputs',
    message: /at least one/,
  },
  {
    what: 'texts for numbers',
    asked: () => kernels({ inputs: [['a', 1]] }),
    code: 'ERR_MFT_INVALID_ARGUMENT',
    parameter: 'inputs.0.0',
    message: /received "a"/,
  },
  {
    what: 'rows of several lengths',
    asked: () => kernels({ inputs: [[1, 2], [1]] }),
    code: 'ERR_MFT_SHAPE',
    parameter: 'inputs.1',
    message: /2 numbers like the first/,
  },
  {
    what: 'overflow at great depth',
    asked: () => kernels({ depth: 2000, weightVariance: 4, get: ['nngp'] }),
    code: 'ERR_MFT_NOT_FINITE',
    parameter: 'weightVariance',
    message: /`nngp` leaves the range .* at layer 10\d\d/,
  },
];

for (const { what, asked, code, parameter, message } of refusals)
  t.test(what, async (t) => {
    await t.rejects(asked(), { code, parameter, message });
  });

/** Whether nothing in an answer is NaN or null. */
function isSaid(value: unknown): boolean {
  if (typeof value === 'number') return Number.isFinite(value);
  if (value === null || value === undefined) return false;
  return typeof value !== 'object' || Object.values(value).every(isSaid);
}

t.test('weights of variance 0: the kernel of the biases', async (t) => {
  const constant = { nngp: rows.map(() => [0.3, 0.3, 0.3]), ntk: rows.map(() => [0.3, 0.3, 0.3]) };
  t.same(await kernels({ weightVariance: 0, biasVariance: 0.3 }), constant);
});

t.test('a row of zeros without biases has a kernel of zeros and no angle', async (t) => {
  const found = (await kernels({ inputs: [[0, 0, 0], ...rows] })) as { nngp: number[][]; ntk: number[][] };
  t.same([found.nngp[0], found.ntk[0]], [Array(4).fill(0), Array(4).fill(0)]);
  const cosines = (await kernels({ inputs: [[0, 0, 0], ...rows], normalize: true })) as {
    cosine: unknown[][];
    logVariance: unknown[];
  };
  t.match([cosines.cosine[0]?.[2], cosines.cosine[2]?.[0]], [{ reason: /no angle/ }, { reason: /no angle/ }]);
  t.match(cosines.logVariance[0], { reason: /no logarithm/ });
  t.equal(cosines.cosine[1]?.[1], 1);
  t.ok(isSaid(cosines));
  const { observables } = await predict({
    system: 'kernel',
    inputs: {
      values: [
        [0, 0],
        [1, 2],
      ],
    },
  });
  t.match(observables.normalizedKernel?.undefinedAt?.[0], { index: 0, reason: /no angle/ });
});

t.test('heavy tails are warned of, one moment after the other', async (t) => {
  const warned = async (degreesOfFreedom: number): Promise<string[]> => {
    const found = await predict({ system: 'kernel', weights: { law: 'studentT', degreesOfFreedom } });
    return found.warnings.map(({ id }) => id);
  };
  t.same(await warned(2.5), ['noThirdMoment', 'noFourthMoment']);
  t.same(await warned(3.5), ['noFourthMoment']);
  t.same(await warned(5), []);
});

t.test('jitter is added only when asked for, and said', async (t) => {
  const equal = { inputs: [...rows, rows[1]], targets: [...targets, -1], jitter: 'auto' };
  const found = await regression(equal);
  const relative = (found.jitter as number) / (found.meanDiagonal as number);
  t.ok(relative > 0.9e-12 && relative < 1.1e-6, `${relative} of the mean diagonal`);
  t.equal((await regression({ jitter: 'auto' })).jitter, 0, 'none where none is needed');
  t.ok(isSaid(found));
});

t.test('posterior variances below zero by rounding are 0 and counted', async (t) => {
  const { covariance, clampedVariances } = await regression({});
  (covariance as number[][]).forEach((row, i) => t.ok((row[i] as number) >= 0));
  t.type(clampedVariances, 'number');
});

t.test('overflow with `normalize`, huge norms without scaling: answers', async (t) => {
  const deep = (await kernels({ depth: 2000, weightVariance: 4, normalize: true })) as { logVariance: number[] };
  const wanted = Math.log((4 * 1.13) / 3) + 2000 * Math.log(2);
  t.ok(Math.abs((deep.logVariance[0] as number) / wanted - 1) < 1e-12, `${deep.logVariance[0]} against ${wanted}`);
  const huge = (await kernels({ inputScaling: 'none', inputs: rows.map((row) => row.map((x) => 1e150 * x)) })) as {
    nngp: number[][];
  };
  const small = (await kernels({ inputScaling: 'none' })) as { nngp: number[][] };
  for (const [i, row] of huge.nngp.entries())
    for (const [j, value] of row.entries())
      t.ok(Math.abs(value / (1e300 * (small.nngp[i]?.[j] as number)) - 1) < 1e-13, `${i}, ${j}`);
});
