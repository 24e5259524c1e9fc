// The bounds of Zhou and Feng 2018 as printed, for sigmoid networks with average pooling of one size. They are not proved as they
// stand: docs/systems/convolution.md lists what does not hold.
import { expectedError, MftError } from '../../core/errors.js';
import type { Undefined } from '../../core/results.js';
import { freedomDegree, type Network, parameterCount } from './architecture.js';
import { fromLog, logSum } from './logarithms.js';

/** What a stated bound is asked for: n and ε. */
export interface Sample {
  readonly samples: number;
  readonly failureProbability: number;
}

const undefinedHere: Undefined = { reason: 'logFactor negative: the stated bound is undefined here' };

/**
 * Whether the paper speaks of this network.
 * @throws MftError ERR_MFT_UNSUPPORTED, ERR_MFT_OUT_OF_RANGE
 */
function checkStated({ layers, fcNorm, activation, pooling, padding }: Network): void {
  const refuse = (parameter: string, what: string): MftError =>
    new MftError('ERR_MFT_UNSUPPORTED', `The stated bounds are for ${what}; the certified ones take this network.`, {
      parameter,
    });
  if (activation !== 'sigmoid') throw refuse('activation', 'sigmoid units');
  if (pooling !== 'average') throw refuse('pooling', 'average pooling');
  if (padding !== 'valid') throw refuse('padding', 'convolutions without padding');
  for (const [at, { pool, stride, kernel, norm }] of layers.entries()) {
    if (pool !== layers[0]?.pool) throw refuse(`layers[${at}].pool`, 'one pool in all layers');
    if (stride > kernel) throw refuse(`layers[${at}].stride`, 'strides not above the side of the kernel');
    if (norm === 0)
      throw expectedError('ERR_MFT_OUT_OF_RANGE', `layers[${at}].norm`, 'a number > 0 for a stated bound', norm);
  }
  if (fcNorm === 0) throw expectedError('ERR_MFT_OUT_OF_RANGE', 'fcNorm', 'a number > 0 for a stated bound', fcNorm);
}

/** p, that of all layers. */
const poolOf = ({ layers }: Network): number => layers[0]?.pool as number;

/** ϱ at one sample; ϱ(n) adds log n. */
function logFactorOfOne(network: Network): number {
  checkStated(network);
  const pool = poolOf(network);
  const layers = network.layers.reduce(
    (sum, { channels, norm, kernel, stride }) =>
      sum + Math.log(channels) / 2 + Math.log(norm) + Math.log((kernel - stride + 1) / (4 * pool)),
    0,
  );
  return layers + Math.log(network.fcNorm) - Math.log(128 * pool * pool);
}

/** ϱ = Σ log(√d_i b_i (k_i − s_i + 1)/(4p)) + log b_{l+1} + log(n/(128 p²)). */
export const logFactor = (network: Network, samples: number): number => logFactorOfOne(network) + Math.log(samples);

/** θϱ + log(4/ε), or why that is no number under a root. */
function radicand(network: Network, { samples, failureProbability }: Sample, more = 0): number | Undefined {
  const value = more + freedomDegree(network) * logFactor(network, samples) + Math.log(4 / failureProbability);
  return value < 0 ? undefinedHere : value;
}

/** √((θϱ + log(4/ε))/(2n)). */
export function gapStated(network: Network, sample: Sample): number | Undefined {
  const value = radicand(network, sample);
  return typeof value === 'number' ? Math.sqrt(value / (2 * sample.samples)) : value;
}

/** With the deviation t/3 that the proof needs: three times as large. */
export function gapRepaired(network: Network, sample: Sample): number | Undefined {
  const gap = gapStated(network, sample);
  return typeof gap === 'number' ? 3 * gap : gap;
}

/** d log gap/d log b_i = θ/(4 n gap²), the same for every layer and for the head. */
export function elasticityToNorm(network: Network, sample: Sample): number | Undefined {
  const value = radicand(network, sample);
  if (typeof value !== 'number') return value;
  return value === 0 ? { reason: 'the stated bound is zero here' } : freedomDegree(network) / (2 * value);
}

/** Samples at which the stated gap has come down to `target`: θ(A + log n) = 2g²n, the larger root. */
export function samplesForGapStated(network: Network, target: number, failureProbability: number): number | Undefined {
  const theta = freedomDegree(network);
  const offset = logFactorOfOne(network) + Math.log(4 / failureProbability) / theta;
  // With n = θ/(2g²) e^y: e^y − y = B.
  const logScale = Math.log(theta / 2) - 2 * Math.log(target);
  const excess = offset + logScale - 1;
  if (excess < 0) return { reason: 'not meaningful: the formula is below the target for every number of samples' };
  // Both starts lie above the root of a convex function: Newton's steps fall.
  let y = Math.min(Math.sqrt(2 * excess), Math.log(2 * (excess + 1)));
  for (let round = 0; round < 200 && y > 0; round++) {
    const step = (Math.expm1(y) - y - excess) / Math.expm1(y);
    y -= step;
    if (Math.abs(step) <= 1e-16 * y) break;
  }
  return fromLog(logScale + Math.max(0, y));
}

/** log of the product Π d_j b_j² (k_j − s_j + 1)²/(16p²) from layer `first` on. */
function logProduct(network: Network, first: number): number {
  const pool = poolOf(network);
  return network.layers
    .slice(first)
    .reduce(
      (sum, { channels, norm, kernel, stride }) =>
        sum + Math.log(channels) + 2 * Math.log((norm * (kernel - stride + 1)) / (4 * pool)),
      0,
    );
}

/** log β², Theorem 2; r_{i−1} is the size before pooling for i ≥ 2, as printed. */
function logBetaSquared(network: Network): number {
  checkStated(network);
  const { layers } = network;
  const square = 8 * poolOf(network) ** 2;
  const last = layers.at(-1) as (typeof layers)[number];
  const terms = layers.map(({ inputChannels, inputHeight, inputWidth, channels, norm }, i) => {
    const before = layers[i - 1];
    const area = before === undefined ? inputHeight * inputWidth : before.preHeight * before.preWidth;
    return (
      2 * Math.log(network.fcNorm / norm) +
      Math.log((inputChannels * area) / (square * channels)) +
      logProduct(network, i)
    );
  });
  return logSum([Math.log((last.preHeight * last.preWidth * last.channels) / square), ...terms]);
}

export const betaStated = (network: Network): number | Undefined => fromLog(logBetaSquared(network) / 2);

/** log γ², Lemma 14: of the norm of the Hessian, up to a constant. */
export function gammaStated(network: Network): number | Undefined {
  checkStated(network);
  const { layers, fcNorm } = network;
  const first = layers[0] as (typeof layers)[number];
  const depth = layers.length;
  // Each factor of the product has 8√2 where that of β has 16.
  const product = 2 * (logProduct(network, 0) + depth * Math.log(Math.SQRT2));
  const front =
    2 * Math.log((fcNorm * first.inputChannels * depth * first.inputHeight * first.inputWidth) / first.channels);
  return fromLog((front - Math.log(8) - 4 * Math.log(first.norm) + product) / 2);
}

/** c β √((2d + θϱ + log(4/ε))/(2n)). */
function logGradientGap(network: Network, sample: Sample): number | Undefined {
  const value = radicand(network, sample, 2 * parameterCount(network));
  return typeof value === 'number' ? (logBetaSquared(network) + Math.log(value / (2 * sample.samples))) / 2 : value;
}

export function gradientGapStated(network: Network, sample: Sample, constant: number): number | Undefined {
  const log = logGradientGap(network, sample);
  return typeof log === 'number' ? fromLog(log + Math.log(constant)) : log;
}

/** 2cβ/ζ √(same): the distance of corresponding stationary points, ζ the smallest |eigenvalue| of the Hessian. */
export function stationaryDistanceStated(
  network: Network,
  sample: Sample,
  constant: number,
  zeta: number,
): number | Undefined {
  const log = logGradientGap(network, sample);
  return typeof log === 'number' ? fromLog(log + Math.log(constant) + Math.log(2) - Math.log(zeta)) : log;
}

/** log of the radius of the proof's net: log(9B/radius) = ϱ. */
function logNetRadius(network: Network, samples: number): number {
  checkStated(network);
  const norms = network.layers.reduce((sum, { channels, norm }) => sum + channels * norm, network.fcNorm);
  const pool = poolOf(network);
  return (
    Math.log(18 * 64 * pool * pool * norms) - Math.log(samples) - Math.log(network.fcNorm) - logProduct(network, 0) / 2
  );
}

export const netRadiusStated = (network: Network, samples: number): number | Undefined =>
  fromLog(logNetRadius(network, samples));

/** 6 radius β/ε over the gap: the proof needs at most 1. */
export function sampleConditionRatio(network: Network, sample: Sample): number | Undefined {
  const gap = gapStated(network, sample);
  if (typeof gap !== 'number') return gap;
  if (gap === 0) return { reason: 'the stated bound is zero here' };
  const log =
    Math.log(6 / sample.failureProbability) + logNetRadius(network, sample.samples) + logBetaSquared(network) / 2;
  return fromLog(log - Math.log(gap));
}
