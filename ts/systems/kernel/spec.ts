// The spec and the run of system `kernel`: a perceptron of any depth, its inputs, and the law of its weights.
import * as z from 'zod';
import { parse } from '../../core/checks.js';
import { expectedError } from '../../core/errors.js';
import { also, booleanField, choiceField, runFields, wholeField } from '../../core/fields.js';
import {
  drawnDeficit,
  type InputRow,
  type Inputs,
  inputsField,
  type InputVectors,
  resolveInputs,
  vectorsOf,
} from '../../core/inputs.js';
import { type ActivationSpec, canonicalActivation } from '../../gaussian/activations.js';
import type { LawName } from './laws.js';
import { kernelModel, type KernelModel, modelFields, widthField } from './model.js';

/** Law of a weight; every law has mean 0 and variance σ_w²/fan-in. */
export type KernelWeightLaw =
  | 'gaussian'
  | 'uniform'
  | 'laplace'
  | 'rademacher'
  | 'sphere'
  | 'ball'
  | 'orthogonal'
  | { readonly law: 'generalizedGaussian'; readonly shape: number }
  | { readonly law: 'studentT' | 'multivariateT'; readonly degreesOfFreedom: number }
  | { readonly law: 'sparse'; readonly density: number };

/** A perceptron with L hidden layers and a linear readout, whose kernels at infinite width are predicted and at finite width simulated. */
export interface KernelSpec {
  /** φ. Default 'relu'. */
  readonly activation?: ActivationSpec;
  /** L: hidden layers; a linear readout follows. 0 is a linear model. Default 1. */
  readonly depth?: number;
  /** σ_w²: variance of a weight times its fan-in; a number or one per dense layer (depth + 1). Default 2. */
  readonly weightVariance?: number | readonly number[];
  /** σ_b²; a number or one per dense layer. Default 0. */
  readonly biasVariance?: number | readonly number[];
  /** ρ in (0, 1], the probability of *keeping* a hidden unit; a number or one per hidden layer. Default 1. */
  readonly keepProbability?: number | readonly number[];
  /** ρ_0. Default 1. */
  readonly inputKeepProbability?: number;
  /** Whether all inputs get the same dropout masks. Default 'independent'. */
  readonly maskSharing?: 'independent' | 'shared';
  /** 'test': no dropout. Default 'train'. */
  readonly mode?: 'train' | 'test';
  /** What x·y of the first layer is divided by. Default 'dimension'. */
  readonly inputScaling?: 'dimension' | 'none';
  /** What learning acts on. Default 'ntk'. */
  readonly parameterization?: 'ntk' | 'standard';
  /** N: units of the hidden layers; a number or one per layer. Default 1000. */
  readonly width?: number | readonly number[];
  /** d: components of inputs that are drawn. Default 100; given by `inputs` when these are numbers or images. */
  readonly inputWidth?: number;
  /** Law of the weights. Default 'gaussian'. */
  readonly weights?: KernelWeightLaw;
  /** Whether `predict` bounds the error of every entry of K and Θ: quantities `nngpBound`, `ntkBound`. Left out: no. */
  readonly certified?: boolean;
  /** Default: a drawn pair with mean square 1 and correlation 0.5. */
  readonly inputs?: Inputs | readonly InputRow[];
}

/** How a simulation of `kernel` runs. */
export interface KernelRun {
  /** Whether the tangent kernel is wanted, which draws the weights twice. Default true. */
  readonly hasTangent?: boolean;
  /**
   * 'conditional': covariances of a layer are means over its weights given what enters it, in closed form where the law mixes
   * normal weights; the same means, less scatter. Default 'plain'.
   */
  readonly estimator?: 'plain' | 'conditional';
  readonly trials?: number;
  readonly seed?: number;
  readonly firstTrial?: number;
  readonly threads?: number;
  readonly rawTrials?: boolean;
  readonly memoryLimit?: number;
}

const plainLaws = ['gaussian', 'uniform', 'laplace', 'rademacher', 'sphere', 'ball', 'orthogonal'] as const;
const lawField = z
  .union([
    z.enum(plainLaws),
    z.strictObject({ law: z.literal('generalizedGaussian'), shape: z.number().gte(0.05).lte(100) }),
    z.strictObject({ law: z.enum(['studentT', 'multivariateT']), degreesOfFreedom: z.number().gt(2) }),
    z.strictObject({ law: z.literal('sparse'), density: z.number().gt(0).lte(1) }),
  ])
  .default('gaussian')
  .meta({
    expected:
      `one of ${plainLaws.join(', ')}, {law: "generalizedGaussian", shape in [0.05, 100]}, ` +
      '{law: "studentT" or "multivariateT", degreesOfFreedom > 2}, {law: "sparse", density in (0, 1]}',
    description: 'Law of a weight; mean 0, variance weightVariance/fan-in.',
  });

const largestWidth = 100_000_000;

export const specSchema = z.strictObject({
  system: z.literal('kernel').default('kernel'),
  ...modelFields,
  weightVariance: modelFields.weightVariance.unwrap().default(2),
  width: widthField.default(1000),
  inputWidth: also(wholeField(1, largestWidth, 'Components of inputs that are drawn.', 'd'), {
    inputSize: '',
    inputDim: '',
    inFeatures: '',
  }).optional(),
  weights: lawField,
  certified: booleanField('Whether predictions bound the error of every entry of both kernels.').optional(),
  inputs: inputsField,
});

export const runSchema = z.strictObject({
  hasTangent: booleanField('Whether the tangent kernel is wanted, which draws the weights twice.').default(true),
  estimator: choiceField(
    ['plain', 'conditional'],
    'Whether covariances are those of drawn weights, or means over them given what enters a layer.',
  ).default('plain'),
  ...runFields,
});

export type ResolvedKernelSpec = z.output<typeof specSchema>;
export type ResolvedKernelRun = z.output<typeof runSchema>;

/** A spec with defaults filled in and every cross-check done. */
export function resolveSpec(input: unknown): ResolvedKernelSpec {
  const spec = parse(specSchema, input, 'spec');
  const resolved = { ...spec, activation: canonicalActivation(spec.activation), inputs: resolveInputs(spec.inputs) };
  const { inputs, inputWidth } = resolved;
  if ('values' in inputs && inputWidth !== undefined && inputWidth !== inputs.values[0]?.length)
    throw expectedError(
      'ERR_MFT_SHAPE',
      'inputWidth',
      `the length of the given inputs (${inputs.values[0]?.length})`,
      inputWidth,
    );
  modelOf(resolved, 1);
  return resolved;
}

export function resolveRun(input: unknown, _spec: ResolvedKernelSpec): ResolvedKernelRun {
  return parse(runSchema, input, 'run');
}

export function modelOf(spec: ResolvedKernelSpec, inputDimension: number): KernelModel {
  return kernelModel(spec, inputDimension);
}

const drawnWidth = 100;

/** Inputs as numbers: given or read; of a drawn pair two vectors in the plane of the first two axes, which have its products. */
export function inputVectors(spec: ResolvedKernelSpec, read: InputVectors | undefined): InputVectors {
  if (read !== undefined) return read;
  const { inputs } = spec;
  if ('values' in inputs) return vectorsOf(inputs);
  const drawn = drawnInputs(spec);
  const dimension = spec.inputWidth ?? drawnWidth;
  const values = new Float64Array(drawn.count * dimension);
  const length = Math.sqrt(drawn.secondMoment * dimension);
  values[0] = length;
  if (drawn.count === 2) {
    const gap = drawn.oneMinusCorrelation;
    values[dimension] = length * (1 - gap);
    if (dimension > 1) values[dimension + 1] = length * Math.sqrt(gap * (2 - gap));
  }
  return { count: drawn.count, dimension, values };
}

/** The numbers of inputs that are drawn. */
export function drawnInputs({ inputs }: ResolvedKernelSpec): {
  readonly count: number;
  readonly secondMoment: number;
  readonly oneMinusCorrelation: number;
} {
  if ('values' in inputs || 'dataset' in inputs) return { count: 0, secondMoment: 1, oneMinusCorrelation: 0 };
  return {
    count: inputs.count ?? 2,
    secondMoment: inputs.secondMoment ?? 1,
    oneMinusCorrelation: drawnDeficit(inputs),
  };
}

/** The law and its one number; 1 where it has none. */
export function lawOf({ weights }: ResolvedKernelSpec): { readonly law: LawName; readonly parameter: number } {
  if (typeof weights === 'string') return { law: weights, parameter: 1 };
  if ('shape' in weights) return { law: weights.law, parameter: weights.shape };
  return { law: weights.law, parameter: 'density' in weights ? weights.density : weights.degreesOfFreedom };
}
