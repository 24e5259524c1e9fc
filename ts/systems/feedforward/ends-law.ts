// Where networks of finite width end when signals have several ends: the Markov chain of the variance, followed on a grid.
import { expectation } from '../../gaussian/moments.js';
import { alphaDropout } from '../../gaussian/alpha-dropout.js';
import { gain, isAlpha, type Layer, layerFunction, varianceMap } from '../../gaussian/variance-map.js';
import { normalTwoSided } from '../../statistics/distributions.js';

/** The grid reaches this factor beyond the start and the separating variances; what gets there does not come back. */
const beyond = 30;
/** Cells per standard deviation of a step, and the most cells: narrower steps are not followed. */
const [perDeviation, mostCells] = [2, 700] as const;
/** Deviations from which on a step has no weight. */
const farthest = 8;

/** The next variance of a network whose variance is v: mean, and N times its variance over networks. */
interface Step {
  readonly mean: number;
  readonly scatter: number;
}

/** v' = σ_w² |u|²/N + σ_b² with u = φ(√v g) m/ρ, g standard normal and independent from unit to unit. */
function stepFrom(layer: Layer, variance: number, isOrthogonal: boolean): Step {
  const phi = layerFunction(layer);
  const { weightVariance: w, keepProbability: keep = 1 } = layer;
  const dropped = isAlpha(layer) ? (1 - keep) * alphaDropout(keep).c ** 4 : 0;
  const mean = varianceMap(layer, variance);
  const square = mean - layer.biasVariance;
  const fourth = gain(layer) * (w / keep ** 2) * expectation(phi, { value: 4 }, variance) + w * w * dropped;
  // Orthogonal weights fix |z|² but for the biases: what u² has in common with z² does not scatter.
  const along = isOrthogonal
    ? gain(layer) *
      (expectation(phi, { value: 2, argument: 2 }, variance) / variance - expectation(phi, { value: 2 }, variance)) *
      (1 - layer.biasVariance / variance)
    : 0;
  return { mean, scatter: Math.max(0, fourth - square ** 2 - 0.5 * along ** 2) };
}

const below = (z: number): number => (z < 0 ? normalTwoSided(-z) / 2 : 1 - normalTwoSided(z) / 2);

/** Shares of the cells that a lognormal step reaches, the first of them at `from`; the ends of the grid take what is beyond. */
interface Row {
  readonly from: number;
  readonly shares: Float64Array;
}

/**
 * The share of networks whose variance at the last layer lies outside (low, high), the stretch between separating variances in which
 * networks of infinite width end. Conditional on the layer below, pre-activations of Gaussian weights are independent, so that the
 * variance is a Markov chain; each of its steps is taken as lognormal with the exact mean and variance.
 *
 * @param widths N_1 … N_L · @param first v^1 · @param spread Var v^1/(v^1)² over networks (masks of the inputs)
 * @returns undefined where a step is narrower than the finest grid: infinite width decides there, but for starts at the point itself
 */
export function shareOutside(
  layer: Layer,
  widths: ArrayLike<number>,
  { first, spread }: { readonly first: number; readonly spread: number },
  [low, high]: readonly [number, number],
  isOrthogonal = false,
): number | undefined {
  const points = [low, high].filter((point) => point > 0 && point < Infinity);
  const bottom = Math.log(Math.min(first, ...points) / beyond);
  const top = Math.log(Math.max(first, ...points) * beyond);
  const widest = Math.max(...Array.from(widths));
  const narrowest = Math.min(
    ...[first, ...points].map((variance) => {
      const { mean, scatter } = stepFrom(layer, variance, isOrthogonal);
      return Math.sqrt(scatter / widest) / mean;
    }),
  );
  const cells = Math.ceil((perDeviation * (top - bottom)) / narrowest);
  if (!(cells <= mostCells)) return undefined;
  const size = (top - bottom) / cells;
  const cellOf = (log: number): number => Math.min(cells - 1, Math.max(0, Math.floor((log - bottom) / size)));
  const rowOf = (mean: number, relative: number): Row => {
    const variance = Math.log1p(relative);
    const [centre, deviation] = [Math.log(mean) - variance / 2, Math.sqrt(variance)];
    const from = cellOf(centre - farthest * deviation);
    const to = cellOf(centre + farthest * deviation);
    const shares = new Float64Array(to - from + 1);
    let before = 0;
    for (let j = from; j <= to; j++) {
      const upTo = j === to ? 1 : below((bottom + (j + 1) * size - centre) / deviation);
      shares[j - from] = upTo - before;
      before = upTo;
    }
    return { from, shares };
  };
  const steps = Array.from({ length: cells }, (_, i) =>
    stepFrom(layer, Math.exp(bottom + (i + 0.5) * size), isOrthogonal),
  );
  const rows = new Map<number, readonly Row[]>();
  const rowsOf = (width: number): readonly Row[] => {
    const known = rows.get(width);
    if (known !== undefined) return known;
    const made = steps.map(({ mean, scatter }, i) =>
      i === 0 || i === cells - 1 || !(mean > 0)
        ? { from: i, shares: Float64Array.of(1) }
        : rowOf(mean, scatter / (width * mean ** 2)),
    );
    rows.set(width, made);
    return made;
  };
  let shares = new Float64Array(cells);
  const start = spread > 0 ? rowOf(first, spread) : { from: cellOf(Math.log(first)), shares: Float64Array.of(1) };
  shares.set(start.shares, start.from);
  for (let l = 1; l < widths.length; l++) {
    const next = new Float64Array(cells);
    // Without a spread the first step starts from `first` itself, not from the middle of its cell.
    const exact = l === 1 && !(spread > 0) ? stepFrom(layer, first, isOrthogonal) : undefined;
    const width = widths[l - 1] as number;
    const from = exact === undefined ? rowsOf(width) : [rowOf(exact.mean, exact.scatter / (width * exact.mean ** 2))];
    for (const [i, row] of from.entries()) {
      const share = exact === undefined ? (shares[i] as number) : 1;
      if (share < 1e-15) continue;
      for (let j = 0; j < row.shares.length; j++)
        next[row.from + j] = (next[row.from + j] as number) + share * (row.shares[j] as number);
    }
    shares = next;
  }
  /** Of what lies below a variance, a cell by its part. */
  const under = (variance: number): number => {
    if (variance <= 0) return 0;
    if (variance === Infinity) return 1;
    const place = (Math.log(variance) - bottom) / size;
    return shares.reduce((sum, share, i) => sum + share * Math.min(1, Math.max(0, place - i)), 0);
  };
  return 1 - (under(high) - under(low));
}
