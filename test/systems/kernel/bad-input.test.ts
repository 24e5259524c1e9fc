// What is no input of the kernels, row by row of the list of bad input: its code, its place, its sentence; and what looks like bad
// input and is none.
import t from 'tap';
import { evaluate, predict, simulate } from 'mft-native';
import { clamped } from '../../../dist/systems/kernel/regression.js';
import { mft } from '../../cli/command.js';

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

/** A question as a verb of the package and the command line both ask it. */
type Question =
  | { readonly quantity: 'mlpKernels' | 'kernelRegression' | 'layerKernel'; readonly parameters: object }
  | { readonly verb: 'predict' | 'simulate'; readonly weights: object };

interface Refusal {
  readonly what: string;
  readonly asked: Question;
  readonly code: string;
  readonly parameter: string;
  readonly message: RegExp;
}

const kernelsWith = (given: object): Question => ({ quantity: 'mlpKernels', parameters: { ...base, ...given } });
const regressionWith = (given: object): Question => ({
  quantity: 'kernelRegression',
  parameters: { ...base, targets, testInputs: rows, noiseVariance: 0, ...given },
});

const refusals: readonly Refusal[] = [
  ...([0, -0.1, 1.5, Number.NaN] as const).map((keepProbability) => ({
    what: `keep probability ${keepProbability}`,
    asked: kernelsWith({ keepProbability }),
    code: 'ERR_MFT_OUT_OF_RANGE',
    parameter: 'keepProbability',
    message: /\(0, 1\]/,
  })),
  ...(['weightVariance', 'biasVariance'] as const).map((name) => ({
    what: `negative ${name}`,
    asked: kernelsWith({ [name]: -1 }),
    code: 'ERR_MFT_OUT_OF_RANGE',
    parameter: name,
    message: /received -1/,
  })),
  ...([1.5, -1] as const).map((depth) => ({
    what: `depth ${depth}`,
    asked: kernelsWith({ depth }),
    code: 'ERR_MFT_OUT_OF_RANGE',
    parameter: 'depth',
    message: /whole number/,
  })),
  ...([Number.NaN, Number.POSITIVE_INFINITY] as const).map((number) => ({
    what: `data with ${number}: row and column`,
    asked: kernelsWith({
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
    asked: kernelsWith({ activation, get: ['ntk'] }),
    code: 'ERR_MFT_UNSUPPORTED',
    parameter: 'activation',
    message: /tangent kernel is infinite/,
  })),
  ...(['multivariateT', 'studentT'] as const).flatMap((law) =>
    [2, 1.5].map((degreesOfFreedom) => ({
      what: `${law} with ${degreesOfFreedom} degrees of freedom`,
      asked: { verb: 'predict', weights: { law, degreesOfFreedom } } as const,
      code: 'ERR_MFT_INVALID_ARGUMENT',
      parameter: 'weights',
      message: /degreesOfFreedom > 2/,
    })),
  ),
  {
    what: 'layer kernel of weights without a variance',
    asked: {
      quantity: 'layerKernel',
      parameters: {
        activation: 'relu',
        distribution: 'multivariateT',
        distributionParameters: { degreesOfFreedom: 2 },
        x: [1, 0],
        y: [0, 1],
      },
    },
    code: 'ERR_MFT_OUT_OF_RANGE',
    parameter: 'degreesOfFreedom',
    message: /infinite/,
  },
  ...(['predict', 'simulate'] as const).map((verb) => ({
    what: `weights with a mean, ${verb}`,
    asked: { verb, weights: { law: 'gaussian', mean: 0.1 } },
    code: 'ERR_MFT_INVALID_ARGUMENT',
    parameter: 'weights',
    message: /gaussian/,
  })),
  {
    what: 'equal rows without noise',
    asked: regressionWith({ inputs: [...rows, rows[1]], targets: [...targets, 0] }),
    code: 'ERR_MFT_DEGENERATE',
    parameter: 'noiseVariance',
    message: /row 3 depends .* rows 1 and 3 are equal/,
  },
  {
    what: 'rows of one direction of a rectifier without biases',
    asked: regressionWith({ inputs: [...rows, [2, 0.4, -0.6]], targets: [...targets, 0] }),
    code: 'ERR_MFT_DEGENERATE',
    parameter: 'biasVariance',
    message: /rows 0 and 3 have the same direction/,
  },
  {
    what: 'a linear kernel of more rows than columns',
    asked: regressionWith({ activation: 'linear', inputs: [...rows, [1, 1, 1]], targets: [...targets, 0] }),
    code: 'ERR_MFT_DEGENERATE',
    parameter: 'noiseVariance',
    message: /rank 3/,
  },
  {
    what: 'other inputs of other columns',
    asked: kernelsWith({ otherInputs: [[1, 2]] }),
    code: 'ERR_MFT_SHAPE',
    parameter: 'otherInputs',
    message: /3 × 3\), received 1 × 2/,
  },
  {
    what: 'no inputs',
    asked: kernelsWith({ inputs: [] }),
    code: 'ERR_MFT_SHAPE',
    parameter: 'inputs',
    message: /at least one/,
  },
  {
    what: 'texts for numbers',
    asked: kernelsWith({ inputs: [['a', 1]] }),
    code: 'ERR_MFT_INVALID_ARGUMENT',
    parameter: 'inputs.0.0',
    message: /received "a"/,
  },
  {
    what: 'rows of several lengths',
    asked: kernelsWith({ inputs: [[1, 2], [1]] }),
    code: 'ERR_MFT_SHAPE',
    parameter: 'inputs.1',
    message: /2 numbers like the first/,
  },
  {
    what: 'overflow at great depth',
    asked: kernelsWith({ depth: 2000, weightVariance: 4, get: ['nngp'] }),
    code: 'ERR_MFT_NOT_FINITE',
    parameter: 'weightVariance',
    message: /`nngp` leaves the range .* at layer 10\d\d/,
  },
];

const ask = (question: Question): Promise<unknown> => {
  if ('quantity' in question) return evaluate('kernel', question.quantity, question.parameters as never);
  const spec = { system: 'kernel', weights: question.weights } as never;
  return question.verb === 'predict' ? predict(spec) : simulate(spec, { trials: 2 });
};

for (const { what, asked, code, parameter, message } of refusals)
  t.test(what, async (t) => {
    await t.rejects(ask(asked), { code, parameter, message });
  });

/** JSON has no infinity, but numbers that are read as one; and no NaN. */
const json = (value: object): string =>
  JSON.stringify(value, (_, each: unknown) => (each === Infinity ? 'Infinity' : Number.isNaN(each) ? 'NaN' : each))
    .replaceAll('"Infinity"', '1e999')
    .replaceAll('"NaN"', 'NaN');

t.test('the command line refuses the same', async (t) => {
  for (const { what, asked, code, message } of refusals) {
    const words =
      'quantity' in asked
        ? ['evaluate', 'kernel', asked.quantity, '--parameters', json(asked.parameters)]
        : [asked.verb, '--system', 'kernel', '--weights', json(asked.weights)];
    const { status, stdout, stderr } = await mft(words);
    const isJson = !words.some((word) => word.includes('NaN'));
    t.same([status, stdout], [2, ''], what);
    t.match(stderr, isJson ? new RegExp(`\\[${code}\\]\\n$`) : /to be JSON, .*\[ERR_MFT_INVALID_ARGUMENT\]\n$/, what);
    if (isJson) t.match(stderr, message, what);
  }
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
  type Law = 'studentT' | 'multivariateT';
  const warned = async (degreesOfFreedom: number, law: Law = 'studentT'): Promise<string[]> => {
    const found = await predict({ system: 'kernel', weights: { law, degreesOfFreedom } });
    return found.warnings.map(({ id }) => id);
  };
  t.same(await warned(2.5), ['noThirdMoment', 'noFourthMoment']);
  t.same(await warned(3.5), ['noFourthMoment']);
  t.same(await warned(5), []);
  // Rows of multivariate t are Gaussian ones of random length: rectifiers have the Gaussian kernel without a third moment.
  t.same(await warned(2.5, 'multivariateT'), ['noFourthMoment']);
  t.same(await warned(5, 'multivariateT'), []);
  const words = ['predict', '--system', 'kernel', '--weights', '{"law": "studentT", "degreesOfFreedom": 2.5}'];
  const { status, stderr } = await mft(words);
  t.equal(status, 0);
  t.match(stderr, /warning: .*no third moment.*\n.*warning: .*no fourth moment/);
});

t.test('jitter is added only when asked for, and said', async (t) => {
  const equal = { inputs: [...rows, rows[1]], targets: [...targets, -1], jitter: 'auto' };
  const found = await regression(equal);
  const relative = (found.jitter as number) / (found.meanDiagonal as number);
  t.ok(relative > 0.9e-12 && relative < 1.1e-6, `${relative} of the mean diagonal`);
  t.equal((await regression({ jitter: 'auto' })).jitter, 0, 'none where none is needed');
  t.ok(isSaid(found));
});

t.test('posterior variances below zero: 0 and counted where rounding did it, else an error', async (t) => {
  t.same(clamped(Float64Array.of(-9e-11, 0.5, -2e-10), Float64Array.of(1, 1, 3)), {
    values: Float64Array.of(0, 0.5, 0),
    clampedVariances: 2,
  });
  t.throws(() => clamped(Float64Array.of(0.5, -1.1e-10), Float64Array.of(1, 1)), { code: 'ERR_MFT_DEGENERATE' });
  // Points of a smooth kernel so near to each other that it is almost singular: which of them fail is a matter of rounding.
  const refused: object[] = [];
  let counted = 0;
  for (const [activation, weightVariance, count] of [
    ['sin', 0.5, 6],
    ['sin', 2, 6],
    ['erf', 0.5, 5],
  ] as const)
    for (let scale = 0.01; scale < 1; scale *= 1.12) {
      const given = {
        activation,
        weightVariance,
        biasVariance: 0.3,
        inputs: Array.from({ length: count }, (_, i) => [scale * (i + 1)]),
        targets: Array.from({ length: count }, () => 1),
        testInputs: Array.from({ length: 21 }, (_, i) => [scale * (2 * i - 20)]),
      };
      const answer = await regression(given).catch((error: unknown) => error);
      if (!(answer instanceof Error)) {
        const { covariance, clampedVariances } = answer as { covariance: number[][]; clampedVariances: number };
        if (covariance.some((row, i) => !((row[i] as number) >= 0))) t.fail(`${json(given)}: a negative variance`);
        counted += clampedVariances;
      } else {
        t.match(answer, { code: 'ERR_MFT_DEGENERATE', parameter: 'noiseVariance' });
        if (/predicted variance of test input \d+ is -/.test(answer.message)) refused.push(given);
      }
    }
  t.ok(counted > 0, `${counted} were counted`);
  t.ok(refused.length > 0, `${refused.length} were refused`);
  const parameters = json({ ...base, noiseVariance: 0, ...refused[0] });
  const { status, stderr } = await mft(['evaluate', 'kernel', 'kernelRegression', '--parameters', parameters]);
  t.equal(status, 2);
  t.match(stderr, /predicted variance of test input \d+ is -.*\[ERR_MFT_DEGENERATE\]/);
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
