// The log marginal likelihood of targets and its derivatives by what the kernel is made of: (6.11) of docs/systems/kernel.md.
import { addon } from '../../core/addon.js';
import { type ControlOptions, controlled } from '../../core/control.js';
import { MftError } from '../../core/errors.js';
import { threadsFor } from '../../core/memory.js';
import { resolveActivation } from '../../gaussian/activations.js';
import { equalRows } from './dependence.js';
import { product } from './factor.js';
import { selfKernels } from './kernels.js';
import type { DataMatrix, KernelModel } from './model.js';
import { regress, type Targets } from './regression.js';
import type { NativeGaussianFunction } from '../../gaussian/expectation.js';
import { hasTangent } from './pair.js';
import type { NativeGradientCall } from './regression-native.js';

/** What is asked for, at one point. */
export interface LikelihoodQuestion {
  readonly model: KernelModel;
  readonly data: DataMatrix;
  /** x_i·x_j over the input scaling, as `gramOf` makes it: it does not change with the point. */
  readonly gram: Float64Array;
  readonly targets: Targets;
  readonly kernel: 'nngp' | 'ntk';
  readonly noiseVariance: number;
}

/** The likelihood of all targets together, and its derivatives. */
export interface Likelihood {
  readonly value: number;
  /** By σ_w² and σ_b² of every dense layer. */
  readonly weights: Float64Array;
  readonly biases: Float64Array;
  /** By the slope of a rectifier below zero. */
  readonly slope: number;
  /** By one keep probability of all hidden layers. */
  readonly keep: number;
  readonly noise: number;
}

type PairFunction = NativeGradientCall['model']['phi'];

/**
 * How pairs of the activation have derivatives: closed forms, or (`series`) sums over Hermite polynomials.
 *
 * @throws MftError ERR_MFT_UNSUPPORTED for an activation that jumps or is a JavaScript function, and for `parameterization` "standard"
 */
export function pairFunctionOf({ activation, isStandard, phi }: KernelModel): PairFunction {
  const { name, parameters } = resolveActivation(activation);
  const [first, second] = parameters as unknown as readonly [number, number];
  const slopes = {
    relu: [0, 1],
    leakyRelu: [first, 1],
    abRelu: [first, second],
    abs: [-1, 1],
    linear: [1, 1],
  } as const;
  if (isStandard)
    throw new MftError('ERR_MFT_UNSUPPORTED', 'Derivatives of the likelihood need `parameterization` "ntk".', {
      parameter: 'parameterization',
    });
  if (Object.hasOwn(slopes, name)) {
    const [a, b] = slopes[name as keyof typeof slopes];
    return { kind: 'rectifier', a, b };
  }
  if (name === 'erf' || name === 'gelu' || name === 'sin' || name === 'cos') return { kind: name, a: 0, b: 1 };
  if (phi.native !== undefined && hasTangent(phi)) return { kind: 'series', a: 0, b: 1 };
  throw new MftError(
    'ERR_MFT_UNSUPPORTED',
    `Expected \`activation\` to be continuous (derivatives of the kernel are infinite behind a jump), received ${name}.`,
    { parameter: 'activation', received: name },
  );
}

/** x_i·x_j over the input scaling; of equal rows exactly that of one with itself, which rounding may miss. */
export async function gramOf(model: KernelModel, data: DataMatrix, options: ControlOptions): Promise<Float64Array> {
  const gram = await product(data.values, data.values, data.dimension, options);
  const scale = model.scalesInputs ? 1 / data.dimension : 1;
  const { count } = data;
  for (const group of equalRows(data)) {
    const square = gram[(group[0] as number) * (count + 1)] as number;
    for (const i of group) for (const j of group) gram[i * count + j] = square;
  }
  return gram.map((value) => value * scale);
}

/** ∂L/∂θ = Σ_ij W_ij ∂A_ij/∂θ with W = ½ (Σ_t α_t α_tᵀ − T A⁻¹). @throws MftError as `factorize` */
export async function likelihood(question: LikelihoodQuestion, options: ControlOptions): Promise<Likelihood> {
  const { model, data, gram, targets, kernel, noiseVariance } = question;
  const { count, rows } = targets;
  const own = (await selfKernels(model, data, { ...options, ntk: kernel === 'ntk' }))[kernel];
  const regression = await regress(own, targets, { noiseVariance, jitter: 'none' }, { model, data }, options);
  await addon().kernelInverse({ matrix: own, count });
  const adjoint = own;
  const { coefficients } = regression;
  for (let i = 0; i < count; i++)
    for (let j = 0; j <= i; j++) {
      let sum = 0;
      for (let t = 0; t < rows; t++)
        sum += (coefficients[t * count + i] as number) * (coefficients[t * count + j] as number);
      adjoint[i * count + j] = (sum - rows * (adjoint[i * count + j] as number)) / 2;
    }
  let noise = 0;
  for (let i = 0; i < count; i++) noise += adjoint[i * count + i] as number;
  const call: NativeGradientCall = {
    model: {
      phi: pairFunctionOf(model),
      activation: model.phi.native as NativeGaussianFunction,
      weights: Float64Array.from(model.weights),
      biases: Float64Array.from(model.biases),
      keeps: Float64Array.from(model.keeps),
      inputKeep: model.inputKeep,
      hasSharedMasks: model.sharedMasks,
      isTangent: kernel === 'ntk',
      threads: threadsFor(0),
    },
    gram,
    adjoint,
    count,
  };
  const { weights, biases, slope, keep } = await controlled(options, Math.min(32, count), (slots) =>
    addon().kernelGradient(call, slots),
  );
  const value = regression.logMarginalLikelihood.reduce((sum, each) => sum + each, 0);
  return { value, weights, biases, slope, keep, noise };
}
