// From where the fixed points of the length map are reached.
import { withJson } from '../core/codec.js';
import { givenLayer } from './checks.js';
import { searchRange } from './search-range.js';
import { constantOf, gain, type Layer, layerFunction, varianceMap } from './variance-map.js';
import { fixedPointsVariance, largestIterations, rounding, type VarianceFixedPoint } from './fixed-points.js';

/** A stretch of starting variances, without its ends, and where the recursion goes from there. */
export interface VarianceBasin {
  readonly from: number;
  /** Infinity: no end. */
  readonly to: number;
  /** The fixed point that is reached, 'infinity' (growth without bound) or 'cycle' (never settles). */
  readonly reaches: number | 'infinity' | 'cycle';
}

const basinStarts = 48;
const basinBisections = 40;

/**
 * From where each fixed point of the length map is reached: stretches of starting variances that cover (0, ∞).
 *
 * @param layer σ_w², σ_b², ρ, φ
 * @returns basins by increasing variance; neighbours differ in what they reach. Repelling fixed points are ends of basins
 * @throws MftError like `fixedPointsVariance`
 * **Numerics**: where V rises everywhere the ends are the repelling fixed points; where it falls somewhere the recursion is
 * followed from 48 starts (5000 steps) and ends are bisected, so that basins narrower than a cell of this grid may be missed.
 * **Source**: derived.
 *
 * @example
 * varianceBasins({ activation: 'gelu', weightVariance: 3, biasVariance: 0 });
 * // [{ from: 0, to: 0.247…, reaches: 0 }, { from: 0.247…, to: Infinity, reaches: 'infinity' }]
 */
export function varianceBasins(layer: Layer): readonly VarianceBasin[] {
  return withJson(basins(givenLayer(layer)));
}

function basins(layer: Layer): readonly VarianceBasin[] {
  const phi = layerFunction(layer);
  const { points } = fixedPointsVariance(layer);
  if (phi.homogeneousDegree === 1) {
    const only = points[0];
    if (only?.isMarginal) return [];
    return [{ from: 0, to: Infinity, reaches: only?.isStable ? only.variance : 'infinity' }];
  }
  const range = searchRange(phi, { biasVariance: constantOf(layer), gain: gain(layer) });
  const values = range.map((q) => varianceMap(layer, q));
  const isRising = values.every((value, i) => i === 0 || value >= (values[i - 1] as number) * (1 - rounding));
  if (!isRising) return followedBasins(layer, points, range);
  const ends = [...new Set([0, ...points.map(({ variance }) => variance)]), Infinity];
  return merged(
    ends.slice(0, -1).map((from, i) => {
      const to = ends[i + 1] as number;
      const inside =
        to === Infinity ? 2 * Math.max(from, range[0] as number) : from === 0 ? to / 2 : Math.sqrt(from * to);
      const grows = varianceMap(layer, inside) > inside;
      return { from, to, reaches: grows ? (to === Infinity ? 'infinity' : to) : from };
    }),
  );
}

function merged(basins: readonly VarianceBasin[]): readonly VarianceBasin[] {
  const result: VarianceBasin[] = [];
  for (const basin of basins) {
    const last = result.at(-1);
    if (last?.reaches === basin.reaches) result[result.length - 1] = { ...last, to: basin.to };
    else result.push(basin);
  }
  return result;
}

function followedBasins(
  layer: Layer,
  points: readonly VarianceFixedPoint[],
  range: readonly number[],
): readonly VarianceBasin[] {
  const [low, high] = [Math.log(range[0] as number), Math.log(range.at(-1) as number)];
  const basins: VarianceBasin[] = [];
  let last = low;
  for (let i = 0; i < basinStarts; i++) {
    const x = low + ((high - low) * i) / (basinStarts - 1);
    const reaches = followed(layer, points, Math.exp(x));
    const previous = basins.at(-1);
    if (previous === undefined) basins.push({ from: 0, to: Infinity, reaches });
    else if (previous.reaches !== reaches) {
      let [a, b] = [last, x];
      for (let step = 0; step < basinBisections; step++) {
        const middle = 0.5 * (a + b);
        if (followed(layer, points, Math.exp(middle)) === previous.reaches) a = middle;
        else b = middle;
      }
      const end = Math.exp(b);
      basins[basins.length - 1] = { ...previous, to: end };
      basins.push({ from: end, to: Infinity, reaches });
    }
    last = x;
  }
  return basins;
}

/** Where the recursion goes, step by step. */
function followed(layer: Layer, points: readonly VarianceFixedPoint[], start: number): VarianceBasin['reaches'] {
  const attracting = points.filter((point) => point.isStable);
  let q = start;
  for (let step = 0; step < largestIterations; step++) {
    const near = attracting.find((point) => Math.abs(point.variance - q) <= 1e-6 * Math.max(point.variance, 1e-9));
    if (near !== undefined) return near.variance;
    q = varianceMap(layer, q);
    if (!(q < 1e150)) return 'infinity';
  }
  return 'cycle';
}
