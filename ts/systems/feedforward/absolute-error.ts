// E|δ_aδ_b| of a layer whose errors are coherent with its activities: δ = (m/ρ)φ'(z)(κu + e), u = (m/ρ)φ(z), e Gaussian and
// independent of z. Panels of Gauss–Legendre in z_a and in z_b given z_a, cut where φ' jumps, a trapezoidal sum over e_a, and the
// closed mean of a folded normal (e_b given e_a).
import { addon } from '../../core/addon.js';
import { type ResolvedActivation, resolveActivation } from '../../gaussian/activations.js';
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

const errorFunction = resolveActivation('erf');

/** Points whose error functions are asked together: a call each would take longer than the sum. */
const together = 64;

/** Relative error of the sums: |x| has a corner on the grid, and so may φ beyond its kinks. */
export const absoluteProductError = 1e-2;

/** Lists that grow and are filled again for every layer and pair: new ones would be most of what a prediction leaves behind. */
interface Points {
  columns: readonly Float64Array[];
  count: number;
}

const points = (columns: number): Points => ({
  columns: Array.from({ length: columns }, () => new Float64Array(64)),
  count: 0,
});

function roomFor(one: Points): number {
  const [first] = one.columns as [Float64Array];
  if (one.count === first.length)
    one.columns = one.columns.map((column) => {
      const larger = new Float64Array(2 * column.length);
      larger.set(column);
      return larger;
    });
  return one.count++;
}

const [outer, inner] = [points(2), points(2)] as const;
/** z_a, z_b, the mass, and φ and φ' at both: values of the activation are written where the last ones lay. */
const sampled = points(7);
const noCuts: readonly number[] = [];

/** Nodes and Gaussian weights of panels over [−reach, reach] cut at `cuts`. */
function panels(cuts: readonly number[], into: Points): void {
  const rule = legendreRule(panelNodes);
  const within = cuts.length === 0 ? cuts : cuts.filter((cut) => Math.abs(cut) < reach).sort((x, y) => x - y);
  into.count = 0;
  let low = -reach;
  for (let i = 0; i <= within.length; i++) {
    const high = i < within.length ? (within[i] as number) : reach;
    const count = Math.ceil((high - low) / longestPanel);
    const length = (high - low) / count;
    for (let k = 0; k < count; k++) {
      for (let n = 0; n < panelNodes; n++) {
        const x = low + (k + (rule.nodes[n] as number)) * length;
        const at = roomFor(into);
        const [nodes, masses] = into.columns as [Float64Array, Float64Array];
        nodes[at] = x;
        masses[at] = ((rule.weights[n] as number) * length * Math.exp(-0.5 * x * x)) / Math.sqrt(2 * Math.PI);
      }
    }
    low = high;
  }
}

/** z_a, z_b and the mass of each point of the plane. */
function sample(kinks: Float64Array, state: PairState): void {
  const [rootA, rootB] = [Math.sqrt(state.varianceA), Math.sqrt(state.varianceB)];
  const correlation = 1 - state.delta;
  const across = Math.sqrt(state.delta * (2 - state.delta));
  const isCut = kinks.length > 0;
  sampled.count = 0;
  panels(isCut ? Array.from(kinks, (kink) => kink / rootA) : noCuts, outer);
  const [xs, outerMasses] = outer.columns as [Float64Array, Float64Array];
  for (let i = 0; i < outer.count; i++) {
    const x = xs[i] as number;
    if (isCut || i === 0)
      panels(
        isCut && across > 0 ? Array.from(kinks, (kink) => (kink / rootB - correlation * x) / across) : noCuts,
        inner,
      );
    const [ys, innerMasses] = inner.columns as [Float64Array, Float64Array];
    for (let j = 0; j < inner.count; j++) {
      const mass = (outerMasses[i] as number) * (innerMasses[j] as number);
      if (mass < 1e-9) continue;
      const at = roomFor(sampled);
      const [za, zb, masses] = sampled.columns as [Float64Array, Float64Array, Float64Array];
      za[at] = rootA * x;
      zb[at] = rootB * (correlation * x + across * (ys[j] as number));
      masses[at] = mass;
    }
  }
}

const arguments_ = new Float64Array(together * grid.length);
const errors = new Float64Array(together * grid.length);
const means = new Float64Array(together);

/** E|φ'(z_a)φ'(z_b)| |κ_a φ(z_a)/ρ + e_a| |κ_b φ(z_b)/ρ + e_b|. */
export function coherentAbsoluteProduct(
  activation: ResolvedActivation,
  state: PairState,
  coherence: Coherence,
): number {
  const { couplingA, couplingB, noiseA, noiseB, noisePair } = coherence;
  const n = grid.length;
  sample(activation.kinks, state);
  const { count } = sampled;
  const column = (i: number): Float64Array => (sampled.columns[i] as Float64Array).subarray(0, count);
  const [za, zb, masses] = [column(0), column(1), column(2)];
  const [fa, fb, da, db] = [column(3), column(4), column(5), column(6)];
  addon().activate({ activation, z: za, order: 0 }, fa);
  addon().activate({ activation, z: zb, order: 0 }, fb);
  addon().activate({ activation, z: za, order: 1 }, da);
  addon().activate({ activation, z: zb, order: 1 }, db);
  const sizeA = Math.sqrt(noiseA);
  const slope = noiseA > 0 ? noisePair / sizeA : 0;
  const rest = Math.sqrt(Math.max(0, noiseB - slope * slope));
  const weightAt = (k: number): number => (masses[k] as number) * Math.abs((da[k] as number) * (db[k] as number));
  let sum = 0;
  for (let first = 0; first < count; first += together) {
    const end = Math.min(count, first + together);
    // E|m + rest ξ| = rest √(2/π) exp(−m²/2rest²) + m erf(m/(√2 rest)); the error functions come for many lines of e_a at once.
    for (let k = first; k < end; k++) {
      const mb = couplingB * (fb[k] as number);
      means[k - first] = mb;
      for (let x = 0; x < n; x++)
        arguments_[(k - first) * n + x] = rest > 0 ? (mb + slope * (grid[x] as number)) / (Math.SQRT2 * rest) : 0;
    }
    const scaled = arguments_.subarray(0, (end - first) * n);
    const error = errors.subarray(0, scaled.length);
    if (rest > 0) addon().activate({ activation: errorFunction, z: scaled, order: 0 }, error);
    for (let k = first; k < end; k++) {
      const weight = weightAt(k);
      if (weight < 1e-9) continue;
      const ma = couplingA * (fa[k] as number);
      const mb = means[k - first] as number;
      const line = (k - first) * n;
      let sumOfLine = 0;
      for (let x = 0; x < n; x++) {
        const mean = mb + slope * (grid[x] as number);
        const folded =
          rest > 0
            ? rest * Math.sqrt(2 / Math.PI) * Math.exp(-((scaled[line + x] as number) ** 2)) +
              mean * (error[line + x] as number)
            : Math.abs(mean);
        sumOfLine += (weights[x] as number) * Math.abs(ma + sizeA * (grid[x] as number)) * folded;
      }
      sum += weight * sumOfLine;
    }
  }
  return sum;
}
