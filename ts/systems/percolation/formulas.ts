// Closed forms and short recursions of percolation (docs/systems/percolation.md has the equations).
import { logOneMinusExp } from '../../numeric/log-sums.js';
import { layerHazard, logDrop } from './logarithms.js';
import { type Network, layerAt, type LayerRun } from './network.js';
import { largestOf } from '../../numeric/extremes.js';

/** Site model: keep rate at which the path probability is `target`, 1 − (1 − t^{1/L})^{1/W}. */
export function siteCriticalKeep(width: number, depth: number, target: number): number {
  if (depth === 0) return 0;
  return -Math.expm1(logOneMinusExp(Math.log(target) / depth) / width);
}

/** Site model: depth (real) at which the path probability is `target`, log t / log(1 − p^W). */
export function siteDepthForTarget(width: number, keepProbability: number, target: number): number {
  const k = layerHazard(width, keepProbability);
  return k === -Infinity ? Infinity : -Math.log(target) * Math.exp(-k);
}

/** Site model: width (real) at which the path probability is `target`, log(1 − t^{1/L}) / log p, for 0 < keepProbability < 1. */
export function siteWidthForTarget(depth: number, keepProbability: number, target: number): number {
  return depth === 0 ? 0 : logOneMinusExp(Math.log(target) / depth) / logDrop(keepProbability);
}

/** log of the small-drop law of dropconnect, [L(2^W − 1) + 1] p^{W²}. */
export function logSmallDropBlocked(width: number, depth: number, drop: number): number {
  if (drop === 0) return -Infinity;
  // log(2^W − 1) = W ln 2 + log(1 − 2^{−W})
  const logCuts = depth === 0 ? 0 : Math.log(depth) + width * Math.LN2 + logOneMinusExp(-width * Math.LN2);
  return logAddOne(logCuts, depth) + width * width * Math.log(drop);
}

function logAddOne(logCuts: number, depth: number): number {
  return depth === 0 ? 0 : logCuts + Math.log1p(Math.exp(-logCuts));
}

/** Fixed point u* of u = s(1 − e^{−c_b u}), 0 when c_b s <= 1. */
export function meanFieldFixedPoint(meanDegree: number, keepProbability: number): number {
  const c = meanDegree * keepProbability;
  if (!(c > 1)) return 0;
  // With y = c_b u the equation is y/(1 − e^{−y}) − 1 = c − 1, whose left side has no cancellation when written by `excess`.
  const goal = excessDegree(meanDegree, keepProbability);
  let y = c < 2 ? Math.min(c, 2 * goal) : c;
  for (let i = 0; i < 100; i++) {
    const hit = -Math.expm1(-y);
    const slope = (hit - y * Math.exp(-y)) / (hit * hit);
    const safe = y < 0.01 ? 0.5 + y / 6 : slope;
    const next = y - (excess(y) - goal) / safe;
    const change = Math.abs(next - y);
    y = next > 0 ? next : y / 2;
    if (change <= 1e-16 * y) break;
  }
  return y / meanDegree;
}

/** meanDegree·keepProbability − 1, with the rounding of the product removed (both factors are doubles). */
function excessDegree(meanDegree: number, keepProbability: number): number {
  const product = meanDegree * keepProbability;
  return product - 1 + productError(meanDegree, keepProbability, product);
}

/** a·b − fl(a·b) by Dekker's splitting. */
function productError(a: number, b: number, product: number): number {
  const split = (x: number): readonly [number, number] => {
    const t = 134217729 * x;
    const high = t - (t - x);
    return [high, x - high];
  };
  const [aHigh, aLow] = split(a);
  const [bHigh, bLow] = split(b);
  const error = aLow * bLow - (product - aHigh * bHigh - aLow * bHigh - aHigh * bLow);
  return Number.isFinite(error) ? error : 0;
}

/** y/(1 − e^{−y}) − 1, accurate near 0 (y/2 + y²/12 − y⁴/720 + …). */
function excess(y: number): number {
  if (y < 0.05) {
    const square = y * y;
    return y / 2 + (square / 12) * (1 - (square / 60) * (1 - square / 42));
  }
  return (y + Math.expm1(-y)) / -Math.expm1(-y);
}

/** x_g of x_{g+1} = 1 − (1 − s b x_g)^W, x_0 = 1: survival of an independent tree for g generations. */
export function galtonWatsonSurvival(width: number, keep: number, generations: number): number {
  let x = 1;
  for (let g = 0; g < generations; g++) {
    const next = -Math.expm1(width * logDrop(keep * x));
    if (next === x || next === 0) return next;
    x = next;
    // Below the rounding of 1 the map is multiplication by the mean number of children.
    if (width * keep * x < 1e-17) return x * Math.exp((generations - g - 1) * Math.log(width * keep));
  }
  return x;
}

/** log of the expected number of surviving input-output paths, log(Π N_i Π s_i Π b_i). */
export function logExpectedPaths(network: Network): number {
  let sum = Math.log(network.inputWidth) + Math.log(network.inputKeepProbability);
  for (const run of network.runs)
    sum += run.count * (Math.log(run.width) + Math.log(run.keepProbability) + Math.log(run.edgeKeepProbability));
  return sum;
}

/** log of 1/(same + diff), the second-moment lower bound of the path probability; −Infinity when no path is possible. */
export function logSecondMomentLowerBound(network: Network): number {
  if (
    network.inputKeepProbability === 0 ||
    network.runs.some((run) => run.keepProbability === 0 || run.edgeKeepProbability === 0)
  )
    return -Infinity;
  let state: readonly [number, number] = [
    1 / (network.inputWidth * network.inputKeepProbability),
    1 - 1 / network.inputWidth,
  ];
  let logScale = 0;
  for (const run of network.runs) {
    const power = pairPower(pairStep(run), run.count);
    const [a, b, c, d] = power.matrix;
    const same = a * state[0] + b * state[1];
    const different = c * state[0] + d * state[1];
    const size = same + different;
    state = [same / size, different / size];
    logScale += power.logScale + Math.log(size);
  }
  return -(logScale + Math.log(state[0] + state[1]));
}

type Matrix = readonly [number, number, number, number];

/** One layer of two sampled paths: do they share the node? (same, different) → (same', different'). */
function pairStep(run: LayerRun): Matrix {
  const share = 1 / (run.keepProbability * run.width);
  const part = 1 - 1 / run.width;
  return [share / run.edgeKeepProbability, share, part, part];
}

/** matrix^count by repeated squaring, kept near 1 with a logarithmic scale. */
function pairPower(matrix: Matrix, count: number): { matrix: Matrix; logScale: number } {
  let result: Matrix = [1, 0, 0, 1];
  let resultScale = 0;
  let square = matrix;
  let squareScale = 0;
  for (let rest = count; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) {
      [result, resultScale] = scaledProduct(square, result, squareScale + resultScale);
    }
    [square, squareScale] = scaledProduct(square, square, 2 * squareScale);
  }
  return { matrix: result, logScale: resultScale };
}

function scaledProduct([a, b, c, d]: Matrix, [e, f, g, h]: Matrix, logScale: number): [Matrix, number] {
  const product: Matrix = [a * e + b * g, a * f + b * h, c * e + d * g, c * f + d * h];
  const size = largestOf(product);
  return [[product[0] / size, product[1] / size, product[2] / size, product[3] / size], logScale + Math.log(size)];
}

/** P(a given edge of a weight layer lies on a surviving path) = b (E X/N)(E Y/N), from the laws of its two ends. */
export function edgeParticipation(
  network: Network,
  weightLayer: number,
  tail: { logHazard: number; mean: number },
  head: { logHazard: number; mean: number },
): number {
  const before = layerAt(network, weightLayer);
  const after = layerAt(network, weightLayer + 1);
  return after.edgeKeepProbability * meanFraction(tail, before.width) * meanFraction(head, after.width);
}

/** E X/N, unconditional, from the law given at least one. */
export function meanFraction(law: { logHazard: number; mean: number }, width: number): number {
  return (law.mean * Math.exp(-Math.exp(law.logHazard))) / width;
}

/** Keep probability of a position that survives when one of its channels does, 1 − (1 − s)^C. */
export function positionKeep(keepProbability: number, channels: number): number {
  return channels === 1 ? keepProbability : -Math.expm1(channels * logDrop(keepProbability));
}
