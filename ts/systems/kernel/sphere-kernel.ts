// Layer kernels of weights on a sphere for activations that are not homogeneous: the shadow of the sphere on the plane of the
// two inputs, (5.3) of docs/systems/kernel.md.
import type { GaussianFunction } from '../../gaussian/expectation.js';
import { norm, panelRule, type Rule, sumOfProducts } from './panels.js';

const circlePoints = 512;
const gradings = 8;

/** E φ(W·x) φ(W·y) for W uniform on the sphere of this radius in `dimension` dimensions. */
export function sphereKernel(
  phi: GaussianFunction,
  x: Float64Array,
  y: Float64Array,
  radius: number,
  dimension: number,
): number {
  const [a, b] = [radius * norm(x), radius * norm(y)];
  const angle = a === 0 || b === 0 ? 0 : angleBetween(x, y);
  const kinks = phi.native?.kinks ?? new Float64Array();
  if (dimension === 1) {
    const ends = { points: Float64Array.of(1, -1), weights: Float64Array.of(0.5, 0.5) };
    return sumOfProducts(
      phi,
      ends,
      (side) => a * side,
      (side) => (angle > 1 ? -b : b) * side,
    );
  }
  const circle = (distance: number): number => {
    const [u, v] = [a * distance, b * distance];
    const rule = circleRule(u, v, angle, kinks);
    return sumOfProducts(
      phi,
      rule,
      (alpha) => u * Math.cos(alpha),
      (alpha) => v * Math.cos(alpha - angle),
    );
  };
  if (dimension === 2) return circle(1) / (2 * Math.PI);
  // The distance from the axis is sin t with the density (d − 2) sin t cos^(d−3) t.
  const last = Math.min(Math.PI / 2, 12 / Math.sqrt(dimension - 2));
  const breaks = [0, last];
  for (const kink of kinks)
    for (const size of [a, b])
      if (kink !== 0 && Math.abs(kink) < size) breaks.push(Math.min(last, Math.asin(Math.abs(kink) / size)));
  const { points, weights } = panelRule(breaks, breaks.length > 2 ? gradings : 1);
  return points.reduce((sum, t, i) => {
    const density = ((dimension - 2) * Math.sin(t) * Math.cos(t) ** (dimension - 3)) / (2 * Math.PI);
    return sum + (weights[i] as number) * density * circle(Math.sin(t));
  }, 0);
}

function angleBetween(x: Float64Array, y: Float64Array): number {
  const [a, b] = [norm(x), norm(y)];
  let [apart, along] = [0, 0];
  for (let t = 0; t < x.length; t++) {
    const [p, q] = [(x[t] as number) / a, (y[t] as number) / b];
    apart += (p - q) ** 2;
    along += (p + q) ** 2;
  }
  return 2 * Math.atan2(Math.sqrt(apart), Math.sqrt(along));
}

/** Around the circle: evenly spaced points converge exponentially where φ is smooth; else panels between the kinks. */
function circleRule(u: number, v: number, angle: number, kinks: Float64Array): Rule {
  const whole = 2 * Math.PI;
  if (kinks.length === 0)
    return {
      points: Float64Array.from({ length: circlePoints }, (_, i) => (whole * i) / circlePoints),
      weights: new Float64Array(circlePoints).fill(whole / circlePoints),
    };
  const breaks = [0, whole];
  for (const kink of kinks)
    for (const [size, shift] of [[u, 0] as const, [v, angle] as const]) {
      if (size === 0 || Math.abs(kink) > size) continue;
      const at = Math.acos(kink / size);
      for (const place of [shift + at, shift - at]) breaks.push(((place % whole) + whole) % whole);
    }
  return panelRule(breaks, gradings);
}
