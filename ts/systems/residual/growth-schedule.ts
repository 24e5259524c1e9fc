// What the tables of growth laws are made of: the forms of growth, the variances and decays of a network, comparisons of exponents.

export type GrowthForm =
  | 'stretchedExponential'
  | 'power'
  | 'powerTimesLog'
  | 'exponentialOfSqrtLog'
  | 'log'
  | 'inverseLogSquare'
  | 'bounded'
  | 'marginal';

/**
 * How a quantity f grows with the layer l: stretchedExponential log f ~ coefficient·l^exponent; power f ~ coefficient·l^exponent;
 * powerTimesLog f ~ coefficient·l^exponent·log l; exponentialOfSqrtLog log f ~ coefficient·√(log l); log f ~ coefficient·log l;
 * inverseLogSquare f ~ coefficient/(log l)²; bounded. A coefficient or exponent that depends on the input is left out.
 */
export interface Growth {
  readonly form: GrowthForm;
  readonly coefficient?: number;
  readonly exponent?: number;
}

/** The laws of one point of the diagram. */
export interface GrowthLaw {
  /** Row of the table, e.g. 'V < 1'. */
  readonly region: string;
  /** χ_0/χ_l. */
  readonly gradient: Growth;
  /** p_l. */
  readonly length: Growth;
  /** s_l, where known. */
  readonly metric?: Growth;
  /** Limit of e_l, where it does not depend on the input. */
  readonly angularLimit?: number;
  /** 1 − e_l, where it vanishes and the law is known. */
  readonly angularDeficit?: Growth;
  /** χ_w at layer 1 over layer l, and χ_v; where known. */
  readonly innerWeight?: Growth;
  readonly outerWeight?: Growth;
  /** q*, where the pre-activation variance converges to it. */
  readonly fixedPointPreactivationVariance?: number;
  /** Whether an exponent stands on a border between regions (within the tolerance). */
  readonly onBoundary: boolean;
  /** What the reader must know, e.g. that the published theorem does not apply here. */
  readonly note?: string;
}

/** Variances σ² of layer 1 and their decays β, σ²·l^−β in layer l. */
export interface Schedule {
  readonly innerWeightVariance: number;
  readonly innerBiasVariance: number;
  readonly outerWeightVariance: number;
  readonly outerBiasVariance: number;
  readonly innerWeightDecay: number;
  readonly innerBiasDecay: number;
  readonly outerWeightDecay: number;
  readonly outerBiasDecay: number;
}

/** Comparisons within the tolerance; remembers whether any was an equality. */
export interface Comparisons {
  readonly equal: (x: number, y: number) => boolean;
  /** Equality that is no border: an exponent at the end of its range. */
  readonly same: (x: number, y: number) => boolean;
  readonly less: (x: number, y: number) => boolean;
  readonly wasOnBoundary: () => boolean;
}

/** Comparisons of exponents that are equal when nearer than `tolerance`. */
export function comparisons(tolerance: number): Comparisons {
  let boundary = false;
  const near = (x: number, y: number): boolean => x === y || Math.abs(x - y) <= tolerance;
  return {
    equal: (x, y) => {
      const result = near(x, y) && Number.isFinite(x);
      boundary ||= result;
      return result;
    },
    same: near,
    less: (x, y) => !near(x, y) && x < y,
    wasOnBoundary: () => boundary,
  };
}

/** The coefficients that enter where a decay equals the smallest one. */
export function matching(
  compare: Comparisons,
  smallest: number,
  terms: readonly (readonly [decay: number, value: number])[],
): number {
  return terms.reduce(
    (sum, [decay, value]) => (Number.isFinite(decay) && !compare.less(smallest, decay) ? sum + value : sum),
    0,
  );
}
