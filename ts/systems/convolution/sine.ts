// Networks and kernels that are given by a formula, so that anyone can write them down again.
import { addon } from '../../core/addon.js';
import { type ControlOptions, controlled } from '../../core/control.js';
import { expectedError } from '../../core/errors.js';
import { resolveActivation } from '../../gaussian/activations.js';
import { blocksOf, type Network, type Padding } from './architecture.js';
import type { NativeGradient } from './native.js';

/** The most weights of a network that is written down by a formula. */
const mostWeights = 2 ** 26;

function checkCount(parameter: string, count: number): void {
  if (!(count <= mostWeights))
    throw expectedError('ERR_MFT_MEMORY', parameter, `a network of at most ${mostWeights} numbers`, count);
}

const sine = (count: number, amplitude: number, phase: number): Float64Array =>
  Float64Array.from({ length: count }, (_, j) => amplitude * Math.sin(0.7 * j + phase));

/** Offsets of the blocks in the weights, and their end. */
export function offsetsOf(network: Network): number[] {
  const offsets = [0];
  for (const { rows, columns } of blocksOf(network)) offsets.push((offsets.at(-1) as number) + rows * columns);
  return offsets;
}

/** Loss and gradient where weight j of block i is amplitude sin(0.7 j + i + 1), entry j of the image 0.5 + 0.5 sin(1.3 j). */
export async function sineGradient(network: Network, amplitude: number, label: number): Promise<NativeGradient> {
  const { layers, classes, activation, padding, pooling } = network;
  const first = layers[0] as (typeof layers)[number];
  const offsets = offsetsOf(network);
  const size = first.inputHeight * first.inputWidth * first.inputChannels;
  const patches = layers.map(
    ({ kernel, inputChannels, preHeight, preWidth }) => kernel ** 2 * inputChannels * preHeight * preWidth,
  );
  checkCount('architecture', Math.max(offsets.at(-1) as number, size, ...patches));
  if (label >= classes) throw expectedError('ERR_MFT_OUT_OF_RANGE', 'label', `below ${classes}, the classes`, label);
  const weights = new Float64Array(offsets.at(-1) as number);
  blocksOf(network).forEach(({ rows, columns }, i) => {
    weights.set(sine(rows * columns, amplitude, i + 1), offsets[i]);
  });
  const list = (of: (layer: (typeof layers)[number]) => number): Float64Array => Float64Array.from(layers, of);
  return addon().convolutionGradient({
    inputChannels: first.inputChannels,
    inputHeight: first.inputHeight,
    inputWidth: first.inputWidth,
    kernel: list(({ kernel }) => kernel),
    stride: list(({ stride }) => stride),
    channels: list(({ channels }) => channels),
    pool: list(({ pool }) => pool),
    padding,
    pooling,
    activation: resolveActivation(activation),
    classes,
    weights,
    input: Float64Array.from({ length: size }, (_, j) => 0.5 + 0.5 * Math.sin(1.3 * j)),
    label,
  });
}

/** A convolution as a linear map: kernels [out][in][row][column] and the image it acts on. */
interface Operator {
  readonly kernelShape: readonly [number, number, number, number];
  readonly weights: Float64Array;
  readonly height: number;
  readonly width: number;
  readonly stride: number;
  readonly padding: Padding;
}

/** Kernels with entry j equal to amplitude sin(0.7 j + phase), or as they are given. */
export function operatorOf(given: {
  readonly kernelShape: readonly [number, number, number, number];
  readonly amplitude?: number | undefined;
  readonly phase?: number | undefined;
  readonly values?: readonly number[] | undefined;
  readonly height: number;
  readonly width: number;
  readonly stride: number;
  readonly padding: Padding;
}): Operator {
  const { kernelShape, amplitude, phase, values, height, width, stride, padding } = given;
  const [out, input, rows, columns] = kernelShape;
  if (rows !== columns)
    throw expectedError('ERR_MFT_SHAPE', 'kernelShape', '[out, in, side, side], square kernels', kernelShape);
  const side = Math.min(height, width);
  if (padding !== 'zero' && rows > side)
    throw expectedError(
      'ERR_MFT_SHAPE',
      'kernelShape',
      `kernels of a side of at most ${side}, the image's`,
      kernelShape,
    );
  const count = out * input * rows * columns;
  checkCount('kernelShape', Math.max(count, input * rows * columns * height * width, out * height * width));
  if (values === undefined && amplitude === undefined)
    throw expectedError('ERR_MFT_INVALID_ARGUMENT', 'amplitude', 'a number (or give `values`)', undefined);
  if (values !== undefined && values.length !== count)
    throw expectedError('ERR_MFT_SHAPE', 'values', `a list of ${count} numbers`, values);
  const weights = values === undefined ? sine(count, amplitude as number, phase ?? 0) : Float64Array.from(values);
  return { kernelShape, weights, height, width, stride, padding };
}

/** Largest singular value of the map itself. */
export function spectralNorm(operator: Operator, options: ControlOptions): Promise<number> {
  const { weights, kernelShape, height, width, stride, padding } = operator;
  const request = {
    weights,
    out: kernelShape[0],
    in: kernelShape[1],
    kernel: kernelShape[2],
    height,
    width,
    stride,
    padding,
  };
  return controlled(options, 1, (slots) => addon().convolutionSpectralNorm(request, slots));
}

/** Largest singular value of the kernels as a matrix, out × in·k²: not the norm of the layer. */
export function reshapedNorm(operator: Operator, options: ControlOptions): Promise<number> {
  const [out, input, side] = operator.kernelShape;
  // A map from one patch: the image is the kernel's size.
  return spectralNorm(
    { ...operator, kernelShape: [out, input, side, side], height: side, width: side, stride: 1, padding: 'valid' },
    options,
  );
}

const places = (padding: Padding, input: number, side: number, stride: number): number =>
  padding === 'valid' ? Math.floor((input - side) / stride) + 1 : Math.ceil(input / stride);

/** Positions of the map. */
function positions({ padding, height, width, stride, kernelShape }: Operator): number {
  const side = kernelShape[2];
  return places(padding, height, side, stride) * places(padding, width, side, stride);
}

const kernelNorms = ({ kernelShape, weights }: Operator): number[] => {
  const size = weights.length / kernelShape[0];
  return Array.from({ length: kernelShape[0] }, (_, j) =>
    Math.hypot(...norms(weights.subarray(j * size, (j + 1) * size))),
  );
};

/** Norms of runs of at most 1024 numbers: Math.hypot takes its arguments on the stack. */
function norms(values: Float64Array): number[] {
  const parts: number[] = [];
  for (let at = 0; at < values.length; at += 1024) parts.push(Math.hypot(...values.subarray(at, at + 1024)));
  return parts.length > 1024 ? norms(Float64Array.from(parts)) : parts;
}

/** Sum of the 2-norms of the rows of the unrolled layer: positions × Σ_j |kernel_j|; without padding only. */
export function norm21(operator: Operator): number {
  checkUnrolled(operator);
  return positions(operator) * kernelNorms(operator).reduce((sum, norm) => sum + norm, 0);
}

/** Frobenius norm of the unrolled layer: √positions |W|_F; without padding only. */
export function frobeniusNorm(operator: Operator): number {
  checkUnrolled(operator);
  return Math.sqrt(positions(operator)) * Math.hypot(...norms(operator.weights));
}

function checkUnrolled({ padding }: Operator): void {
  if (padding === 'zero')
    throw expectedError(
      'ERR_MFT_UNSUPPORTED',
      'padding',
      "'valid' or 'circular': zero padding cuts rows short",
      padding,
    );
}
