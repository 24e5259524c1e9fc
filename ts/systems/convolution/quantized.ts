// The bound that counts bits, for a network stored in few of them: its code length is all that the class costs.
import type { NamedArray } from '../../core/trainer.js';
import { logGamma } from '../../numeric/gamma.js';
import { intervals } from '../../numeric/interval.js';
import { deviation } from './certified.js';
import { gridNorm } from './measured.js';

/** Beyond this there is nothing to gain: 16 bits a weight are more than any training set pays for. */
export const mostBits = 16;

/** A network of few levels, and the length of its code. */
interface Quantized {
  readonly weights: Readonly<Record<string, NamedArray>>;
  /** log 1/π of a prior over all such networks: nats of their code. */
  readonly nats: number;
}

/**
 * Every array w of the network as s k, whole k in [−m, m], m = 2^(bits − 1) − 1, with s the power of 2^(1/16) next above max|w|/m. The
 * prior has s on the grid of `gridNorm`, and the k by the mixture of Krichevsky and Trofimov, the Dirichlet(½, …, ½) mean over all
 * laws of a level: P = Γ(A/2)/Γ(N + A/2) Π Γ(c_k + ½)/Γ(½) for N numbers, A = 2m + 1 levels and counts c_k, within ½(A − 1) log N of
 * the best law for these counts.
 */
export function quantized(arrays: Readonly<Record<string, NamedArray>>, bits: number): Quantized {
  const most = 2 ** (bits - 1) - 1;
  let nats = 0;
  const weights = Object.entries(arrays).map(([name, { shape, values }]) => {
    let largest = 0;
    for (const w of values) largest = Math.max(largest, Math.abs(w));
    const { norm: step, share } = gridNorm(largest / most);
    const levels = Float64Array.from(values, (w) => (step === 0 ? 0 : Math.round(w / step)));
    nats -= Math.log(share);
    nats += codeLength(levels, 2 * most + 1);
    return [name, { shape, values: Float64Array.from(levels, (k) => k * step) }] as const;
  });
  return { weights: Object.fromEntries(weights), nats };
}

/** Relative error of log Γ, of a product and of a sum of a few thousand terms, with room. */
const gammaError = 1e-12;

/** Nats of the levels, not below what they are. */
function codeLength(levels: Float64Array, alphabet: number): number {
  const counts = new Map<number, number>();
  for (const k of levels) counts.set(k, (counts.get(k) ?? 0) + 1);
  const ofCounts = [...counts.values()].map((count) => logGamma(count + 0.5));
  const ofAll = [logGamma(levels.length + alphabet / 2), counts.size * logGamma(0.5)];
  const gains = [...ofCounts, logGamma(alphabet / 2)];
  const size = [...ofAll, ...gains].reduce((sum, term) => sum + Math.abs(term), 0);
  return total(ofAll) - total(gains) + gammaError * size;
}

const total = (terms: readonly number[]): number => terms.reduce((sum, term) => sum + term, 0);

/** √((log 1/π + log(2/ε))/(2n)), rounded up: |training − true risk| of every network of the prior at once, with probability 1 − ε. */
export const codeLengthGap = (nats: number, samples: number, failureProbability: number): number =>
  deviation(intervals.of(nats), { samples, failureProbability }, intervals).high;
