// The spec and the run of system `autoencoder`: a linear network that learns to undo noise, one direction of the data at a time.
import * as z from 'zod';
import { parse } from '../../core/checks.js';
import { expectedError } from '../../core/errors.js';
import { checkOrder, piecesField, type Piece } from './schedule.js';
import { aliased, also, booleanField, choiceField, numberField, runFields, wholeField } from '../../core/fields.js';

/** Law of the noise that is added to the inputs; only its variance counts on average. */
export type NoiseLaw = 'gaussian' | 'uniform' | 'sign';
/**
 * Start of the weights: `gaussian`, both matrices independent; `balanced`, W2 is the transpose of W1; `aligned`, every direction
 * has a hidden unit of its own, with two independent normal weights (scalar networks).
 */
export type InitialWeights = 'gaussian' | 'balanced' | 'aligned';

/**
 * x̂ = W2 W1 (x + e), trained by full-batch gradient descent on E|x − x̂|²/2 + (g/2)(|W1|² + |W2|²): H hidden units, no biases.
 */
export interface AutoencoderSpec {
  /** ν_i: eigenvalues of the second moment (1/N) Σ x xᵀ, not centred; a number or a list, in any order. Default 1. */
  readonly inputVariance?: number | readonly number[];
  /** H: hidden units. Default 64. */
  readonly width?: number;
  /** s²: variance of the noise per coordinate. Default 0. */
  readonly noiseVariance?: number;
  /** Law of that noise. Default 'gaussian'. */
  readonly noise?: NoiseLaw;
  /** p: probability of keeping an input coordinate (masking noise, scaled by 1/p). Default 1. */
  readonly inputKeepProbability?: number;
  /** g: weight decay. Default 0. */
  readonly weightDecay?: number;
  /** α: learning rate of a full-batch step. Default 0.01. */
  readonly learningRate?: number;
  /** T: steps. Default 1000. */
  readonly steps?: number;
  /** Steps between two records; the last step is always recorded. Default: a fiftieth of the steps. */
  readonly recordEvery?: number;
  /** First step that is recorded. Default 0, the start. */
  readonly firstRecord?: number;
  /** Start of the weights. Default 'gaussian'. */
  readonly initial?: InitialWeights;
  /** Variance of a weight at the start. Default 1e-6. */
  readonly initialVariance?: number;
  /** W2 is the transpose of W1 throughout. Default false. */
  readonly tied?: boolean;
  /** Theory of the `descent` itself, step by step, or of the gradient `flow`, its limit of small rates. Default 'descent'. */
  readonly dynamics?: 'descent' | 'flow';
  /** Noise, decay and rate that change: what is left out of a piece stays as it was. Default: nothing changes. */
  readonly schedule?: readonly Piece[];
  /** What only `train` reads: the data have their own spectrum, and hidden units may be rectified. */
  readonly training?: AutoencoderTraining;
}

/** A training run on examples. */
interface AutoencoderTraining {
  /** Of the hidden units. Default 'linear'. */
  readonly activation?: 'linear' | 'relu';
  /** Leading modes whose mapping is recorded every `recordEvery` steps; 0: none. Default 32. */
  readonly modes?: number;
  /** Noise drawn afresh in every step, or its expectation in closed form (rectified units: Gaussian noise only). Default 'sampled'. */
  readonly noise?: 'sampled' | 'expected';
}

/** How a simulation of `autoencoder` runs. */
export interface AutoencoderRun {
  readonly trials?: number;
  readonly seed?: number;
  readonly firstTrial?: number;
  readonly threads?: number;
  readonly rawTrials?: boolean;
  readonly memoryLimit?: number;
  /** Examples on which noise is drawn afresh in every step, at least one per direction; 0: descent on the expected loss. Default 0. */
  readonly examples?: number;
}

const eigenvalue = z.number().gte(0);
const largestSteps = 1_000_000_000;
const mostModes = 65_536;
const mostRecords = 1_000_000;

const training = z.strictObject({
  activation: choiceField(['linear', 'relu'], 'Of the hidden units.').default('linear'),
  modes: wholeField(0, mostModes, 'Leading modes that are recorded; 0 = none.').default(32),
  noise: choiceField(['sampled', 'expected'], 'Noise drawn afresh in every step, or its expectation.').default(
    'sampled',
  ),
});

export const specSchema = z.strictObject({
  system: z.literal('autoencoder').default('autoencoder'),
  inputVariance: also(
    aliased(
      z.union([eigenvalue, z.array(eigenvalue).min(1).max(mostModes)]).meta({
        kind: 'list',
        expected: 'a number >= 0, or a list of them, one per direction',
        description: 'Eigenvalues of the second moment (1/N) Σ x xᵀ, not centred.',
        symbol: 'ν_i',
      }),
      'spectrum',
    ),
    { eigenvalues: '', singularValues: ' = squared singular values of the data over the number of samples' },
  ).default(1),
  width: also(aliased(wholeField(1, 1_000_000, 'Hidden units.', 'H'), 'hidden'), {
    hiddenUnits: '',
    hiddenSize: '',
    codeSize: '',
    latentDim: '',
    units: '',
  }).default(64),
  noiseVariance: also(numberField({ low: 0 }, 'Variance of the noise per coordinate.', 's²'), {
    noiseStd: ' = noiseStd squared',
    sigma: ' = sigma squared',
    noiseLevel: ', the square of the standard deviation',
    noiseFactor: ', the square of the standard deviation',
  }).default(0),
  noise: choiceField(['gaussian', 'uniform', 'sign'], 'Law of the noise that is added to the inputs.').default(
    'gaussian',
  ),
  inputKeepProbability: also(
    numberField({ low: 0, high: 1, above: true }, 'Probability of keeping an input coordinate, scaled by 1/p.', 'p'),
    { maskRate: ' = 1 - maskRate, a probability of keeping', corruptionLevel: ' = 1 - corruptionLevel' },
  ).default(1),
  weightDecay: also(numberField({ low: 0 }, 'Weight decay.', 'g'), {
    l2: ', the factor of the weights in their gradient',
    lambda: ', the factor of the weights in their gradient',
  }).default(0),
  learningRate: also(numberField({ low: 0, above: true }, 'Learning rate of a full-batch step.', 'α'), {
    lr: '',
    stepSize: '',
  }).default(0.01),
  steps: also(wholeField(1, largestSteps, 'Full-batch steps.', 'T'), { epochs: '', iterations: '' }).default(1000),
  recordEvery: wholeField(
    1,
    largestSteps,
    'Steps between two records; a fiftieth of the steps when left out.',
  ).optional(),
  firstRecord: wholeField(0, largestSteps, 'First step that is recorded; 0 is the start.').default(0),
  initial: choiceField(
    ['gaussian', 'balanced', 'aligned'],
    'Start: independent matrices, W2 the transpose of W1, or a hidden unit for every direction.',
  ).default('gaussian'),
  initialVariance: also(numberField({ low: 0, above: true }, 'Variance of a weight at the start.', 'σ_0²'), {
    initialStd: ' = initialStd squared',
    initialScale: ', the square of the standard deviation',
  }).default(1e-6),
  tied: booleanField('Whether W2 is the transpose of W1 throughout.').default(false),
  dynamics: choiceField(['descent', 'flow'], 'Theory of descent step by step, or of its limit of small rates.').default(
    'descent',
  ),
  schedule: also(piecesField(z.int().gte(0).lte(largestSteps)), { milestones: '', noiseSchedule: '' }),
  training: training.default({ activation: 'linear', modes: 32, noise: 'sampled' }).meta({
    expected: '{activation, modes, noise}: linear or relu, a whole number >= 0, sampled or expected',
    description:
      'What only training reads: activation of the hidden units, leading modes that are recorded, how the noise is taken.',
  }),
});

export const runSchema = z.strictObject({
  ...runFields,
  examples: wholeField(
    0,
    10_000_000,
    'Examples on which noise is drawn afresh in every step, at least one per direction; 0 = descent on the expected loss.',
    'N',
  ).default(0),
});

export type ResolvedAutoencoderSpec = z.output<typeof specSchema>;
export type ResolvedAutoencoderRun = z.output<typeof runSchema>;

export function resolveSpec(input: unknown): ResolvedAutoencoderSpec {
  const spec = parse(specSchema, input, 'spec');
  checkOrder(spec.schedule);
  if (spec.firstRecord > spec.steps)
    throw expectedError('ERR_MFT_OUT_OF_RANGE', 'firstRecord', `at most \`steps\` (${spec.steps})`, spec.firstRecord);
  if (recordsOf(spec).length > mostRecords)
    throw expectedError(
      'ERR_MFT_OUT_OF_RANGE',
      'recordEvery',
      `a number that gives at most ${mostRecords} records`,
      spec.recordEvery,
    );
  return spec;
}

export function resolveRun(input: unknown, spec: ResolvedAutoencoderSpec): ResolvedAutoencoderRun {
  const run = parse(runSchema, input, 'run');
  const directions = spectrumOf(spec).length;
  if (run.examples > 0 && run.examples < directions)
    throw expectedError(
      'ERR_MFT_OUT_OF_RANGE',
      'examples',
      `0, or at least ${directions}, the number of directions`,
      run.examples,
    );
  return run;
}

/** The steps that are recorded: from the first every `recordEvery`, and the last. */
export function recordsOf({ steps, recordEvery, firstRecord }: ResolvedAutoencoderSpec): Float64Array {
  const every = recordEvery ?? Math.max(1, Math.floor(steps / 50));
  const regular = Math.floor((steps - firstRecord) / every) + 1;
  const isLast = firstRecord + (regular - 1) * every === steps;
  return Float64Array.from({ length: isLast ? regular : regular + 1 }, (_, i) =>
    i < regular ? firstRecord + i * every : steps,
  );
}

/** Eigenvalues in falling order: mode i of every result. */
export function spectrumOf({ inputVariance }: Pick<ResolvedAutoencoderSpec, 'inputVariance'>): Float64Array {
  return typeof inputVariance === 'number'
    ? Float64Array.of(inputVariance)
    : Float64Array.from(inputVariance).sort((a, b) => b - a);
}

/**
 * Variance of the noise that a direction sees: masking with inverse scaling is noise of variance ((1 − p)/p) S_jj, here with S_jj
 * equal to its mean (a spectrum knows no coordinates).
 */
export function noiseOf(spec: ResolvedAutoencoderSpec, noiseVariance: number): number {
  const { inputKeepProbability: p } = spec;
  const spectrum = spectrumOf(spec);
  const mean = spectrum.reduce((sum, each) => sum + each, 0) / spectrum.length;
  return noiseVariance + ((1 - p) / p) * mean;
}
