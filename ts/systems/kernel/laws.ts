// Laws of random weights: what a spec says, and their moments. Every law is symmetric with mean 0; (5.1), (5.2) of docs/systems/kernel.md.
import { expectedError } from '../../core/errors.js';
import { logGamma } from '../../numeric/gamma.js';

/** Names of the laws. The first ones have independent coordinates. */
export const lawNames = [
  'gaussian',
  'uniform',
  'laplace',
  'rademacher',
  'generalizedGaussian',
  'studentT',
  'sparse',
  'multivariateT',
  'sphere',
  'ball',
  'orthogonal',
] as const;
export type LawName = (typeof lawNames)[number];

/** Whether the law of a row of weights is the same in all directions. */
export function isRotationInvariant(law: LawName): boolean {
  return ['gaussian', 'multivariateT', 'sphere', 'ball', 'orthogonal'].includes(law);
}

/** The numbers of a law; which of them it has, `lawParameters` checks. */
export interface LawNumbers {
  /** Of a coordinate. */
  readonly variance: number;
  readonly shape: number;
  readonly degreesOfFreedom: number;
  readonly density: number;
  readonly radius: number;
  readonly scale: number;
}

const ranges: Readonly<Record<keyof LawNumbers, readonly [test: (x: number) => boolean, expected: string]>> = {
  variance: [(x) => x >= 0, 'a number >= 0'],
  shape: [(x) => x > 0, 'a number > 0'],
  degreesOfFreedom: [(x) => x > 0, 'a number > 0'],
  density: [(x) => x > 0 && x <= 1, 'a number in (0, 1]'],
  radius: [(x) => x >= 0, 'a number >= 0'],
  scale: [(x) => x >= 0, 'a number >= 0'],
};

/** Which numbers a law has, and whether they can be left out. */
const parametersOf: Readonly<Record<LawName, Readonly<Partial<Record<keyof LawNumbers, number | null>>>>> = {
  gaussian: { variance: 1 },
  uniform: { variance: 1 },
  laplace: { variance: 1 },
  rademacher: { variance: 1 },
  generalizedGaussian: { variance: 1, shape: null },
  studentT: { variance: 1, degreesOfFreedom: null },
  sparse: { variance: 1, density: null },
  multivariateT: { scale: 1, degreesOfFreedom: null },
  sphere: { radius: 1 },
  ball: { radius: 1 },
  orthogonal: { variance: 1 },
};

/** The numbers of a law as given, defaults filled in. @throws MftError ERR_MFT_INVALID_ARGUMENT, ERR_MFT_OUT_OF_RANGE */
export function lawNumbers(law: LawName, given: Readonly<Record<string, unknown>>, what: string): LawNumbers {
  const known = parametersOf[law];
  const stranger = Object.keys(given).find((name) => !Object.hasOwn(known, name));
  if (stranger !== undefined)
    throw expectedError(
      'ERR_MFT_INVALID_ARGUMENT',
      `${what}.${stranger}`,
      `one of ${Object.keys(known).join(', ')} for the law ${law}`,
      given[stranger],
    );
  const numbers: Record<string, number> = {};
  for (const [name, fallback] of Object.entries(known)) {
    const value = given[name] ?? fallback;
    const [isGood, expected] = ranges[name as keyof LawNumbers];
    if (typeof value !== 'number') throw expectedError('ERR_MFT_INVALID_ARGUMENT', `${what}.${name}`, expected, value);
    if (!Number.isFinite(value) || !isGood(value))
      throw expectedError('ERR_MFT_OUT_OF_RANGE', `${what}.${name}`, expected, value);
    numbers[name] = value;
  }
  return { variance: 1, shape: 2, degreesOfFreedom: Infinity, density: 1, radius: 1, scale: 1, ...numbers };
}

/** Excess kurtosis of a coordinate of a law with independent coordinates, (5.2); Infinity where the fourth moment is infinite. */
export function excessKurtosisOf(law: LawName, { shape, degreesOfFreedom, density }: LawNumbers): number {
  switch (law) {
    case 'uniform':
      return -6 / 5;
    case 'rademacher':
      return -2;
    case 'laplace':
      return 3;
    case 'generalizedGaussian':
      return Math.exp(logGamma(5 / shape) + logGamma(1 / shape) - 2 * logGamma(3 / shape)) - 3;
    case 'studentT':
      return degreesOfFreedom > 4 ? 6 / (degreesOfFreedom - 4) : Infinity;
    case 'sparse':
      return 3 / density - 3;
    default:
      return 0;
  }
}

/**
 * E R^(2p) of a rotation-invariant law in `dimension` coordinates relative to normals of variance 1, (5.1): the factor of a kernel of
 * an activation of degree p.
 *
 * @throws MftError ERR_MFT_OUT_OF_RANGE where the moment is infinite (multivariate t)
 */
export function radialFactor(law: LawName, numbers: LawNumbers, dimension: number, degree: number): number {
  if (degree === 0) return 1;
  const { variance, radius, scale, degreesOfFreedom } = numbers;
  // E |G|^(2p) = 2^p Γ(d/2 + p)/Γ(d/2) of d normals.
  const normal = (): number =>
    degree === 1 ? dimension : Math.exp(degree * Math.LN2 + logGamma(dimension / 2 + degree) - logGamma(dimension / 2));
  if (law === 'sphere') return radius ** (2 * degree) / normal();
  if (law === 'orthogonal') return (variance * dimension) ** degree / normal();
  if (law === 'ball') return (radius ** (2 * degree) * dimension) / (dimension + 2 * degree) / normal();
  if (law !== 'multivariateT') return variance ** degree;
  requireMoment(degreesOfFreedom, 2 * degree);
  if (degree === 1) return (scale ** 2 * degreesOfFreedom) / (degreesOfFreedom - 2);
  const half = degreesOfFreedom / 2;
  return scale ** (2 * degree) * Math.exp(degree * Math.log(half) + logGamma(half - degree) - logGamma(half));
}

/** @throws MftError ERR_MFT_OUT_OF_RANGE */
export function requireMoment(degreesOfFreedom: number, order: number): void {
  if (degreesOfFreedom > order) return;
  throw expectedError(
    'ERR_MFT_OUT_OF_RANGE',
    'degreesOfFreedom',
    `a number > ${order} (the moment of this order is infinite)`,
    degreesOfFreedom,
  );
}
