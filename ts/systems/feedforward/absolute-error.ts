// E|δ_aδ_b| of a layer whose errors are coherent with its activities: δ = (m/ρ)φ'(z)(κu + e), u = (m/ρ)φ(z), e Gaussian and
// independent of z. Panels of Gauss–Legendre in z_a and in z_b given z_a, cut where φ' jumps, a trapezoidal sum over e_a, and the
// closed mean of a folded normal (e_b given e_a).
import { evaluateActivation, type ResolvedActivation } from '../../gaussian/activations.js';
import { legendreRule } from '../../numeric/legendre.js';
import type { PairState } from './forward.js';

/** What the sum needs beside the pair state: κ_a/ρ, κ_b/ρ, and the covariance of e. */
interface Coherence {
  readonly couplingA: number;
  readonly couplingB: number;
  readonly noiseA: number;
  readonly noiseB: number;
  readonly noisePair: number;
}

const step = 0.25;
const reach = 5.25;
const grid = Float64Array.from({ length: 2 * Math.round(reach / step) + 1 }, (_, i) => -reach + step * i);
const weights = grid.map((x) => (step * Math.exp(-0.5 * x * x)) / Math.sqrt(2 * Math.PI));

const panelNodes = 8;
const longestPanel = 1.75;

/** Relative error of the sums: |x| has a corner on the grid, and so may φ beyond its kinks. */
export const absoluteProductError = 1e-2;

/** Nodes and Gaussian weights of panels over [−reach, reach] cut at `cuts`. */
function panels(cuts: readonly number[]): { readonly nodes: number[]; readonly weights: number[] } {
  const rule = legendreRule(panelNodes);
  const ends = [-reach, ...cuts.filter((cut) => Math.abs(cut) < reach).sort((x, y) => x - y), reach];
  const nodes: number[] = [];
  const masses: number[] = [];
  for (let i = 0; i + 1 < ends.length; i++) {
    const [low, high] = [ends[i] as number, ends[i + 1] as number];
    const count = Math.ceil((high - low) / longestPanel);
    for (let k = 0; k < count; k++) {
      const length = (high - low) / count;
      rule.nodes.forEach((node, n) => {
        const x = low + (k + node) * length;
        nodes.push(x);
        masses.push(((rule.weights[n] as number) * length * Math.exp(-0.5 * x * x)) / Math.sqrt(2 * Math.PI));
      });
    }
  }
  return { nodes, weights: masses };
}

/** E|φ'(z_a)φ'(z_b)| |κ_a φ(z_a)/ρ + e_a| |κ_b φ(z_b)/ρ + e_b|. */
export function coherentAbsoluteProduct(
  activation: ResolvedActivation,
  state: PairState,
  coherence: Coherence,
): number {
  const { couplingA, couplingB, noiseA, noiseB, noisePair } = coherence;
  const [rootA, rootB] = [Math.sqrt(state.varianceA), Math.sqrt(state.varianceB)];
  const correlation = 1 - state.delta;
  const across = Math.sqrt(state.delta * (2 - state.delta));
  const n = grid.length;
  const za: number[] = [];
  const zb: number[] = [];
  const masses: number[] = [];
  const kinks = [...activation.kinks];
  const outer = panels(kinks.map((kink) => kink / rootA));
  outer.nodes.forEach((x, i) => {
    const cuts = kinks.map((kink) => (kink / rootB - correlation * x) / across);
    const inner = panels(across > 0 ? cuts : []);
    inner.nodes.forEach((y, j) => {
      const mass = (outer.weights[i] as number) * (inner.weights[j] as number);
      if (mass < 1e-9) return;
      za.push(rootA * x);
      zb.push(rootB * (correlation * x + across * y));
      masses.push(mass);
    });
  });
  const [fa, fb, da, db] = [
    evaluateActivation(activation, Float64Array.from(za)),
    evaluateActivation(activation, Float64Array.from(zb)),
    evaluateActivation(activation, Float64Array.from(za), 1),
    evaluateActivation(activation, Float64Array.from(zb), 1),
  ];
  const sizeA = Math.sqrt(noiseA);
  const slope = noiseA > 0 ? noisePair / sizeA : 0;
  const rest = Math.sqrt(Math.max(0, noiseB - slope * slope));
  // E|m + rest ξ| = rest √(2/π) exp(−m²/2rest²) + m erf(m/(√2 rest)); the error function comes for a whole line of e_a at once.
  const scaled = new Float64Array(n);
  let sum = 0;
  for (let k = 0; k < masses.length; k++) {
    const slopes = Math.abs((da[k] as number) * (db[k] as number));
    const weight = (masses[k] as number) * slopes;
    if (weight < 1e-9) continue;
    const [ma, mb] = [couplingA * (fa[k] as number), couplingB * (fb[k] as number)];
    for (let x = 0; x < n; x++) scaled[x] = rest > 0 ? (mb + slope * (grid[x] as number)) / (Math.SQRT2 * rest) : 0;
    const error = rest > 0 ? evaluateActivation('erf', scaled) : scaled;
    let line = 0;
    for (let x = 0; x < n; x++) {
      const mean = mb + slope * (grid[x] as number);
      const folded =
        rest > 0
          ? rest * Math.sqrt(2 / Math.PI) * Math.exp(-((scaled[x] as number) ** 2)) + mean * (error[x] as number)
          : Math.abs(mean);
      line += (weights[x] as number) * Math.abs(ma + sizeA * (grid[x] as number)) * folded;
    }
    sum += weight * line;
  }
  return sum;
}
