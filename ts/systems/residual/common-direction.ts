// What the direction of the activities adds to gradients of reduced blocks at finite width: with E φ ≠ 0 all units drift alike.
import { type GaussianFunction, gaussianFunctionOf } from '../../gaussian/expectation.js';
import { expectation } from '../../gaussian/moments.js';
import type { NativeResidualNetwork, Recurrence } from './native.js';
import type { ResolvedResidualSpec } from './spec.js';

/** E φ, E uφ', E uφ'φ and E (uφ')² of one block, with the share of the weights in u. */
interface Shares {
  readonly mean: number;
  readonly first: number;
  readonly crossed: number;
  readonly squared: number;
}

function sharesOf(phi: GaussianFunction, q: number, ofWeights: number): Shares {
  if (!(q > 0)) return { mean: expectation(phi, { value: 1 }, 0), first: 0, crossed: 0, squared: 0 };
  return {
    mean: expectation(phi, { value: 1 }, q),
    first: ofWeights * expectation(phi, { first: 1, argument: 1 }, q),
    crossed: ofWeights * expectation(phi, { value: 1, first: 1, argument: 1 }, q),
    squared: ofWeights * expectation(phi, { first: 2, argument: 2 }, q),
  };
}

/** By how much logarithms may exceed those of infinite width, l = 0..L: sizes. */
export interface CommonExcess {
  /** Of E |δ^l|². */
  readonly gradient: Float64Array;
  /** Of a small distance, which the blocks up to l make as they make an error at l on its way down. */
  readonly distance: Float64Array;
}

/** Heights at which an error is begun anyhow; between them that of the next one above stands. */
const mostStarts = 64;

/**
 * What a direction that all units share adds at finite width.
 *
 * With h = W x, x of block l − 1, W = h xᵀ/|x|² + fresh, so that Wᵀφ'(h)δ has the part x H, H = Σ hφ'δ/|x|², and
 * δ^{l−1}·x^{l−1} = δ^l·x^{l−1} + Σ hφ'δ: δ·x is conserved where φ is homogeneous, while |x|² may grow faster than |δ|². Of the errors
 * the parts along x^l and along (1, …, 1) are followed, X = δ·x/√N and A = Σδ/√N, whose second moments begin with a share 1/N of |δ|²;
 * |δ|² gains 2 (δ·x) H + |x|² H². For selu, 26 blocks, σ_w² about 1, p grows by 2.4 a block and |δ|² by 1.7: log(1 + 1e4/N).
 */
export function commonExcess(
  spec: ResolvedResidualSpec,
  network: NativeResidualNetwork,
  run: Recurrence,
): CommonExcess {
  const depth = network.width.length - 1;
  const phi = gaussianFunctionOf(spec.activation);
  const squares = run.logSecondMoment.map(Math.exp);
  const means = new Float64Array(depth + 1);
  const blocks = Array.from({ length: depth }, (_, i): Shares => {
    const q = Math.exp(run.logPreactivationVariance[i] as number);
    const ofWeights = q > 0 ? ((network.innerWeightVariance[i] as number) * (squares[i] as number)) / q : 0;
    const shares = sharesOf(phi, q, ofWeights);
    means[i + 1] = (means[i] as number) + shares.mean;
    return shares;
  });
  const along = { network, run, blocks, means, squares };
  const distance = new Float64Array(depth + 1);
  const stride = Math.ceil(depth / mostStarts);
  for (let start = depth; start > 0; start -= stride) {
    const [found] = excessFrom(start, along) as unknown as [number];
    distance.fill(found, Math.max(1, start - stride + 1), start + 1);
  }
  return { gradient: excessFrom(depth, along), distance };
}

interface Along {
  readonly network: NativeResidualNetwork;
  readonly run: Recurrence;
  readonly blocks: readonly Shares[];
  readonly means: Float64Array;
  readonly squares: Float64Array;
}

/** The same of an error that begins at layer `start` without a direction, l = 0..start. */
function excessFrom(start: number, { network, run, blocks, means, squares }: Along): Float64Array {
  const excess = new Float64Array(start + 1);
  const width = network.width[start] as number;
  // E X², E X A and E A² relative to |δ|² at infinite width, and |δ|² itself. X in units of √p.
  let [xx, xa, aa] = [1 / width, (means[start] as number) / Math.sqrt(squares[start] as number) / width, 1 / width];
  let all = 1;
  for (let i = start - 1; i >= 0; i--) {
    const { mean, first, crossed, squared } = blocks[i] as Shares;
    const [p, above] = [squares[i] as number, squares[i + 1] as number];
    const [root, rootAbove] = [Math.sqrt(p), Math.sqrt(above)];
    const [m, mAbove] = [(means[i] as number) / root, (means[i + 1] as number) / rootAbove];
    // δ = α x^l/√p_l + β 1 + rest, from X and A; where all units are alike the two are one.
    const open = 1 - mAbove * mAbove;
    const isOne = !(open > 1e-9);
    const alpha = isOne ? [1, 0] : [1 / open, -mAbove / open];
    const beta = isOne ? [0, 0] : [-mAbove / open, 1 / open];
    const onBelow = (p + m * root * mean) / (root * rootAbove);
    const onGain = (m * root * first + crossed) / (root * rootAbove);
    const row = (ofAlpha: number, ofBeta: number): readonly [number, number] => [
      ofAlpha * (alpha[0] as number) + ofBeta * (beta[0] as number),
      ofAlpha * (alpha[1] as number) + ofBeta * (beta[1] as number),
    ];
    const below = row(onBelow, m);
    const gain = row(onGain, first / root);
    const toX = [below[0] + gain[0], below[1] + gain[1]] as const;
    const toA = [m * gain[0], 1 + m * gain[1]] as const;
    const form = (u: readonly [number, number], v: readonly [number, number]): number =>
      u[0] * v[0] * xx + (u[0] * v[1] + u[1] * v[0]) * xa + u[1] * v[1] * aa;
    // What of x + hφ' is neither along x^l nor along 1: of the other part of δ.
    const ofSum = 1 + (2 * m * root * first + squared) / p;
    const along = [onBelow + onGain, m + first / root] as const;
    const left = Math.max(0, ofSum - along[0] * toX[0] - along[1] * toX[1]);
    // What infinite width multiplies |δ|² by.
    const factor = Math.exp((run.logGradient[i] as number) - (run.logGradient[i + 1] as number));
    const [nextX, nextXA, nextA] = [form(toX, toX), form(toX, toA), form(toA, toA)];
    all += (2 * form(below, gain) + form(gain, gain)) / factor;
    xx = (nextX + (left * all) / width) / factor;
    xa = nextXA / factor;
    aa = (nextA + ((factor - 1) * all) / width) / factor;
    const found = Math.abs(Math.log(all));
    excess[i] = Number.isFinite(found) ? found : Infinity;
  }
  return excess;
}
