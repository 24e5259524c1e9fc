// What every kernel has, over random networks and data: positive semidefinite, homogeneous, blind to the coordinates; and how fast
// depth and width bring it to where it tends.
import fc from 'fast-check';
import t from 'tap';
import { evaluate, type KernelWeightLaw, predict, simulate } from 'mft-native';
import { holds } from '../../properties.js';

interface Matrices {
  readonly nngp: readonly (readonly number[])[];
  readonly ntk: readonly (readonly number[])[];
}
const kernelsOf = (network: object, inputs: readonly (readonly number[])[]): Promise<Matrices> =>
  evaluate('kernel', 'mlpKernels', { ...network, inputs } as never) as never;
const entry = (matrix: readonly (readonly number[])[], i: number, j: number): number => matrix[i]?.[j] as number;

/** Thousandths: nothing is so small that its square has lost its digits. */
const number = (min: number, max: number) =>
  fc.integer({ min: Math.ceil(1000 * min), max: Math.floor(1000 * max) }).map((count) => count / 1000);
const rectifier = fc.oneof(
  fc.constant('relu'),
  fc.constant('abs'),
  number(-0.9, 0.9).map((slope) => ({ name: 'leakyRelu', slope })),
  fc.tuple(number(-2, 2), number(0.1, 2)).map(([a, b]) => ({ name: 'abRelu', a, b })),
);
const network = fc.record({
  activation: fc.oneof(rectifier, fc.constantFrom('linear', 'erf', 'gelu', 'sin', 'cos', 'tanh', 'softplus')),
  depth: fc.integer({ min: 0, max: 4 }),
  weightVariance: number(0, 4),
  biasVariance: fc.oneof(fc.constant(0), number(0, 2)),
  keepProbability: fc.oneof(fc.constant(1), number(0.1, 1)),
  maskSharing: fc.constantFrom('independent', 'shared'),
});
/** Up to six rows of up to five numbers; some rows are multiples of the first. */
const data = fc
  .integer({ min: 1, max: 5 })
  .chain((dimension) =>
    fc
      .array(fc.array(number(-3, 3), { minLength: dimension, maxLength: dimension }), { minLength: 2, maxLength: 5 })
      .chain((rows) =>
        fc
          .option(number(-2, 2), { nil: undefined })
          .map((factor) => (factor === undefined ? rows : [...rows, (rows[0] ?? []).map((x) => factor * x)])),
      ),
  );

/** Whether a Cholesky factorisation of A + shift finds no pivot below zero: no eigenvalue of A is below −shift. */
function isAbove(matrix: readonly (readonly number[])[], shift: number): boolean {
  const rows = matrix.map((row, i) => Float64Array.from(row, (value, j) => value + (i === j ? shift : 0)));
  for (const [i, row] of rows.entries()) {
    for (let j = 0; j < i; j++) {
      const other = rows[j] as Float64Array;
      for (let k = 0; k < j; k++) row[j] = (row[j] as number) - (row[k] as number) * (other[k] as number);
      row[j] = (row[j] as number) / (other[j] as number);
    }
    for (let k = 0; k < i; k++) row[i] = (row[i] as number) - (row[k] as number) ** 2;
    if ((row[i] as number) < 0) return false;
    row[i] = Math.sqrt(Math.max(row[i] as number, Number.MIN_VALUE));
  }
  return true;
}
const meanDiagonal = (matrix: readonly (readonly number[])[]): number =>
  matrix.reduce((sum, row, i) => sum + (row[i] as number), 0) / matrix.length;

t.test('symmetric, positive semidefinite, no entry above the geometric mean of its diagonals', async (t) => {
  const property = fc.asyncProperty(network, data, async (spec, inputs) => {
    const { nngp, ntk } = await kernelsOf(spec, inputs);
    const size = inputs.length;
    for (let i = 0; i < size; i++)
      for (let j = 0; j < size; j++) {
        const largest = Math.sqrt(entry(nngp, i, i)) * Math.sqrt(entry(nngp, j, j));
        if (entry(nngp, i, j) !== entry(nngp, j, i) || entry(ntk, i, j) !== entry(ntk, j, i)) return false;
        if (Math.abs(entry(nngp, i, j)) > largest * (1 + 4 * size * Number.EPSILON)) return false;
      }
    const rest = ntk.map((row, i) => row.map((value, j) => value - entry(nngp, i, j)));
    const scale = meanDiagonal(nngp);
    return isAbove(nngp, 1e-12 * scale) && isAbove(rest, 1e-12 * (scale + meanDiagonal(ntk)));
  });
  await holds(t, property, { numRuns: 100, seed: 1 });
  const indefinite = [
    [1, 0, 0.9],
    [0, 1, 0.9],
    [0.9, 0.9, 1],
  ];
  t.notOk(isAbove(indefinite, 0.27), 'its least eigenvalue is 1 − 0.9·√2 = −0.273');
  t.ok(isAbove(indefinite, 0.28));
});

t.test('rectifiers on a line have rank 2 without biases (neural-tangents #76, #128, #193)', async (t) => {
  const [inputs, spec] = [[[1], [2], [-1], [3], [-0.5]], { activation: 'relu', depth: 2, weightVariance: 2 }];
  const { nngp, ntk } = await kernelsOf(spec, inputs);
  for (const [matrix, [one, two]] of [
    [nngp, [28.2751672870241, 2.22483271297587]],
    [ntk, [84.092600105561, 7.40739989443904]],
  ] as const) {
    // Two numbers with this sum and this sum of squares, and nothing besides.
    t.ok(Math.abs(5 * meanDiagonal(matrix) - one - two) < 1e-11 * one);
    t.ok(Math.abs(matrix.flat().reduce((sum, x) => sum + x * x, 0) - one ** 2 - two ** 2) < 1e-11 * one ** 2);
  }
  const biased = await kernelsOf({ ...spec, biasVariance: 0.1 }, inputs);
  for (const [matrix, least] of [
    [biased.nngp, 0.0009093692435],
    [biased.ntk, 0.300944762],
  ] as const)
    t.same([isAbove(matrix, -(least - 1e-8)), isAbove(matrix, -(least + 1e-8))], [true, false], `least: ${least}`);
});

t.test(
  'linear networks without biases: NNGP and NTK predict the same at every depth (neural-tangents #169)',
  async (t) => {
    const inputs = [
      [0.4, -1.2, 0.3],
      [1.1, 0.2, -0.9],
      [-0.6, 0.7, 0.5],
    ];
    for (const depth of [1, 3, 10]) {
      const of = async (kernel: string): Promise<number> => {
        const given = {
          activation: 'linear',
          depth,
          weightVariance: 1,
          inputs,
          targets: [1, -2, 0.5],
          noiseVariance: 0,
        };
        const found = await evaluate('kernel', 'kernelRegression', {
          ...given,
          kernel,
          testInputs: [[0.2, 0.5, -0.3]],
        } as never);
        return (found as never as { mean: number[] }).mean[0] as number;
      };
      const [nngp, ntk] = [await of('nngp'), await of('ntk')];
      t.ok(Math.abs(nngp - ntk) < 1e-12 * Math.abs(nngp), `depth ${depth}: ${nngp}, ${ntk}`);
    }
  },
);

/** Whether all entries agree relative to the root of the second's diagonals. */
function agrees(found: readonly (readonly number[])[], wanted: (i: number, j: number) => number, error: number) {
  return found.every((row, i) =>
    row.every((value, j) => Math.abs(value - wanted(i, j)) <= error * Math.sqrt(wanted(i, i) * wanted(j, j))),
  );
}

t.test('rectifiers without biases: k(sx, ty) = st k(x, y)', async (t) => {
  const factors = fc.array(number(0.01, 100), { minLength: 6, maxLength: 6 });
  const property = fc.asyncProperty(network, rectifier, data, factors, async (spec, activation, inputs, by) => {
    const bare = { ...spec, activation, biasVariance: 0 };
    const whole = await kernelsOf(bare, inputs);
    const scaled = await kernelsOf(
      bare,
      inputs.map((row, i) => row.map((x) => x * (by[i] as number))),
    );
    return (['nngp', 'ntk'] as const).every((name) =>
      agrees(
        scaled[name],
        (i, j) => (by[i] as number) * (by[j] as number) * entry(whole[name], i, j),
        // Of rows on a line, rounding turns the angle by up to 2e-8; the slope of a tangent kernel follows it.
        name === 'nngp' ? 1e-13 : 1e-7,
      ),
    );
  });
  await holds(t, property, { numRuns: 60, seed: 2 });
});

t.test('permuted and reflected coordinates leave both kernels as they are', async (t) => {
  const direction = fc.array(number(0.1, 1), { minLength: 5, maxLength: 5 });
  const property = fc.asyncProperty(network, data, direction, async (spec, inputs, normal) => {
    const axis = normal.slice(0, inputs[0]?.length);
    const square = axis.reduce((sum, x) => sum + x * x, 0);
    const moved = inputs.map((row) => {
      const along = row.reduce((sum, x, k) => sum + x * (axis[k] as number), 0);
      return row.map((x, k) => x - (2 * along * (axis[k] as number)) / square).toReversed();
    });
    const [whole, turned] = [await kernelsOf(spec, inputs), await kernelsOf(spec, moved)];
    return (
      agrees(turned.nngp, (i, j) => entry(whole.nngp, i, j), 1e-13) &&
      agrees(turned.ntk, (i, j) => entry(whole.ntk, i, j), 1e-7)
    );
  });
  await holds(t, property, { numRuns: 80, seed: 3 });
});

t.test('one layer of rectifiers of unit variance at angles 0, π/2 and π', async (t) => {
  const inputs = [
    [1, 0],
    [0, 1],
    [-1, 0],
  ];
  const { nngp } = await kernelsOf({ activation: 'relu', depth: 1, weightVariance: 1, inputScaling: 'none' }, inputs);
  t.same(nngp[0], [0.5, 1 / (2 * Math.PI), 0]);
});

t.test('a rectifier spelt out, which is integrated, is the closed form', async (t) => {
  const correlation = fc.oneof(
    number(-1, 1),
    number(-8, -2).map((power) => 1 - 10 ** power),
  );
  const property = fc.asyncProperty(number(1e-3, 50), number(1e-3, 50), correlation, async (q1, q2, c) => {
    const of = (activation: unknown, quantity: string): Promise<unknown> =>
      evaluate('kernel', quantity as 'pairExpectation', {
        activation: activation as 'relu',
        variance1: q1,
        variance2: q2,
        covariance: c * Math.sqrt(q1) * Math.sqrt(q2),
      });
    const spelt = { expression: 'max(x, 0)' };
    const sizes = { pairExpectation: Math.sqrt(q1 * q2) / 2, pairExpectationDerivative: 1 };
    for (const [quantity, size] of Object.entries(sizes)) {
      const apart = ((await of(spelt, quantity)) as number) - ((await of('relu', quantity)) as number);
      // Near 1 the correlation itself has an error of 1e-16, of which the slope of the kernel takes the root.
      const rounding = quantity === 'pairExpectation' ? 0 : Number.EPSILON / Math.sqrt(1 - c * c + 1e-16);
      if (Math.abs(apart) > (1e-12 + rounding) * size) return false;
    }
    return true;
  });
  await holds(t, property, { numRuns: 30, seed: 4 });
});

t.test('depth: θ_L C⁻¹ L is in [0.99, 1] behind 2,000 layers, the tangent kernel between 0.25 and 0.26', async (t) => {
  for (const negativeSlope of [0, 0.2]) {
    const depth = 2000;
    const given = { negativeSlope, angle: Math.PI / 2, depth };
    const gap = (await evaluate('kernel', 'normalizedKernelGapAtDepth', given)) as number;
    const constant = (await evaluate('kernel', 'angleDecayConstant', { negativeSlope })) as number;
    const ratio = (depth * 2 * Math.asin(Math.sqrt(gap / 2))) / constant;
    t.ok(ratio > 0.99 && ratio < 1, `slope ${negativeSlope}: ${ratio}`);
    t.comment(`slope ${negativeSlope}: ${ratio}`);
    const tangent = (await evaluate('kernel', 'normalizedNtkAtDepth', {
      activation: { name: 'leakyRelu', slope: negativeSlope },
      depth: 1000,
      weightVariance: 2 / (1 + negativeSlope ** 2),
      inputs: [
        [1, 0],
        [0, 1],
      ],
    })) as number;
    t.ok(tangent > 0.25 && tangent < 0.26, `slope ${negativeSlope}: ${tangent}`);
    t.comment(`tangent kernel, slope ${negativeSlope}: ${tangent}`);
  }
});

const laws: readonly KernelWeightLaw[] = [
  'gaussian',
  'uniform',
  'laplace',
  'rademacher',
  'sphere',
  'ball',
  'orthogonal',
  { law: 'generalizedGaussian', shape: 1.5 },
  { law: 'studentT', degreesOfFreedom: 24 },
  { law: 'multivariateT', degreesOfFreedom: 24 },
  { law: 'sparse', density: 0.4 },
];

t.test('twice the width: kernels of single networks are 1/√2 as far from theory, under every law', async (t) => {
  const inputs = {
    values: [0, 1, 2].map((a) => Array.from({ length: 40 }, (_, i) => Math.cos(0.7 * i * (a + 1) + a))),
  };
  for (const weights of laws) {
    const rms = async (width: number): Promise<number> => {
      const spec = { system: 'kernel', activation: 'relu', depth: 2, width, weights, inputs } as const;
      const theory = (await predict(spec)).observables.nngp?.values as Float64Array;
      const run = { trials: 400, seed: 9, hasTangent: false, rawTrials: true } as const;
      const trials = (await simulate(spec, run)).observables.nngp?.trials as Float64Array;
      t.equal(trials.length, 400 * theory.length);
      const squares = trials.reduce((sum, value, at) => {
        const wanted = theory[at % theory.length] as number;
        return sum + (value / wanted - 1) ** 2;
      }, 0);
      return Math.sqrt(squares / trials.length);
    };
    const ratio = (await rms(60)) / (await rms(120));
    t.ok(ratio > 1.2 && ratio < 1.65, `${JSON.stringify(weights)}: ${ratio.toFixed(3)}`);
    t.comment(`${JSON.stringify(weights)}: ${ratio.toFixed(3)}`);
  }
});
