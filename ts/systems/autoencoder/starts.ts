// The law of a direction's start, and means over it by quadrature.
import { wishartEigenvalues } from './clusters.js';
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

/**
 * Ends of the quadrature (standard deviations of the logarithm, and the mass e^{−deepest} that is left out far below), its spacing
 * in units of 1/√n, and the smallest joint weight that is kept. Theory of networks leaves more out than a coarse rule does.
 */
interface Rule {
  readonly reach: number;
  readonly deepest: number;
  readonly spacing: number;
  readonly least: number;
}
const fine: Rule = { reach: 6, deepest: 18, spacing: 0.55, least: 1e-11 };
const coarse: Rule = { reach: 4, deepest: 10, spacing: 0.9, least: 1e-6 };

/**
 * Nodes and weights of scale·χ²_n by the trapezoid rule in y = log χ, where the density is n-fold exponential to the left and
 * doubly exponential to the right: analytic in a strip of half-width π/4, which leaves an error of e^{−π²/(2·spacing)}, 3e-9 and
 * less (5e-4 of the coarse rule for many components).
 */
function chiSquare(components: number, scale: number, { reach, deepest, spacing: unit }: Rule): Law {
  const n = components;
  const peak = Math.log(n) / 2;
  const spacing = Math.min(0.25, unit / Math.sqrt(n));
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

interface Law {
  readonly nodes: Float64Array;
  readonly weights: Float64Array;
}

/** Classes of the logarithm into which the squared sums of a cluster are gathered. */
const classes = 40;

/**
 * The squared sum that grows along a principal direction of the start of a cluster: eigenvalues of a Wishart matrix, 0 for directions
 * beyond the components. Of many nodes those of one class of the logarithm are one, at their mean.
 */
function clusterLaw(components: number, count: number, scale: number, rule: Rule): Law {
  const zeros = wishartEigenvalues(count, components);
  const freedom = count + components - 1;
  const { nodes, weights } = chiSquare(freedom, scale / freedom, rule);
  const present = Math.min(1, components / count);
  const points = Array.from(zeros).flatMap((zero) =>
    Array.from(nodes, (node, i) => [zero * node, (present * (weights[i] as number)) / zeros.length] as const),
  );
  points.sort(([a], [b]) => a - b);
  const logs = points.map(([x]) => Math.log(x));
  const [low, range] = [logs[0] as number, (logs.at(-1) as number) - (logs[0] as number)];
  const [sums, masses] = [new Float64Array(classes), new Float64Array(classes)];
  points.forEach(([x, weight], i) => {
    const at = Math.min(classes - 1, Math.floor((classes * ((logs[i] as number) - low)) / range));
    sums[at] = (sums[at] as number) + weight * x;
    masses[at] = (masses[at] as number) + weight;
  });
  const kept = Array.from(masses.keys()).filter((i) => (masses[i] as number) > 0);
  const absent = present < 1 ? [0] : [];
  return {
    nodes: Float64Array.from([...absent, ...kept.map((i) => (sums[i] as number) / (masses[i] as number))]),
    weights: Float64Array.from([...absent.map(() => 1 - present), ...kept.map((i) => masses[i] as number)]),
  };
}

/**
 * The law of the start of direction `mode`, or of one of the principal directions of a cluster of `count` that begins there; undefined
 * where it never grows.
 */
export function startsOf(spec: ResolvedAutoencoderSpec, mode: number, count = 1): Starts | undefined {
  const components = startComponents(spec, mode);
  if (components === 0) return undefined;
  const variance = spec.initialVariance;
  const rule = spec.initial === 'aligned' ? fine : coarse;
  const lawOf = (scale: number): Law =>
    count > 1 ? clusterLaw(components, count, scale, rule) : chiSquare(components, scale, rule);
  if (spec.initial === 'balanced' || spec.tied) {
    const { nodes, weights } = lawOf(4 * variance);
    return { sums: nodes, differences: new Float64Array(nodes.length), weights };
  }
  const [sum, difference] = [lawOf(2 * variance), chiSquare(components, 2 * variance, rule)];
  const size = difference.nodes.length;
  const pair = (of: (i: number, j: number) => number): Float64Array =>
    Float64Array.from({ length: sum.nodes.length * size }, (_, at) => of(Math.floor(at / size), at % size));
  const sums = pair((i) => sum.nodes[i] as number);
  const differences = pair((_, j) => difference.nodes[j] as number);
  const joint = pair((i, j) => (sum.weights[i] as number) * (difference.weights[j] as number));
  const kept = joint.map((weight, i) => (weight > rule.least ? i : -1)).filter((i) => i >= 0);
  const chosen = (list: Float64Array): Float64Array => Float64Array.from(kept, (i) => list[i] as number);
  const total = kept.reduce((sum, i) => sum + (joint[i] as number), 0);
  return {
    sums: chosen(sums),
    differences: chosen(differences),
    weights: chosen(joint).map((weight) => weight / total),
  };
}
