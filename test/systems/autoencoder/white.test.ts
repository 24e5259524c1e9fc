// White data and clusters of directions: whole matrices in closed form against Runge and Kutta, theory of clusters against networks.
import t from 'tap';
import { evaluate, predict, simulate } from 'mft-native';
import { wishartEigenvalues } from '../../../dist/systems/autoencoder/clusters.js';

type Rows = readonly (readonly number[])[];
const times = (a: Rows, b: Rows): number[][] =>
  a.map((row) =>
    (b[0] as readonly number[]).map((_, j) => row.reduce((sum, x, i) => sum + x * (b[i]?.[j] as number), 0)),
  );
const turned = (a: Rows): number[][] => (a[0] as readonly number[]).map((_, j) => a.map((row) => row[j] as number));
const sum = (x: number, a: Rows, y: number, b: Rows): number[][] =>
  a.map((row, i) => row.map((each, j) => x * each + y * (b[i]?.[j] as number)));

/** W2 W1 after time s, in n steps of the classical method. */
function integrated(W1: Rows, W2: Rows, nu: number, k: number, g: number, s: number, n: number): number[][] {
  const one = W2.map((_, i) => W2.map((_, j) => (i === j ? 1 : 0)));
  const slope = (a: Rows, b: Rows): [number[][], number[][]] => {
    const error = sum(nu, one, -k, times(b, a));
    return [sum(1, times(turned(b), error), -g, a), sum(1, times(error, turned(a)), -g, b)];
  };
  let [a, b] = [W1, W2];
  const h = s / n;
  for (let i = 0; i < n; i++) {
    const [a1, b1] = slope(a, b);
    const [a2, b2] = slope(sum(1, a, h / 2, a1), sum(1, b, h / 2, b1));
    const [a3, b3] = slope(sum(1, a, h / 2, a2), sum(1, b, h / 2, b2));
    const [a4, b4] = slope(sum(1, a, h, a3), sum(1, b, h, b3));
    a = sum(1, a, h / 6, sum(1, sum(1, a1, 2, a2), 1, sum(2, a3, 1, a4)));
    b = sum(1, b, h / 6, sum(1, sum(1, b1, 2, b2), 1, sum(2, b3, 1, b4)));
  }
  return times(b, a);
}

const distance = (a: Rows, b: Rows): number => Math.max(...sum(1, a, -1, b).flat().map(Math.abs));
const [cos, sin] = [Math.cos(0.7), Math.sin(0.7)];
const rotation = [
  [cos, -sin, 0],
  [sin, cos, 0],
  [0, 0, 1],
];
const first = [
  [0.3, -0.2, 0.5],
  [0.1, 0.4, -0.1],
];
const network = async (
  parameters: object,
): Promise<{ readonly product: Rows; readonly loss: number; readonly squaredNorm: number }> =>
  (await evaluate('autoencoder', 'whiteNetwork', { learningRate: 0.5, ...parameters } as never)) as never;

t.test('matrix Riccati against integration', async (t) => {
  const second = times(rotation, turned(first));
  for (const [inputVariance, noiseVariance, weightDecay, s] of [
    [1, 0.5, 0, 2],
    [1, 0.5, 0.3, 4],
    [0.5, 0.2, 0.9, 3],
    [1, 0, 1, 5],
    [0, 0.4, 0.1, 2],
    [0, 0, 0.3, 2],
  ] as const) {
    const of = { inputVariance, noiseVariance, weightDecay, first, second };
    const found = await network({ ...of, step: 2 * s });
    const exact = integrated(first, second, inputVariance, inputVariance + noiseVariance, weightDecay, s, 2000);
    t.ok(distance(found.product, exact) < 1e-12, JSON.stringify([inputVariance, noiseVariance, weightDecay, s]));
  }
  const scaled = (x: number): number[][] => [
    [x, 0, 0],
    [0, x, 0],
  ];
  const lazy = { first: scaled(1.2), second: times(rotation, turned(scaled(0.5))) };
  const found = await network({ ...lazy, inputVariance: 1, noiseVariance: 0.5, step: 4 });
  t.ok(
    distance(found.product, integrated(lazy.first, lazy.second, 1, 1.5, 0, 2, 2000)) < 1e-12,
    'imbalance a multiple of 1',
  );
  const still = await network({ first, second, inputVariance: 1, step: 0 });
  t.ok(distance(still.product, times(second, first)) < 1e-15);
});

t.test('it ends at a projection times w*, and one direction is the scalar network', async (t) => {
  const second = times(rotation, turned(first));
  const { product } = await network({ first, second, inputVariance: 1, noiseVariance: 0.25, step: 1e12 });
  t.ok(distance(times(product, product), sum(0.8, product, 0, product)) < 1e-13, 'W² = w* W');
  t.ok(
    Math.abs(product.reduce((trace, row, i) => trace + (row[i] as number), 0) - 1.6) < 1e-13,
    'of as many directions as units',
  );
  const scalar = await network({ first: [[0.3]], second: [[0.3]], inputVariance: 2, weightDecay: 0.4, step: 3 });
  const w = await evaluate('autoencoder', 'mapping', {
    inputVariance: 2,
    weightDecay: 0.4,
    learningRate: 0.5,
    initialMapping: 0.09,
    step: 3,
  });
  t.ok(Math.abs((scalar.product[0]?.[0] as number) - (w as number)) < 1e-15);
  await t.rejects(
    network({ first, second: turned(first).map((row) => row.map((x) => 2 * x)), inputVariance: 1, step: 1 }),
    {
      code: 'ERR_MFT_UNSUPPORTED',
      parameter: 'second',
    },
  );
  await t.rejects(network({ first, second: first, inputVariance: 1, step: 1 }), {
    code: 'ERR_MFT_SHAPE',
    parameter: 'second',
  });
  await t.rejects(network({ first: [[1, 2], [3]], second: [[1]], inputVariance: 1, step: 1 }), {
    code: 'ERR_MFT_INVALID_ARGUMENT',
    parameter: 'first',
  });
});

t.test('typical eigenvalues: mean and mean square of a Wishart matrix', (t) => {
  for (const [d, n] of [
    [1, 7],
    [5, 5],
    [8, 64],
    [40, 20],
  ] as const) {
    const zeros = wishartEigenvalues(d, n);
    const moment = (power: number): number => zeros.reduce((total, x) => total + x ** power, 0) / d;
    // E tr(GGᵀ)/d = n, E tr((GGᵀ)²)/d = n(n + d + 1).
    t.ok(Math.abs(moment(1) / n - 1) < 1e-12);
    t.ok(Math.abs((moment(2) * (1 + 2 / (n + d - 1))) / (n * (n + d + 1)) - 1) < 1e-12, `${d} × ${n}`);
  }
  t.end();
});

t.test('clusters of directions are learnt as one subspace', async (t) => {
  for (const [variances, width] of [
    [Array<number>(24).fill(1), 24],
    [Array<number>(32).fill(1), 16],
    [[3, ...Array<number>(16).fill(1)], 24],
  ] as const) {
    const spec = {
      system: 'autoencoder',
      inputVariance: variances,
      width,
      learningRate: 0.05,
      steps: 200,
      recordEvery: 20,
      initialVariance: 1e-5,
    } as const;
    const theory = await predict(spec);
    const { observables } = await simulate(spec, { trials: 30, seed: 8 });
    t.match(theory.warnings, [{ id: 'clusteredDirections', message: variances[0] === 3 ? /1–16/ : /0–/ }]);
    const d = variances.length;
    const from = variances[0] === 3 ? 1 : 0;
    const mean = ({ values }: { readonly values: Float64Array }, record: number): number =>
      values.subarray(record * d + from, (record + 1) * d).reduce((total, x) => total + x, 0) / (d - from);
    let worst = 0;
    for (let record = 0; record <= 10; record++)
      worst = Math.max(
        worst,
        Math.abs(
          mean(theory.observables.modeMapping as never, record) - mean(observables.modeMapping as never, record),
        ),
      );
    t.ok(worst < 0.02, `${d} directions, ${width} units: off by ${worst}`);
  }
  const apart = await predict({
    system: 'autoencoder',
    inputVariance: [2, 1, 0.5],
    steps: 1000,
    initialVariance: 1e-6,
  });
  t.same(apart.warnings, [], 'directions of unlike variance are none');
});
