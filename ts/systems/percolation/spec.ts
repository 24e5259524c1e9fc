// The spec and the run of system `percolation`: which nodes and edges of a layered network dropout and dropconnect keep.
import * as z from 'zod';
import { parse } from '../../core/checks.js';
import { expectedError, MftError } from '../../core/errors.js';
import { also, booleanField, choiceField, runFields, wholeField } from '../../core/fields.js';
import { checkLength, networkFields, resolveWidths } from './network.js';

/** How layers are connected. A convolution has `width` positions (conv2d: width × width) of `channels` nodes, stride 1. */
export type Topology =
  | 'dense'
  | 'residual'
  | {
      readonly kind: 'conv1d' | 'conv2d';
      /** Kernel length (conv2d: side); parents of x are x − ⌊(k−1)/2⌋ … x + ⌊k/2⌋. Default 3. */
      readonly kernel?: number;
      /** Nodes per position, connected across channels; in every layer. Default 1. */
      readonly channels?: number;
      /** Positions on a ring (torus) instead of zero padding. Default false. */
      readonly periodic?: boolean;
    };

/**
 * Layers 0..L+1: the input, L hidden layers, the output. Dropout keeps a hidden node with probability s_i, dropconnect an
 * edge with probability b_i; outputs are never dropped. The question is whether a path survives that runs strictly forward.
 */
export interface PercolationSpec {
  /** W: nodes per layer; positions (per side) of a convolution; or [N_0, …, N_{L+1}], which says the depth too. Default 16. */
  readonly width?: number | readonly number[];
  /** L: number of hidden layers; there are L + 1 weight layers. Default 20. */
  readonly depth?: number;
  /** N_0. Default: width. */
  readonly inputWidth?: number;
  /** N_{L+1}. Default: width. */
  readonly outputWidth?: number;
  /** s_i: probability of keeping a hidden node; one number, or one per hidden layer. Default 1. */
  readonly keepProbability?: number | readonly number[];
  /** b_i: probability of keeping an edge; one number, or one per weight layer (depth + 1). Default 1. */
  readonly edgeKeepProbability?: number | readonly number[];
  /** s_0: probability of keeping an input node. Default 1. */
  readonly inputKeepProbability?: number;
  /** a: extra factor on every s_i; 1/2 is a bias-free ReLU network at initialisation. Default 1. */
  readonly activeProbability?: number;
  /** Whether the network has biases: a blocked step then still moves it, towards a constant. Default false. */
  readonly hasBiases?: boolean;
  /** The training run whose lost steps are predicted; `train` takes it too. */
  readonly training?: PathTraining;
  /** Default 'dense'. 'residual': hidden layers with never-dropped identity connections. */
  readonly topology?: Topology;
}

/** The training run of a network with masks. */
interface PathTraining {
  /** T: training steps. Default 10000. */
  readonly steps?: number;
  /** M: independent masks per step: 1 = one per batch, batch size = one per example. Default 1. */
  readonly masksPerStep?: number;
}

/** How a simulation of `percolation` runs. */
export interface PercolationRun {
  /** 'masks': every trial draws all masks; 'splitting': importance splitting, for path probabilities too small to meet. */
  readonly engine?: 'masks' | 'splitting';
  /** Also walk back from the output: nodes that reach it, edges on surviving paths. Default true. */
  readonly backward?: boolean;
  readonly trials?: number;
  readonly seed?: number;
  readonly firstTrial?: number;
  readonly threads?: number;
  readonly rawTrials?: boolean;
  readonly memoryLimit?: number;
}

const convolution = z.strictObject({
  kind: z.enum(['conv1d', 'conv2d']),
  kernel: z.int().gte(1).lte(1001).default(3),
  channels: z.int().gte(1).lte(65536).default(1),
  periodic: z.boolean().default(false),
});
const topologyForms = 'dense, residual, or {kind: "conv1d" or "conv2d", kernel, channels, periodic}';

const training = z.strictObject({
  steps: wholeField(1, Number.MAX_SAFE_INTEGER, 'Training steps.', 'T').default(10_000),
  masksPerStep: wholeField(1, Number.MAX_SAFE_INTEGER, 'Independent masks per step.', 'M').default(1),
});

export const percolationSpecSchema = z.strictObject({
  system: z.literal('percolation').default('percolation'),
  ...networkFields,
  training: training.default({ steps: 10_000, masksPerStep: 1 }).meta({
    expected: '{steps, masksPerStep}, whole numbers >= 1',
    description:
      'The training run: steps T, independent masks per step M (1 = one per batch, batch size = one per example).',
    symbol: 'T, M',
  }),
  hasBiases: booleanField('Whether the network has biases.').default(false),
  topology: z
    .union([z.enum(['dense', 'residual']), convolution])
    .default('dense')
    .meta({ expected: topologyForms, description: 'How layers are connected.' }),
});

export const percolationRunSchema = z.strictObject({
  engine: also(
    choiceField(['masks', 'splitting'], 'Plain trials, or importance splitting for tiny path probabilities.'),
    { method: '' },
  ).default('masks'),
  backward: booleanField('Also count nodes that reach the output and edges on surviving paths.').default(true),
  ...runFields,
  trials: runFields.trials.unwrap().default(10_240),
});

export type ResolvedPercolationSpec = z.output<typeof percolationSpecSchema>;
export type ResolvedPercolationRun = z.output<typeof percolationRunSchema>;
export type ResolvedConvolution = Extract<ResolvedPercolationSpec['topology'], object>;

const defaultWidth = 16;
const defaultDepth = 20;

/** A spec with defaults filled in and every cross-check done. */
export function resolvePercolationSpec(input: unknown): ResolvedPercolationSpec {
  const parsed = parse(percolationSpecSchema, input, 'spec');
  const spec =
    typeof parsed.width === 'object'
      ? parsed
      : { ...parsed, width: parsed.width ?? defaultWidth, depth: parsed.depth ?? defaultDepth };
  const { inputWidth, hidden, depth } = resolveWidths(spec);
  checkLength('keepProbability', spec.keepProbability, depth);
  checkLength('edgeKeepProbability', spec.edgeKeepProbability, depth + 1);
  if (spec.hasBiases && spec.activeProbability !== 1) {
    throw new MftError(
      'ERR_MFT_UNSUPPORTED',
      'Expected `activeProbability` to be 1 where `hasBiases` is true: the factor 1/2 holds for bias-free ReLU only.',
      { parameter: 'activeProbability', expected: '1', received: spec.activeProbability },
    );
  }
  if (typeof spec.topology === 'object') {
    if (typeof spec.width === 'object')
      throw expectedError('ERR_MFT_INVALID_ARGUMENT', 'width', 'one number for a convolution', spec.width);
    for (const name of ['inputWidth', 'outputWidth'] as const) {
      if (spec[name] !== undefined)
        throw expectedError(
          'ERR_MFT_INVALID_ARGUMENT',
          name,
          'left out for a convolution (all layers have `width` positions)',
          spec[name],
        );
    }
  }
  if (spec.topology === 'residual' && depth > 0) {
    const equal = typeof hidden === 'number' ? hidden === inputWidth : hidden.every((width) => width === inputWidth);
    if (!equal)
      throw new MftError(
        'ERR_MFT_SHAPE',
        'Expected the widths of a residual network to be equal from the input to the last hidden layer.',
        { parameter: typeof spec.width === 'object' ? 'width' : 'inputWidth' },
      );
  }
  return spec;
}

/** A run with defaults filled in. */
export function resolvePercolationRun(input: unknown, _spec: ResolvedPercolationSpec): ResolvedPercolationRun {
  return parse(percolationRunSchema, input, 'run');
}
