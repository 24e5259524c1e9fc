// What the law of the weights changes at a finite input dimension: the first correction to the Gaussian kernel, (5.5), and how far
// inputs are from the condition under which it vanishes, (5.6) of docs/systems/kernel.md.
import { addon } from '../../core/addon.js';
import { expectedError, MftError } from '../../core/errors.js';
import type { GaussianFunction, NativeGaussianFunction } from '../../gaussian/expectation.js';
import { norm, valuesOf } from './panels.js';

/** max |x_i|/|x|, d^(1/4) times that, Σ|x_i|³/|x|³. @throws MftError ERR_MFT_DEGENERATE for a row of zeros */
export function diagnosticsOf(x: Float64Array): [number, number, number] {
  let largest = 0;
  for (const value of x) if (Math.abs(value) > largest) largest = Math.abs(value);
  if (largest === 0)
    throw new MftError('ERR_MFT_DEGENERATE', 'Expected `x` to have a component that is not zero.', { parameter: 'x' });
  // In units of the largest component nothing overflows.
  let [squares, cubes] = [0, 0];
  for (const value of x) {
    const size = Math.abs(value) / largest;
    squares += size * size;
    cubes += size * size * size;
  }
  const length = Math.sqrt(squares);
  return [1 / length, x.length ** 0.25 / length, cubes / length ** 3];
}

/** Σ x_t^i y_t^(4 − i), i = 0..4. */
function quarticSums(x: Float64Array, y: Float64Array): readonly [number, number, number, number, number] {
  const sums: [number, number, number, number, number] = [0, 0, 0, 0, 0];
  x.forEach((a, t) => {
    const b = y[t] as number;
    for (let i = 0; i <= 4; i++) sums[i] = (sums[i] as number) + a ** i * b ** (4 - i);
  });
  return sums;
}

/**
 * The first correction for independent weights of variance `variance` and this excess kurtosis, (5.5).
 *
 * @throws MftError ERR_MFT_DEGENERATE where the inputs are parallel or zero: the correction diverges there, while the true one
 *   vanishes
 */
export function universalityCorrection(
  phi: GaussianFunction,
  variance: number,
  excessKurtosis: number,
  x: Float64Array,
  y: Float64Array,
): number {
  if (!Number.isFinite(excessKurtosis))
    throw expectedError(
      'ERR_MFT_OUT_OF_RANGE',
      'degreesOfFreedom',
      'a number > 4 (the fourth moment of the weights is infinite)',
      excessKurtosis,
    );
  const [a, b] = [norm(x), norm(y)];
  let [apart, along] = [0, 0];
  x.forEach((value, t) => {
    apart += (value / a - (y[t] as number) / b) ** 2;
    along += (value / a + (y[t] as number) / b) ** 2;
  });
  if (!(apart > 1e-20 && along > 1e-20))
    throw new MftError(
      'ERR_MFT_DEGENERATE',
      'Expected `x` and `y` not to be parallel or zero: the first correction diverges there.',
      { parameter: 'y' },
    );
  if (excessKurtosis === 0 || variance === 0) return 0;
  const sums = quarticSums(x, y);
  // sin² and cosine of the angle between x and y, from |x̂ − ŷ|² and |x̂ + ŷ|².
  const angle = { sine: Math.sqrt(apart * along) / 2, cosine: (along - apart) / 4 };
  const inner = rectifier(phi, variance, a, b, angle, sums) ?? integrated(phi, variance, a, b, apart / 2, angle, sums);
  return excessKurtosis * inner;
}

interface Angle {
  readonly sine: number;
  readonly cosine: number;
}

/** Rectifiers: second derivatives of E|u||v|. */
function rectifier(
  phi: GaussianFunction,
  s: number,
  x: number,
  y: number,
  { sine, cosine }: Angle,
  [m04, m13, m22, m31, m40]: readonly [number, number, number, number, number],
): number | undefined {
  if (phi.homogeneousDegree !== 1) return undefined;
  const [a, b, c, d] = [s * x * x, s * y * y, s * x * y * cosine, s * x * y * sine];
  const hAA = (2 * c * c - a * b) / (2 * Math.PI * a * a * d);
  const hBB = (2 * c * c - a * b) / (2 * Math.PI * b * b * d);
  const hCC = 2 / (Math.PI * d);
  const hAB = 1 / (2 * Math.PI * d);
  const hAC = -c / (Math.PI * a * d);
  const hBC = -c / (Math.PI * b * d);
  const bend = (phi.atZero.above - phi.atZero.below) / 2;
  const sum = m40 * hAA + m04 * hBB + m22 * (hCC + 2 * hAB) + 2 * m31 * hAC + 2 * m13 * hBC;
  return ((s * s) / 6) * bend * bend * sum;
}

/**
 * Any φ: s²/24 Σ_t E[φφ (α⁴ − 6α²β + 3β²)], the fourth Hermite polynomial in the direction of coordinate t, α = w·Σ⁻¹z and
 * β = w·Σ⁻¹w for w = (x_t, y_t), summed over the points of the pair rule.
 */
function integrated(
  phi: GaussianFunction,
  s: number,
  x: number,
  y: number,
  gap: number,
  { sine, cosine }: Angle,
  [m04, m13, m22, m31, m40]: readonly [number, number, number, number, number],
): number {
  const native = phi.native as NativeGaussianFunction;
  const [q1, q2] = [s * x * x, s * y * y];
  const { first, second, weights } = addon().gaussianPairRule({
    scale: native.scale,
    wavelength: native.wavelength,
    kinks: native.kinks,
    varianceA: q1,
    varianceB: q2,
    oneMinusCorrelation: gap,
  });
  const [fu, fv] = [valuesOf(phi, first), valuesOf(phi, second)];
  const determinant = q1 * q2 * sine * sine;
  const k = Math.sqrt(q1) * Math.sqrt(q2) * cosine;
  // β = (q2 x² − 2 k x y + q1 y²)/det, and its square, summed over coordinates.
  const [p, r, o] = [q2 / determinant, q1 / determinant, k / determinant];
  const squares = p * p * m40 + 4 * o * o * m22 + r * r * m04 - 4 * p * o * m31 + 2 * p * r * m22 - 4 * r * o * m13;
  let sum = 0;
  for (let i = 0; i < weights.length; i++) {
    const [u, v] = [first[i] as number, second[i] as number];
    // α = g x_t + h y_t.
    const [g, h] = [p * u - o * v, r * v - o * u];
    const fourth = g ** 4 * m40 + 4 * g ** 3 * h * m31 + 6 * g * g * h * h * m22 + 4 * g * h ** 3 * m13 + h ** 4 * m04;
    const mixed =
      g * g * (p * m40 - 2 * o * m31 + r * m22) +
      2 * g * h * (p * m31 - 2 * o * m22 + r * m13) +
      h * h * (p * m22 - 2 * o * m13 + r * m04);
    sum += (weights[i] as number) * (fu[i] as number) * (fv[i] as number) * (fourth - 6 * mixed + 3 * squares);
  }
  return ((s * s) / 24) * sum;
}
