// The certified bound: a net over the weights with radii that follow from block-wise Lipschitz constants. It holds for every
// number of samples, with no unknown constant.
import type { Undefined } from '../../core/results.js';
import { type Arithmetic, doubles, sumOf } from '../../numeric/arithmetic.js';
import { type Interval, intervals } from '../../numeric/interval.js';
import { type Block, blocksOf, type Network } from './architecture.js';
import { fromLog, logSum } from './logarithms.js';
import type { Sample } from './stated.js';

/** sup |∇_u f|² = 128/729 of f = |softmax(u) − y|²/2: at probability 1/3 of the true class with one rival at 2/3. */
const softmaxSquared = { numerator: 128, denominator: 729 } as const;
export const softmaxConstant = softmaxSquared.numerator / softmaxSquared.denominator;

/** log β_i² of every block, the fully connected one last: f is β_i-Lipschitz in block i. */
function logSquaredLipschitz<T>(network: Network, arithmetic: Arithmetic<T>): T[] {
  const { of, add, subtract, divide, logarithm, smaller } = arithmetic;
  const { layers, inputBound, features, fcNorm } = network;
  const log = (...factors: number[]): T =>
    sumOf(
      arithmetic,
      factors.map((factor) => logarithm(of(factor))),
    );
  const twice = (a: T): T => add(a, a);
  const norms = blocksOf(network).map((block) => logSquaredNorm(block, arithmetic));
  const isBounded = network.activation === 'sigmoid' || network.activation === 'tanh';
  /** log (slope/pool)²: the factor by which activation and pooling stretch at most. */
  const stretch = (pool: number): T => {
    const slope = network.activation === 'sigmoid' ? 0.25 : 1;
    return twice(subtract(log(slope), network.pooling === 'average' ? log(pool) : of(0)));
  };
  // log of the bound on |Z_{i−1}|² and on |X patches|²/(entries), going forward.
  const first = layers[0] as (typeof layers)[number];
  let square = log(inputBound, inputBound, first.inputHeight, first.inputWidth, first.inputChannels);
  const inputs = layers.map((layer, i) => {
    const { kernel, stride, inputHeight, inputWidth, inputChannels, preHeight, preWidth, pool } = layer;
    const steps = Math.ceil(kernel / stride);
    const overlap = log(steps, steps);
    const range = i === 0 ? log(inputBound, inputBound) : of(0);
    const bySquare = add(overlap, square);
    const byRange = add(range, log(inputChannels, kernel, kernel, preHeight, preWidth));
    const isRanged = i === 0 || isBounded;
    if (isBounded) {
      const ranged = add(range, add(log(inputHeight, inputWidth, inputChannels), overlap));
      square = log(layer.height, layer.width, layer.channels);
      return smaller(ranged, byRange);
    }
    square = add(square, add(overlap, add(norms[i] as T, stretch(pool))));
    return isRanged ? smaller(bySquare, byRange) : bySquare;
  });
  const logC = logarithm(divide(of(softmaxSquared.numerator), of(softmaxSquared.denominator)));
  const result: T[] = new Array(layers.length + 1);
  result[layers.length] = add(logC, isBounded ? log(features) : square);
  // log D_i, the bound on |∂f/∂X_i|², going backward.
  let outer = add(logC, log(fcNorm, fcNorm));
  for (let i = layers.length - 1; i >= 0; i--) {
    const { kernel, stride, pool } = layers[i] as (typeof layers)[number];
    const steps = Math.ceil(kernel / stride);
    const backward = add(outer, stretch(pool));
    result[i] = add(backward, inputs[i] as T);
    outer = add(backward, add(log(steps, steps), norms[i] as T));
  }
  return result;
}

/** log R² of a block. */
function logSquaredNorm<T>({ norm, copies }: Block, { of, add, logarithm }: Arithmetic<T>): T {
  const log = logarithm(of(norm));
  return add(logarithm(of(copies)), add(log, log));
}

export const blockLipschitz = (network: Network, block: number): number | Undefined =>
  fromLog((logSquaredLipschitz(network, doubles)[block] as number) / 2);

const logBeta = (network: Network): number => logSum(logSquaredLipschitz(network, doubles)) / 2;

/** √Σ β_i². */
export const betaCorrected = (network: Network): number | Undefined => fromLog(logBeta(network));

/** β(1 + √(2 log(1/ε)))/√n: of the gradient at one w that does not depend on the data. */
export function fixedPointGradientBound(network: Network, { samples, failureProbability }: Sample): number | Undefined {
  const factor = 1 + Math.sqrt(2 * Math.log(1 / failureProbability));
  return fromLog(logBeta(network) + Math.log(factor) - Math.log(samples) / 2);
}

/** What a block adds to the net, as a function of log η. */
interface BlockNet<T> {
  readonly logNorm: T;
  readonly logLipschitz: T;
  /** log e_i, the radius of its net. */
  readonly logRadius: (logEta: T) => T;
  /** log N_i(η). */
  readonly logSize: (logEta: T) => T;
}

/** The nets of all blocks: e_i = η t_i/(β_i Σt), log N_i = min(params log(1 + 2R/e), free log(9R/e)), the second where 9R > e. */
export function blockNets<T>(network: Network, arithmetic: Arithmetic<T>): BlockNet<T>[] {
  const { of, add, subtract, multiply, divide, logarithm, softplus, smaller, smallerWherePositive } = arithmetic;
  const half = (a: T): T => divide(a, of(2));
  const [two, nine, none] = [logarithm(of(2)), logarithm(of(9)), of(0)];
  const lipschitz = logSquaredLipschitz(network, arithmetic).map(half);
  const blocks = blocksOf(network).map((block) => {
    const { rows, columns, rank } = block;
    const free = multiply(of(rank), add(of(rows), of(columns + 1)));
    const parameters = multiply(of(rows), of(columns));
    return { free, parameters, share: smaller(free, parameters), logNorm: half(logSquaredNorm(block, arithmetic)) };
  });
  const logShares = logarithm(
    sumOf(
      arithmetic,
      blocks.map(({ share }) => share),
    ),
  );
  return blocks.map(({ free, parameters, share, logNorm }, i) => {
    const logLipschitz = lipschitz[i] as T;
    // log(R_i/e_i) + log η
    const ratio = add(logNorm, add(logLipschitz, subtract(logShares, logarithm(share))));
    const logSize = (logEta: T): T => {
      const relative = subtract(ratio, logEta);
      const dense = multiply(parameters, softplus(add(two, relative)));
      const ranked = multiply(free, add(nine, relative));
      return smallerWherePositive(dense, ranked);
    };
    const isEmpty = arithmetic.isLogarithmOfZero(logNorm) || arithmetic.isLogarithmOfZero(logLipschitz);
    return {
      logNorm,
      logLipschitz,
      logRadius: (logEta) => subtract(add(logEta, logarithm(share)), add(logLipschitz, logShares)),
      logSize: isEmpty ? () => none : logSize,
    };
  });
}

/** log N(η) as a function of log η. */
function netSize<T>(network: Network, arithmetic: Arithmetic<T>): (logEta: T) => T {
  const nets = blockNets(network, arithmetic);
  return (logEta) =>
    sumOf(
      arithmetic,
      nets.map(({ logSize }) => logSize(logEta)),
    );
}

/** log N(η) = Σ min(params log(1 + 2R/e), free log(9R/e)), e_i = η t_i/(β_i Σt), between two numbers. */
export const logNetSize = (network: Network, eta: number): Interval =>
  netSize(network, intervals)(intervals.logarithm(intervals.of(eta)));

/** √((size + log(2/ε))/(2n)): how far a mean of n losses in [0, 1] strays, for e^size networks at once. */
export function deviation<T>(size: T, { samples, failureProbability }: Sample, arithmetic: Arithmetic<T>): T {
  const { of, add, divide, logarithm, squareRoot } = arithmetic;
  const price = logarithm(divide(of(2), of(failureProbability)));
  return squareRoot(divide(add(size, price), of(2 * samples)));
}

/** 2η + √((log N(η) + log(2/ε))/(2n)), between two numbers. */
export function certifiedInterval(network: Network, sample: Sample, eta: number): Interval {
  return intervals.add(intervals.of(2 * eta), deviation(logNetSize(network, eta), sample, intervals));
}

/** The upper end of that interval: rounding is on the side of the bound. */
export const certifiedAtEta = (network: Network, sample: Sample, eta: number): number =>
  certifiedInterval(network, sample, eta).high;

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

/** The certified gap, rounded up, and the η that gives it; any η is valid. */
export function gapCertified(network: Network, sample: Sample): { gap: number; eta: number } {
  const size = netSize(network, doubles);
  const { at } = smallest((x) => 2 * Math.exp(x) + deviation(size(x), sample, doubles), lowest, highest);
  const eta = Math.exp(at);
  return { gap: certifiedAtEta(network, sample, eta), eta };
}

/** Smallest n with gapCertified ≤ target. */
export function samplesForGapCertified(
  network: Network,
  target: number,
  failureProbability: number,
): number | Undefined {
  const needed = <T>(size: (logEta: T) => T, eta: number, arithmetic: Arithmetic<T>): T => {
    const { of, add, subtract, multiply, divide, logarithm } = arithmetic;
    const rest = subtract(of(target), of(2 * eta));
    const price = logarithm(divide(of(2), of(failureProbability)));
    return divide(add(size(logarithm(of(eta))), price), multiply(of(2), multiply(rest, rest)));
  };
  const size = netSize(network, doubles);
  const high = Math.min(highest, Math.log(target / 2));
  if (high <= lowest) return { reason: 'the target is below what any number of samples gives' };
  const { at } = smallest(
    (x) => (2 * Math.exp(x) < target ? needed(size, Math.exp(x), doubles) : Infinity),
    lowest,
    high,
  );
  const value = needed(netSize(network, intervals), Math.exp(at), intervals).high;
  const whole = Math.max(1, Math.ceil(value));
  return whole <= Number.MAX_SAFE_INTEGER ? whole : { reason: `more than 2^53 samples: about ${value.toPrecision(4)}` };
}
