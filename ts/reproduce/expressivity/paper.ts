// What the figures of "Exponential expressivity" share.
export const paper =
  'Poole, Lahiri, Raghu, Sohl-Dickstein, Ganguli: Exponential expressivity in deep neural networks through transient chaos (NIPS 2016)';

export const sources = {
  equation: 'equation of the paper, value derived',
  statement: 'statement of the paper',
} as const;

/** The three highlighted weight deviations σ_w at σ_b = 0.3, tanh; values of the paper's equations there. */
export const highlighted = [
  { deviation: 1.3, variance: 0.607047, gradient: 0.939807 },
  { deviation: 2.5, variance: 4.079124, gradient: 1.585225 },
  { deviation: 4, variance: 12.604149, gradient: 2.367261 },
] as const;

/** The network of a highlighted point. */
export function networkAt(deviation: number): {
  readonly activation: 'tanh';
  readonly weightVariance: number;
  readonly biasVariance: number;
  readonly keepProbability: number;
} {
  // 0.09 and not 0.3², which is 0.09 only to rounding.
  return { activation: 'tanh', weightVariance: deviation ** 2, biasVariance: 0.09, keepProbability: 1 };
}
