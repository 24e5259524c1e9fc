// Layer kernels of homogeneous activations in two dimensions: the radial integral in closed form, one angular integral by
// panels; (5.4) of docs/systems/kernel.md.
import type { GaussianFunction } from '../../gaussian/expectation.js';
import { logGamma } from '../../numeric/gamma.js';
import type { LawNumbers } from './laws.js';
import { panelRule, sumOfProducts } from './panels.js';

type AngularLaw = 'uniform' | 'laplace' | 'generalizedGaussian';

/** Densities with a power of a coordinate are not smooth at the axes: panels halve towards them this often. */
const gradings = 24;

/** E φ(W·x) φ(W·y) for W of two independent coordinates, φ of degree p: ∫ φφ(angle) ∫ r^(2p+1) density dr dangle. */
export function angularKernel(
  phi: GaussianFunction,
  law: AngularLaw,
  numbers: LawNumbers,
  x: readonly [number, number],
  y: readonly [number, number],
): number {
  const radial = radialIntegral(law, numbers, 2 * (phi.homogeneousDegree as number) + 2);
  const { points, weights } = panelRule(breakPoints([x, y]), gradings);
  const along =
    ([a, b]: readonly [number, number]) =>
    (angle: number): number =>
      a * Math.cos(angle) + b * Math.sin(angle);
  const radii = points.map((angle, i) => (weights[i] as number) * radial(Math.cos(angle), Math.sin(angle)));
  return sumOfProducts(phi, { points, weights: radii }, along(x), along(y));
}

/** Angles where the integrand bends: axes, diagonals, zeros of W·x and W·y. */
function breakPoints(inputs: readonly (readonly [number, number])[]): number[] {
  const whole = 2 * Math.PI;
  const zeros = inputs.flatMap(([a, b]) => [Math.atan2(-a, b), Math.atan2(a, -b)]);
  const eighths = Array.from({ length: 9 }, (_, i) => (i * Math.PI) / 4);
  return [...eighths, ...zeros.map((angle) => (angle + whole) % whole)];
}

/** ∫ r^(power − 1) p(r cos) p(r sin) dr. */
function radialIntegral(
  law: AngularLaw,
  { variance, shape }: LawNumbers,
  power: number,
): (cosine: number, sine: number) => number {
  if (law === 'uniform') {
    const edge = Math.sqrt(3 * variance);
    return (c, s) => (edge / Math.max(Math.abs(c), Math.abs(s))) ** power / power / (4 * edge * edge);
  }
  const beta = law === 'laplace' ? 1 : shape;
  const scale = Math.sqrt(variance * Math.exp(logGamma(1 / beta) - logGamma(3 / beta)));
  const density = beta / (2 * scale * Math.exp(logGamma(1 / beta)));
  const moment = Math.exp(logGamma(power / beta)) / beta;
  return (c, s) => density ** 2 * moment * (scale / (Math.abs(c) ** beta + Math.abs(s) ** beta) ** (1 / beta)) ** power;
}
