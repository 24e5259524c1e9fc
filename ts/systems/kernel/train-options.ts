// What a regression is told, in the place of what gradient descent is told.
import * as z from 'zod';
import { parse } from '../../core/checks.js';
import { aliased, booleanField, choiceField, numberField, wholeField } from '../../core/fields.js';
import type { NamedArray } from '../../core/trainer.js';

/** How `train` fits a spec of system `kernel`. Every field has a default. */
export interface RegressionOptions {
  /** The covariance of the outputs: that of random networks, or the tangent kernel, which trained ones follow. Default 'nngp'. */
  readonly kernel?: 'nngp' | 'ntk';
  /**
   * σ_n², absolute: added to the diagonal. 'likelihood' takes the one of largest marginal likelihood (kernel and noise times any
   * common scale), between 1e-8 and 10 of the mean diagonal. Default 'likelihood'.
   */
  readonly noiseVariance?: number | 'likelihood';
  /** 'auto' adds 1e-12 to 1e-6 of the mean diagonal to a singular kernel and says how much. Default 'none'. */
  readonly jitter?: 'none' | 'auto';
  /** 'centered': 1 − 1/classes for an image's own class, −1/classes for the others; 'oneHot': 1 and 0. Default 'centered'. */
  readonly targets?: 'centered' | 'oneHot';
  /** Predict every training image from all the others too. Default true. */
  readonly leaveOneOut?: boolean;
  /** Use only the first images of the training set. 0 = all. Default 0. */
  readonly trainCount?: number;
  /** Hold out this many images after the first `trainCount` and evaluate on them instead of the test set. 0 = none. Default 0. */
  readonly validationCount?: number;
  /** Evaluate on the first images of the test set only. 0 = all. Default 0. */
  readonly testCount?: number;
  /** As for gradient descent: 'unit' x/255, 'centered' x/255 − 1/2, 'standard' mean 0, variance 1 per color. Default 'standard'. */
  readonly normalization?: 'unit' | 'centered' | 'standard';
  /** Training images predicted at the end. 0 = none. Default 10,000. */
  readonly trainEvaluation?: number;
  /** Threads; 0 = all processors. Never changes the result. Default 0. */
  readonly threads?: number;
  /** Return the fit: `inputs` [images, dimension] after normalization and `coefficients` [classes, images]. Default false. */
  readonly returnWeights?: boolean;
  /** Write them to this .npz or .safetensors file. */
  readonly saveWeights?: string;
  /** A fit to evaluate instead of making one: the file, or the arrays. */
  readonly initialWeights?: string | Readonly<Record<string, NamedArray>>;
  /** Refuse to start when the estimated memory exceeds so many bytes. */
  readonly memoryLimit?: number;
}

const path = (description: string) =>
  z.string().min(1).meta({ expected: 'the path of a file', description }).optional();
const count = (description: string) => wholeField(0, 100_000_000, description);

const fields = {
  kernel: choiceField(['nngp', 'ntk'], 'Which kernel is the covariance of the outputs.').default('nngp'),
  noiseVariance: z
    .union([z.number().gte(0), z.literal('likelihood')])
    .default('likelihood')
    .meta({
      expected: 'a number >= 0, or "likelihood"',
      description: 'Added to the diagonal of the kernel, absolute; likelihood: of the largest marginal likelihood.',
      symbol: 'σ_n²',
    }),
  jitter: choiceField(
    ['none', 'auto'],
    'Whether a singular kernel gets 1e-12 to 1e-6 of its mean diagonal added.',
  ).default('none'),
  targets: choiceField(
    ['centered', 'oneHot'],
    'What the outputs are fitted to: one-hot labels, or these minus 1/classes.',
  ).default('centered'),
  leaveOneOut: booleanField('Predict every training image from all the others too.').default(true),
  trainCount: count('Use only the first images of the training set; 0 = all.').default(0),
  validationCount: count(
    'Hold out this many images after the first train-count and evaluate on them instead of the test set; 0 = none.',
  ).default(0),
  testCount: count('Evaluate on the first images of the test set only; 0 = all.').default(0),
  normalization: aliased(
    choiceField(
      ['unit', 'centered', 'standard'],
      'Components as x/255, x/255 - 1/2, or with mean 0 and variance 1 per color.',
    ).default('standard'),
    'normalisation',
  ),
  trainEvaluation: count('Training images predicted at the end.').default(10_000),
  threads: wholeField(0, 1024, 'Threads; 0 = all processors. Never changes the result.').default(0),
  returnWeights: booleanField('Return the inputs and coefficients of the fit too.').default(false),
  saveWeights: path('Write the inputs and coefficients of the fit to this .npz or .safetensors file.'),
  initialWeights: z
    .union([
      z.string().min(1),
      z.record(
        z.string(),
        z.custom<NamedArray>((value) => typeof value === 'object'),
      ),
    ])
    .meta({
      expected: 'a file of weights, or arrays { shape, values } by name',
      description: 'Evaluate this fit instead of making one.',
    })
    .optional(),
  memoryLimit: numberField(
    { low: 0, above: true },
    'Refuse to start when the estimate exceeds this many bytes.',
  ).optional(),
} as const satisfies { readonly [K in keyof Required<RegressionOptions>]: z.ZodType };

export const regressionOptionsSchema = z.strictObject(fields);

type Optional = 'saveWeights' | 'initialWeights' | 'memoryLimit';

/** Options with defaults filled in. */
export type ResolvedRegressionOptions = Required<Omit<RegressionOptions, Optional>> & {
  readonly [K in Optional]?: RegressionOptions[K] | undefined;
};

/** @throws MftError ERR_MFT_INVALID_ARGUMENT, ERR_MFT_OUT_OF_RANGE */
export function resolveRegressionOptions(given: unknown): ResolvedRegressionOptions {
  return parse(regressionOptionsSchema, given, 'training options');
}
