// E|δ_aδ_b| of a layer whose errors are coherent with its activities: δ = (m/ρ)φ'(z)(κu + e), u = (m/ρ)φ(z), e Gaussian and
// independent of z. Three trapezoidal sums (z_a, z_b, e_a) around the closed mean of a folded normal (e_b given e_a).
import { evaluateActivation, type ResolvedActivation } from '../../gaussian/activations.js';
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

/** Relative error of the sums: |x| has a corner on the grid, and so may φ. */
export const absoluteProductError = 1e-2;

/** E|φ'(z_a)φ'(z_b)| |κ_a φ(z_a)/ρ + e_a| |κ_b φ(z_b)/ρ + e_b|. */
export function coherentAbsoluteProduct(
  activation: ResolvedActivation,
  state: PairState,
  coherence: Coherence,
): number {
  const { couplingA, couplingB, noiseA, noiseB, noisePair } = coherence;
  const [rootA, rootB] = [Math.sqrt(state.varianceA), Math.sqrt(state.varianceB)];
  const [along, across] = [Math.sqrt(1 - state.delta / 2), Math.sqrt(state.delta / 2)];
  const n = grid.length;
  const za = new Float64Array(n * n);
  const zb = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      za[i * n + j] = rootA * (along * (grid[i] as number) + across * (grid[j] as number));
      zb[i * n + j] = rootB * (along * (grid[i] as number) - across * (grid[j] as number));
    }
  }
  const [fa, fb, da, db] = [
    evaluateActivation(activation, za),
    evaluateActivation(activation, zb),
    evaluateActivation(activation, za, 1),
    evaluateActivation(activation, zb, 1),
  ];
  const sizeA = Math.sqrt(noiseA);
  const slope = noiseA > 0 ? noisePair / sizeA : 0;
  const rest = Math.sqrt(Math.max(0, noiseB - slope * slope));
  // E|m + rest ξ| = rest √(2/π) exp(−m²/2rest²) + m erf(m/(√2 rest)); the error function comes for a whole line of e_a at once.
  const scaled = new Float64Array(n);
  let sum = 0;
  for (let k = 0; k < n * n; k++) {
    const slopes = Math.abs((da[k] as number) * (db[k] as number));
    const weight = (weights[Math.floor(k / n)] as number) * (weights[k % n] as number) * slopes;
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
