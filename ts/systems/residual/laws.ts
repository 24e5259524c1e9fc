// Constants of the growth laws at constant variances (3.6): bounded activations and rectified powers.
import { addon } from '../../core/addon.js';
import { expectedError, MftError } from '../../core/errors.js';
import { secondMoment } from './moments.js';
import { bracketedRoot } from '../../numeric/roots.js';

/** e*, the root below 1 of e = (σ_v² (2/π) arcsin e + σ_a²)/(σ_v² + σ_a²), and the exponent δ* of the approach to it. */
interface CosineFixedPoint {
  readonly cosine: number;
  readonly deficit: number;
  readonly rate: number;
}

/**
 * The limit of the cosine of two inputs where q → ∞ (bounded φ): with e = cos θ the equation is
 * 2K sin²(θ/2)/θ = (2/π) σ_v², which keeps its digits however near 1 the root is.
 */
export function cosineFixedPoint(outerWeightVariance: number, outerBiasVariance: number): CosineFixedPoint {
  const K = outerWeightVariance + outerBiasVariance;
  const branch = (2 / Math.PI) * outerWeightVariance;
  if (outerBiasVariance === 0) return { cosine: 0, deficit: 1, rate: 1 - 2 / Math.PI };
  if (outerWeightVariance === 0) return { cosine: 1, deficit: 0, rate: 1 };
  const angle = bracketedRoot(
    (theta) => (2 * K * Math.sin(theta / 2) ** 2) / theta - branch,
    Math.min(1e-3, branch / K),
    Math.PI / 2,
  );
  return { cosine: Math.cos(angle), deficit: 2 * Math.sin(angle / 2) ** 2, rate: 1 - branch / K / Math.sin(angle) };
}

/** Constants of a bounded φ with φ(±∞) = ±1: 1 − V ≈ shortfall q^−½, V̇ ≈ slopeTail q^−½. */
interface Tail {
  readonly shortfall: number;
  readonly slopeTail: number;
}

const tanhTail: Tail = { shortfall: Math.sqrt(2 / Math.PI), slopeTail: (2 / 3) * Math.sqrt(2 / Math.PI) };

export interface TanhLaw {
  /** K = σ_v² + σ_a²: p_l = K l − b √l − b²/(4K) log l + O(1). */
  readonly K: number;
  readonly b: number;
  /** log(χ_0/χ_L) = A √L + B log L + O(1). */
  readonly A: number;
  readonly B: number;
  readonly estar: number;
  readonly deltaStar: number;
  /** e_l − e* = c l^−δ* − F l^−½. */
  readonly F: number;
}

/**
 * Constants of the full tanh block at constant variances (reduced block: σ_v² = 1, σ_a² = 0).
 *
 * @param tail constants of another bounded odd φ with φ(±∞) = ±1
 * @throws MftError ERR_MFT_DEGENERATE when σ_v² + σ_a² = 0 or σ_w² = 0: nothing grows or the law has no constants
 */
export function tanhLaw(
  outerWeightVariance: number,
  innerWeightVariance: number,
  outerBiasVariance: number,
  tail: Tail = tanhTail,
): TanhLaw {
  const [v, w, K] = [outerWeightVariance, innerWeightVariance, outerWeightVariance + outerBiasVariance];
  if (K === 0)
    throw new MftError(
      'ERR_MFT_DEGENERATE',
      'Expected `outerWeightVariance` or `outerBiasVariance` to be > 0: without them nothing grows.',
      { parameter: 'outerWeightVariance' },
    );
  if (w === 0)
    throw new MftError(
      'ERR_MFT_DEGENERATE',
      'Expected `innerWeightVariance` to be > 0: without it the pre-activations do not grow.',
      { parameter: 'innerWeightVariance' },
    );
  const { shortfall, slopeTail } = tail;
  const { cosine, rate } = cosineFixedPoint(v, outerBiasVariance);
  return {
    K,
    b: (2 * v * shortfall) / Math.sqrt(w * K),
    A: 2 * v * slopeTail * Math.sqrt(w / K),
    B: ((v * v) / K) * slopeTail * (shortfall / K - (w * slopeTail) / 2),
    estar: cosine,
    deltaStar: rate,
    F: cosine === 0 ? 0 : (cosine * v * shortfall) / (K ** 1.5 * Math.sqrt(w) * (0.5 - rate)),
  };
}

export interface AlphaReluLaw {
  /** p_l ~ (K l)^(1/(1−α)), K = (1−α) σ_v² σ_w^{2α} c_α. */
  readonly K: number;
  readonly lengthExponent: number;
  /** χ_m/χ_l ~ (l/m)^R. */
  readonly R: number;
  readonly estar: number;
  /** 1 − e*, which keeps its digits as α → 1. */
  readonly estarDeficit: number;
  /** |e − e*| ~ l^−μ. */
  readonly mu: number;
}

/**
 * Constants of the full block with φ = max(0, x)^α, ½ < α < 1, at constant variances.
 *
 * @throws MftError ERR_MFT_OUT_OF_RANGE for α outside (½, 1): at ½ the gradient's second moment is infinite, above 1 there is no law
 */
export function alphaReluLaw(alpha: number, outerWeightVariance: number, innerWeightVariance: number): AlphaReluLaw {
  if (!(alpha > 0.5 && alpha < 1))
    throw expectedError('ERR_MFT_OUT_OF_RANGE', 'alpha', 'a number in (0.5, 1), where the law holds', alpha);
  const { alphaReluCorrelationDeficit: deficit, alphaReluCorrelationSlope: slope } = addon();
  const excess = (logDeficit: number): number => deficit(alpha, Math.exp(logDeficit)) / Math.exp(logDeficit) - 1;
  let low = -1;
  while (excess(low) <= 0 && low > -690) low *= 2;
  const estarDeficit = Math.exp(bracketedRoot(excess, low, 0));
  return {
    K: (1 - alpha) * outerWeightVariance * innerWeightVariance ** alpha * secondMoment({ name: 'alphaRelu', alpha }, 1),
    lengthExponent: 1 / (1 - alpha),
    R: alpha ** 2 / ((1 - alpha) * (2 * alpha - 1)),
    estar: 1 - estarDeficit,
    estarDeficit,
    mu: (1 - slope(alpha, estarDeficit)) / (1 - alpha),
  };
}
