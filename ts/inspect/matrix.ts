// What the numbers of one weight matrix are: moments, the largest singular value beside random matrix theory, rows without weights.
import type { Undefined } from '../core/results.js';
import type { NpyValues } from '../data/npy.js';
import { chiSquareTail } from '../statistics/distributions.js';

/** A matrix of outputs × inputs (of a convolution: inputs × places), row-major. */
export interface Matrix {
  readonly outputs: number;
  readonly inputs: number;
  readonly values: NpyValues;
}

/** Moments of some numbers about their mean. */
export interface Moments {
  readonly count: number;
  readonly mean: number;
  readonly variance: number;
  /** E (x − mean)⁴ / variance² − 3; undefined where all numbers are equal. */
  readonly excessKurtosis: number | Undefined;
  readonly largest: number;
  /** How many are NaN or infinite; they are left out. */
  readonly notFinite: number;
}

export function momentsOf(values: ArrayLike<number>): Moments {
  let [count, sum, largest] = [0, 0, 0];
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    if (!Number.isFinite(value)) continue;
    count++;
    sum += value;
    largest = Math.max(largest, Math.abs(value));
  }
  const mean = count === 0 ? 0 : sum / count;
  let [second, fourth] = [0, 0];
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    if (!Number.isFinite(value)) continue;
    const square = (value - mean) ** 2;
    second += square;
    fourth += square * square;
  }
  const variance = count === 0 ? 0 : second / count;
  // Equal numbers differ from their mean by rounding only.
  const isConstant = variance <= (2 ** -50 * mean) ** 2 || !(variance > 0) || !(fourth > 0);
  return {
    count,
    mean,
    variance: isConstant ? 0 : variance,
    excessKurtosis: isConstant ? { reason: 'all numbers are equal' } : fourth / count / variance ** 2 - 3,
    largest,
    notFinite: values.length - count,
  };
}

interface Singular {
  /** The largest singular value. */
  readonly top: number;
  /** The sum of the squared singular values, over the largest one squared. */
  readonly stableRank: number;
}

const mostSteps = 120;

/**
 * The largest singular value, by Lanczos steps with full orthogonalisation on the smaller of W Wᵀ and Wᵀ W.
 * Relative error 1e-6 or less for a spectrum with an edge; the start is always the same.
 */
export function singularOf({ outputs, inputs, values }: Matrix): Singular {
  const isWide = inputs >= outputs;
  const size = Math.min(outputs, inputs);
  const other = new Float64Array(Math.max(outputs, inputs));
  let squares = 0;
  for (let i = 0; i < values.length; i++) squares += (values[i] as number) ** 2;
  if (size === 0 || squares === 0) return { top: 0, stableRank: 0 };
  const apply = (v: Float64Array): Float64Array => {
    const result = new Float64Array(size);
    other.fill(0);
    // One pass over the rows of W each way.
    for (let row = 0; row < outputs; row++) {
      const at = row * inputs;
      if (isWide)
        for (let j = 0; j < inputs; j++)
          other[j] = (other[j] as number) + (values[at + j] as number) * (v[row] as number);
      else {
        let sum = 0;
        for (let j = 0; j < inputs; j++) sum += (values[at + j] as number) * (v[j] as number);
        other[row] = sum;
      }
    }
    for (let row = 0; row < outputs; row++) {
      const at = row * inputs;
      if (isWide) {
        let sum = 0;
        for (let j = 0; j < inputs; j++) sum += (values[at + j] as number) * (other[j] as number);
        result[row] = sum;
      } else
        for (let j = 0; j < inputs; j++)
          result[j] = (result[j] as number) + (values[at + j] as number) * (other[row] as number);
    }
    return result;
  };
  const basis: Float64Array[] = [startVector(size)];
  const [diagonal, off]: [number[], number[]] = [[], []];
  let top = 0;
  for (let step = 0; step < Math.min(size, mostSteps); step++) {
    const next = apply(basis[step] as Float64Array);
    diagonal.push(dot(next, basis[step] as Float64Array));
    // Twice: once leaves what rounding has put back.
    for (let pass = 0; pass < 2; pass++)
      for (const known of basis) {
        const part = dot(next, known);
        for (let i = 0; i < size; i++) next[i] = (next[i] as number) - part * (known[i] as number);
      }
    const length = Math.sqrt(dot(next, next));
    const before = top;
    if (step % 4 === 3 || step === Math.min(size, mostSteps) - 1 || !(length > 1e-14 * squares))
      top = topEigenvalue(diagonal, off);
    if (!(length > 1e-14 * squares) || (top > 0 && before > 0 && top !== before && top - before < 1e-10 * top)) break;
    off.push(length);
    basis.push(next.map((value) => value / length));
  }
  const value = topEigenvalue(diagonal, off.slice(0, diagonal.length - 1));
  return { top: Math.sqrt(value), stableRank: squares / value };
}

function startVector(size: number): Float64Array {
  let state = 12345;
  const vector = Float64Array.from({ length: size }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32 - 0.4;
  });
  const length = Math.sqrt(dot(vector, vector));
  return vector.map((value) => value / length);
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number);
  return sum;
}

/** The largest eigenvalue of a symmetric tridiagonal matrix: bisection on Sturm's count. */
function topEigenvalue(diagonal: readonly number[], off: readonly number[]): number {
  const radius = diagonal.map(
    (value, i) => value + Math.abs(off[i - 1] ?? 0) + Math.abs(i < diagonal.length - 1 ? (off[i] ?? 0) : 0),
  );
  let [low, high] = [Math.max(...diagonal), Math.max(...radius)];
  const isAbove = (x: number): boolean => {
    // All pivots of T − x negative: x lies above every eigenvalue.
    let pivot = 1;
    for (let i = 0; i < diagonal.length; i++) {
      const square = i === 0 ? 0 : (off[i - 1] as number) ** 2;
      pivot = (diagonal[i] as number) - x - square / pivot;
      if (pivot >= 0) return false;
    }
    return true;
  };
  for (let i = 0; i < 100 && high - low > 1e-15 * high; i++) {
    const middle = (low + high) / 2;
    if (isAbove(middle)) high = middle;
    else low = middle;
  }
  return (low + high) / 2;
}

/** s = σ (√outputs + √inputs): where the singular values of independent weights of variance σ² end (Marchenko and Pastur). */
export function randomEdge({ outputs, inputs }: Matrix, variance: number): number {
  return Math.sqrt(variance) * (Math.sqrt(outputs) + Math.sqrt(inputs));
}

/** Fewer rows or columns than this say nothing about a limit law. */
export const leastForEdge = 20;

/** Mean and standard deviation of the Tracy–Widom law of order 1. */
const [limitMean, limitDeviation] = [-1.2065335746, 1.268034] as const;

/**
 * Two-sided probability of a largest singular value as far out, were the weights independent: λ = s²/σ² is μ + σ_λ·TW₁ with
 * μ = (√(m−½) + √(n−½))², σ_λ = √μ (1/√(m−½) + 1/√(n−½))^⅓ (Johnstone; Ma's halves). `variance` is that of these very weights: λ over
 * it varies less, by the variance 2/(mn) of the estimate (of which it is independent for normal weights). TW₁ is nearly
 * Γ(46.446, 0.186054) − 9.84801 (Chiani, error below 1e-3 of the body; tails within a factor of 2 down to 1e-6).
 */
export function edgeProbability({ outputs, inputs }: Matrix, variance: number, top: number): number {
  const [m, n] = [Math.sqrt(outputs - 0.5), Math.sqrt(inputs - 0.5)];
  const center = (m + n) ** 2;
  const scale = (m + n) * (1 / m + 1 / n) ** (1 / 3);
  const spread = limitDeviation * scale;
  const left = Math.sqrt(Math.max(0.25, 1 - (2 * center ** 2) / (outputs * inputs * spread ** 2)));
  const t = limitMean + ((top * top) / variance - center - limitMean * scale) / (scale * left);
  const x = (t + 9.84801) / 0.186054;
  const above = x <= 0 ? 1 : chiSquareTail(2 * x, 2 * 46.446);
  return Math.min(1, 2 * Math.min(above, 1 - above));
}

/** Rows (outputs) and columns (inputs) whose weights are all 0. */
export function zeroLines({ outputs, inputs, values }: Matrix): { outputs: number; inputs: number } {
  const isUsed = new Uint8Array(inputs);
  let zeroOutputs = 0;
  for (let row = 0; row < outputs; row++) {
    let isZero = true;
    for (let j = 0; j < inputs; j++)
      if (values[row * inputs + j] !== 0) {
        isZero = false;
        isUsed[j] = 1;
      }
    if (isZero) zeroOutputs++;
  }
  return { outputs: zeroOutputs, inputs: inputs - isUsed.reduce((sum, used) => sum + used, 0) };
}
