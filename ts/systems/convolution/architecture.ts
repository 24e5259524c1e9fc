// A network of convolution layers and a fully connected head: its checks, the sizes of its maps, its blocks of parameters.
import * as z from 'zod';
import { parse } from '../../core/checks.js';
import { expectedError, MftError } from '../../core/errors.js';
import { choiceField, numberField, wholeField } from '../../core/fields.js';

export const activations = ['sigmoid', 'tanh', 'relu', 'linear'] as const;
export const poolings = ['average', 'max'] as const;
export const paddings = ['valid', 'zero', 'circular'] as const;
export type ConvolutionActivation = (typeof activations)[number];
export type Pooling = (typeof poolings)[number];
export type Padding = (typeof paddings)[number];

export const mostSide = 65_536;
export const mostChannels = 1_000_000;
export const mostLayers = 1000;
/** Above every rank there is: k² d ≤ 65536² · 10⁶ is not a rank anyone has. */
const mostRank = Number.MAX_SAFE_INTEGER;

const side = (description: string, symbol?: string): z.ZodNumber => wholeField(1, mostSide, description, symbol);
const norm = (description: string, symbol: string): z.ZodNumber => numberField({ low: 0 }, description, symbol);

const layerSchema = z.strictObject({
  kernel: side('Side of the kernels.', 'k_i'),
  stride: side('Stride.', 's_i').default(1),
  channels: wholeField(1, mostChannels, 'Channels.', 'd_i'),
  pool: side('Side of the pools.', 'p_i').default(1),
  norm: norm('Bound on the Frobenius norm of each kernel.', 'b_i').default(1),
  rank: wholeField(1, mostRank, 'Rank of the matrix of kernels.', 'a_i').optional(),
});

const architectureSchema = z.strictObject({
  input: z
    .tuple([z.int().gte(1).lte(mostSide), z.int().gte(1).lte(mostSide), z.int().gte(1).lte(mostChannels)])
    .meta({ expected: '[height, width, channels], whole numbers >= 1', description: 'Size of an image.' }),
  layers: z
    .array(z.unknown())
    .min(1)
    .max(mostLayers)
    .meta({ expected: `a list of 1 to ${mostLayers} layers`, description: 'The convolution layers.' }),
  classes: wholeField(2, mostChannels, 'Classes.', 'd_{l+1}'),
  fcNorm: norm('Bound on the Frobenius norm of the last matrix.', 'b_{l+1}').default(1),
  fcRank: wholeField(1, mostRank, 'Rank of the last matrix.', 'a_{l+1}').optional(),
  inputBound: numberField({ low: 0, above: true }, 'Largest entry of an image.', 'x').default(1),
  activation: choiceField(activations, 'Activation.').default('sigmoid'),
  pooling: choiceField(poolings, 'Pooling.').default('average'),
  padding: choiceField(paddings, 'Padding.').default('valid'),
});

type Architecture = Omit<z.output<typeof architectureSchema>, 'layers'> & {
  readonly layers: readonly z.output<typeof layerSchema>[];
};

/** The parameter `architecture` of the quantities; `networkFrom` reads it. */
export const architectureField = z
  .custom<object>((value) => typeof value === 'object' && value !== null)
  .meta({
    expected: 'an object {input, layers, classes, fcNorm, fcRank, inputBound, activation, pooling, padding}',
    description: 'The network: sizes, bounds on norms, ranks.',
  });

/** A network as a caller writes it. @throws MftError that names the layer and its field */
export function networkFrom(given: object): Network {
  const whole = parse(architectureSchema, given, 'architecture');
  const layers = whole.layers.map((layer, at) => {
    try {
      return parse(layerSchema, layer, 'layer');
    } catch (error) {
      if (!(error instanceof MftError)) throw error;
      const parameter = `layers[${at}]${error.parameter === 'layer' ? '' : `.${error.parameter ?? ''}`}`;
      if (error.expected !== undefined) throw expectedError(error.code, parameter, error.expected, error.received);
      throw new MftError(error.code, error.message.replace(' in layer', ` in layers[${at}]`), { parameter });
    }
  });
  return networkOf({ ...whole, layers });
}

/** A convolution layer with the sizes of its maps. */
export interface ConvolutionLayer {
  readonly kernel: number;
  readonly stride: number;
  readonly pool: number;
  /** d_{i−1} and d_i. */
  readonly inputChannels: number;
  readonly channels: number;
  /** r~_{i−1}, c~_{i−1}: what enters. */
  readonly inputHeight: number;
  readonly inputWidth: number;
  /** r_i, c_i: before pooling. */
  readonly preHeight: number;
  readonly preWidth: number;
  /** r~_i, c~_i: after pooling. */
  readonly height: number;
  readonly width: number;
  /** b_i: Frobenius norm of each kernel. */
  readonly norm: number;
  /** a_i. */
  readonly rank: number;
}

/** The network with everything that follows from its sizes. */
export interface Network {
  readonly layers: readonly ConvolutionLayer[];
  /** r~_l c~_l d_l: units that the head reads. */
  readonly features: number;
  readonly classes: number;
  readonly fcNorm: number;
  readonly fcRank: number;
  readonly inputBound: number;
  readonly activation: ConvolutionActivation;
  readonly pooling: Pooling;
  readonly padding: Padding;
}

/** Shape of a map along one side after a convolution. */
function preSide(padding: Padding, input: number, kernel: number, stride: number): number {
  return padding === 'valid' ? Math.floor((input - kernel) / stride) + 1 : Math.ceil(input / stride);
}

/** How a list field names the entry of a layer in messages: `layers[1].kernel`. */
type FieldName = (layer: number, field: string) => string;
const inList: FieldName = (at, field) => `layers[${at}].${field}`;

/**
 * The sizes of all maps.
 * @throws MftError ERR_MFT_SHAPE a kernel larger than its input or a map that the pool does not divide; ERR_MFT_OUT_OF_RANGE a rank
 */
export function networkOf(given: Architecture, name: FieldName = inList): Network {
  let [height, width, inputChannels] = given.input;
  const layers = given.layers.map((one, at): ConvolutionLayer => {
    const smallest = Math.min(height, width);
    if (given.padding !== 'zero' && one.kernel > smallest)
      throw expectedError(
        'ERR_MFT_SHAPE',
        name(at, 'kernel'),
        `at most ${smallest}, the side of its input`,
        one.kernel,
      );
    const preHeight = preSide(given.padding, height, one.kernel, one.stride);
    const preWidth = preSide(given.padding, width, one.kernel, one.stride);
    if (preHeight % one.pool !== 0 || preWidth % one.pool !== 0)
      throw expectedError(
        'ERR_MFT_SHAPE',
        name(at, 'pool'),
        `a divisor of its map, ${preHeight} × ${preWidth}`,
        one.pool,
      );
    const full = Math.min(one.kernel ** 2 * inputChannels, one.channels);
    const rank = one.rank ?? full;
    if (rank > full) throw expectedError('ERR_MFT_OUT_OF_RANGE', name(at, 'rank'), `at most ${full}`, rank);
    const sizes: ConvolutionLayer = {
      ...one,
      rank,
      inputChannels,
      inputHeight: height,
      inputWidth: width,
      preHeight,
      preWidth,
      height: preHeight / one.pool,
      width: preWidth / one.pool,
    };
    [height, width, inputChannels] = [sizes.height, sizes.width, one.channels];
    return sizes;
  });
  const features = height * width * inputChannels;
  const full = Math.min(features, given.classes);
  const fcRank = given.fcRank ?? full;
  if (fcRank > full) throw expectedError('ERR_MFT_OUT_OF_RANGE', 'fcRank', `at most ${full}`, fcRank);
  return { ...given, layers, features, fcRank };
}

/** A block of parameters: a convolution layer, or last the fully connected one. */
export interface Block {
  /** The matrix of the block, and a bound on its rank. */
  readonly rows: number;
  readonly columns: number;
  readonly rank: number;
  /** The block's Frobenius norm is at most √copies · norm: a kernel's bound, and how many kernels there are. */
  readonly norm: number;
  readonly copies: number;
}

export function blocksOf({ layers, features, classes, fcRank, fcNorm }: Network): Block[] {
  const convolutions = layers.map(
    ({ kernel, inputChannels, channels, rank, norm }): Block => ({
      rows: kernel ** 2 * inputChannels,
      columns: channels,
      rank,
      norm,
      copies: channels,
    }),
  );
  return [...convolutions, { rows: features, columns: classes, rank: fcRank, norm: fcNorm, copies: 1 }];
}

const total = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);

/** d. */
export const parameterCount = (network: Network): number =>
  total(blocksOf(network).map(({ rows, columns }) => rows * columns));
/** θ: a (n_1 + n_2 + 1) numbers tell a matrix of rank a, summed over blocks. */
export const freedomDegree = (network: Network): number =>
  total(blocksOf(network).map(({ rows, columns, rank }) => rank * (rows + columns + 1)));
