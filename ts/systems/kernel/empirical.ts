// Kernels of one finite network whose weights are given: the tangent kernel and the covariance kernel of its last hidden layer.
import * as z from 'zod';
import { addon } from '../../core/addon.js';
import { parse } from '../../core/checks.js';
import { withJson } from '../../core/codec.js';
import { controlled, controlOf, type ControlOptions } from '../../core/control.js';
import { plainCopy } from '../../core/copy.js';
import { expectedError, MftError } from '../../core/errors.js';
import { choiceField, numberField, wholeField } from '../../core/fields.js';
import { requireMemory, threadsFor } from '../../core/memory.js';
import { controlFields } from '../../core/options.js';
import type { NamedArray } from '../../core/trainer.js';
import { type ActivationSpec, resolveActivation } from '../../gaussian/activations.js';
import { readWeights } from '../../training/weights.js';
import { type Rows, rowsOf } from './rows.js';
import type { NativeDense, NativeNetwork } from './empirical-native.js';

/** Weights of a network of dense layers. */
export type EmpiricalNetwork =
  | string
  | Readonly<Record<string, NamedArray>>
  | readonly { readonly weight: readonly (readonly number[])[]; readonly bias?: readonly number[] }[];

/** Options of `empiricalKernels`. */
export interface EmpiricalOptions extends ControlOptions {
  /** φ behind every layer but the last, or one for each of these layers. Default 'relu'. */
  readonly activation?: ActivationSpec | readonly ActivationSpec[];
  /** Second set of inputs; left out: the inputs with themselves. */
  readonly otherInputs?: InputRows;
  /** 'averaged': the mean over outputs of the kernel of an output with itself. 'full': every output with every. Default 'averaged'. */
  readonly classes?: 'averaged' | 'full';
  /**
   * 'standard': derivatives by the weights themselves. 'ntk': by weights of unit variance, W = √(weightVariance/fanIn) ω and
   * b = √biasVariance β. Default 'standard'.
   */
  readonly parameterization?: 'standard' | 'ntk';
  /** σ_w² of 'ntk' and of the readout in `nngp`. Default 1. */
  readonly weightVariance?: number;
  /** σ_b² of 'ntk' and of the readout in `nngp`. Default 0. */
  readonly biasVariance?: number;
  /** Default 0: all processors. Never changes the result. */
  readonly threads?: number;
  /** Refuse to start when the estimated memory exceeds so many bytes. */
  readonly memoryLimit?: number;
}

/** Inputs as rows of numbers, or row-major with their shape. */
export type InputRows =
  | readonly (readonly number[])[]
  | { readonly shape: readonly number[]; readonly values: Float64Array | Float32Array };

/** A matrix, row-major. */
export interface KernelMatrix {
  readonly shape: readonly [number, number];
  readonly values: Float64Array;
}

/** What `empiricalKernels` returns. */
export interface EmpiricalKernels {
  /** Θ of this network. */
  readonly ntk: KernelMatrix;
  /** weightVariance h·h'/N + biasVariance of its last hidden layer h of N units. */
  readonly nngp: KernelMatrix;
  /** What a row of `ntk` belongs to, the last name fastest: an input, or an output at an input. */
  readonly order: readonly ['input'] | readonly ['input', 'output'];
  readonly isAveraged: boolean;
  readonly outputs: number;
  /** Numbers of the network that are differentiated by. */
  readonly parameters: number;
}

const optionFields = {
  activation: z.custom<ActivationSpec | readonly ActivationSpec[]>(() => true).default('relu'),
  otherInputs: z.custom<InputRows>(() => true).optional(),
  classes: choiceField(['averaged', 'full'], 'The mean over outputs, or every output with every.').default('averaged'),
  parameterization: choiceField(['standard', 'ntk'], 'What is differentiated by.').default('standard'),
  weightVariance: numberField({ low: 0 }, 'Variance of a weight times its fan-in.').default(1),
  biasVariance: numberField({ low: 0 }, 'Variance of a bias.').default(0),
  threads: wholeField(0, 1024, 'Threads; 0 = all processors.').default(0),
  memoryLimit: numberField({ low: 0, above: true }, 'Bytes.').optional(),
};
const optionSchema = z.strictObject({ ...optionFields, ...controlFields });

/**
 * The kernels of one network with given weights: Θ(x, x') = Σ_θ ∂f(x)/∂θ ∂f(x')/∂θ over all its weights and biases, and the
 * covariance kernel of its last hidden layer.
 *
 * A layer z = W h + b adds (h·h' + 1) · (∂f/∂z · ∂f'/∂z'): two matrices of inner products, so that the cost is that of m² Σ N_l
 * products for m inputs, and no array of inputs times parameters is ever made.
 *
 * @param network what `train` returns as `weights`, a file of it (`readArrays`), or a list of layers { weight, bias }: `layer1.weight` of
 * shape [outputs, inputs], `layer1.bias` of shape [outputs] (left out: no biases), …
 * @param inputs m rows of numbers, as the network reads them (after normalisation)
 * @param options see `EmpiricalOptions`
 * @returns `ntk`: m × m, or (m outputs) × (m outputs) in the order (input, output); `nngp`: m × m; what the order is
 * @throws MftError (rejects) ERR_MFT_SHAPE (layers that do not fit, inputs of another length), ERR_MFT_INVALID_ARGUMENT,
 * ERR_MFT_NOT_FINITE (naming the layer), ERR_MFT_MEMORY (before anything is computed), _DATA_NOT_FOUND and _DATA_FORMAT of a file
 *
 * **Numerics**: double precision; equal to the products of explicit derivatives to 1e-12 of the largest entry. A kernel of inputs
 * with themselves is exactly symmetric. Bits do not depend on `threads`.
 * **Source**: Jacot, Gabriel & Hongler 2018; docs/systems/kernel.md (6.9).
 *
 * @example
 * import { empiricalKernels } from 'mft-native';
 * const layers = [{ weight: [[1, 2]], bias: [0.5] }, { weight: [[3]] }];
 * const { ntk } = await empiricalKernels(layers, [[1, 0.5]], { activation: 'linear' });
 * console.log(ntk.values[0]); // 26.5
 */
export async function empiricalKernels(
  network: EmpiricalNetwork,
  inputs: InputRows,
  options: EmpiricalOptions = {},
): Promise<EmpiricalKernels> {
  const { memoryLimit, ...chosen } = parse(optionSchema, options, 'options');
  const control = controlOf(chosen as ControlOptions);
  const rows = rowsOf(inputs, 'inputs');
  const others = chosen.otherInputs === undefined ? undefined : rowsOf(chosen.otherInputs, 'otherInputs');
  const arrays = await arraysOf(network, control.signal === undefined ? {} : { signal: control.signal });
  const activations = activationsOf(plainCopy(chosen.activation, 'activation'), layerCount(arrays));
  const call: NativeNetwork = {
    layers: layersOf(arrays, activations, chosen),
    inputs: rows.values,
    others: others?.values ?? new Float64Array(0),
    classes: chosen.classes,
    threads: threadsFor(chosen.threads),
  };
  refuseMisfit(call, rows, others);
  requireMemory('empirical kernel', bytesOf(call, rows, others), ['inputs', 'classes'], memoryLimit);
  const found = await controlled(control, call.layers.length, (slots) => addon().kernelEmpirical(call, slots));
  return withJson({
    ntk: { shape: [found.rows, found.columns] as const, values: found.tangent },
    nngp: {
      shape: [rows.count, (others ?? rows).count] as const,
      values: found.features.map((feature) => chosen.weightVariance * feature + chosen.biasVariance),
    },
    order: chosen.classes === 'full' ? (['input', 'output'] as const) : (['input'] as const),
    isAveraged: chosen.classes === 'averaged',
    outputs: call.layers.at(-1)?.outputs ?? 0,
    parameters: call.layers.reduce((sum, { weight, bias }) => sum + weight.length + bias.length, 0),
  });
}

type Arrays = Readonly<Record<string, NamedArray>>;

async function arraysOf(network: EmpiricalNetwork, control: ControlOptions): Promise<Arrays> {
  if (typeof network === 'string') return readWeights(network, control);
  const copy: unknown = plainCopy(network, 'network');
  const expected = 'the path of a file of weights, weights as `train` returns them, or a list of layers {weight, bias}';
  if (Array.isArray(copy)) return Object.fromEntries(copy.flatMap((layer, l) => listed(layer, l)));
  if (typeof copy !== 'object' || copy === null)
    throw expectedError('ERR_MFT_INVALID_ARGUMENT', 'network', expected, copy);
  return copy as Arrays;
}

/** A layer given as rows of numbers, under the names of `train`. */
function listed(layer: unknown, l: number): readonly (readonly [string, NamedArray])[] {
  const { weight, bias } = (layer ?? {}) as { readonly weight?: unknown; readonly bias?: unknown };
  const { count, dimension, values } = rowsOf(weight, `network.${l}.weight`);
  const name = `layer${l + 1}`;
  const given = [`${name}.weight`, { shape: [count, dimension], values }] as const;
  if (bias === undefined) return [given];
  const biases = rowsOf([bias], `network.${l}.bias`).values;
  return [given, [`${name}.bias`, { shape: [biases.length], values: biases }]];
}

function layerCount(arrays: Arrays): number {
  let count = 0;
  while (Object.hasOwn(arrays, `layer${count + 1}.weight`)) count++;
  const known = new Set(Array.from({ length: count }, (_, l) => [`layer${l + 1}.weight`, `layer${l + 1}.bias`]).flat());
  const stranger = Object.keys(arrays).find((name) => !known.has(name));
  if (count === 0 || stranger !== undefined)
    throw expectedError(
      'ERR_MFT_SHAPE',
      'network',
      'dense layers only: layer1.weight, layer1.bias, layer2.weight, …',
      stranger ?? 'no layer1.weight',
    );
  return count;
}

function activationsOf(given: ActivationSpec | readonly ActivationSpec[], layers: number): readonly object[] {
  const list = Array.isArray(given) ? (given as readonly ActivationSpec[]) : undefined;
  if (list !== undefined && list.length !== layers - 1)
    throw expectedError(
      'ERR_MFT_SHAPE',
      'activation',
      `one activation or a list of ${layers - 1}, one behind every layer but the last`,
      list.length,
    );
  const one = list === undefined ? resolveActivation(given as ActivationSpec) : undefined;
  return Array.from({ length: layers }, (_, l) =>
    l === layers - 1 ? resolveActivation('linear') : (one ?? resolveActivation(list?.[l] as ActivationSpec)),
  );
}

interface Rates {
  readonly parameterization: 'standard' | 'ntk';
  readonly weightVariance: number;
  readonly biasVariance: number;
}

function layersOf(arrays: Arrays, activations: readonly object[], rates: Rates): readonly NativeDense[] {
  return activations.map((activation, l) => {
    const name = `layer${l + 1}`;
    const weight = arrayOf(arrays, `${name}.weight`, 2);
    const [outputs, inputs] = weight.shape as readonly [number, number];
    const bias = Object.hasOwn(arrays, `${name}.bias`) ? arrayOf(arrays, `${name}.bias`, 1).values : undefined;
    if (bias !== undefined && bias.length !== outputs)
      throw expectedError('ERR_MFT_SHAPE', 'network', `${name}.bias of shape [${outputs}]`, bias.length);
    const isScaled = rates.parameterization === 'ntk';
    return {
      inputs,
      outputs,
      weight: weight.values,
      bias: bias ?? new Float64Array(0),
      weightRate: isScaled ? rates.weightVariance / inputs : 1,
      biasRate: isScaled ? rates.biasVariance : 1,
      activation,
    };
  });
}

function arrayOf(
  arrays: Arrays,
  name: string,
  axes: number,
): { readonly shape: readonly number[]; values: Float64Array } {
  const { shape, values } = (arrays[name] ?? {}) as Partial<NamedArray>;
  const isArray = values instanceof Float32Array || values instanceof Float64Array;
  const isShape =
    Array.isArray(shape) && shape.length === axes && shape.every((size) => Number.isSafeInteger(size) && size >= 1);
  if (!isArray || !isShape || values.length !== shape.reduce((product, size) => product * size, 1))
    throw expectedError('ERR_MFT_SHAPE', 'network', `${name} as numbers with a shape of ${axes} axes`, shape);
  if (!values.every(Number.isFinite))
    throw new MftError('ERR_MFT_NOT_FINITE', `Expected ${name} of \`network\` to hold finite numbers only.`, {
      parameter: 'network',
    });
  return { shape, values: Float64Array.from(values) };
}

function refuseMisfit({ layers }: NativeNetwork, rows: Rows, others: Rows | undefined): void {
  for (const [l, { inputs }] of layers.entries()) {
    const before = layers[l - 1]?.outputs;
    if (before !== undefined && inputs !== before)
      throw expectedError('ERR_MFT_SHAPE', 'network', `layer${l + 1}.weight with ${before} columns`, inputs);
  }
  const dimension = layers[0]?.inputs as number;
  for (const [name, given] of [
    ['inputs', rows],
    ['otherInputs', others],
  ] as const)
    if (given !== undefined && given.dimension !== dimension)
      throw expectedError(
        'ERR_MFT_SHAPE',
        name,
        `rows of ${dimension} numbers, as layer1.weight takes`,
        given.dimension,
      );
}

/** As native/systems/kernel/empirical.cc counts; the weights stand on both sides of the border. */
function bytesOf({ layers, classes }: NativeNetwork, rows: Rows, others: Rows | undefined): number {
  const outputs = layers.at(-1)?.outputs as number;
  const columns = (others ?? rows).count;
  const all = rows.count + (others?.count ?? 0);
  const weights = layers.reduce((sum, { weight, bias }) => sum + weight.length + bias.length, 0);
  const widths = layers.reduce((sum, layer) => sum + layer.outputs, 0);
  const widest = layers.reduce((most, layer) => Math.max(most, layer.outputs), 0);
  const perPair = classes === 'full' ? outputs ** 2 : 1;
  const pairs = 2 * rows.count * columns * (perPair + 1);
  return 8 * (2 * weights + 2 * all * (rows.dimension + widths) + 2 * all * outputs * widest + pairs);
}
