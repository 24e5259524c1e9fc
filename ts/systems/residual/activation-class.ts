// What the growth laws know of an activation: how it behaves at large and at small arguments.
import { type ActivationSpec, canonicalActivation } from '../../gaussian/activations.js';
import { derivativeSecondMoment, halfMeanSquareDifference, secondMoment } from './moments.js';

/** φ(x) = below·x for x < 0, above·x for x > 0. */
export interface PiecewiseLinear {
  readonly kind: 'piecewiseLinear';
  /** V(q)/q = V̇ = (below² + above²)/2. */
  readonly gain: number;
  /** (above − below)²/(above² + below²): 1 for ReLU, 0 for linear. */
  readonly bend: number;
}

/** Odd and bounded, φ(±∞) = ±1. */
export interface Bounded {
  readonly kind: 'bounded';
  /** 1 − V ≈ shortfall·q^−½ and V̇ ≈ slopeTail·q^−½ as q → ∞. */
  readonly shortfall: number;
  readonly slopeTail: number;
  /** φ'(0)². */
  readonly slopeSquareAtZero: number;
  readonly secondMoment: (variance: number) => number;
  readonly derivativeSecondMoment: (variance: number) => number;
  readonly halfMeanSquareDifference: (variance: number, gap: number) => number;
}

/** φ(x) = x^alpha for x > 0, 0 otherwise. */
interface RectifiedPower {
  readonly kind: 'rectifiedPower';
  readonly alpha: number;
}

type ActivationClass = PiecewiseLinear | Bounded | RectifiedPower | { readonly kind: 'other' };

const piecewise = (below: number, above: number): PiecewiseLinear => ({
  kind: 'piecewiseLinear',
  gain: (below * below + above * above) / 2,
  bend: below === 0 && above === 0 ? 0 : (above - below) ** 2 / (above * above + below * below),
});

/** ∫ (1 − φ²) and ∫ φ'² over the line, divided by √(2π), and φ'(0)². */
const boundedConstants: Readonly<Record<string, readonly [number, number, number]>> = {
  tanh: [Math.sqrt(2 / Math.PI), (2 / 3) * Math.sqrt(2 / Math.PI), 1],
  erf: [2 / Math.PI, 2 / Math.PI, 4 / Math.PI],
  erfUnitSlope: [(2 / Math.PI) * (2 / Math.sqrt(Math.PI)), 1 / Math.sqrt(Math.PI), 1],
  hardTanh: [4 / 3 / Math.sqrt(2 * Math.PI), 2 / Math.sqrt(2 * Math.PI), 1],
};

/** The class of an activation. */
export function classify(activation: ActivationSpec): ActivationClass {
  const canonical = canonicalActivation(activation);
  const given = (typeof canonical === 'string' ? { name: canonical } : canonical) as Readonly<Record<string, unknown>>;
  const name = String(given.name);
  const constants = Object.hasOwn(boundedConstants, name) ? boundedConstants[name] : undefined;
  if (constants !== undefined) {
    return {
      kind: 'bounded',
      shortfall: constants[0],
      slopeTail: constants[1],
      slopeSquareAtZero: constants[2],
      secondMoment: (q) => secondMoment(canonical, q),
      derivativeSecondMoment: (q) => derivativeSecondMoment(canonical, q),
      halfMeanSquareDifference: (q, gap) => halfMeanSquareDifference(canonical, q, gap),
    };
  }
  switch (name) {
    case 'linear':
      return piecewise(1, 1);
    case 'relu':
      return piecewise(0, 1);
    case 'abs':
      return piecewise(-1, 1);
    case 'leakyRelu':
      return piecewise(given.slope as number, 1);
    case 'abRelu':
      return piecewise(given.a as number, given.b as number);
    case 'alphaRelu':
      return given.alpha === 1 ? piecewise(0, 1) : { kind: 'rectifiedPower', alpha: given.alpha as number };
    case 'rectifiedMonomial':
      return given.degree === 1 ? piecewise(0, 1) : { kind: 'rectifiedPower', alpha: given.degree as number };
    default:
      return { kind: 'other' };
  }
}
