// Initializations that keep something from layer to layer: the gradient (critical) or the variance of the signal.
import { initializationOptions } from './checks.js';
import { expectedError } from '../core/errors.js';
import {
  type CriticalOptions,
  type CriticalPoint,
  criticalPoints,
  noCriticalPoint,
  smallestAttracting,
} from './critical.js';
import { type Activation, gaussianFunctionOf } from './expectation.js';
import { expectation } from './moments.js';

/** Code that sets weights and biases in other libraries. */
export interface InitializationCode {
  readonly pytorch: string;
  readonly tfjs: string;
}

/** σ_w² at which the variance of the pre-activations stays at q, whatever the gradient does. */
export interface VariancePreserving extends InitializationCode {
  /** σ_w² = ρ (q − σ_b²)/E φ². */
  readonly weightVariance: number;
  readonly biasVariance: number;
  /** q, where the variance is kept. */
  readonly variance: number;
  /** χ₁ there: factor per layer of squared gradients. */
  readonly gradientMultiplier: number;
  /** χ_q there: the variance returns to q where it is below 1, and leaves it where it is above. */
  readonly keeps: string;
}

/** An initialization on the critical line, with code for other libraries. */
export interface CriticalInitialization extends CriticalPoint, InitializationCode {
  readonly keepProbability: number;
  /**
   * √(σ_w²): the factor of a standard deviation 1/√fan-in. PyTorch's `orthogonal_` takes it as `gain` for layers that do not
   * widen; `xavier_normal_` only for square ones.
   */
  readonly gain: number;
  readonly formula: string;
  /** What stays the same from layer to layer, and from where. */
  readonly keeps: string;
  /** Why it is another σ_b² than the one asked for; absent when it is that one. */
  readonly reason?: string;
  /** The half-stable end of the attracting critical line, when σ_b² had to be raised above it. */
  readonly limit?: CriticalPoint;
  /** The weight that keeps the variance instead. */
  readonly variancePreserving: VariancePreserving;
  /** Other critical points at the σ_b² asked for, when there are any; not all of them attract. */
  readonly others: readonly CriticalPoint[];
}

/** What the initialization is to keep, and where. */
export interface InitializationOptions extends CriticalOptions {
  /** q > σ_b² that the variance-preserving weight keeps. Default 1 + σ_b². */
  readonly variance?: number;
}

/**
 * Weight and bias variances at which gradients of a deep network neither vanish nor explode, for any activation, with
 * initializer code for PyTorch and TensorFlow.js, and beside them the weight variance that keeps the variance of the signal.
 *
 * Only attracting points are recommended: where none attracts at the given σ_b² (GELU, SiLU and Mish without bias: any
 * input leaves q* = 0), σ_b² is 5 % above the smallest one with an attracting critical point, and `reason` says so.
 *
 * @param activation φ
 * @param options σ_b², ρ, the variance to keep
 * @returns σ_w², σ_b², q*, texts
 * @throws MftError ERR_MFT_NO_FIXED_POINT when no weight variance is critical at an attracting fixed point; the sentence
 *   names the variance-preserving weight
 *
 * **Numerics**: relative error 1e-12 of σ_w², as `criticalPoints`.
 * **Source**: Schoenholz et al. 2017; He et al. 2015 is the case of relu; the choice of an attracting point is derived.
 *
 * @example
 * criticalInitialization('relu').weightVariance; // 2
 */
export function criticalInitialization(
  activation: Activation,
  options: InitializationOptions = {},
): CriticalInitialization {
  const given = initializationOptions(options);
  const { biasVariance: asked = 0, keepProbability = 1, variance: _, ...rest } = given;
  const points = criticalPoints(activation, { ...rest, biasVariance: asked, keepProbability });
  const preserving = variancePreservingInitialization(activation, options);
  const stable = points.find((point) => point.isStable);
  const limits = stable === undefined ? smallestAttracting(activation, keepProbability) : undefined;
  const point = stable ?? limits?.chosen;
  if (point === undefined) {
    throw noCriticalPoint(
      activation,
      options,
      ` The variance ${preserving.variance} is kept by \`weightVariance\` ${preserving.weightVariance}.`,
    );
  }
  const { weightVariance, biasVariance, fixedPointVariance } = point;
  return {
    ...point,
    keepProbability,
    gain: Math.sqrt(weightVariance),
    formula:
      `weightVariance = keepProbability / E[phi'(u)^2] = ${weightVariance}, u ~ N(0, ${fixedPointVariance}); ` +
      `weights ~ N(0, weightVariance / fan-in), biases ~ N(0, ${biasVariance})`,
    keeps: keptBy(activation, point),
    ...(limits === undefined ? {} : { reason: reasonFor(asked, points, limits.limit), limit: limits.limit }),
    ...initializationCode(weightVariance, biasVariance),
    variancePreserving: preserving,
    others: points.filter((other) => other !== stable),
  };
}

function keptBy(activation: Activation, { fixedPointVariance: q }: CriticalPoint): string {
  if (gaussianFunctionOf(activation).homogeneousDegree === 1) return 'squared gradients and every variance, on average';
  if (q === 0)
    return 'squared gradients at the variance 0, to which the variance of any input falls as a power of the depth';
  return `squared gradients once the variance has settled at ${q}, which attracts`;
}

function reasonFor(asked: number, points: readonly CriticalPoint[], limit: CriticalPoint): string {
  const found = points.map((point) => `${point.weightVariance} (variance ${point.fixedPointVariance})`).join(', ');
  return (
    `With biasVariance ${asked} ${found === '' ? 'no weight variance is critical' : `the critical weight variance ${found} repels`}. ` +
    `Attracting critical points begin at biasVariance ${limit.biasVariance}, weightVariance ${limit.weightVariance}, ` +
    `variance ${limit.fixedPointVariance}, which itself is half-stable (reached from one side only); biasVariance is 5 % above it.`
  );
}

/**
 * σ_w² = ρ (q − σ_b²)/E φ(u)², u ~ N(0, q): the variance q of the pre-activations is the same in the next layer.
 *
 * @param activation φ
 * @param options σ_b², ρ, q
 * @returns σ_w², χ₁, code
 * @throws MftError ERR_MFT_OUT_OF_RANGE when q is not above σ_b²
 *
 * **Numerics**: relative error 1e-12, as `gaussianSecondMoment`.
 * **Source**: Glorot and Bengio 2010, He et al. 2015; for any φ derived.
 *
 * @example
 * variancePreservingInitialization('gelu').weightVariance; // 2.35171561407
 */
export function variancePreservingInitialization(
  activation: Activation,
  options: InitializationOptions = {},
): VariancePreserving {
  const { biasVariance = 0, keepProbability = 1, variance = 1 + biasVariance } = initializationOptions(options);
  if (!(variance > biasVariance && variance < Infinity))
    throw expectedError(
      'ERR_MFT_OUT_OF_RANGE',
      'variance',
      `a finite number above biasVariance ${biasVariance}`,
      variance,
    );
  const phi = gaussianFunctionOf(activation);
  const gain = (variance - biasVariance) / expectation(phi, { value: 2 }, variance);
  const weightVariance = keepProbability * gain;
  const gradientMultiplier = gain * expectation(phi, { first: 2 }, variance);
  return {
    weightVariance,
    biasVariance,
    variance,
    gradientMultiplier,
    keeps: `the variance ${variance}; squared gradients change by the factor ${gradientMultiplier} per layer`,
    ...initializationCode(weightVariance, biasVariance),
  };
}

function initializationCode(weightVariance: number, biasVariance: number): InitializationCode {
  const [w, b] = [String(weightVariance), String(biasVariance)];
  return {
    pytorch: [
      `torch.nn.init.normal_(layer.weight, std=(${w} / layer.in_features) ** 0.5)`,
      biasVariance === 0 ? 'torch.nn.init.zeros_(layer.bias)' : `torch.nn.init.normal_(layer.bias, std=${b} ** 0.5)`,
    ].join('\n'),
    // The "normal" of tfjs is truncated without correction (77 % of the variance asked for): uniform has the variance it says.
    tfjs: [
      `kernelInitializer: tf.initializers.varianceScaling({ scale: ${w}, mode: 'fanIn', distribution: 'uniform' })`,
      biasVariance === 0
        ? `biasInitializer: 'zeros'`
        : `biasInitializer: tf.initializers.randomNormal({ stddev: Math.sqrt(${b}) })`,
    ].join(',\n'),
  };
}
