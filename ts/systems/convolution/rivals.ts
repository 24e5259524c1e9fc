// Bounds of other papers. Those that begin with `rival` give the order of magnitude only: their constants are left out.
import type { Undefined } from '../../core/results.js';
import { intervals } from '../../numeric/interval.js';
import { deviation } from './certified.js';
import { fromLog } from './logarithms.js';

/** Norms of the unrolled layers, one of each kind per layer, the head last. */
export interface UnrolledNorms {
  readonly n: number;
  readonly delta: number;
  readonly margin: number;
  /** B: of an input. */
  readonly inputNorm: number;
  readonly frob: readonly number[];
  readonly spec: readonly number[];
  /** Sums of the 2-norms of the rows. */
  readonly norm21: readonly number[];
  readonly width: number;
  readonly params: number;
  /** Slope over pool of each layer, 1 for the head. */
  readonly lipschitz: readonly number[];
}

const logProduct = (values: readonly number[]): number => values.reduce((sum, value) => sum + Math.log(value), 0);
const total = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);

/** Golowich, Rakhlin and Shamir 2018: B(√(2 log 2 D) + 1) Π lip_i F_i/(margin √n). */
export function frobeniusProduct({ n, margin, inputNorm, frob, lipschitz }: UnrolledNorms): number | Undefined {
  const depth = Math.log(Math.sqrt(2 * Math.LN2 * frob.length) + 1);
  const product = logProduct(lipschitz) + logProduct(frob);
  return fromLog(Math.log(inputNorm) + depth + product - Math.log(margin) - Math.log(n) / 2);
}

/** Bartlett, Foster and Telgarsky 2017: B Π lip_i S_i (Σ (N_i/S_i)^{2/3})^{3/2} log(width)/(margin √n). */
export function spectralMargin({
  n,
  margin,
  inputNorm,
  spec,
  norm21,
  width,
  lipschitz,
}: UnrolledNorms): number | Undefined {
  const sum = 1.5 * Math.log(total(norm21.map((norm, i) => (norm / (spec[i] as number)) ** (2 / 3))));
  const product = logProduct(lipschitz) + logProduct(spec);
  return fromLog(Math.log(inputNorm) + product + sum + Math.log(Math.log(width)) - Math.log(margin) - Math.log(n) / 2);
}

/** Neyshabur, Bhojanapalli and Srebro 2018. */
export function pacBayesSpectral(given: UnrolledNorms): number | Undefined {
  const { n, delta, margin, inputNorm, frob, spec, width, lipschitz } = given;
  const depth = spec.length;
  const ratios = total(frob.map((norm, i) => (norm / (spec[i] as number)) ** 2));
  const product = 2 * (logProduct(lipschitz) + logProduct(spec));
  const size =
    2 * Math.log((inputNorm * depth) / margin) + Math.log(width * Math.log(depth * width)) + Math.log(ratios);
  const confidence = Math.log(depth * n) - Math.log(delta);
  const first = size + product;
  const second = confidence > 0 ? Math.log(confidence) : -Infinity;
  const large = Math.max(first, second);
  return fromLog((large + Math.log(Math.exp(first - large) + Math.exp(second - large)) - Math.log(n)) / 2);
}

/** Sun et al. 2016 as quoted in section 3.2: b_x (2 p b~)^{l+1} √log(r_0 c_0)/√n. */
export function sun2016(given: {
  readonly inputBound: number;
  readonly pool: number;
  readonly norm1: number;
  readonly layers: number;
  readonly height: number;
  readonly width: number;
  readonly n: number;
}): number | Undefined {
  const { inputBound, pool, norm1, layers, height, width, n } = given;
  const power = (layers + 1) * Math.log(2 * pool * norm1);
  const area = Math.log(Math.log(height * width)) / 2;
  return fromLog(Math.log(inputBound) + power + area - Math.log(n) / 2);
}

/** The bound for dense networks quoted in section 5: τ √((1 + c_r l) max width) √((d log(n(l + 1)) + log(4/ε))/n). */
export function dnn2018(given: {
  readonly norm: number;
  readonly layers: number;
  readonly tau: number;
  readonly maxWidth: number;
  readonly params: number;
  readonly n: number;
  readonly epsilon: number;
}): number | Undefined {
  const { norm, layers, tau, maxWidth, params, n, epsilon } = given;
  const logRatio = 2 * Math.log(norm / 4);
  const logConstant = Math.max(logRatio, layers * logRatio);
  const large = Math.max(0, logConstant + Math.log(layers));
  const bracket = large + Math.log(Math.exp(-large) + Math.exp(logConstant + Math.log(layers) - large));
  const complexity = params * Math.log(n * (layers + 1)) + Math.log(4 / epsilon);
  return fromLog(Math.log(tau) + (bracket + Math.log(maxWidth) + Math.log(complexity / n)) / 2);
}

/** √((bits d log 2 + log(2/δ))/(2n)), rounded up: a finite class, rigorous for networks stored with so many bits per weight. */
export function bitCountGap(parameters: number, samples: number, bits: number, failureProbability: number): number {
  const { of, multiply, logarithm } = intervals;
  const size = multiply(multiply(of(bits), of(parameters)), logarithm(of(2)));
  return deviation(size, { samples, failureProbability }, intervals).high;
}

/** Most parameters of so many bits for which that gap is not above `target`. */
export function parametersForBitCountGap(
  target: number,
  samples: number,
  bits: number,
  failureProbability: number,
): number | Undefined {
  const gap = (count: number): number => bitCountGap(count, samples, bits, failureProbability);
  let count = Math.floor((2 * samples * target ** 2 - Math.log(2 / failureProbability)) / (bits * Math.LN2));
  if (gap(count + 1) <= target) count++;
  else if (count >= 1 && gap(count) > target) count--;
  return count >= 1
    ? count
    : { reason: 'no network is so small: the price of the failure probability alone is above the target' };
}

/** McAllester: empirical error + √((KL + log(n/δ))/(2n − 1)). */
export function mcAllesterBound(
  error: number,
  divergence: number,
  samples: number,
  failureProbability: number,
): number {
  return error + Math.sqrt((divergence + Math.log(samples / failureProbability)) / (2 * samples - 1));
}

/** Catoni: inf over C > 0 of (1 − e^{−C r − (KL + log(1/δ))/n})/(1 − e^{−C}) at one C that was chosen before the data. */
export function catoniBound(
  error: number,
  divergence: number,
  samples: number,
  failureProbability: number,
  temperature: number,
): number {
  const exponent = temperature * error + (divergence + Math.log(1 / failureProbability)) / samples;
  return -Math.expm1(-exponent) / -Math.expm1(-temperature);
}

/** Hoeffding on examples that training never saw: √(log(sides/δ)/(2n)). */
export const holdoutMargin = (samples: number, failureProbability: number, sides: number): number =>
  Math.sqrt(Math.log(sides / failureProbability) / (2 * samples));
