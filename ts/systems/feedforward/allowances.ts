// What is not known of the terms of order 1/width, by size, so that no verdict rests on them (derived; sizes, not bounds).
import type { FiniteSize } from './finite-size.js';
import { type ForwardPass, type InputGram, inputMaskNoise, type LayerParameters, type PairState } from './forward.js';
import type { ResolvedFeedforwardSpec } from './spec.js';

/** A first-order term above this (in a logarithm) is no small correction: what follows it is as large. */
export const largestTerm = 0.5;

/** What is known of the terms of one spec's weights and loss. */
interface Knowledge {
  /** Whether the terms of Gaussian weights hold. */
  readonly isGaussian: boolean;
  /** Whether any term is known: not for orthogonal weights, biases with a mean and alpha dropout. */
  readonly isKnown: boolean;
  /** Whether weights have a fourth moment: without one nothing is of order 1/N and no variance exists. */
  readonly hasFourthMoment: boolean;
}

/** Biases with a mean and dropped units with a value: the terms of Gaussian weights do not hold for them. */
export function isBeyondTerms(layers: LayerParameters): boolean {
  return layers.biasMean.some((mean) => mean !== 0) || layers.dropped.some((value) => value !== 0);
}

export function knowledgeOf(spec: ResolvedFeedforwardSpec, layers: LayerParameters): Knowledge {
  const { weights } = spec;
  return {
    isGaussian: weights === 'gaussian',
    isKnown: weights !== 'orthogonal' && !isBeyondTerms(layers),
    hasFourthMoment: !(typeof weights === 'object' && weights.law === 'studentT' && weights.degreesOfFreedom <= 4),
  };
}

/** Sizes of the unknown terms of a pair: of its correlation (kernel and observed) and of its covariance, [layer][pair]. */
interface PairAllowances {
  readonly correlation: readonly Float64Array[];
  readonly covariance: readonly Float64Array[];
}

/**
 * The correlation map carries a deviation on by its slope; each layer adds to 1 − c and to 1 + c a noise whose relative variance is
 * about that of squared errors and squared activities together, and whose square the curvature (about slope/δ) turns into a shift.
 */
export function pairAllowances(
  layers: LayerParameters,
  gram: InputGram,
  forward: ForwardPass,
  slopes: (l: number, p: number) => number,
  terms: readonly FiniteSize[],
): PairAllowances {
  const masks = inputMaskNoise(layers, gram).single;
  const { depth, width } = layers;
  const correlation = Array.from({ length: depth }, () => new Float64Array(gram.pairs.length));
  const covariance = Array.from({ length: depth }, () => new Float64Array(gram.pairs.length));
  gram.pairs.forEach(({ a, b }, p) => {
    const start = (forward.pair[0] as readonly PairState[])[p] as PairState;
    const startOpen = start.delta * (2 - start.delta);
    // Masks of the inputs, of each length and of the overlap.
    const masked = Math.max(masks[a] as number, masks[b] as number);
    let shift = masked * startOpen;
    let spread = masked * startOpen ** 2;
    for (let l = 0; l < depth; l++) {
      const { varianceA, varianceB, delta } = (forward.pair[l] as readonly PairState[])[p] as PairState;
      const size = Math.sqrt(varianceA) * Math.sqrt(varianceB);
      const open = delta * (2 - delta);
      const relative = (k: number, q: number): number =>
        q > 0 ? Math.abs(terms[k]?.variance[l] as number) / q + (terms[k]?.spread[l] as number) / q ** 2 : 0;
      // Where 1 − c scatters as much as it is large no power of 1/N describes it.
      const isSmall = spread <= largestTerm * open ** 2;
      (correlation[l] as Float64Array)[p] = isSmall ? shift + (3 * open) / (width[l] as number) : Infinity;
      (covariance[l] as Float64Array)[p] = size * (shift + relative(a, varianceA) + relative(b, varianceB));
      if (l + 1 >= depth) break;
      const next = (forward.pair[l + 1] as readonly PairState[])[p] as PairState;
      const sizeNext = Math.sqrt(next.varianceA) * Math.sqrt(next.varianceB);
      const slope = sizeNext > 0 ? Math.abs(slopes(l, p) * size) / sizeNext : 0;
      const openNext = next.delta * (2 - next.delta);
      const noise = Math.max(terms[a]?.noise[l] as number, terms[b]?.noise[l] as number);
      const fresh = noise / (width[l] as number);
      shift = slope * (shift + (open > 0 ? spread / (2 * open) : 0)) + fresh * openNext;
      spread = slope ** 2 * spread + fresh * openNext ** 2;
    }
  });
  return { correlation, covariance };
}
