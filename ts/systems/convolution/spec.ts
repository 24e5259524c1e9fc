// The spec and the run of system `convolution`: a convolutional network, what is known of its weights, and its random start.
import * as z from 'zod';
import { checkPerLayer, parse, perLayer } from '../../core/checks.js';
import {
  also,
  choiceField,
  depthNames,
  numberField,
  perLayerField,
  perLayerWholeField,
  runFields,
  weightDeviationNames,
  biasDeviationNames,
  wholeField,
} from '../../core/fields.js';
import {
  activations,
  type ConvolutionActivation,
  mostChannels,
  mostLayers,
  mostSide,
  type Network,
  networkOf,
  type Padding,
  paddings,
  type Pooling,
  poolings,
} from './architecture.js';

/** The image that the mean field follows: all entries `inputBound`; stripes between 0 and `inputBound`; one bright position. */
type ConvolutionImage = 'uniform' | 'grating' | 'impulse';

/**
 * Z_i = pool(φ(W_i * Z_{i−1})), i = 1 … L, and a softmax layer on Z_L with the loss |softmax − label|²/2: what its generalisation gap may
 * be for all weights within the given norms and ranks, and how signals and gradients pass it at random weights.
 */
export interface ConvolutionSpec {
  /** Height, width and channels of an image. Default [28, 28, 1]. */
  readonly input?: readonly [number, number, number];
  /** L: convolution layers. Default 2. */
  readonly depth?: number;
  /** d_i: channels of a layer, one number or one per layer. Default 16. */
  readonly width?: number | readonly number[];
  /** k_i: side of the kernels. Default 5. */
  readonly kernel?: number | readonly number[];
  /** s_i: stride. Default 1. */
  readonly stride?: number | readonly number[];
  /** p_i: side of the pools, without overlap. Default 2. */
  readonly pool?: number | readonly number[];
  /** Mean or maximum over a pool. Default 'average'. */
  readonly pooling?: Pooling;
  /** None, or maps of ceil(side/stride) with zeros outside, or wrapped around. Default 'valid'. */
  readonly padding?: Padding;
  /** φ. Default 'sigmoid'. */
  readonly activation?: ConvolutionActivation;
  /** K. Default 10. */
  readonly classes?: number;
  /** b_i: bound on the Frobenius norm of each kernel. Default 1. */
  readonly norm?: number | readonly number[];
  /** b_{L+1}: bound on the Frobenius norm of the last matrix. Default 5. */
  readonly fcNorm?: number;
  /** a_i: rank of the k_i² d_{i−1} × d_i matrix of kernels. Default: full. */
  readonly rank?: number | readonly number[];
  /** Rank of the last matrix. Default: full. */
  readonly fcRank?: number;
  /** What training holds after every update: norms to `norm` and `fcNorm`, ranks to `rank` and `fcRank`. Default 'none'. */
  readonly constraint?: 'none' | 'norms' | 'ranks' | 'both';
  /** x: entries of an image lie in [0, x]. Default 1. */
  readonly inputBound?: number;
  /** n: training examples. Default 60000. */
  readonly samples?: number;
  /** ε: probability that a bound fails. Default 0.01. */
  readonly failureProbability?: number;
  /** g: gap for which the samples are counted. Default 0.1. */
  readonly target?: number;
  /** Bits per stored weight, for the bound that counts them. Default 32. */
  readonly bits?: number;
  /** σ_w²: variance of a weight times its fan-in k²d. Default 1. */
  readonly weightVariance?: number;
  /** σ_b²: variance of a bias; the bounds are for networks without. Default 0. */
  readonly biasVariance?: number;
  /** What random networks are shown. Default 'grating'. */
  readonly image?: ConvolutionImage;
}

/** How a simulation of `convolution` runs. */
export interface ConvolutionRun {
  readonly trials?: number;
  readonly seed?: number;
  readonly firstTrial?: number;
  readonly threads?: number;
  readonly rawTrials?: boolean;
  readonly memoryLimit?: number;
}

const positive = { low: 0, above: true } as const;

export const specSchema = z.strictObject({
  system: z.literal('convolution').default('convolution'),
  input: also(
    z.tuple([z.int().gte(1).lte(mostSide), z.int().gte(1).lte(mostSide), z.int().gte(1).lte(mostChannels)]).meta({
      kind: 'list',
      expected: '[height, width, channels], whole numbers >= 1',
      description: 'Height, width and channels of an image.',
      symbol: 'r_0 × c_0 × d_0',
    }),
    { inputShape: '', imageSize: ' = [height, width, channels]', inputSize: ' = [height, width, channels]' },
  ).default([28, 28, 1]),
  depth: also(wholeField(1, mostLayers, 'Convolution layers.', 'L'), depthNames).default(2),
  width: also(perLayerWholeField(1, mostChannels, 'Channels of a layer.', 'd_i'), {
    channels: '',
    filters: '',
    outChannels: '',
    features: '',
  }).default(16),
  kernel: also(perLayerWholeField(1, mostSide, 'Side of the kernels.', 'k_i'), {
    kernelSize: '',
    filterSize: '',
  }).default(5),
  stride: also(perLayerWholeField(1, mostSide, 'Stride.', 's_i'), { strides: '' }).default(1),
  pool: also(perLayerWholeField(1, mostSide, 'Side of the pools, without overlap.', 'p_i'), { poolSize: '' }).default(
    2,
  ),
  pooling: choiceField(poolings, 'Mean or maximum over a pool.').default('average'),
  padding: choiceField(paddings, 'None, or maps of ceil(side/stride): zeros outside, or wrapped around.').default(
    'valid',
  ),
  activation: choiceField(activations, 'Activation function.').default('sigmoid'),
  classes: also(wholeField(2, mostChannels, 'Classes.', 'K'), { numClasses: '' }).default(10),
  norm: perLayerField({ low: 0 }, 'Bound on the Frobenius norm of each kernel.', 'b_i').default(1),
  fcNorm: numberField({ low: 0 }, 'Bound on the Frobenius norm of the last matrix.', 'b_{L+1}').default(5),
  rank: perLayerWholeField(
    1,
    Number.MAX_SAFE_INTEGER,
    'Rank of the k_i² d_{i−1} × d_i matrix of kernels; full when left out.',
    'a_i',
  ).optional(),
  fcRank: wholeField(1, Number.MAX_SAFE_INTEGER, 'Rank of the last matrix; full when left out.', 'a_{L+1}').optional(),
  constraint: choiceField(
    ['none', 'norms', 'ranks', 'both'],
    'What training holds after every update: norms to `norm` and `fcNorm`, ranks to `rank` and `fcRank`.',
  ).default('none'),
  inputBound: numberField(positive, 'Entries of an image lie in [0, x].', 'x').default(1),
  samples: also(wholeField(1, Number.MAX_SAFE_INTEGER, 'Training examples.', 'n'), {
    examples: '',
    trainSize: '',
  }).default(60_000),
  failureProbability: also(
    z.number().gt(0).lt(1).meta({
      kind: 'number',
      expected: 'a number in (0, 1)',
      description: 'Probability that a bound fails.',
      symbol: 'ε',
    }),
    { delta: ', the same number', confidence: ' = 1 - confidence' },
  ).default(0.01),
  target: numberField(positive, 'Gap for which the samples are counted.', 'g').default(0.1),
  bits: wholeField(1, 64, 'Bits per stored weight, for the bound that counts them.').default(32),
  weightVariance: also(
    numberField({ low: 0 }, 'Variance of a weight times its fan-in.', 'σ_w²'),
    weightDeviationNames,
  ).default(1),
  biasVariance: also(numberField({ low: 0 }, 'Variance of a bias.', 'σ_b²'), biasDeviationNames).default(0),
  image: choiceField(['uniform', 'grating', 'impulse'], 'What random networks are shown.').default('grating'),
});

export const runSchema = z.strictObject({ ...runFields });

export type ResolvedConvolutionSpec = z.output<typeof specSchema>;
export type ResolvedConvolutionRun = z.output<typeof runSchema>;

export function resolveSpec(input: unknown): ResolvedConvolutionSpec {
  const spec = parse(specSchema, input, 'spec');
  for (const field of ['width', 'kernel', 'stride', 'pool', 'norm', 'rank'] as const) {
    const value = spec[field];
    if (value !== undefined) checkPerLayer(field, value, spec.depth);
  }
  networkFromSpec(spec);
  return spec;
}

export function resolveRun(input: unknown, _spec: ResolvedConvolutionSpec): ResolvedConvolutionRun {
  return parse(runSchema, input, 'run');
}

/** The network of a spec. @throws MftError ERR_MFT_SHAPE, ERR_MFT_OUT_OF_RANGE that names the field and its layer */
export function networkFromSpec(spec: ResolvedConvolutionSpec): Network {
  const { depth } = spec;
  const list = (field: 'width' | 'kernel' | 'stride' | 'pool' | 'norm'): readonly number[] =>
    perLayer(field, spec[field], depth);
  const [channels, kernel, stride, pool, norm] = [
    list('width'),
    list('kernel'),
    list('stride'),
    list('pool'),
    list('norm'),
  ];
  const rank = spec.rank === undefined ? undefined : perLayer('rank', spec.rank, depth);
  const layers = Array.from({ length: depth }, (_, l) => ({
    kernel: kernel[l] as number,
    stride: stride[l] as number,
    channels: channels[l] as number,
    pool: pool[l] as number,
    norm: norm[l] as number,
    rank: rank?.[l],
  }));
  return networkOf({ ...spec, layers, fcRank: spec.fcRank }, (layer, field) => `${field}[${layer}]`);
}

const wavelength = 5;

/** The image of a spec, channel by channel (all alike), row by row. */
export function imageOf({ input, image, inputBound }: ResolvedConvolutionSpec): Float64Array {
  const [height, width, channels] = input;
  const centre = Math.floor(height / 2) * width + Math.floor(width / 2);
  const values = Float64Array.from({ length: height * width }, (_, at) => {
    if (image === 'uniform') return inputBound;
    if (image === 'impulse') return at === centre ? inputBound : 0;
    return (inputBound / 2) * (1 + Math.sin((2 * Math.PI * ((at % width) + 0.5)) / wavelength));
  });
  const all = new Float64Array(channels * values.length);
  for (let c = 0; c < channels; c++) all.set(values, c * values.length);
  return all;
}
