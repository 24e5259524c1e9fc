// What quantities of matrices take: kernels, factors, their lists of rows. Numbers of doubles an entry were measured.
import { leftBehind } from '../../core/memory.js';
import { closed } from './cost.js';
import { hasMaps } from './maps.js';
import { kernelModel, type ModelParameters } from './model.js';

type Rows = readonly (readonly number[])[];
type Given = ModelParameters & { readonly inputs: Rows };

/** Doubles of a pair and kernel: native arrays, or those of pairs that are integrated one by one; rows of lists. */
const [mappedPair, integratedPair, perRowEntry] = [1.05, 20, 1.2] as const;
/** Bytes of objects that a regression or a derivative makes and drops: at all, and of an input. */
const [perRegression, perGradient, perSearch, perInput] = [6 * 2 ** 20, 2.5 * 2 ** 20, 5 * 2 ** 20, 13_000] as const;
/** Bytes of objects that lists of a matrix leave behind: of a row, and at most. */
const [perRow, mostOfRows] = [17_000, 5.5 * 2 ** 20] as const;
/** Of an activation whose pairs are summed or integrated, not given by a formula. */
const perSeries = 2 ** 22;
/** Hermite coefficients of an input and layer that derivatives keep: some 100 of smooth activations, 512 of those with kinks. */
const perExpansion = 250;
/** Matrices that a search has dropped stay until so many bytes of them are left: V8 counts them late. */
const dropped = 44 * 2 ** 20;

const isMapped = (p: Given): boolean => hasMaps(kernelModel(p, p.inputs[0]?.length ?? 1));
const pairOf = (p: Given): number => (isMapped(p) ? mappedPair : integratedPair);

/** Kernels as arrays, then as lists of rows, with bounds of their entries twice as many. */
export function matrixBytes(
  p: Given & {
    readonly otherInputs?: Rows | undefined;
    readonly get: readonly string[];
    readonly normalize: boolean;
    readonly certified: boolean;
  },
): number {
  const { inputs, otherInputs = inputs, get, certified } = p;
  const pairs = inputs.length * otherInputs.length;
  const arrays = 1 + Number(get.includes('ntk'));
  const lists = get.length * (certified ? 2 : 1);
  const pair = p.normalize || certified ? integratedPair : pairOf(p);
  const rows = 8 * pairs * lists * perRowEntry;
  // Of the lists about so much survives a collection while they are made.
  const left = leftBehind(2 ** 20 + Math.min(mostOfRows, perRow * inputs.length), 0.6 * rows);
  return left + 0.4 * rows + 8 * pairs * arrays * pair;
}

function isClosed(p: Given): boolean {
  const { phi } = kernelModel(p, 1);
  return phi.homogeneousDegree !== null || (typeof p.activation === 'string' && closed.includes(p.activation));
}

interface Regression {
  readonly testInputs: Rows;
}

/** m² of the inputs, t m of tests with inputs, t² of tests: kernels, what is made of them in place, the covariance as rows. */
function blocks(p: Given & Regression, doubles: readonly [number, number, number]): number {
  const [m, t] = [p.inputs.length, p.testInputs.length];
  const [own, cross, prior] = doubles;
  const series = isClosed(p) ? 0 : perSeries;
  return leftBehind(perRegression + perInput * (m + t) + series) + 8 * (own * m * m + cross * t * m + prior * t * t);
}

export function regressionBytes(p: Given & Regression & { readonly kernel: 'nngp' | 'ntk' }): number {
  const kernels = pairOf(p) * (p.kernel === 'ntk' ? 2 : 1);
  return blocks(p, [kernels, kernels + 3.5, kernels + 3.9]);
}

export function ensembleBytes(p: Given & Regression & { readonly time: number | 'infinity' }): number {
  const kernels = 2 * pairOf(p);
  return blocks(p, [kernels + (p.time === 'infinity' ? 3 : 2), kernels + 5, kernels + 5.1]);
}

/** Products of the inputs, kernels, and their derivatives by every entry. */
export function gradientBytes(p: Given & { readonly kernel: 'nngp' | 'ntk' }, left: number = perGradient): number {
  const m = p.inputs.length;
  const series = isClosed(p) ? 0 : perSeries + 8 * perExpansion * m * p.depth;
  return leftBehind(left + 1.4 * perInput * m) + series + 8 * m * m * (p.kernel === 'ntk' ? 4.2 : 3.3);
}

/** Every evaluation of a search drops the kernels of the one before. */
export function fitBytes(p: Given & { readonly kernel: 'nngp' | 'ntk'; readonly iterations: number }): number {
  const matrix = 8 * p.inputs.length ** 2 * (p.kernel === 'ntk' ? 2 : 1);
  return gradientBytes(p, perSearch) + Math.min(Math.max(dropped, matrix), 1.3 * (p.iterations + 1) * matrix);
}
