// White data, all directions of one variance: the flow of whole matrices from starts that are not aligned, by a matrix Riccati equation.
import { MftError } from '../../core/errors.js';
import { growth, type Mode, stiffness } from './mode.js';

type Matrix = readonly (readonly number[])[];
type Rows = number[][];

/** Both matrices, W1 hidden × dimension and W2 dimension × hidden. */
interface WhiteStart {
  readonly first: Matrix;
  readonly second: Matrix;
}

interface WhiteState {
  /** W2 W1, dimension × dimension. */
  readonly product: Rows;
  /** |W1|² + |W2|². */
  readonly squaredNorm: number;
  readonly loss: number;
}

/** Imbalances below this share of the squares are rounding. */
const balanced = 1e-12;
/** Time is taken in parts in which G grows by no more than this: what is left of the start stays well above rounding. */
const foldsInPart = 8;
const growthInPart = 1e7;
/** e-folds after which any start that is a number has settled. */
const mostFolds = 800;

const dot = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((sum, x, i) => sum + x * (b[i] as number), 0);
const transposed = (a: Matrix): Rows => (a[0] as readonly number[]).map((_, j) => a.map((row) => row[j] as number));
/** A Bᵀ. */
const timesTransposed = (a: Matrix, b: Matrix): Rows => a.map((row) => b.map((other) => dot(row, other)));
const combined = (x: number, a: Matrix, y: number, b: Matrix): Rows =>
  a.map((row, i) => row.map((each, j) => x * each + y * (b[i]?.[j] as number)));

/** Rows b of B solve L bᵀ = aᵀ for the rows a of A, G = L Lᵀ: A L⁻ᵀ. */
function overFactor(a: Matrix, g: Matrix): Rows {
  const n = g.length;
  const l: Rows = g.map((row) => row.map(() => 0));
  for (let i = 0; i < n; i++)
    for (let j = 0; j <= i; j++) {
      const [left, right] = [l[i] as number[], l[j] as number[]];
      let sum = g[i]?.[j] as number;
      for (let k = 0; k < j; k++) sum -= (left[k] as number) * (right[k] as number);
      left[j] = i === j ? Math.sqrt(sum) : sum / (right[j] as number);
    }
  return a.map((row) => {
    const solved: number[] = [];
    for (let i = 0; i < n; i++) {
      const of = l[i] as number[];
      let sum = row[i] as number;
      for (let k = 0; k < i; k++) sum -= (of[k] as number) * (solved[k] as number);
      solved.push(sum / (of[i] as number));
    }
    return solved;
  });
}

/** λ of W1 W1ᵀ − W2ᵀ W2 = λ 1. @throws MftError ERR_MFT_UNSUPPORTED for other starts, which have no closed form. */
function imbalanceOf(first: Matrix, second: Matrix, weightDecay: number): number {
  const [one, two] = [timesTransposed(first, first), timesTransposed(transposed(second), transposed(second))];
  const difference = combined(1, one, -1, two);
  const hidden = first.length;
  const size = one.reduce((sum, row, i) => sum + (row[i] as number) + (two[i]?.[i] as number), 0);
  const mean = difference.reduce((sum, row, i) => sum + (row[i] as number), 0) / hidden;
  const lambda = Math.abs(mean) <= balanced * size ? 0 : mean;
  const off = Math.hypot(...difference.flatMap((row, i) => row.map((x, j) => x - (i === j ? lambda : 0))));
  if (off <= balanced * size && (lambda === 0 || weightDecay === 0)) return lambda;
  throw new MftError(
    'ERR_MFT_UNSUPPORTED',
    'Expected W1 W1ᵀ − W2ᵀ W2 of the start to be 0, or without decay a multiple of the unit matrix: others have no closed form; ' +
      'simulate them.',
    { parameter: 'second', expected: 'W2 with W2ᵀ W2 = W1 W1ᵀ', received: off },
  );
}

/**
 * The network at time s = α·step. With P, N = (W1ᵀ ± W2)/√2 turned by the angle φ, tan 2φ = k λ/(2ν), r = √(ν² + (k λ/2)²), the growing
 * half goes as e^{(r − g)s}, the other as e^{−(r + g)s}, both through
 *
 *     G = 1 + k [P_0ᵀP_0 (e^{2(r−g)s} − 1)/(2(r − g)) + N_0ᵀN_0 (1 − e^{−2(r+g)s})/(2(r + g))]
 *
 * as P(s) = e^{(r−g)s} P_0 G^{−1/2}, N(s) = e^{−(r+g)s} N_0 G^{−1/2}, up to one rotation of the hidden units.
 */
export function whiteFlow(mode: Mode, { first, second }: WhiteStart, time: number): WhiteState {
  const { inputVariance: nu, weightDecay: g } = mode;
  const k = stiffness(mode);
  const lambda = imbalanceOf(first, second, g);
  const tilt = (k * lambda) / 2;
  const r = Math.hypot(nu, tilt);
  const angle = Math.atan2(tilt, nu) / 2;
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  const [sum, difference] = [1, -1].map((sign) =>
    combined(Math.SQRT1_2, transposed(first), sign * Math.SQRT1_2, second),
  ) as [Rows, Rows];
  let [up, down] = [combined(cos, sum, sin, difference), combined(-sin, sum, cos, difference)];
  const [rise, fall] = [lambda === 0 ? growth(mode) : r - g, r + g];
  let left = rise > 0 ? Math.min(time, mostFolds / rise) : time;
  while (left > 0) {
    const [upGram, downGram] = [up, down].map((x) => timesTransposed(transposed(x), transposed(x))) as [Rows, Rows];
    const size = k * upGram.reduce((total, row, i) => total + (row[i] as number), 0);
    const longest = rise > 0 ? foldsInPart / rise : size > 0 ? growthInPart / size : Infinity;
    const s = Math.min(left, longest);
    const grown = rise === 0 ? s : Math.expm1(2 * rise * s) / (2 * rise);
    const fallen = fall === 0 ? s : -Math.expm1(-2 * fall * s) / (2 * fall);
    const G = combined(k * grown, upGram, k * fallen, downGram);
    G.forEach((row, i) => {
      row[i] = (row[i] as number) + 1;
    });
    const scaled = (x: Rows, factor: number): Rows => overFactor(combined(factor, x, 0, x), G);
    [up, down] = [scaled(up, Math.exp(rise * s)), scaled(down, Math.exp(-fall * s))];
    left -= s;
  }
  const [plus, minus] = [combined(cos, up, -sin, down), combined(sin, up, cos, down)];
  const [x, y] = [
    combined(Math.SQRT1_2, plus, Math.SQRT1_2, minus),
    combined(Math.SQRT1_2, plus, -Math.SQRT1_2, minus),
  ];
  const product = timesTransposed(y, x);
  const squaredNorm = [...x, ...y].reduce((total, row) => total + dot(row, row), 0);
  let [missing, square] = [0, 0];
  for (const [i, row] of product.entries()) {
    square += dot(row, row);
    missing += row.reduce((total, w, j) => total + ((i === j ? 1 : 0) - w) ** 2, 0);
  }
  return { product, squaredNorm, loss: (nu * missing + mode.noiseVariance * square + g * squaredNorm) / 2 };
}
