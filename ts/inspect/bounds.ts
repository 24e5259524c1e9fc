// What the bounds of `convolution` say of a file of weights: convolutions in the order of the file, and a last matrix.
import { expectedError, MftError } from '../core/errors.js';
import { isUndefined, type QuantityValue, type Undefined } from '../core/results.js';
import { boundsAtNorms } from '../systems/convolution/measured.js';
import { type ConvolutionSpec, networkFromSpec, resolveSpec } from '../systems/convolution/spec.js';
import type { Matrix } from './matrix.js';
import type { WeightModule } from './module.js';

/** What no file of weights says of a convolutional network, beside what may be left out. */
const unsaid = ['input', 'stride', 'pool', 'pooling', 'padding', 'activation', 'samples'] as const;

/** The network of a file, less what its arrays say: depth, widths, kernels and classes. */
export type InspectedNetwork = Required<Pick<ConvolutionSpec, (typeof unsaid)[number]>> &
  Pick<ConvolutionSpec, 'failureProbability' | 'inputBound'>;

/** A module with its numbers as outputs × inputs, inputs × places behind each other. */
export interface ReadModule {
  readonly module: WeightModule;
  readonly matrix: Matrix;
  readonly bias: Float64Array | undefined;
}

/** Bits of a stored weight, by the file's word for its type; 64 where the word says nothing of it. */
const bitsOf = (type: string): number => Number(/(?:^|[^\d])(8|16|32|64)(?:$|[^\d])/.exec(type)?.[1] ?? 64);

/** Bytes a number in NumPy's words: <f4. */
const storedBits = (type: string): number => {
  const bytes = /^[<>|=]?[fiu]([1248])$/.exec(type)?.[1];
  return bytes === undefined ? bitsOf(type) : 8 * Number(bytes);
};

/** Height and width of the kernels, and channels that enter. */
function kernelOf({ weight: { shape }, layout }: WeightModule): readonly [number, number, number] {
  const [a = 0, b = 0, c = 0, d = 0] = shape;
  return layout === 'outputsFirst' ? [c, d, b] : [a, b, c];
}

/**
 * `kernelNorm`, `fcNorm` and `bounds` as `train` says them of a trained network (the class is chosen by the weights, so every place of
 * the grid of norms pays), or why the file is no such network.
 *
 * @throws MftError ERR_MFT_INVALID_ARGUMENT what no file says is missing; ERR_MFT_SHAPE the given network does not fit the arrays
 */
export function fileBounds(
  modules: readonly ReadModule[],
  given: InspectedNetwork,
): Readonly<Record<string, QuantityValue>> | Undefined {
  for (const field of unsaid)
    if (given[field] === undefined)
      throw new MftError('ERR_MFT_INVALID_ARGUMENT', `Expected network.${field}: no file of weights says it.`, {
        parameter: `network.${field}`,
      });
  const convolutions = modules.slice(0, -1);
  const head = modules.at(-1);
  if (head?.module.kind !== 'dense' || convolutions.length === 0)
    return { reason: 'the bounds are for convolutions and one matrix behind them' };
  for (const { module } of convolutions) {
    const [height, width] = kernelOf(module);
    if (module.kind !== 'convolution' || module.layout === 'depthwise' || module.weight.shape.length !== 4)
      return {
        reason: `${module.name} is no convolution of images: the bounds are for chains of them and a last matrix`,
      };
    if (height !== width) return { reason: `the kernels of ${module.name} are not square` };
  }
  if (modules.some(({ bias }) => bias?.some((b) => b !== 0) === true))
    return { reason: 'the bounds are for networks without biases' };
  const spec = resolveSpec({
    ...given,
    depth: convolutions.length,
    width: convolutions.map(({ matrix }) => matrix.outputs),
    kernel: convolutions.map(({ module }) => kernelOf(module)[0]),
    classes: head.matrix.outputs,
  });
  const network = networkFromSpec(spec);
  for (const [l, { module }] of convolutions.entries()) {
    const entering = l === 0 ? spec.input[2] : (convolutions[l - 1] as ReadModule).matrix.outputs;
    if (kernelOf(module)[2] !== entering)
      throw expectedError(
        'ERR_MFT_SHAPE',
        'network.input',
        `${kernelOf(module)[2]} channels before ${module.name}`,
        entering,
      );
  }
  if (network.features !== head.matrix.inputs)
    throw expectedError(
      'ERR_MFT_SHAPE',
      'network',
      `sizes, strides and pools that leave ${head.matrix.inputs} numbers for ${head.module.name}`,
      network.features,
    );
  const weights = Object.fromEntries(
    modules.map(({ matrix: { outputs, inputs, values } }, l) => [
      `layer${l + 1}.weight`,
      { shape: [outputs, inputs], values: Float64Array.from(values) },
    ]),
  );
  const bits = Math.max(...modules.map(({ module }) => storedBits(module.weight.type)));
  const { samples, failureProbability } = spec;
  return boundsAtNorms(network, weights, { samples, failureProbability, bits, holdsNorms: false });
}

/** For people: a line for the norms, and one for every bound. */
export function boundLines(bounds: Readonly<Record<string, QuantityValue>> | Undefined): string[] {
  if (isUndefined(bounds as QuantityValue)) return [`No bounds: ${(bounds as Undefined).reason}.`];
  const { kernelNorm, fcNorm, bounds: all } = bounds as Readonly<Record<string, QuantityValue>>;
  const said = (value: QuantityValue): string =>
    typeof value === 'number'
      ? String(Number(value.toPrecision(4)))
      : Array.isArray(value)
        ? value.map(said).join(', ')
        : isUndefined(value)
          ? value.reason
          : JSON.stringify(value);
  const lines = [
    `norms of kernels ${said(kernelNorm as QuantityValue)}; of the last matrix ${said(fcNorm as QuantityValue)}`,
  ];
  if (isUndefined(all as QuantityValue)) return [...lines, `No bounds: ${(all as Undefined).reason}.`];
  for (const [name, one] of Object.entries(all as Readonly<Record<string, Readonly<Record<string, QuantityValue>>>>))
    lines.push(
      `${name}: ${said(one.value as QuantityValue)}` +
        `${one.isProved === true ? ', proved' : ''}${one.isVacuous === true ? ', says nothing' : ''}`,
    );
  return lines;
}
