// What libraries draw fresh weights from, and whether some numbers are such a draw: z-scores of mean, variance and kurtosis, the
// bound of a bounded law, and the largest singular value.
import type { Moments } from './matrix.js';

type Shape = 'uniform' | 'normal' | 'truncatedNormal' | 'triangular';

/** Standardised moments of a law: E x⁴, E x⁶, E x⁸ at variance 1, and the largest |x| in standard deviations. */
interface Standard {
  readonly fourth: number;
  readonly sixth: number;
  readonly eighth: number;
  readonly bound: number;
}

/** Variance of a standard normal cut at ±2: 0.7737. */
export const cutVariance = cutMoments().variance;

function cutMoments(): { readonly variance: number; readonly standard: Standard } {
  const cut = 2;
  const inside = 0.9544997361036416; // erf(√2)
  const density = Math.exp(-2) / Math.sqrt(2 * Math.PI);
  // m_k = (k − 1) m_{k−2} − 2 c^{k−1} φ(c)/P
  const moments = [1];
  for (let k = 2; k <= 8; k += 2)
    moments.push((k - 1) * (moments[k / 2 - 1] as number) - (2 * cut ** (k - 1) * density) / inside);
  const [, variance, fourth, sixth, eighth] = moments as [number, number, number, number, number];
  return {
    variance,
    standard: {
      fourth: fourth / variance ** 2,
      sixth: sixth / variance ** 3,
      eighth: eighth / variance ** 4,
      bound: cut / Math.sqrt(variance),
    },
  };
}

const standards: Readonly<Record<Shape, Standard>> = {
  uniform: { fourth: 9 / 5, sixth: 27 / 7, eighth: 9, bound: Math.sqrt(3) },
  normal: { fourth: 3, sixth: 15, eighth: 105, bound: Infinity },
  truncatedNormal: cutMoments().standard,
  // The sum of two uniform numbers: two biases.
  triangular: { fourth: 2.4, sixth: 54 / 7, eighth: 28.8, bound: Math.sqrt(6) },
};

/** A law that a library starts from: where a weight has variance σ_w²/fan-in, `weightVariance` is σ_w². */
export interface InitialLaw {
  readonly name: string;
  readonly shape: Shape;
  readonly variance: number;
}

export interface LawScores {
  readonly mean: number;
  readonly variance: number;
  readonly kurtosis: number;
}

/** z-scores of a sample's moments under a law (first order; n at least 30); undefined where a number lies outside of its bound. */
export function scoresOf(sample: Moments, law: InitialLaw): LawScores | undefined {
  const { fourth, sixth, eighth, bound } = standards[law.shape];
  const { count, mean, variance, largest } = sample;
  if (!(law.variance > 0) || typeof sample.excessKurtosis !== 'number') return undefined;
  // Numbers are rounded to a half or a bfloat16 in some files.
  if (largest > bound * Math.sqrt(law.variance) * (1 + 2 ** -8)) return undefined;
  const kurtosisVariance = eighth - fourth ** 2 + 4 * fourth ** 2 * (fourth - 1) - 4 * fourth * (sixth - fourth);
  return {
    mean: mean / Math.sqrt(law.variance / count),
    variance: (variance / law.variance - 1) / Math.sqrt((fourth - 1) / count),
    kurtosis: (sample.excessKurtosis + 3 - fourth) / Math.sqrt(kurtosisVariance / count),
  };
}

export const largestScore = ({ mean, variance, kurtosis }: LawScores): number =>
  Math.max(Math.abs(mean), Math.abs(variance), Math.abs(kurtosis));

/** What the laws depend on. */
interface LawContext {
  readonly role: 'weight' | 'input' | 'recurrent' | 'embedding';
  /** True fan-in and fan-out: inputs and outputs times the places of a kernel. */
  readonly fanIn: number;
  readonly fanOut: number;
  /** Units of a recurrent cell. */
  readonly hidden?: number;
  /** Rows of the whole matrix of all gates: what Glorot's law of PyTorch's attention counts. */
  readonly allOutputs?: number;
}

/** The laws of libraries for weights, the likeliest first. */
export function weightLaws({ role, fanIn, fanOut, hidden, allOutputs }: LawContext): InitialLaw[] {
  const law = (name: string, shape: Shape, weightVariance: number): InitialLaw => ({
    name,
    shape,
    variance: weightVariance / fanIn,
  });
  const glorot = (2 * fanIn) / (fanIn + fanOut);
  const list: InitialLaw[] = [];
  if (hidden !== undefined && role !== 'weight') {
    list.push(law('PyTorch default of recurrent cells', 'uniform', fanIn / (3 * hidden)));
    const all = (2 * fanIn) / (fanIn + (allOutputs ?? fanOut));
    list.push(law('Glorot uniform over all gates (Keras)', 'uniform', all));
    list.push(law('tfjs glorotNormal over all gates', 'truncatedNormal', cutVariance * all));
  } else if (allOutputs !== undefined && allOutputs !== fanOut) {
    const all = (2 * fanIn) / (fanIn + allOutputs);
    list.push(law('Glorot uniform over queries, keys and values (PyTorch attention)', 'uniform', all));
  }
  if (role === 'embedding') list.push(law('N(0, 1) (PyTorch embedding)', 'normal', fanIn));
  list.push(
    law('PyTorch default', 'uniform', 1 / 3),
    law('He uniform', 'uniform', 2),
    law('He normal', 'normal', 2),
    law('Glorot uniform', 'uniform', glorot),
    law('Glorot normal', 'normal', glorot),
    law('LeCun uniform', 'uniform', 1),
    law('LeCun normal', 'normal', 1),
    law('tfjs heNormal', 'truncatedNormal', 2 * cutVariance),
    law('tfjs glorotNormal', 'truncatedNormal', glorot * cutVariance),
    law('tfjs leCunNormal', 'truncatedNormal', cutVariance),
    law('He truncated normal (Keras, Flax)', 'truncatedNormal', 2),
    law('Glorot truncated normal (Keras, Flax)', 'truncatedNormal', glorot),
    law('LeCun truncated normal (Keras, Flax)', 'truncatedNormal', 1),
    law('He normal by fan-out', 'normal', (2 * fanIn) / fanOut),
    law('N(0, 0.02²)', 'normal', 4e-4 * fanIn),
    law('N(0, 0.02²) cut at 2σ', 'truncatedNormal', 4e-4 * cutVariance * fanIn),
    law('N(0, 1) without regard to fan-in (convnetjs)', 'normal', fanIn),
    law('U(−0.2, 0.2) (brain.js)', 'uniform', (0.04 / 3) * fanIn),
    law('U(−0.1, 0.1) (synaptic, neataptic)', 'uniform', (0.01 / 3) * fanIn),
    law('U(−0.05, 0.05) (Keras RandomUniform)', 'uniform', (0.0025 / 3) * fanIn),
    law('N(0, 0.05²) (Keras RandomNormal)', 'normal', 0.0025 * fanIn),
  );
  return list;
}

/** The laws of libraries for biases; constant ones are told before. `hidden`: of a recurrent cell. */
export function biasLaws({ fanIn, hidden }: Pick<LawContext, 'fanIn' | 'hidden'>, count: 1 | 2): InitialLaw[] {
  if (hidden !== undefined)
    return count === 2
      ? [{ name: 'PyTorch default, two biases', shape: 'triangular', variance: 2 / (3 * hidden) }]
      : [{ name: 'PyTorch default', shape: 'uniform', variance: 1 / (3 * hidden) }];
  return [{ name: 'PyTorch default', shape: 'uniform', variance: 1 / (3 * fanIn) }];
}
