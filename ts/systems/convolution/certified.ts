// The certified bound: a net over the weights with radii that follow from block-wise Lipschitz constants. It holds for every
// number of samples, with no unknown constant.
import type { Undefined } from '../../core/results.js';
import { type Block, blocksOf, type Network } from './architecture.js';
import { fromLog, logSum, softplus } from './logarithms.js';
import type { Sample } from './stated.js';

/** sup |∇_u f|² = 128/729 of f = |softmax(u) − y|²/2: at probability 1/3 of the true class with one rival at 2/3. */
export const softmaxConstant = 128 / 729;

/** log of slope/pool: the factor by which activation and pooling stretch at most. */
function logStretch(network: Network, pool: number): number {
  const slope = network.activation === 'sigmoid' ? 0.25 : 1;
  return Math.log(slope) - (network.pooling === 'average' ? Math.log(pool) : 0);
}

/** log β_i of every block, the fully connected one last: f is β_i-Lipschitz in block i. */
function logBlockLipschitz(network: Network): number[] {
  const { layers, inputBound, features, fcNorm } = network;
  const blocks = blocksOf(network);
  const isBounded = network.activation === 'sigmoid' || network.activation === 'tanh';
  // log of the bound on |Z_{i−1}|² and on |X patches|²/(entries), going forward.
  const first = layers[0] as (typeof layers)[number];
  let square = 2 * Math.log(inputBound) + Math.log(first.inputHeight * first.inputWidth * first.inputChannels);
  const inputs = layers.map((layer, i) => {
    const { kernel, stride, inputHeight, inputWidth, inputChannels, preHeight, preWidth, pool } = layer;
    const overlap = 2 * Math.log(Math.ceil(kernel / stride));
    const range = i === 0 ? 2 * Math.log(inputBound) : 0;
    const bySquare = overlap + square;
    const byRange = range + Math.log(inputChannels) + 2 * Math.log(kernel) + Math.log(preHeight * preWidth);
    const isRanged = i === 0 || isBounded;
    if (isBounded) {
      const ranged = range + Math.log(inputHeight * inputWidth * inputChannels) + overlap;
      square = Math.log(layer.height * layer.width * layer.channels);
      return Math.min(ranged, byRange);
    }
    square += overlap + 2 * (blocks[i] as Block).logNorm + 2 * logStretch(network, pool);
    return isRanged ? Math.min(bySquare, byRange) : bySquare;
  });
  const logC = Math.log(softmaxConstant);
  const result: number[] = new Array(layers.length + 1);
  result[layers.length] = (logC + (isBounded ? Math.log(features) : square)) / 2;
  // log D_i, the bound on |∂f/∂X_i|², going backward.
  let outer = logC + 2 * Math.log(fcNorm);
  for (let i = layers.length - 1; i >= 0; i--) {
    const { kernel, stride, pool } = layers[i] as (typeof layers)[number];
    const backward = outer + 2 * logStretch(network, pool);
    result[i] = (backward + (inputs[i] as number)) / 2;
    outer = backward + 2 * Math.log(Math.ceil(kernel / stride)) + 2 * (blocks[i] as Block).logNorm;
  }
  return result;
}

export const blockLipschitz = (network: Network, block: number): number | Undefined =>
  fromLog(logBlockLipschitz(network)[block] as number);

const logBeta = (network: Network): number => logSum(logBlockLipschitz(network).map((log) => 2 * log)) / 2;

/** √Σ β_i². */
export const betaCorrected = (network: Network): number | Undefined => fromLog(logBeta(network));

/** β(1 + √(2 log(1/ε)))/√n: of the gradient at one w that does not depend on the data. */
export function fixedPointGradientBound(network: Network, { samples, failureProbability }: Sample): number | Undefined {
  const factor = 1 + Math.sqrt(2 * Math.log(1 / failureProbability));
  return fromLog(logBeta(network) + Math.log(factor) - Math.log(samples) / 2);
}

/** log N(η) as a function of log η. */
function netSize(network: Network): (logEta: number) => number {
  const lipschitz = logBlockLipschitz(network);
  const blocks = blocksOf(network);
  const shares = blocks.map(({ free, parameters }) => Math.min(free, parameters));
  const logShares = Math.log(shares.reduce((sum, share) => sum + share, 0));
  // log(R_i/e_i) + log η
  const ratios = blocks.map(
    ({ logNorm }, i) => logNorm + (lipschitz[i] as number) + logShares - Math.log(shares[i] as number),
  );
  return (logEta) =>
    blocks.reduce((sum, { parameters, free }, i) => {
      const ratio = (ratios[i] as number) - logEta;
      if (ratio === -Infinity) return sum;
      const dense = parameters * softplus(Math.LN2 + ratio);
      const ranked = Math.log(9) + ratio;
      return sum + (ranked > 0 ? Math.min(dense, free * ranked) : dense);
    }, 0);
}

/** log N(η) = Σ min(params log(1 + 2R/e), free log(9R/e)), e_i = η t_i/(β_i Σt). */
export const logNetSize = (network: Network, eta: number): number => netSize(network)(Math.log(eta));

/** 2η + √((log N(η) + log(2/ε))/(2n)). */
export function certifiedAtEta(network: Network, { samples, failureProbability }: Sample, eta: number): number {
  return 2 * eta + Math.sqrt((logNetSize(network, eta) + Math.log(2 / failureProbability)) / (2 * samples));
}

const [lowest, highest, cells] = [-40, 2, 210] as const;
const golden = (Math.sqrt(5) - 1) / 2;

/** The smallest value of f on [low, high]: the best cell of a grid, then golden sections. */
function smallest(f: (x: number) => number, low: number, high: number): { at: number; value: number } {
  let best = { at: low, value: f(low) };
  const try_ = (at: number): number => {
    const value = f(at);
    if (value < best.value) best = { at, value };
    return value;
  };
  const cell = (high - low) / cells;
  for (let i = 1; i <= cells; i++) try_(low + i * cell);
  let [a, b] = [Math.max(low, best.at - cell), Math.min(high, best.at + cell)];
  let [x, y] = [b - golden * (b - a), a + golden * (b - a)];
  let [fx, fy] = [try_(x), try_(y)];
  while (b - a > 1e-10) {
    if (fx < fy) {
      [b, y, fy, x] = [y, x, fx, y - golden * (y - a)];
      fx = try_(x);
    } else {
      [a, x, fx, y] = [x, y, fy, x + golden * (b - x)];
      fy = try_(y);
    }
  }
  return best;
}

/** The certified gap and the η that gives it; any η is valid. */
export function gapCertified(network: Network, { samples, failureProbability }: Sample): { gap: number; eta: number } {
  const size = netSize(network);
  const price = Math.log(2 / failureProbability);
  const { at, value } = smallest(
    (x) => 2 * Math.exp(x) + Math.sqrt((size(x) + price) / (2 * samples)),
    lowest,
    highest,
  );
  return { gap: value, eta: Math.exp(at) };
}

/** Smallest n with gapCertified ≤ target. */
export function samplesForGapCertified(
  network: Network,
  target: number,
  failureProbability: number,
): number | Undefined {
  const size = netSize(network);
  const price = Math.log(2 / failureProbability);
  const needed = (x: number): number => {
    const rest = target - 2 * Math.exp(x);
    return rest > 0 ? (size(x) + price) / (2 * rest * rest) : Infinity;
  };
  const high = Math.min(highest, Math.log(target / 2));
  if (high <= lowest) return { reason: 'the target is below what any number of samples gives' };
  const { value } = smallest(needed, lowest, high);
  const whole = Math.max(1, Math.ceil(value));
  return whole <= Number.MAX_SAFE_INTEGER ? whole : { reason: `more than 2^53 samples: about ${value.toPrecision(4)}` };
}
