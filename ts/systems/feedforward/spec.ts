// The spec and the run of system `feedforward`: the fully connected network with dropout, (2.1) of docs/systems/feedforward.md.
import * as z from 'zod';
import { checkPerLayer, parse } from '../../core/checks.js';
import { expectedError, MftError } from '../../core/errors.js';
import {
  activationNames,
  also,
  biasDeviationNames,
  choiceField,
  depthNames,
  dropNames,
  widthNames,
  weightDeviationNames,
  perLayerField,
  perLayerWholeField,
  runFields,
  wholeField,
  numberField,
} from '../../core/fields.js';
import { drawnDeficit, type InputRow, type Inputs, inputsField, resolveInputs } from '../../core/inputs.js';
import { type ActivationSpec, activationPerLayerField, canonicalActivation } from '../../gaussian/activations.js';

/** Law of a weight; every law has mean 0 and variance σ_w²/fan-in. */
export type WeightLaw =
  | 'gaussian'
  | 'orthogonal'
  | 'uniform'
  | 'rademacher'
  | { readonly law: 'studentT'; readonly degreesOfFreedom: number }
  | { readonly law: 'sparse'; readonly density: number };

/**
 * A fully connected network with dropout: z¹ = W¹x + b¹, u^l = (m^l/ρ)∘φ(z^l), z^{l+1} = W^{l+1}u^l + b^{l+1};
 * W_ij ~ N(0, σ_w²/fan-in), b_i ~ N(0, σ_b²), m ~ Bernoulli(ρ). No mask after the last layer.
 */
export interface FeedforwardSpec {
  /**
   * φ, or one per hidden layer (`depth` − 1; `depth` of them where the loss is of φ at the last layer). Default 'tanh'.
   */
  readonly activation?: ActivationSpec | readonly ActivationSpec[];
  /** σ_w², the variance of a weight times its fan-in; a number or one per layer (`depth` of them). Default 1. */
  readonly weightVariance?: number | readonly number[];
  /** σ_b²; a number or one per layer. Default 0. */
  readonly biasVariance?: number | readonly number[];
  /** Mean of the biases; a number or one per layer. Biases all equal to b: `biasMean` b, `biasVariance` 0. Default 0. */
  readonly biasMean?: number | readonly number[];
  /** ρ in (0, 1], the probability of *keeping* a unit; a number or one per hidden layer (`depth` − 1). Default 1. */
  readonly keepProbability?: number | readonly number[];
  /**
   * What dropped units are: 0, kept ones φ/ρ ('plain'); or the value of SELU far below zero, after which an affine map
   * restores mean 0 and variance 1 ('alpha'). Default 'plain'.
   */
  readonly dropout?: 'plain' | 'alpha';
  /** Keep probability of the inputs, which are dropped plainly. Default 1. */
  readonly inputKeepProbability?: number;
  /** N: units per layer; a number or one per layer. Default 1000. */
  readonly width?: number | readonly number[];
  /** Length of the input vectors. Default: the first width; given by `inputs` when these are numbers or images. */
  readonly inputWidth?: number;
  /** L: the number of weight matrices; layers are counted 1..L. Default 50. */
  readonly depth?: number;
  /** Default: a drawn pair with mean square 1 and correlation 0.5. */
  readonly inputs?: Inputs | readonly InputRow[];
  /** Whether the inputs are masked alike. Default 'independent', as in both papers. */
  readonly maskSharing?: 'independent' | 'shared';
  /** Law of the weights. Default 'gaussian'. */
  readonly weights?: WeightLaw;
  /**
   * Whether the backward pass uses the transposed weights of the forward pass, or fresh ones (the independence
   * assumption). Default 'shared'.
   */
  readonly backwardWeights?: 'shared' | 'independent';
  /** Loss: Σ z² at the last layer, Σ φ(z)², or an error independent of the weights. Default 'preactivation'. */
  readonly output?: 'preactivation' | 'postactivation' | 'randomReadout';
}

/** How a simulation of `feedforward` runs. */
export interface FeedforwardRun {
  /** 'conditioned': exact without weight matrices; 'dense': real matrices; 'auto' takes conditioned where it applies. */
  readonly engine?: 'auto' | 'conditioned' | 'dense';
  /** Default: float64 for conditioned, float32 for dense. */
  readonly precision?: 'float64' | 'float32';
  readonly trials?: number;
  readonly seed?: number;
  readonly firstTrial?: number;
  readonly threads?: number;
  readonly rawTrials?: boolean;
  readonly memoryLimit?: number;
}

const lawForms =
  'one of gaussian, orthogonal, uniform, rademacher, {law: "studentT", degreesOfFreedom > 2}, {law: "sparse", density in (0, 1]}';
const weightLaw = z
  .union([
    z.enum(['gaussian', 'orthogonal', 'uniform', 'rademacher']),
    z.strictObject({ law: z.literal('studentT'), degreesOfFreedom: z.number().gt(2) }),
    z.strictObject({ law: z.literal('sparse'), density: z.number().gt(0).lte(1) }),
  ])
  .default('gaussian')
  .meta({ expected: lawForms, description: 'Law of a weight; mean 0, variance weightVariance/fan-in.' });

// The rate stands elsewhere, and `dropout` is the name that others have for it.
const { dropout: _, ...dropRateNames } = dropNames;
const dropoutField = z.enum(['plain', 'alpha']).default('plain').meta({
  kind: 'choice',
  expected: 'plain or alpha (not a rate: `keepProbability` = 1 - rate)',
  description: 'What a dropped unit is: 0, or the value of SELU far below zero with mean and variance restored.',
});

const largestWidth = 100_000_000;

export const feedforwardSpecSchema = z.strictObject({
  system: z.literal('feedforward').default('feedforward'),
  activation: also(activationPerLayerField, activationNames),
  weightVariance: also(
    perLayerField({ low: 0 }, 'Variance of a weight times its fan-in.', 'σ_w²'),
    weightDeviationNames,
  ).default(1),
  biasVariance: also(perLayerField({ low: 0 }, 'Variance of a bias.', 'σ_b²'), biasDeviationNames).default(0),
  biasMean: also(perLayerField({}, 'Mean of a bias: biases all equal to b have this mean and no variance.', 'E b'), {
    bias: ', with `biasVariance` 0, for biases that all have this value',
    biases: ', with `biasVariance` 0, for biases that all have this value',
  }).default(0),
  keepProbability: also(
    perLayerField({ low: 0, high: 1, above: true }, 'Probability of keeping a unit.', 'ρ'),
    dropRateNames,
  ).default(1),
  dropout: dropoutField,
  inputKeepProbability: numberField(
    { low: 0, high: 1, above: true },
    'Probability of keeping an input component.',
  ).default(1),
  width: also(perLayerWholeField(1, largestWidth, 'Units per layer.', 'N'), widthNames).default(1000),
  inputWidth: also(wholeField(1, largestWidth, 'Length of the input vectors.', 'N_0'), {
    inputSize: '',
    inputDim: '',
    inFeatures: '',
    fanIn: ', that of the first layer',
    nIn: '',
  }).optional(),
  depth: also(wholeField(1, 1_000_000, 'Number of weight matrices.', 'L'), depthNames).default(50),
  inputs: inputsField,
  maskSharing: choiceField(['independent', 'shared'], 'Whether all inputs get the same dropout masks.').default(
    'independent',
  ),
  weights: weightLaw,
  backwardWeights: choiceField(
    ['shared', 'independent'],
    'Weights of the backward pass: the transposed ones, or fresh ones.',
  ).default('shared'),
  output: choiceField(
    ['preactivation', 'postactivation', 'randomReadout'],
    'Loss: sum of z², of phi(z)², or an error independent of the weights.',
  ).default('preactivation'),
});

export const feedforwardRunSchema = z.strictObject({
  engine: also(
    choiceField(['auto', 'conditioned', 'dense'], 'Exact conditioning without weight matrices, or real matrices.'),
    { method: '' },
  ).default('auto'),
  precision: choiceField(['float64', 'float32'], 'Precision of the vectors; statistics are always double.').optional(),
  ...runFields,
});

export type ResolvedFeedforwardSpec = z.output<typeof feedforwardSpecSchema>;
export type ResolvedFeedforwardRun = z.output<typeof feedforwardRunSchema> & {
  readonly engine: 'conditioned' | 'dense';
  readonly precision: 'float64' | 'float32';
};

/** Pairs are reported among the first inputs only: 32 inputs have 496 pairs. */
export const largestPaired = 32;

/** A spec with defaults filled in and every cross-check done. */
export function resolveFeedforwardSpec(input: unknown): ResolvedFeedforwardSpec {
  const spec = parse(feedforwardSpecSchema, input, 'spec');
  const { depth } = spec;
  checkPerLayer('weightVariance', spec.weightVariance, depth);
  checkPerLayer('biasVariance', spec.biasVariance, depth);
  checkPerLayer('biasMean', spec.biasMean, depth);
  checkPerLayer('keepProbability', spec.keepProbability, depth - 1);
  checkPerLayer('width', spec.width, depth);
  const inputs = resolveInputs(spec.inputs);
  if ('values' in inputs && spec.inputWidth !== undefined && spec.inputWidth !== inputs.values[0]?.length) {
    throw new MftError(
      'ERR_MFT_SHAPE',
      `Expected \`inputWidth\` to be the length of the given inputs (${inputs.values[0]?.length}), received ${spec.inputWidth}.`,
      { parameter: 'inputWidth' },
    );
  }
  const resolved = { ...spec, activation: canonicalActivations(spec), inputs };
  requireRoomForInputs(resolved);
  return resolved;
}

/** φ of each layer in canonical form; the last layer's may be left out unless the loss is of it. */
function canonicalActivations({
  activation,
  depth,
  output,
}: {
  readonly activation: unknown;
  readonly depth: number;
  readonly output: string;
}): ActivationSpec | readonly ActivationSpec[] {
  if (!Array.isArray(activation)) return canonicalActivation(activation);
  const needed = output === 'postactivation' ? [depth] : [depth - 1, depth];
  if (!needed.includes(activation.length)) {
    const expected = `an activation or a list of ${needed[0]}, one per ${needed.length === 1 ? '' : 'hidden '}layer`;
    throw new MftError(
      'ERR_MFT_SHAPE',
      `Expected \`activation\` to be ${expected}, received a list of ${activation.length}.`,
      { parameter: 'activation', expected, received: activation.length },
    );
  }
  return activation.map(canonicalActivation);
}

/** Whether all layers have the same φ. */
export function isOneActivation(activation: ActivationSpec | readonly ActivationSpec[]): activation is ActivationSpec {
  return !Array.isArray(activation);
}

/** φ of layer l + 1; the last layer's is linear where the list leaves it out. */
export function activationOf({ activation }: ResolvedFeedforwardSpec, l: number): ActivationSpec {
  return isOneActivation(activation) ? activation : (activation[l] ?? 'linear');
}

/** N_0: as given, the length of given inputs, or the first width (at least as many as there are drawn inputs). */
export function inputWidthOf(spec: ResolvedFeedforwardSpec): number {
  if ('values' in spec.inputs) return spec.inputs.values[0]?.length ?? 0;
  const first = typeof spec.width === 'number' ? spec.width : (spec.width[0] as number);
  return spec.inputWidth ?? Math.max(first, 'count' in spec.inputs ? (spec.inputs.count ?? 2) : 1);
}

/** Two directions need two components, unless they are parallel. */
function requireRoomForInputs(spec: ResolvedFeedforwardSpec): void {
  if (spec.inputWidth !== 1 || 'values' in spec.inputs || 'dataset' in spec.inputs || spec.inputs.count === 1) return;
  const deficit = drawnDeficit(spec.inputs);
  if (deficit !== 0 && deficit !== 2)
    throw expectedError(
      'ERR_MFT_OUT_OF_RANGE',
      'inputWidth',
      'at least 2 for a pair of inputs that are not parallel',
      spec.inputWidth,
    );
}

/** A run with the engine and precision chosen. */
export function resolveFeedforwardRun(input: unknown, spec: ResolvedFeedforwardSpec): ResolvedFeedforwardRun {
  const run = parse(feedforwardRunSchema, input, 'run');
  const conditionable = spec.weights === 'gaussian' || spec.weights === 'orthogonal';
  if (run.engine === 'conditioned' && !conditionable) {
    throw new MftError(
      'ERR_MFT_UNSUPPORTED',
      'Expected `engine` to be dense for these `weights`: exact conditioning needs gaussian or orthogonal weights.',
      { parameter: 'engine' },
    );
  }
  const engine = run.engine === 'auto' ? (conditionable ? 'conditioned' : 'dense') : run.engine;
  return { ...run, engine, precision: run.precision ?? (engine === 'conditioned' ? 'float64' : 'float32') };
}
