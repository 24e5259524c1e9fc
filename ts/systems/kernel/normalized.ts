// The normalised kernel of rectifiers without biases, one layer at a time and in depth: (4.1) to (4.4) of docs/systems/kernel.md.
import { rootBetween } from '../../numeric/roots.js';
import { type Angle, angleOfGap, angleOfRadians, gapOfAngle, rectifierGap, sineExcess } from './rectifier.js';

/** A layer of leaky rectifiers whose two passes have their own dropout masks. */
interface NormalizedLayer {
  /** a: φ(z) = z for z > 0, a z otherwise. */
  readonly negativeSlope: number;
  /** ρ. */
  readonly keepProbability: number;
}

/** 1 − cosine behind one layer, (4.2). */
function gapAfter({ negativeSlope: a, keepProbability }: NormalizedLayer, angle: Angle): number {
  const gap = rectifierGap(a, 1, angle) / ((1 + a * a) / 2);
  return 1 - keepProbability + keepProbability * Math.max(0, gap);
}

/** Cosine behind one layer, (4.1). */
function cosineAfter({ negativeSlope: a, keepProbability }: NormalizedLayer, theta: number): number {
  const { rest } = angleOfRadians(theta);
  const bend = (1 - a) ** 2 / Math.PI;
  // sin θ + (π − θ) cos θ is S(π − θ).
  return (keepProbability * (bend * sineExcess(rest) + 2 * a * Math.cos(theta))) / (1 + a * a);
}

/** 1 − cosine behind `depth` layers. */
export function gapAtDepth(layer: NormalizedLayer, theta: number, depth: number): number {
  let gap = gapOfAngle(theta);
  for (let l = 0; l < depth; l++) gap = gapAfter(layer, l === 0 ? angleOfRadians(theta) : angleOfGap(gap));
  return gap;
}

/** Cosine behind `depth` layers: the last layer from the angle, so that small cosines keep their digits. */
export function cosineAtDepth(layer: NormalizedLayer, theta: number, depth: number): number {
  if (depth === 0) return Math.cos(theta);
  const before = depth === 1 ? theta : angleOfGap(gapAtDepth(layer, theta, depth - 1)).theta;
  return cosineAfter(layer, before);
}

/** c* = ρ map(c*), (4.3): the only fixed point, for the map is a contraction; undefined for linear layers without dropout. */
export function fixedPoint(layer: NormalizedLayer): number | { readonly reason: string } {
  const { negativeSlope: a, keepProbability } = layer;
  if (keepProbability === 1) {
    if (a === 1) return { reason: 'a linear network keeps every angle: every correlation is a fixed point' };
    return 1;
  }
  const bend = (1 - a) ** 2 / Math.PI;
  const [scale, straight] = [keepProbability / (1 + a * a), 2 * a];
  // In the gap near 1, in the cosine near 0: each keeps its digits there.
  const gap = rootBetween(
    (g) => {
      const { theta } = angleOfGap(g);
      const value = (1 - keepProbability) * (1 - g) - scale * bend * sineExcess(theta);
      return { value, slope: keepProbability - 1 - scale * bend * theta };
    },
    0,
    2,
    1,
  );
  if (gap < 0.5) return 1 - gap;
  return rootBetween(
    (c) => {
      const theta = Math.acos(c);
      const image = scale * (bend * (Math.sqrt(1 - c * c) + (Math.PI - theta) * c) + straight * c);
      return { value: image - c, slope: scale * (bend * (Math.PI - theta) + straight) - 1 };
    },
    -1,
    1,
    1 - gap,
  );
}

/** C of θ_l ~ C/l, (4.4). */
export function angleDecay(negativeSlope: number): number | { readonly reason: string } {
  if (negativeSlope === 1) return { reason: 'a linear network keeps every angle' };
  return (3 * Math.PI * (1 + negativeSlope ** 2)) / (1 - negativeSlope) ** 2;
}

/** σ_w² that keeps norms, (4.5): He's for ρ = 1. */
export function normPreserving({ negativeSlope, keepProbability }: NormalizedLayer): number {
  return (2 * keepProbability) / (1 + negativeSlope ** 2);
}
