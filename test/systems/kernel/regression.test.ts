// Regression with kernels: questions that users of other libraries have asked (values to 50 digits, from the definitions), refits,
// differences, limits, and what is singular.
import t, { type Test } from 'tap';
import { evaluate, isUndefined, MftError } from 'mft-native';

type Matrix = readonly (readonly number[])[];
interface Regressed {
  readonly mean: readonly number[];
  readonly covariance: Matrix;
  readonly logMarginalLikelihood: number;
  readonly leaveOneOut: readonly number[];
  readonly leaveOneOutVariance: readonly number[];
  readonly noiseRelativeToDiagonal: number;
  readonly meanDiagonal: number;
  readonly jitter: number;
  readonly warnings: readonly string[];
}

const regress = (parameters: object): Promise<Regressed> =>
  evaluate('kernel', 'kernelRegression', parameters as never) as unknown as Promise<Regressed>;
const trained = (parameters: object): Promise<Regressed & { readonly largestStableRate: number }> =>
  evaluate('kernel', 'ntkEnsemble', parameters as never) as never;

function near(t: Test, found: readonly number[], wanted: readonly number[], tolerance: number, what: string): void {
  t.equal(found.length, wanted.length, `${what}: how many`);
  for (const [i, value] of wanted.entries()) {
    const off = Math.abs((found[i] as number) - value);
    t.ok(off <= tolerance * Math.abs(value), `${what} ${i}: ${found[i]}, expected ${value}`);
  }
}

async function refused(t: Test, code: string, pattern: RegExp, parameters: object, quantity = 'kernelRegression') {
  const error: unknown = await evaluate('kernel', quantity as 'kernelRegression', parameters as never).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  t.ok(error instanceof MftError && error.code === code, `${code}: ${String(error)}`);
  t.match(String(error), pattern);
}

const line = { activation: 'relu', inputs: [[1], [2], [-1], [3], [-0.5]], depth: 2, weightVariance: 2 };

t.test(
  'data on a line, rectifiers without biases: why is the kernel singular? (neural-tangents #76, #128, #193)',
  async (t) => {
    const question = { ...line, targets: [1, 2, 3, 4, 5], testInputs: [[0.3]] };
    for (const kernel of ['nngp', 'ntk'])
      await refused(t, 'ERR_MFT_DEGENERATE', /rank 2: row 1 .* rows 0 and 1 have the same direction.*biasVariance/, {
        ...question,
        kernel,
      });
    const { jitter } = await regress({ ...question, biasVariance: 0.1, jitter: 'auto' });
    t.equal(jitter, 0, 'with biases there is nothing to mend');
    const shifted = await regress({ ...question, jitter: 'auto' });
    t.ok(shifted.jitter > 0 && shifted.jitter <= 1e-6 * shifted.meanDiagonal, `says what it added: ${shifted.jitter}`);
  },
);

const curve = {
  activation: 'relu',
  depth: 2,
  weightVariance: 2.25,
  biasVariance: 0.0025,
  inputs: Array.from({ length: 40 }, (_, i) => [-10 * Math.PI + (20 * Math.PI * i) / 39]),
  testInputs: [[-20], [-3.5], [0.5], [11], [29]],
};
const sines = curve.inputs.map(([x = 0]) => Math.sin(x) + Math.sin(2 * x));

t.test('forty points of a curve, noise absolute or relative? (neural-tangents #198, #178)', async (t) => {
  const absolute = await regress({ ...curve, kernel: 'ntk', targets: sines, noiseVariance: 1e-4 });
  t.ok(Math.abs(absolute.meanDiagonal / 2954.67112224 - 1) < 1e-11, `${absolute.meanDiagonal}`);
  near(
    t,
    absolute.mean,
    [-1.28676204824, -0.0297924138942, 1.09813486263, -0.421966173746, -0.499383801353],
    1e-7,
    'absolute',
  );
  const relative = await regress({ ...curve, kernel: 'ntk', targets: sines, noiseVariance: 0.295467112224 });
  near(
    t,
    relative.mean,
    [-0.420052046052, 0.0317612471853, 0.331032877096, -0.199793687958, -0.225724053778],
    1e-7,
    'relative',
  );
  t.ok(Math.abs(relative.noiseRelativeToDiagonal - 1e-4) < 1e-14, 'says what the noise is to the diagonal');
});

t.test('one input measured twice (scikit-learn #4916, GPy #523, scikit-optimize #324)', async (t) => {
  const twice = {
    activation: 'relu',
    depth: 1,
    weightVariance: 2,
    biasVariance: 0.1,
    inputs: [
      [0.5, 1],
      [-0.7, 0.2],
      [0.5, 1],
    ],
    targets: [1, -1, 3],
    testInputs: [
      [0.1, -0.3],
      [0.5, 1],
    ],
  };
  const found = await regress({ ...twice, noiseVariance: 0.1 });
  near(t, found.mean, [-0.0393182072396704, 1.90850949076704], 1e-11, 'mean');
  const variances = found.covariance.map((row, i) => row[i] as number);
  near(t, variances, [0.243662402322639, 0.0481286919257677], 1e-11, 'variance');
  // Twice measured with noise v is once measured with v/2: the other row keeps its noise, so both rows are doubled.
  const rows = [
    [0.5, 1],
    [-0.7, 0.2],
  ];
  const doubled = await regress({
    ...twice,
    inputs: [...rows, ...rows],
    targets: [1, -1, 3, -1],
    noiseVariance: 0.2,
  });
  const halved = await regress({ ...twice, inputs: rows, targets: [2, -1], noiseVariance: 0.1 });
  near(t, doubled.mean, halved.mean, 1e-11, 'the mean target with half the noise');
  await refused(t, 'ERR_MFT_DEGENERATE', /rows 0 and 2 are equal.*noiseVariance/, twice);
});

t.test('targets of twenty thousand and a deviation below 1 (neural-tangents #36)', async (t) => {
  const large = {
    activation: 'erf',
    depth: 2,
    weightVariance: 2.25,
    biasVariance: 0.0025,
    inputs: [[-2], [-0.5], [1], [2.5]],
    targets: [12000, -3000, 500, 20000],
    noiseVariance: 0.001,
    testInputs: [[0.25], [6]],
  };
  const found = await regress(large);
  near(t, found.mean, [27678.1582278051, 36976.9557085108], 1e-9, 'mean');
  near(
    t,
    found.covariance.map((row, i) => row[i] as number),
    [0.0359130623453781, 0.0232908609312586],
    1e-9,
    'variance',
  );
  t.match(found.warnings[0] ?? '', /does not depend on the targets/);
  const scaled = await regress({ ...large, targets: large.targets.map((y) => 1000 * y) });
  near(
    t,
    scaled.mean,
    found.mean.map((y) => 1000 * y),
    1e-12,
    'mean of scaled targets',
  );
  t.same(scaled.covariance, found.covariance, 'covariance of scaled targets');
  t.same((await regress({ ...large, targets: [1, -1, 0.5, 2] })).warnings, []);
});

const three = {
  activation: 'relu',
  depth: 1,
  weightVariance: 2,
  biasVariance: 0.05,
  inputs: [
    [0.4, -1.2, 0.3],
    [1.1, 0.2, -0.9],
    [-0.6, 0.7, 0.5],
  ],
  targets: [1, -2, 0.5],
  testInputs: [[0.2, 0.2, 0.2]],
};

t.test('only rate times time counts; descent, and its largest stable rate (neural-tangents #184)', async (t) => {
  const a = await trained({ ...three, learningRate: 0.1, time: 100 });
  const b = await trained({ ...three, learningRate: 0.01, time: 1000 });
  near(
    t,
    [a.mean[0] as number, a.covariance[0]?.[0] as number],
    [-0.0513371163244879, 0.0894618453284069],
    1e-11,
    'flow',
  );
  near(t, [...b.mean, ...(b.covariance[0] ?? [])], [...a.mean, ...(a.covariance[0] ?? [])], 1e-13, 'the same product');
  const short = await trained({ ...three, learningRate: 0.01, time: 100 });
  near(t, [...short.mean, ...(short.covariance[0] ?? [])], [-0.053453754833803, 0.119155729208409], 1e-11, 'shorter');
  const descent = await trained({ ...three, learningRate: 0.1, time: 100, dynamics: 'descent' });
  near(t, descent.mean, [-0.0512784853487321], 1e-11, 'descent');
  near(t, [descent.largestStableRate], [1.88753416681142], 1e-11, 'largest stable rate');
  await refused(
    t,
    'ERR_MFT_OUT_OF_RANGE',
    /largest|below 2 m/,
    { ...three, learningRate: 2, dynamics: 'descent' },
    'ntkEnsemble',
  );
  await refused(
    t,
    'ERR_MFT_NOT_FINITE',
    /leaves the range/,
    { ...three, learningRate: 20, time: 1000, dynamics: 'descent' },
    'ntkEnsemble',
  );
  await refused(t, 'ERR_MFT_OUT_OF_RANGE', /whole number/, { ...three, time: 1.5, dynamics: 'descent' }, 'ntkEnsemble');
});

t.test('limits of training: nothing at time 0, linear at first, infinity in the end', async (t) => {
  const prior = (await evaluate('kernel', 'mlpKernels', { ...only(three), inputs: three.testInputs })) as never as {
    readonly nngp: Matrix;
  };
  const start = await trained({ ...three, time: 0 });
  near(t, [...start.mean, ...(start.covariance[0] ?? [])], [0, prior.nngp[0]?.[0] as number], 1e-14, 'time 0');
  const cross = (await evaluate('kernel', 'mlpKernels', {
    ...only(three),
    inputs: three.testInputs,
    otherInputs: three.inputs,
  })) as never as { readonly ntk: Matrix };
  const early = await trained({ ...three, learningRate: 1e-6, time: 1 });
  const wanted = (cross.ntk[0] as readonly number[]).reduce((sum, k, i) => sum + k * (three.targets[i] as number), 0);
  near(t, early.mean, [(1e-6 * wanted) / 3], 1e-5, 'at first η t Θ_* y/m');
  const late = await trained({ ...three, learningRate: 1, time: 1e9 });
  const end = await trained(three);
  near(
    t,
    [...late.mean, ...(late.covariance[0] ?? [])],
    [...end.mean, ...(end.covariance[0] ?? [])],
    1e-11,
    'in the end',
  );
});

const only = ({ activation, depth, weightVariance, biasVariance }: typeof three) => ({
  activation,
  depth,
  weightVariance,
  biasVariance,
});

/** Points without a pattern. */
const points = (count: number, dimension: number, start: number): number[][] =>
  Array.from({ length: count }, (_, i) =>
    Array.from({ length: dimension }, (_, j) => 3 * ((1e4 * Math.sin(i * dimension + j + start)) % 1)),
  );

t.test('interpolation, refits without one row, several targets at once', async (t) => {
  const model = { activation: 'tanh', depth: 2, weightVariance: 1.6, biasVariance: 0.1 };
  const inputs = points(12, 4, 1);
  const targets = inputs.map((x, i) => [Math.cos(i), x[0] as number, 1]);
  const testInputs = points(3, 4, 500);
  for (const kernel of ['nngp', 'ntk'] as const) {
    const column = (t: number) => targets.map((row) => row[t] as number);
    const same = await regress({ ...model, kernel, inputs, targets: column(0), testInputs: inputs });
    near(t, same.mean, column(0), 1e-9, 'without noise it passes through the targets');
    t.ok(same.covariance.every((row, i) => (row[i] as number) < 1e-9 * same.meanDiagonal));
    const all = await evaluate('kernel', 'kernelRegression', {
      ...model,
      kernel,
      inputs,
      targets,
      testInputs,
      noiseVariance: 0.05,
    });
    const { mean, leaveOneOut, logMarginalLikelihood } = all as never as {
      readonly mean: Matrix;
      readonly leaveOneOut: Matrix;
      readonly logMarginalLikelihood: readonly number[];
    };
    for (const target of [0, 1, 2]) {
      const one = await regress({ ...model, kernel, inputs, targets: column(target), testInputs, noiseVariance: 0.05 });
      // Not to the bit: OpenBLAS solves one column and several with other kernels.
      const of = (rows: Matrix): number[] => rows.map((row) => row[target] as number);
      near(t, of(mean), one.mean, 1e-11, `target ${target} as alone`);
      near(t, of(leaveOneOut), one.leaveOneOut, 1e-11, `target ${target} left out as alone`);
      near(t, [logMarginalLikelihood[target] as number], [one.logMarginalLikelihood], 1e-11, 'the likelihood');
    }
    const one = await regress({ ...model, kernel, inputs, targets: column(0), testInputs, noiseVariance: 0.05 });
    for (const left of [0, 5, 11]) {
      const rest = <T>(list: readonly T[]): T[] => list.filter((_, i) => i !== left);
      const refit = await regress({
        ...model,
        kernel,
        inputs: rest(inputs),
        targets: rest(column(0)),
        testInputs: [inputs[left]],
        noiseVariance: 0.05,
      });
      near(t, [one.leaveOneOut[left] as number], refit.mean, 1e-10, `${kernel}: refit without row ${left}`);
      near(
        t,
        [one.leaveOneOutVariance[left] as number],
        [(refit.covariance[0]?.[0] as number) + 0.05],
        1e-9,
        'its variance',
      );
    }
    // The likelihood is the product of the predictions of every row from those before it.
    let sum = 0;
    for (let i = 0; i < inputs.length; i++) {
      const y = targets[i]?.[0] as number;
      const variance = await variancesOf({
        ...model,
        kernel,
        inputs: inputs.slice(0, i),
        targets: column(0).slice(0, i),
        testInputs: [inputs[i]],
      });
      sum -= (y - variance.mean) ** 2 / (2 * variance.variance) + Math.log(2 * Math.PI * variance.variance) / 2;
    }
    near(t, [sum], [one.logMarginalLikelihood], 1e-10, `${kernel}: likelihood, one row after the other`);
  }
});

/** Of the first row there is nothing to predict from. */
async function variancesOf(
  question: { readonly inputs: Matrix; readonly kernel: 'nngp' | 'ntk' } & Record<string, unknown>,
) {
  if (question.inputs.length === 0) {
    const { inputs, targets: _, testInputs, kernel, ...model } = question;
    void inputs;
    const own = (await evaluate('kernel', 'mlpKernels', { ...model, inputs: testInputs })) as never as Record<
      string,
      Matrix
    >;
    return { mean: 0, variance: (own[kernel]?.[0]?.[0] as number) + 0.05 };
  }
  const { mean, covariance } = await regress({ ...question, noiseVariance: 0.05 });
  return { mean: mean[0] as number, variance: (covariance[0]?.[0] as number) + 0.05 };
}

t.test('singular kernels are named by their rank, bad numbers by their place', async (t) => {
  const inputs = points(6, 3, 1);
  const question = { inputs, targets: inputs.map(() => 1), testInputs: [[1, 2, 3]] };
  await refused(t, 'ERR_MFT_DEGENERATE', /rank 3.*rows of 3 numbers/, { ...question, activation: 'linear', depth: 2 });
  await refused(t, 'ERR_MFT_DEGENERATE', /rank 4/, { ...question, depth: 0, biasVariance: 1 });
  await refused(t, 'ERR_MFT_DEGENERATE', /rank 3/, { ...question, activation: 'linear', depth: 1 }, 'ntkEnsemble');
  const repeated = [...inputs, inputs[2], inputs[0], [-0, 0, 0], [0, 0, 0]];
  await refused(t, 'ERR_MFT_DEGENERATE', /rows 2 and 6 are equal \(3 groups/, {
    ...question,
    inputs: repeated,
    targets: repeated.map(() => 1),
    biasVariance: 0.1,
  });
  await refused(t, 'ERR_MFT_SHAPE', /6 targets/, { ...question, targets: [1] });
  await refused(t, 'ERR_MFT_OUT_OF_RANGE', /targets.2/, { ...question, targets: [1, 1, Number.NaN, 1, 1, 1] });
  await refused(t, 'ERR_MFT_SHAPE', /columns/, { ...question, testInputs: [[1, 2]] });
  const zero = await regress({ ...question, inputs: [[0, 0, 0]], targets: [1], noiseVariance: 1, depth: 2 });
  t.ok(isUndefined(zero.noiseRelativeToDiagonal), 'a zero kernel has no scale');
  t.equal(zero.mean[0], 0);
});
