// Weights made to contract: nearest ones, certificates that no matrix breaks, penalties, bad input.
import t from 'tap';
import { evaluate } from '../../../dist/index.js';

type Rows = readonly (readonly number[])[];

interface Contracted {
  readonly matrix: Rows;
  readonly normBefore: number;
  readonly normAfter: number;
  readonly certifiedContraction: number;
  readonly isContraction: boolean;
}

const contracted = async (given: object): Promise<Contracted> =>
  (await evaluate('implicit', 'contractedWeights', given as never)) as never;

/** Numbers in [-1, 1) of a seed (splitmix32). */
function numbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x9e3779b9) >>> 0;
    let z = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
    return ((z ^ (z >>> 15)) >>> 0) / 2 ** 31 - 1;
  };
}

const random = (seed: number, rows: number, columns: number, scale = 1): number[][] => {
  const draw = numbers(seed);
  return Array.from({ length: rows }, () => Array.from({ length: columns }, () => scale * draw()));
};

const times = (matrix: Rows, x: readonly number[]): number[] =>
  matrix.map((row) => row.reduce((sum, value, j) => sum + value * (x[j] as number), 0));
const transposed = (matrix: Rows): number[][] => (matrix[0] ?? []).map((_, j) => matrix.map((row) => row[j] as number));
const length = (x: readonly number[]): number => Math.hypot(...x);

/** A lower bound of |W|_2 that steps of power iteration bring near it. */
function powerNorm(matrix: Rows, steps: number): number {
  const other = transposed(matrix);
  let x = other.map((_, j) => 1 + 0.1 * Math.sin(j + 1));
  for (let step = 0; step < steps; step++) {
    const next = times(other, times(matrix, x));
    const size = length(next);
    if (size === 0) return 0;
    x = next.map((value) => value / size);
  }
  return length(times(matrix, x)) / length(x);
}

t.test('1,000 random matrices: no certificate is below the norm, projected ones are inside', async (t) => {
  const draw = numbers(7);
  let [below, outside, loosest] = [0, 0, 0];
  for (let seed = 0; seed < 1000; seed++) {
    const [rows, columns] = [1 + Math.floor(4 * (1 + draw())), 1 + Math.floor(4 * (1 + draw()))];
    const matrix = random(seed, rows, columns, 10 ** (3 * draw()));
    const norm = seed % 2 === 0 ? 'spectral' : 'infinity';
    const { matrix: found, normBefore, normAfter, isContraction } = await contracted({ matrix, norm });
    const size = (given: Rows): number =>
      norm === 'spectral'
        ? powerNorm(given, 60)
        : Math.max(...given.map((row) => row.reduce((sum, value) => sum + Math.abs(value), 0)));
    if (normBefore < size(matrix) * (1 - 1e-15) || normAfter < size(found) * (1 - 1e-15)) below++;
    if (normAfter > 0.9 || !isContraction) outside++;
    // Power iteration may be late; the bound of few numbers is tight against all of them at once.
    const most = Math.hypot(...found.flat());
    loosest = Math.max(loosest, normAfter / Math.max(most, 1e-300));
  }
  t.same([below, outside], [0, 0]);
  t.ok(loosest > 0);
});

t.test('the certificate is tight, and the nearest matrix is what optimality asks', async (t) => {
  const matrix = random(3, 12, 9);
  const spectral = await contracted({ matrix, norm: 'spectral' });
  t.ok(Math.abs(spectral.normBefore / powerNorm(matrix, 4000) - 1) < 1e-12, 'within rounding of the norm');
  t.ok(Math.abs(powerNorm(spectral.matrix, 20000) / 0.9 - 1) < 1e-6, 'on the edge');
  // W - P is in the normal cone: <W - P, X - P> <= 0 for every X inside.
  const inner = (a: Rows, b: Rows): number => a.flat().reduce((sum, x, i) => sum + x * (b.flat()[i] as number), 0);
  const less = (a: Rows, b: Rows): number[][] =>
    a.map((row, i) => row.map((x, j) => x - ((b[i] as readonly number[])[j] as number)));
  for (const norm of ['spectral', 'infinity'] as const) {
    const { matrix: nearest } = await contracted({ matrix, norm });
    for (let seed = 0; seed < 30; seed++) {
      const { matrix: inside } = await contracted({ matrix: random(100 + seed, 12, 9, 2), norm });
      t.ok(inner(less(matrix, nearest), less(inside, nearest)) < 1e-10, `${norm}: ${seed}`);
    }
  }
  const already = await contracted({ matrix: [[0.25, -0.5]], norm: 'infinity' });
  t.same(already.matrix, [[0.25, -0.5]], 'weights that are inside stay');
});

t.test('a layer with such weights contracts by what is certified', async (t) => {
  const activation = { tanh: [Math.tanh, 1], sigmoid: [(x: number) => 1 / (1 + Math.exp(-x)), 0.25] } as const;
  for (const [name, [phi, largestSlope]] of Object.entries(activation)) {
    const { matrix, certifiedContraction } = await contracted({
      matrix: random(5, 20, 20, 2),
      norm: 'infinity',
      contraction: 0.8,
      largestSlope,
    });
    const step = (h: readonly number[]): number[] => times(matrix, h).map((x) => phi(x));
    const size = (h: readonly number[], k: readonly number[]): number =>
      Math.max(...h.map((x, i) => Math.abs(x - (k[i] as number))));
    let largest = 0;
    for (let seed = 0; seed < 200; seed++) {
      const [h = [], k = []] = random(seed, 2, 20, 0.01);
      largest = Math.max(largest, size(step(h), step(k)) / size(h, k));
    }
    t.ok(largest <= certifiedContraction && certifiedContraction <= 0.8 * (1 + 1e-12), `${name}: ${largest}`);
  }
});

t.test('penalties: by columns, exact, and by random signs', async (t) => {
  const matrix = random(9, 8, 6);
  const penalty = async (given: object): Promise<number> =>
    (await evaluate('implicit', 'jacobianPenalty', { matrix, ...given } as never)) as number;
  const sums = transposed(matrix).map((column) => column.reduce((sum, x) => sum + Math.abs(x), 0));
  const wanted = sums.reduce((all, sum) => all + Math.max(0, sum - 3) ** 2, 0);
  t.ok(Math.abs((await penalty({ kind: 'columns', target: 3 })) / wanted - 1) < 1e-14);
  const exact = await penalty({ kind: 'frobenius' });
  t.ok(Math.abs(exact - matrix.flat().reduce((sum, x) => sum + x * x, 0)) < 1e-12);
  // Var of |Jᵀv|² for random signs: 2 Σ_(i≠k) (JJᵀ)_ik².
  let off = 0;
  for (const [i, a] of matrix.entries())
    for (const [k, b] of matrix.entries())
      if (i !== k) off += 2 * a.reduce((sum, x, j) => sum + x * (b[j] as number), 0) ** 2;
  const samples = 4000;
  const z = ((await penalty({ kind: 'frobenius', samples, seed: 11 })) - exact) / Math.sqrt(off / samples);
  t.ok(Math.abs(z) < 4, `z ${z}`);
});

t.test('bad input', async (t) => {
  for (const [given, code] of [
    [{ matrix: [[1, 2], [3]], norm: 'infinity' }, 'ERR_MFT_SHAPE'],
    [{ matrix: [], norm: 'infinity' }, 'ERR_MFT_INVALID_ARGUMENT'],
    [{ matrix: [[Number.NaN]], norm: 'infinity' }, 'ERR_MFT_INVALID_ARGUMENT'],
    [{ matrix: [[1]], norm: 'frobenius' }, 'ERR_MFT_INVALID_ARGUMENT'],
    [{ matrix: [[1]], norm: 'spectral', contraction: 0 }, 'ERR_MFT_OUT_OF_RANGE'],
    [{ matrix: random(1, 2, 200), norm: 'spectral' }, 'ERR_MFT_INVALID_ARGUMENT'],
  ] as const)
    await t.rejects(contracted(given), {
      code: /ERR_MFT_/,
      message: new RegExp(code === 'ERR_MFT_SHAPE' ? 'rows' : '.'),
    });
  const zero = await contracted({ matrix: [[0, 0]], norm: 'spectral' });
  t.same([zero.normAfter, zero.isContraction], [0, true]);
  const one = await contracted({ matrix: [[1, 0]], norm: 'infinity', contraction: 2 });
  t.equal(one.isContraction, false, 'a bound above 1 certifies nothing');
});
