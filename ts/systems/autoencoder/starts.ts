// The law of a direction's start, and means over it by quadrature.
import type { ResolvedAutoencoderSpec } from './spec.js';

/** Nodes of the squared sum P_0 = |W1 v + W2ᵀ v|² and difference Q_0 of a direction's two weight vectors, and their weights. */
export interface Starts {
  readonly sums: Float64Array;
  readonly differences: Float64Array;
  readonly weights: Float64Array;
}

/**
 * Components in which direction `mode` starts. An aligned start has one. In a network there are H; but once a leading direction is
 * learnt, its hidden unit pushes every other direction out of the one component they share: of the growth that counts, H − mode
 * components are left, and none for a direction beyond the hidden units.
 */
export function startComponents({ initial, width }: ResolvedAutoencoderSpec, mode: number): number {
  if (mode >= width) return 0;
  return initial === 'aligned' ? 1 : width - mode;
}

/** Ends of the quadrature: standard deviations of the logarithm, and the mass e^{−deepest} that is left out far below. */
const reach = 6;
const deepest = 18;

/**
 * Nodes and weights of scale·χ²_n by the trapezoid rule in y = log χ, where the density is n-fold exponential to the left and
 * doubly exponential to the right: analytic in a strip of half-width π/4, which leaves an error of e^{−π²/(2·spacing)}, 3e-9.
 */
function chiSquare(
  components: number,
  scale: number,
): { readonly nodes: Float64Array; readonly weights: Float64Array } {
  const n = components;
  const peak = Math.log(n) / 2;
  const spacing = Math.min(0.25, 0.55 / Math.sqrt(n));
  const deviation = 1 / Math.sqrt(2 * n);
  const left = Math.max(deepest / n, reach * deviation * 1.15);
  const right = Math.min(reach * deviation, 2);
  const count = Math.ceil((left + right) / spacing) + 1;
  const nodes = new Float64Array(count);
  const weights = new Float64Array(count);
  let total = 0;
  for (let i = 0; i < count; i++) {
    const y = peak - left + i * spacing;
    // Density of y up to a constant, 1 at the peak.
    const weight = Math.exp(n * (y - peak) - (n / 2) * Math.expm1(2 * (y - peak)));
    nodes[i] = scale * Math.exp(2 * y);
    weights[i] = weight;
    total += weight;
  }
  return { nodes, weights: weights.map((weight) => weight / total) };
}

/** The law of the start of direction `mode`; undefined where it never grows. */
export function startsOf(spec: ResolvedAutoencoderSpec, mode: number): Starts | undefined {
  const components = startComponents(spec, mode);
  if (components === 0) return undefined;
  const variance = spec.initialVariance;
  if (spec.initial === 'balanced' || spec.tied) {
    const { nodes, weights } = chiSquare(components, 4 * variance);
    return { sums: nodes, differences: new Float64Array(nodes.length), weights };
  }
  const { nodes, weights } = chiSquare(components, 2 * variance);
  const size = nodes.length;
  const pick = (list: Float64Array, at: (i: number) => number): Float64Array =>
    Float64Array.from({ length: size * size }, (_, i) => list[at(i)] as number);
  const sums = pick(nodes, (i) => Math.floor(i / size));
  const differences = pick(nodes, (i) => i % size);
  const joint = Float64Array.from(
    { length: size * size },
    (_, i) => (weights[Math.floor(i / size)] as number) * (weights[i % size] as number),
  );
  const kept = joint.map((weight, i) => (weight > 1e-11 ? i : -1)).filter((i) => i >= 0);
  const chosen = (list: Float64Array): Float64Array => Float64Array.from(kept, (i) => list[i] as number);
  return { sums: chosen(sums), differences: chosen(differences), weights: chosen(joint) };
}
