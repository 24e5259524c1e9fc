// Quantities: networks and kernels that are given by a formula, and norms of a convolution as a linear map.
import * as z from 'zod';
import { expectedError } from '../../core/errors.js';
import { choiceField, numberField, wholeField } from '../../core/fields.js';
import type { ControlOptions } from '../../core/control.js';
import { type Quantity, quantity } from '../../core/system.js';
import { architectureField, mostSide, networkFrom, paddings } from './architecture.js';
import type { NativeGradient } from './native.js';
import { frobeniusNorm, norm21, offsetsOf, operatorOf, reshapedNorm, sineGradient, spectralNorm } from './sine.js';

const index = (description: string): z.ZodNumber => wholeField(0, Number.MAX_SAFE_INTEGER, description);
const ofSine = {
  architecture: architectureField,
  amplitude: numberField({}, 'Weight j of block i is amplitude sin(0.7 j + i + 1).'),
  label: wholeField(0, 1_000_000, 'Class of the image, whose entry j is 0.5 + 0.5 sin(1.3 j).', 'y').default(0),
};
type OfSine = { readonly architecture: object; readonly amplitude: number; readonly label: number };

const gradientOf = (p: OfSine): Promise<NativeGradient> =>
  sineGradient(networkFrom(p.architecture), p.amplitude, p.label);

/** The gradient by the weights of a block. */
async function blockOf(p: OfSine & { readonly block: number }): Promise<Float64Array> {
  const network = networkFrom(p.architecture);
  const offsets = offsetsOf(network);
  if (p.block > network.layers.length)
    throw expectedError('ERR_MFT_OUT_OF_RANGE', 'block', `at most ${network.layers.length}`, p.block);
  const { gradient } = await sineGradient(network, p.amplitude, p.label);
  return gradient.subarray(offsets[p.block], offsets[p.block + 1]);
}

const norm = (values: Float64Array): number => Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));

function entry(values: Float64Array, at: number): number {
  const value = values[at];
  if (value === undefined) throw expectedError('ERR_MFT_OUT_OF_RANGE', 'index', `below ${values.length}`, at);
  return value;
}

const side = (description: string): z.ZodNumber => wholeField(1, mostSide, description);
const count = z.int().gte(1).lte(1_000_000);
const ofKernel = z.strictObject({
  kernelShape: z.tuple([count, count, count, count]).meta({
    expected: '[out, in, side, side], whole numbers >= 1',
    description: 'Shape of the kernels.',
  }),
  amplitude: numberField({}, 'Entry j is amplitude sin(0.7 j + phase).').optional(),
  phase: numberField({}, 'Phase of the entries.').optional(),
  values: z
    .array(z.number())
    .meta({ expected: 'a list of numbers', description: 'The entries themselves, [out][in][row][column].' })
    .optional(),
  height: side('Height of the image.'),
  width: side('Width of the image.'),
  stride: side('Stride.').default(1),
  padding: choiceField(paddings, 'Padding.').default('valid'),
});
type OfKernel = z.output<typeof ofKernel>;

const ofOperator = (
  symbol: string,
  description: string,
  display: string,
  evaluate: (p: OfKernel, options: ControlOptions) => number | Promise<number>,
): Quantity<number> =>
  quantity({
    symbol,
    description,
    source: `derived; docs ${display}`,
    parameters: ofKernel,
    evaluate: (p, options = {}) => evaluate(p, options),
  });

export const operatorQuantityTable = {
  'cnn:loss': quantity({
    symbol: 'f',
    description: 'Loss |softmax − label|²/2 of the network whose weights are sines.',
    source: 'derived; docs 2.1',
    parameters: z.strictObject(ofSine),
    evaluate: async (p) => (await gradientOf(p)).loss,
  }),
  'cnn:output': quantity({
    symbol: 'v_k',
    description: 'Probability of class `index`.',
    source: 'derived; docs 2.1',
    parameters: z.strictObject({ ...ofSine, index: index('Class.') }),
    evaluate: async (p) => entry((await gradientOf(p)).output, p.index),
  }),
  'cnn:outputSensitivity2': quantity({
    symbol: '|∂f/∂u|²',
    description: 'Squared gradient of the loss by the scores, at most 128/729.',
    source: 'derived; docs 4.1',
    parameters: z.strictObject(ofSine),
    evaluate: async (p) => (await gradientOf(p)).outputSensitivity2,
  }),
  'cnn:gradientNorm': quantity({
    symbol: '|∂f/∂w|',
    description: 'Norm of the gradient by all weights.',
    source: 'derived; docs 2.1',
    parameters: z.strictObject(ofSine),
    evaluate: async (p) => norm((await gradientOf(p)).gradient),
  }),
  'cnn:blockGradientNorm': quantity({
    symbol: '|∂f/∂W_i|',
    description: 'Norm of the gradient by the weights of `block`.',
    source: 'derived; docs 2.1',
    parameters: z.strictObject({ ...ofSine, block: wholeField(0, 1000, 'Block of weights.', 'i') }),
    evaluate: async (p) => norm(await blockOf(p)),
  }),
  'cnn:gradientEntry': quantity({
    symbol: '∂f/∂w_j',
    description: 'Entry `index` of that gradient, [out][in][row][column].',
    source: 'derived; docs 2.1',
    parameters: z.strictObject({
      ...ofSine,
      block: wholeField(0, 1000, 'Block of weights.', 'i'),
      index: index('Entry.'),
    }),
    evaluate: async (p) => entry(await blockOf(p), p.index),
  }),
  'conv:spectralNorm': ofOperator(
    '|A|',
    'Largest singular value of a convolution as a linear map of images.',
    '4.6',
    (p, options) => spectralNorm(operatorOf(p), options),
  ),
  'conv:reshapedNorm': ofOperator(
    '|W|',
    'Largest singular value of the kernels as an out × in·k² matrix: not the norm of the layer.',
    '4.6',
    (p, options) => reshapedNorm(operatorOf(p), options),
  ),
  'conv:frobenius': ofOperator('|A|_F', 'Frobenius norm of the unrolled layer, √positions |W|_F.', '4.7', (p) =>
    frobeniusNorm(operatorOf(p)),
  ),
  'conv:norm21': ofOperator('|A|_{2,1}', 'Sum of the 2-norms of the rows of the unrolled layer.', '4.7', (p) =>
    norm21(operatorOf(p)),
  ),
} as const satisfies Readonly<Record<string, Quantity>>;
