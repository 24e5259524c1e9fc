// What the Gaussian rules are asked: an integrand, how finely to cut, and which expectation of it.

/** φ^value φ'^first φ''^second x^argument, or its absolute value: every expectation is of one of these. */
export interface Integrand {
  readonly value?: number;
  readonly first?: number;
  readonly second?: number;
  readonly argument?: number;
  readonly isAbsolute?: boolean;
}

/**
 * How finely the rules must cut: `scale` is the size of the finest feature near 0 and the kinks, `wavelength` the
 * longest panel (0: any).
 */
export interface Resolution {
  readonly scale: number;
  readonly wavelength: number;
}

/** A question to the rules: E f(u), E f(u₁)f(u₂), or ½E(φ(u₁) − φ(u₂))². */
export interface Question {
  readonly what: 'moment' | 'pair' | 'deficit';
  readonly integrand: Integrand;
  readonly varianceA: number;
  readonly varianceB: number;
  readonly oneMinusCorrelation: number;
}
