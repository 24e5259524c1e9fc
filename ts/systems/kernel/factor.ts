// Kernel matrices factorised: L Lᵀ = K + noise I, or a sentence that names the rows without which it would exist.
import { addon } from '../../core/addon.js';
import type { ControlOptions } from '../../core/control.js';
import { controlled } from '../../core/control.js';
import { MftError } from '../../core/errors.js';
import { threadsFor } from '../../core/memory.js';
import { dependence } from './dependence.js';
import type { DataMatrix, KernelModel } from './model.js';
import './regression-native.js';

/** Control, and the threads of what is computed natively: 0, all processors, when left out. */
export interface MatrixOptions extends ControlOptions {
  readonly threads?: number;
}

/** K + (noiseVariance + jitter) I = L Lᵀ. */
export interface Factor {
  readonly count: number;
  /** L in the lower triangle, K in the strict upper one; row-major. */
  readonly matrix: Float64Array;
  /** K_ii, without noise. */
  readonly diagonal: Float64Array;
  readonly noiseVariance: number;
  /** What `jitter: 'auto'` added to the diagonal besides; 0 where nothing was needed. */
  readonly jitter: number;
  /** Least L_jj²/A_jj: near count · 2^−52 half of the digits are gone. */
  readonly smallestPivot: number;
  readonly logDeterminant: number;
}

/** What is done with a kernel that is singular to rounding. */
export type JitterRule = 'none' | 'auto';

/** Fractions of the mean diagonal that 'auto' tries, one after the other. */
const jitters = [1e-12, 1e-11, 1e-10, 1e-9, 1e-8, 1e-7, 1e-6];

/** What the kernel was made of, for the sentence of an error. */
export interface KernelOrigin {
  readonly model: KernelModel;
  readonly data: DataMatrix;
}

const units = (count: number): number => Math.ceil(count / 256);

/**
 * Factorises the matrix in place.
 *
 * @throws MftError ERR_MFT_DEGENERATE naming rows that are equal, or of the same direction, or the rank; ERR_MFT_NOT_FINITE
 */
export async function factorize(
  matrix: Float64Array,
  count: number,
  { noiseVariance, jitter }: { readonly noiseVariance: number; readonly jitter: JitterRule },
  origin: KernelOrigin,
  options: MatrixOptions,
): Promise<Factor> {
  const diagonal = diagonalOf(matrix, count);
  const scale = mean(diagonal);
  const threads = threadsFor(options.threads ?? 0);
  for (const fraction of jitter === 'auto' ? [0, ...jitters] : [0]) {
    const added = fraction * scale;
    const found = await controlled(options, units(count), (slots) =>
      addon().kernelFactor({ matrix, count, shift: noiseVariance + added, threads }, slots),
    );
    if (found.pivot === count) {
      const { smallestRatio: smallestPivot, logDeterminant } = found;
      return { count, matrix, diagonal, noiseVariance, jitter: added, smallestPivot, logDeterminant };
    }
    restore(matrix, count, diagonal);
    if (jitter === 'none') throw await degenerate(matrix, count, found.pivot, origin);
  }
  throw new MftError(
    'ERR_MFT_DEGENERATE',
    `Expected \`noiseVariance\` to be larger: the kernel of these ${count} rows is not positive definite even with ` +
      `1e-6 of its mean diagonal ${scale} added to it.`,
    { parameter: 'noiseVariance', received: noiseVariance },
  );
}

async function degenerate(
  matrix: Float64Array,
  count: number,
  pivot: number,
  { model, data }: KernelOrigin,
): Promise<MftError> {
  const why = dependence(model, data, pivot);
  const rank = await addon().kernelRank({ matrix, count, tolerance: 10 * count * Number.EPSILON });
  const remedy = why?.remedy ?? 'give a `noiseVariance` above 0';
  return new MftError(
    'ERR_MFT_DEGENERATE',
    `The kernel of these ${count} rows has rank ${rank}: row ${pivot} depends on those before it` +
      `${why === undefined ? '' : `, for ${why.reason}`}; ${remedy} (or \`jitter\` "auto", which says what it added).`,
    {
      parameter: why?.parameter ?? 'noiseVariance',
      expected: `a kernel of rank ${count}`,
      received: rank,
    },
  );
}

/** The matrix as it was, from its upper triangle and its diagonal. */
export function restore(matrix: Float64Array, count: number, diagonal: Float64Array): void {
  for (let i = 0; i < count; i++) {
    for (let j = 0; j < i; j++) matrix[i * count + j] = matrix[j * count + i] as number;
    matrix[i * count + i] = diagonal[i] as number;
  }
}

function diagonalOf(matrix: Float64Array, count: number): Float64Array {
  return Float64Array.from({ length: count }, (_, i) => matrix[i * count + i] as number);
}

export const mean = (list: Float64Array): number => list.reduce((sum, value) => sum + value, 0) / list.length;

/** Rows b become L⁻¹ b ('half') or A⁻¹ b ('whole'), in place. */
export async function solve(
  { matrix, count }: Factor,
  rows: Float64Array,
  how: 'half' | 'whole',
  { signal, threads = 0 }: MatrixOptions,
): Promise<void> {
  const control = signal === undefined ? {} : { signal };
  for (const isTransposed of how === 'half' ? [false] : [false, true])
    await controlled(control, 1, (slots) =>
      addon().kernelSolve({ matrix, rows, count, isTransposed, threads: threadsFor(threads) }, slots),
    );
}

/** a bᵀ of rows of `count` numbers. */
export async function product(
  a: Float64Array,
  b: Float64Array,
  count: number,
  { signal, threads = 0 }: MatrixOptions,
): Promise<Float64Array> {
  const out = new Float64Array((a.length / count) * (b.length / count));
  await controlled(signal === undefined ? {} : { signal }, 1, (slots) =>
    addon().kernelProduct({ matrix: a, rows: b, out, count, threads: threadsFor(threads) }, slots),
  );
  return out;
}
