// What the bounds say of a trained network: its norms are known only afterwards, so that the class it lies in is chosen from a grid
// that was there before, and every class of the grid pays for its place.
import type { NamedArray, TrainingBody } from '../../core/trainer.js';
import type { QuantityValue, Undefined } from '../../core/results.js';
import type { Network } from './architecture.js';
import { boundsOf } from './bounds.js';

/** Grid points a factor of 2: a norm is overstated by 4 % at most. */
const perOctave = 16;
/** Σ_j (1 + |j|)⁻² over all whole numbers. */
const gridSum = Math.PI ** 2 / 3 - 1;

/** The smallest power of 2^(1/16) that is at least `norm`, and the share of the failure probability that its place has. */
export function gridNorm(norm: number): { readonly norm: number; readonly share: number } {
  // A place of its own, below that of the smallest number there is.
  if (norm === 0) return { norm: 0, share: (1 + 2 ** 15) ** -2 / gridSum };
  let j = Math.ceil(perOctave * Math.log2(norm));
  // Rounding of the logarithm and of the power: the class must hold the network.
  while (2 ** (j / perOctave) < norm) j++;
  return { norm: 2 ** (j / perOctave), share: (1 + Math.abs(j)) ** -2 / gridSum };
}

/** Of norms that training was held to, above the rounding of single precision: their class was there before the data, without price. */
const heldNorm = (norm: number): ReturnType<typeof gridNorm> => ({ norm: norm * (1 + 2 ** -20), share: 1 });

const frobenius = (values: ArrayLike<number>, first: number, count: number): number => {
  let sum = 0;
  for (let i = first; i < first + count; i++) sum += (values[i] as number) ** 2;
  // Above the sum's own rounding.
  return Math.sqrt(sum) * (1 + count * Number.EPSILON);
};

/** Largest Frobenius norm of a kernel in each convolution, and the norm of the last matrix. */
function normsOf(weights: Readonly<Record<string, NamedArray>>, depth: number): { kernels: number[]; fc: number } {
  const kernels = Array.from({ length: depth }, (_, l) => {
    const { shape, values } = weights[`layer${l + 1}.weight`] as NamedArray;
    const [channels = 1] = shape;
    const size = values.length / channels;
    let largest = 0;
    for (let c = 0; c < channels; c++) largest = Math.max(largest, frobenius(values, c * size, size));
    return largest;
  });
  const { values } = weights[`layer${depth + 1}.weight`] as NamedArray;
  return { kernels, fc: frobenius(values, 0, values.length) };
}

/** What the bounds ask of a run besides its weights. */
interface Question {
  readonly samples: number;
  readonly failureProbability: number;
  readonly bits: number;
  /** Whether training was held to the norms of the network. */
  readonly holdsNorms: boolean;
  /** Why no bound speaks of this run. */
  readonly unspoken?: string;
}

/**
 * `kernelNorm` b_i and `fcNorm` b_{L+1} as trained; `bounds` on the gap of ½|softmax − label|² for every network of a class that holds
 * this one: norms rounded up to powers of 2^(1/16), each block's place j on that grid with the share (1 + |j|)⁻²/(π²/3 − 1) of ε, so
 * that all classes together fail with probability ε at most (a union bound; ours). Where training was held to the norms of the network
 * the class was there before the data, and its norms are those, without a price. `gap`: test less training risk, where both were
 * measured.
 */
export function measured(
  network: Network,
  weights: Readonly<Record<string, NamedArray>>,
  { train, test }: Pick<TrainingBody, 'train' | 'test'>,
  question: Question,
): Readonly<Record<string, QuantityValue>> {
  const gap = gapOf(train, test, question.samples, question.unspoken);
  return { ...boundsAtNorms(network, weights, question), gap };
}

/** `kernelNorm`, `fcNorm` and `bounds` of these weights. */
export function boundsAtNorms(
  network: Network,
  weights: Readonly<Record<string, NamedArray>>,
  { unspoken, holdsNorms, ...question }: Question,
): Readonly<Record<string, QuantityValue>> {
  const { kernels, fc } = normsOf(weights, network.layers.length);
  const trained = [...kernels, fc];
  const given = [...network.layers.map(({ norm }) => norm), network.fcNorm];
  const grid = holdsNorms ? given.map(heldNorm) : trained.map(gridNorm);
  // Below the rounding of the shares and of their product.
  const failureProbability = grid.reduce((rest, { share }) => rest * share * (1 - 1e-14), question.failureProbability);
  const layers = network.layers.map((layer, l) => ({ ...layer, norm: (grid[l] as (typeof grid)[number]).norm }));
  const fcNorm = (grid.at(-1) as (typeof grid)[number]).norm;
  const isWhole = trained.every(Number.isFinite);
  const isInside = trained.every((norm, i) => norm <= (grid[i] as (typeof grid)[number]).norm);
  const reason =
    unspoken ??
    (!isWhole ? 'the weights are not finite' : isInside ? undefined : 'a norm is beyond what training was held to');
  return {
    kernelNorm: kernels.map((norm) => finite(norm)),
    fcNorm: finite(fc),
    bounds:
      reason !== undefined ? { reason } : boundsOf({ ...network, layers, fcNorm }, { ...question, failureProbability }),
  };
}

const finite = (value: number): number | Undefined =>
  Number.isFinite(value) ? value : { reason: 'the weights are not finite' };

function gapOf(
  train: TrainingBody['train'],
  test: TrainingBody['test'],
  samples: number,
  unspoken: string | undefined,
): number | Undefined {
  if (unspoken !== undefined) return { reason: unspoken };
  if (test === undefined) return { reason: 'there are no test images' };
  if (train.count < samples)
    return { reason: `the training risk was measured on ${train.count} of ${samples} images: raise trainEvaluation` };
  if (typeof train.loss !== 'number' || typeof test.loss !== 'number') return { reason: 'the loss is not finite' };
  return test.loss - train.loss;
}
