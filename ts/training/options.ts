// What a training run is told: declared once, as every other schema.
import * as z from 'zod';
import { parse } from '../core/checks.js';
import { expectedError } from '../core/errors.js';
import type { NamedArray } from '../core/trainer.js';
import { type ScalingRule, scalingField } from './scaling.js';
import { aliased, booleanField, choiceField, numberField, wholeField } from '../core/fields.js';

/** How `train` trains. Every field has a default. */
export interface TrainOptions {
  /** Update rule (docs/training.md has the formulas). Default 'sgd'. */
  readonly optimizer?: 'sgd' | 'momentum' | 'nesterov' | 'rmsProp' | 'adam';
  /** η. Default 0.01. */
  readonly learningRate?: number;
  /** How η changes over the steps: see `learningRates`. Default 'constant'. */
  readonly schedule?: 'constant' | 'step' | 'exponential' | 'cosine';
  /** Steps after which 'step' and 'exponential' have multiplied η by `scheduleFactor`. Default 1000. */
  readonly scheduleEvery?: number;
  /** Factor of 'step' and 'exponential'; last fraction of η for 'cosine'. Default 0.1. */
  readonly scheduleFactor?: number;
  /** Steps over which η rises linearly from 0. Default 0. */
  readonly warmupSteps?: number;
  /** μ of momentum and nesterov. Default 0.9. */
  readonly momentum?: number;
  /** Decay of rmsProp's mean square. Default 0.9. */
  readonly decay?: number;
  /** β_1 of adam. Default 0.9. */
  readonly beta1?: number;
  /** β_2 of adam. Default 0.999. */
  readonly beta2?: number;
  /** Default 1e-10 for rmsProp, 1e-8 for adam. */
  readonly epsilon?: number;
  /** λ: adds λ W to the gradient of the weights (not of the biases). Default 0. */
  readonly weightDecay?: number;
  /** Largest norm of the whole gradient; larger ones are scaled down. 0 = no clipping. Default 0. */
  readonly clipNorm?: number;
  /** Default 'crossEntropy' (of the softmax); 'squared' is ½ Σ (z − onehot)², 'brier' ½ Σ (softmax(z) − onehot)². */
  readonly loss?: 'crossEntropy' | 'squared' | 'brier';
  /** Images per step; images left over in an epoch are skipped in it. Default 128. */
  readonly batchSize?: number;
  /** Passes over the training images. Default 1 when `steps` is left out. */
  readonly epochs?: number;
  /** Number of steps, instead of `epochs`. */
  readonly steps?: number;
  /** Whether every epoch has its own order of the images. Default true. */
  readonly shuffle?: boolean;
  /** Use only the first images of the training set. 0 = all. Default 0. */
  readonly trainCount?: number;
  /**
   * Hold out this many images, those after the first `trainCount` (0: the last ones), and evaluate on them instead of
   * the test set. 0 = none. Default 0.
   */
  readonly validationCount?: number;
  /**
   * What becomes of a component x: 'unit' x/255, 'centered' x/255 − 1/2, 'standard' mean 0 and variance 1 per colour
   * over the training images. Default 'standard'.
   */
  readonly normalization?: 'unit' | 'centered' | 'standard';
  /** 'pathConditioned': dropout masks given that a path from inputs to outputs survives; no step is blocked. Default 'independent'. */
  readonly masks?: 'independent' | 'pathConditioned';
  /**
   * Take steps/θ steps (rounded) instead of `steps`: on average as many masks with a path as that many path-conditioned
   * ones. Default false.
   */
  readonly moreSteps?: boolean;
  /** Whether the layers have biases. Left out: as the system says. */
  readonly hasBiases?: boolean;
  /** Seed of weights, masks and orders. Default 1. */
  readonly seed?: number;
  /** Default 'float32'. */
  readonly precision?: 'float32' | 'float64';
  /** Threads; 0 = all processors. Never changes the result. Default 0. */
  readonly threads?: number;
  /** Steps between two reports with an evaluation of the test set; 0 = every epoch. Default 0. */
  readonly reportEvery?: number;
  /** Steps between two records of q, c and gradient norms of every layer; 0 = none. Default 0. */
  readonly statisticsEvery?: number;
  /** Training images evaluated without masks at the end. Default 10,000. */
  readonly trainEvaluation?: number;
  /** File that holds the state of the run; when it exists the run continues from it. */
  readonly checkpoint?: string;
  /** Steps between two checkpoints; 0 = every epoch. Default 0. */
  readonly checkpointEvery?: number;
  /** Return the trained weights too, by name. Default false. */
  readonly returnWeights?: boolean;
  /** Write the trained weights to this .npz or .safetensors file: one array per name. */
  readonly saveWeights?: string;
  /** Start from these weights instead of drawn ones: all arrays of the network by name, or a file of them (`readArrays`). */
  readonly initialWeights?: string | Readonly<Record<string, NamedArray>>;
  /** Factors of the learning rate by layer or tensor (`layer2`, `layer2.weight`); the tensor's wins. Default 1. */
  readonly rateMultipliers?: Readonly<Record<string, number>>;
  /** Factors a of a W x + b by layer (`layer2`; of a block `layer2.inner`, `layer2.outer`). Default 1. */
  readonly forwardMultipliers?: Readonly<Record<string, number>>;
  /** Factors of rates and products for the network's width (and depth) by a named rule, besides those above. Left out: none. */
  readonly scaling?: ScalingRule;
  /** Refuse to start when the estimated memory exceeds this many bytes; 0.8 of the memory allowed when left out. */
  readonly memoryLimit?: number;
}

const largestSteps = 2_147_483_647;

function isNamedArray(value: unknown): boolean {
  const { shape, values } = (value ?? {}) as { shape?: unknown; values?: unknown };
  return (
    Array.isArray(shape) &&
    (values instanceof Float32Array || values instanceof Float64Array) &&
    shape.reduce((product: number, size: number) => product * size, 1) === values.length
  );
}

const multipliers = (description: string) =>
  z.record(z.string(), z.number().min(0).max(1e9)).meta({ expected: 'numbers >= 0 by name', description }).default({});

const fields = {
  optimizer: aliased(
    choiceField(['sgd', 'momentum', 'nesterov', 'rmsProp', 'adam'], 'Update rule.').default('sgd'),
    'optimiser',
  ),
  learningRate: numberField({ low: 0, high: 1e6 }, 'Learning rate.', 'η').default(0.01),
  schedule: choiceField(
    ['constant', 'step', 'exponential', 'cosine'],
    'How the learning rate changes over the steps.',
  ).default('constant'),
  scheduleEvery: wholeField(
    1,
    largestSteps,
    'Steps after which step and exponential have multiplied the rate by the factor.',
  ).default(1000),
  scheduleFactor: numberField(
    { low: 0, high: 1 },
    'Factor of step and exponential; last fraction of the rate for cosine.',
  ).default(0.1),
  warmupSteps: wholeField(0, largestSteps, 'Steps over which the rate rises linearly from 0.').default(0),
  momentum: numberField({ low: 0, high: 1 }, 'Momentum of momentum and nesterov.', 'μ').default(0.9),
  decay: numberField({ low: 0, high: 1 }, 'Decay of the mean square of rmsProp.').default(0.9),
  beta1: numberField({ low: 0, high: 0.999999 }, 'Decay of the mean of adam.', 'β_1').default(0.9),
  beta2: numberField({ low: 0, high: 0.999999 }, 'Decay of the mean square of adam.', 'β_2').default(0.999),
  epsilon: numberField(
    { low: 0, above: true },
    'Added to the root of the mean square; 1e-10 for rmsProp, 1e-8 for adam when left out.',
  ).optional(),
  weightDecay: numberField({ low: 0, high: 1e6 }, 'Adds this times W to the gradient of the weights.', 'λ').default(0),
  clipNorm: numberField({ low: 0 }, 'Largest norm of the gradient; 0 = no clipping.').default(0),
  loss: choiceField(
    ['crossEntropy', 'squared', 'brier'],
    'Softmax cross-entropy, or half the squared distance from the one-hot label, of the outputs or of their softmax.',
  ).default('crossEntropy'),
  batchSize: wholeField(1, 1_000_000, 'Images per step.').default(128),
  epochs: wholeField(1, 1_000_000, 'Passes over the training images; 1 when steps is left out too.').optional(),
  steps: wholeField(1, largestSteps, 'Number of steps, instead of epochs.').optional(),
  shuffle: booleanField('Whether every epoch has its own order of the images.').default(true),
  trainCount: wholeField(0, 100_000_000, 'Use only the first images of the training set; 0 = all.').default(0),
  validationCount: wholeField(
    0,
    100_000_000,
    'Hold out this many images after the first train-count of the training set, and evaluate on them instead of the test set; 0 = none.',
  ).default(0),
  normalization: aliased(
    choiceField(
      ['unit', 'centered', 'standard'],
      'Components as x/255, x/255 - 1/2, or with mean 0 and variance 1 per colour.',
    ).default('standard'),
    'normalisation',
  ),
  masks: choiceField(
    ['independent', 'pathConditioned'],
    'Dropout masks as they fall, or given that a path survives.',
  ).default('independent'),
  moreSteps: booleanField('Take steps / (path probability) steps, to make up for blocked masks.').default(false),
  hasBiases: booleanField('Whether the layers have biases; as the system says when left out.').optional(),
  seed: wholeField(0, Number.MAX_SAFE_INTEGER, 'Seed of weights, masks and orders.').default(1),
  precision: choiceField(['float32', 'float64'], 'Precision of weights and activations.').default('float32'),
  threads: wholeField(0, 1024, 'Threads; 0 = all processors. Never changes the result.').default(0),
  reportEvery: wholeField(0, largestSteps, 'Steps between two reports; 0 = every epoch.').default(0),
  statisticsEvery: wholeField(
    0,
    largestSteps,
    'Steps between two records of the statistics of every layer; 0 = none.',
  ).default(0),
  trainEvaluation: wholeField(0, 100_000_000, 'Training images evaluated without masks at the end.').default(10_000),
  checkpoint: z
    .string()
    .min(1)
    .meta({
      expected: 'the path of a file',
      description: 'File that holds the state of the run; when it exists the run continues from it.',
    })
    .optional(),
  checkpointEvery: wholeField(0, largestSteps, 'Steps between two checkpoints; 0 = every epoch.').default(0),
  returnWeights: booleanField('Return the trained weights too, by name.').default(false),
  saveWeights: z
    .string()
    .min(1)
    .meta({
      expected: 'the path of a file',
      description: 'Write the trained weights to this .npz or .safetensors file.',
    })
    .optional(),
  initialWeights: z
    .union([z.string().min(1), z.record(z.string(), z.custom<NamedArray>(isNamedArray))])
    .meta({
      expected: 'a file of weights, or arrays { shape, values } by name',
      description: 'Start from these weights instead of drawn ones.',
    })
    .optional(),
  rateMultipliers: multipliers('Factors of the learning rate by layer or tensor, as {"layer2.weight": 0.5}.'),
  forwardMultipliers: multipliers(
    'Factors of W x by layer, as {"layer3": 0.25}; of a block layer2.inner, layer2.outer.',
  ),
  scaling: scalingField,
  memoryLimit: numberField(
    { low: 0, above: true },
    'Refuse to start when the estimated memory exceeds this many bytes; 0.8 of the memory allowed when left out.',
  ).optional(),
} as const satisfies { readonly [K in keyof Required<TrainOptions>]: z.ZodType };

export const trainOptionsSchema = z.strictObject(fields);

type Optional =
  | 'hasBiases'
  | 'epochs'
  | 'steps'
  | 'checkpoint'
  | 'saveWeights'
  | 'initialWeights'
  | 'memoryLimit'
  | 'scaling';

/** Options with defaults filled in. */
export type ResolvedTrainOptions = Required<Omit<TrainOptions, Optional>> & {
  readonly [K in Optional]?: TrainOptions[K] | undefined;
};

/** Options with defaults filled in. @throws MftError ERR_MFT_INVALID_ARGUMENT, ERR_MFT_OUT_OF_RANGE */
export function resolveTrainOptions(input: unknown): ResolvedTrainOptions {
  const options = parse(trainOptionsSchema, input, 'training options');
  if (options.epochs !== undefined && options.steps !== undefined)
    throw expectedError('ERR_MFT_INVALID_ARGUMENT', 'steps', 'left out when `epochs` is given', options.steps);
  if (options.moreSteps && options.masks === 'pathConditioned')
    throw expectedError(
      'ERR_MFT_INVALID_ARGUMENT',
      'moreSteps',
      'false where `masks` is pathConditioned: no mask is blocked',
      true,
    );
  return { ...options, epsilon: options.epsilon ?? (options.optimizer === 'rmsProp' ? 1e-10 : 1e-8) };
}

/**
 * The learning rate of every step k = 0..steps − 1: η·w(k)·s(k) with w(k) = min(1, (k + 1)/warmupSteps) and
 * s = 1 (constant), factor^⌊k/every⌋ (step), factor^(k/every) (exponential), f + (1 − f)(1 + cos(πk/steps))/2 (cosine).
 */
export function learningRates(options: ResolvedTrainOptions, steps: number): Float64Array {
  const { learningRate, schedule, scheduleEvery: every, scheduleFactor: factor, warmupSteps } = options;
  const at = (k: number): number => {
    const warmup = warmupSteps > 0 ? Math.min(1, (k + 1) / warmupSteps) : 1;
    if (schedule === 'constant') return learningRate * warmup;
    if (schedule === 'step') return learningRate * warmup * factor ** Math.floor(k / every);
    if (schedule === 'exponential') return learningRate * warmup * factor ** (k / every);
    return learningRate * warmup * (factor + ((1 - factor) * (1 + Math.cos((Math.PI * k) / steps))) / 2);
  };
  const rates = new Float64Array(steps);
  for (let k = 0; k < steps; k++) rates[k] = at(k);
  return rates;
}
