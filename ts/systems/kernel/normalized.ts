// The normalised kernel of rectifiers without biases, one layer at a time and in depth: (4.1) to (4.4) of docs/systems/kernel.md.
import { rootBetween } from '../../numeric/roots.js';

/** A layer of leaky rectifiers whose two passes have their own dropout masks. */
interface NormalizedLayer {
  /** a: φ(z) = z for z > 0, a z otherwise. */
  readonly negativeSlope: number;
  /** ρ. */
  readonly keepProbability: number;
}

/** An angle with its supplement: each keeps its digits where the other has lost them. */
interface Angle {
  readonly theta: number;
  readonly rest: number;
}

const fromAngle = (theta: number): Angle => ({ theta, rest: Math.PI - theta });

function fromGap(gap: number): Angle {
  if (gap <= 1) {
    const theta = 2 * Math.asin(Math.sqrt(gap / 2));
    return { theta, rest: Math.PI - theta };
  }
  const rest = 2 * Math.asin(Math.sqrt(Math.max(0, 1 - gap / 2)));
  return { theta: Math.PI - rest, rest };
}

/** 1 − cos θ. */
const gapOfAngle = (theta: number): number => 2 * Math.sin(theta / 2) ** 2;

/** S(x) = sin x − x cos x, by its series where the two cancel. */
function sineExcess(x: number): number {
  if (x > 0.3) return Math.sin(x) - x * Math.cos(x);
  let [term, sum] = [x ** 3 / 3, 0];
  for (let j = 1; j < 10; j++) {
    sum += term;
    term *= (-x * x * (j + 1)) / (j * (2 * j + 2) * (2 * j + 3));
  }
  return sum;
}

/** 1 − cosine behind one layer, (4.2): every term keeps its digits at θ = 0 and at θ = π. */
function gapAfter({ negativeSlope: a, keepProbability }: NormalizedLayer, { theta, rest }: Angle): number {
  const bend = (1 - a) ** 2 / Math.PI;
  const whole = 1 + a * a;
  const gap =
    theta <= rest
      ? gapOfAngle(theta) - (bend * sineExcess(theta)) / whole
      : ((1 + a) ** 2 - 2 * a * gapOfAngle(rest) - bend * sineExcess(rest)) / whole;
  return 1 - keepProbability + keepProbability * Math.max(0, gap);
}

/** Cosine behind one layer, (4.1). */
function cosineAfter({ negativeSlope: a, keepProbability }: NormalizedLayer, theta: number): number {
  const { rest } = fromAngle(theta);
  const bend = (1 - a) ** 2 / Math.PI;
  // sin θ + (π − θ) cos θ is S(π − θ).
  return (keepProbability * (bend * sineExcess(rest) + 2 * a * Math.cos(theta))) / (1 + a * a);
}

/** 1 − cosine behind `depth` layers. */
export function gapAtDepth(layer: NormalizedLayer, theta: number, depth: number): number {
  let gap = gapOfAngle(theta);
  for (let l = 0; l < depth; l++) gap = gapAfter(layer, l === 0 ? fromAngle(theta) : fromGap(gap));
  return gap;
}

/** Cosine behind `depth` layers: the last layer from the angle, so that small cosines keep their digits. */
export function cosineAtDepth(layer: NormalizedLayer, theta: number, depth: number): number {
  if (depth === 0) return Math.cos(theta);
  const before = depth === 1 ? theta : fromGap(gapAtDepth(layer, theta, depth - 1)).theta;
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
  return rootBetween(
    (c) => {
      const theta = Math.acos(c);
      const image = scale * (bend * (Math.sqrt(1 - c * c) + (Math.PI - theta) * c) + straight * c);
      return { value: image - c, slope: scale * (bend * (Math.PI - theta) + straight) - 1 };
    },
    -1,
    1,
    0,
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
