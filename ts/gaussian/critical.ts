// The critical line χ₁ = 1 of any activation, and initialisers made from it.
import { MftError } from '../core/errors.js';
import { type Activation, type Subject, subjectOf } from './expectation.js';
import { expectation, varianceSlope } from './moments.js';
import { rootBetween } from './roots.js';

/** A point of the critical line. */
export interface CriticalPoint {
  readonly weightVariance: number;
  readonly biasVariance: number;
  /** q* there; for a homogeneous activation every variance is fixed and this is 1. */
  readonly fixedPointVariance: number;
  /** Whether the length map is attracted to q*. An unstable one is critical only on paper. */
  readonly isStable: boolean;
}

/** Where on the critical line. */
export interface CriticalOptions {
  /** σ_b² ≥ 0. Default 0. */
  readonly biasVariance?: number;
  /** ρ in (0, 1]. Default 1. With ρ < 1 only the gradient is critical: correlations never are. */
  readonly keepProbability?: number;
}

const lowest = Math.log(1e-12);
const highest = Math.log(1e12);
const cells = 480;
const rounding = 1e-13;

/**
 * All σ_w² at which χ₁ = (σ_w²/ρ) E φ'² = 1 at a fixed point: σ_w²(q) = ρ/s2(q) with q − m2(q)/s2(q) = σ_b².
 *
 * @param activation φ · @param options σ_b², ρ
 * @returns critical points by increasing q*; empty when there is none (relu-like activations with bias)
 * @throws MftError like the Gaussian moments
 * **Numerics**: sign changes on a logarithmic grid of 480 cells, bisection to rounding; relative error 1e-12.
 * **Source**: parametrisation derived; B (Schoenholz et al. 2017) gives the line for tanh.
 */
export function criticalPoints(activation: Activation, options: CriticalOptions = {}): readonly CriticalPoint[] {
  const { biasVariance = 0, keepProbability = 1 } = options;
  const subject = subjectOf(activation);
  const weightAt = (q: number): number => keepProbability / expectation(subject, { first: 2 }, q);
  if (subject.homogeneousDegree === 1) {
    return biasVariance === 0
      ? [{ weightVariance: weightAt(1), biasVariance, fixedPointVariance: 1, isStable: true }]
      : [];
  }
  const points: CriticalPoint[] = [];
  if (biasVariance === 0 && subject.atZero.value === 0) {
    const weightVariance = weightAt(0);
    const q = 1e-6;
    const isStable = (weightVariance / keepProbability) * expectation(subject, { value: 2 }, q) <= q;
    if (Number.isFinite(weightVariance) && weightVariance > 0)
      points.push({ weightVariance, biasVariance, fixedPointVariance: 0, isStable });
  }
  const excess = (q: number): number =>
    q - expectation(subject, { value: 2 }, q) / expectation(subject, { first: 2 }, q) - biasVariance;
  let last: { readonly x: number; readonly sign: number } | undefined;
  for (let i = 0; i <= cells; i++) {
    const x = lowest + ((highest - lowest) * i) / cells;
    const q = Math.exp(x);
    const value = excess(q);
    if (!Number.isFinite(value) || Math.abs(value) < rounding * q) continue;
    const sign = Math.sign(value);
    if (last !== undefined && sign !== last.sign) {
      const root = Math.exp(rootBetween((at) => ({ value: excess(Math.exp(at)), slope: Number.NaN }), last.x, x));
      points.push({
        weightVariance: weightAt(root),
        biasVariance,
        fixedPointVariance: root,
        isStable: isAttracting(subject, weightAt(root) / keepProbability, root),
      });
    }
    last = { x, sign };
  }
  return points;
}

function isAttracting(subject: Subject, gain: number, variance: number): boolean {
  return Math.abs(gain * varianceSlope(subject, variance)) < 1;
}

/**
 * σ_w² on the critical line: the first stable critical point, or the first one when none is stable.
 *
 * @throws MftError ERR_MFT_NO_FIXED_POINT when no weight variance is critical
 *
 * @example
 * criticalWeightVariance('tanh', { biasVariance: 0.05 }); // 1.7609546396067386
 */
export function criticalWeightVariance(activation: Activation, options: CriticalOptions = {}): number {
  return criticalPoint(activation, options).weightVariance;
}

function criticalPoint(activation: Activation, options: CriticalOptions): CriticalPoint {
  const points = criticalPoints(activation, options);
  const chosen = points.find((point) => point.isStable) ?? points[0];
  if (chosen === undefined) {
    throw new MftError(
      'ERR_MFT_NO_FIXED_POINT',
      `No weight variance makes this ` +
        `activation critical ` +
        `with \`biasVariance\` ` +
        `${options.biasVariance ?? 0}: ` +
        `χ₁ = 1 at no fixed ` +
        `point${subjectOf(activation).homogeneousDegree === 1 ? ' (relu-like activations are ' + 'critical only without bias)' : ''}.`,
      { parameter: 'biasVariance', received: options.biasVariance },
    );
  }
  return chosen;
}

/** An initialisation on the critical line, with code for other libraries. */
export interface CriticalInitialization extends CriticalPoint {
  readonly keepProbability: number;
  /** √(σ_w²): PyTorch's "gain" for initialisers that divide by √fan-in. */
  readonly gain: number;
  readonly formula: string;
  readonly pytorch: string;
  readonly tfjs: string;
  /** Other critical points, when there are any. */
  readonly others: readonly CriticalPoint[];
}

/**
 * Weight and bias variances at which gradients of a deep network neither vanish nor explode, for any activation, with
 * initialiser code for PyTorch and TensorFlow.js.
 *
 * @param activation φ · @param options σ_b², ρ
 * @returns σ_w², σ_b², q*, texts
 * @throws MftError ERR_MFT_NO_FIXED_POINT when no weight variance is critical
 *
 * @example
 * criticalInitialization('relu').weightVariance; // 2
 */
export function criticalInitialization(activation: Activation, options: CriticalOptions = {}): CriticalInitialization {
  const point = criticalPoint(activation, options);
  const { weightVariance, biasVariance, fixedPointVariance } = point;
  const keepProbability = options.keepProbability ?? 1;
  const [w, b] = [String(weightVariance), String(biasVariance)];
  const others = criticalPoints(activation, options).filter(({ weightVariance: other }) => other !== weightVariance);
  return {
    ...point,
    keepProbability,
    gain: Math.sqrt(weightVariance),
    formula:
      `weightVariance = keepProbability ` +
      `/ E[phi'(u)^2] = ${w}, u ~ N(0, ` +
      `${fixedPointVariance}); weights ` +
      `~ N(0, ` +
      `weightVariance / fan-in), ` +
      `biases ~ N(0, ${b})`,
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
    others,
  };
}
