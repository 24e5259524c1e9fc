// Gaussian moments of a unit at many variances at once. Rectified and linear units have closed forms; for the smooth ones a trapezoid
// rule gives the coefficients of φ(√q z) in normalised Hermite polynomials, and E φφ' of a pair is Σ a_n(q) a_n(q') cⁿ (Mehler).
import type { ConvolutionActivation } from './architecture.js';

/** What the theory needs of φ at a variance. */
export interface UnitMoments {
  readonly variance: number;
  /** E φ(z)². */
  readonly second: number;
  /** E φ'(z)². */
  readonly slope: number;
  /** a_n, for smooth units. */
  readonly coefficients?: Float64Array;
}

export interface Moments {
  at(variance: number): UnitMoments;
  /** E φ(z)φ(z') of a pair with covariance k. */
  pair(a: UnitMoments, b: UnitMoments, covariance: number): number;
  /** Largest share of E φ² that the series leaves out of a pair, over all variances asked for. */
  lost(): number;
}

export function momentsOf(activation: ConvolutionActivation): Moments {
  if (activation === 'linear')
    return {
      at: (variance) => ({ variance, second: variance, slope: 1 }),
      pair: (_a, _b, covariance) => covariance,
      lost: () => 0,
    };
  if (activation === 'relu')
    return {
      // Of a pre-activation that is zero in every network the slope is that of simulations, φ'(0) = 0.
      at: (variance) => ({ variance, second: variance / 2, slope: variance === 0 ? 0 : 0.5 }),
      pair: (a, b, covariance) => rectifiedPair(a.variance, b.variance, covariance),
      lost: () => 0,
    };
  return activation === 'tanh'
    ? smoothMoments(Math.tanh, (x) => 1 / Math.cosh(x) ** 2, Math.PI / 2)
    : smoothMoments(sigmoid, (x) => sigmoid(x) * sigmoid(-x), Math.PI);
}

const sigmoid = (x: number): number => (x >= 0 ? 1 / (1 + Math.exp(-x)) : 1 - 1 / (1 + Math.exp(x)));

/** √(qq') [√(1 − c²) + (π − arccos c) c]/2π. */
function rectifiedPair(a: number, b: number, covariance: number): number {
  const root = Math.sqrt(a) * Math.sqrt(b);
  if (root === 0) return 0;
  const c = Math.min(1, Math.max(-1, covariance / root));
  return (root * (Math.sqrt((1 - c) * (1 + c)) + (Math.PI - Math.acos(c)) * c)) / (2 * Math.PI);
}

const [terms, reach, finest, coarsest] = [160, 12.5, 1 / 1024, 1 / 16] as const;

/** `pole`: distance of the nearest pole of φ from the real axis, which sets the step. */
function smoothMoments(phi: (x: number) => number, derivative: (x: number) => number, pole: number): Moments {
  const known = new Map<number, UnitMoments>();
  let lost = 0;
  const compute = (variance: number): UnitMoments => {
    const scale = Math.sqrt(variance);
    // The rule is off by about exp(−2π pole/(√q step)).
    const step = Math.min(coarsest, Math.max(finest, (2 * Math.PI * pole) / (36 * Math.max(scale, 1e-9))));
    const coefficients = new Float64Array(terms);
    let [second, slope] = [0, 0];
    const count = Math.ceil(reach / step);
    for (let i = -count; i <= count; i++) {
      const z = i * step;
      // √density twice: h_n √density stays within the range of numbers.
      const root = Math.exp((-z * z) / 4) / (2 * Math.PI) ** 0.25;
      const value = phi(scale * z);
      second += step * (value * root) ** 2;
      slope += step * (derivative(scale * z) * root) ** 2;
      let before = 0;
      let h = root;
      const weighted = step * root * value;
      for (let n = 0; n < terms; n++) {
        coefficients[n] = (coefficients[n] as number) + weighted * h;
        const next = (z * h - Math.sqrt(n) * before) / Math.sqrt(n + 1);
        before = h;
        h = next;
      }
    }
    const kept = coefficients.reduce((sum, a) => sum + a * a, 0);
    if (second > 0) lost = Math.max(lost, 1 - kept / second);
    return { variance, second, slope, coefficients };
  };
  return {
    at: (variance) => {
      let found = known.get(variance);
      if (found === undefined) {
        found = compute(variance);
        if (known.size >= 4096) known.clear();
        known.set(variance, found);
      }
      return found;
    },
    pair: (a, b, covariance) => {
      const root = Math.sqrt(a.variance) * Math.sqrt(b.variance);
      const c = root === 0 ? 0 : Math.min(1, Math.max(-1, covariance / root));
      if (c === 1 && a.variance === b.variance) return a.second;
      const [x, y] = [a.coefficients as Float64Array, b.coefficients as Float64Array];
      let sum = 0;
      for (let n = terms - 1; n >= 0; n--) sum = sum * c + (x[n] as number) * (y[n] as number);
      return sum;
    },
    lost: () => lost,
  };
}
