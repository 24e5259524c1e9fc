// A weight of a network with its bias: where its numbers lie, which axis is which, and the gates it is cut into.
import type { NpyValues } from '../data/npy.js';
import type { StoredArray } from '../weights/stored.js';
import type { Matrix } from './matrix.js';

export type ModuleKind = 'dense' | 'convolution' | 'recurrent' | 'embedding' | 'attention';

/** Which axes of a weight are which. */
export type Layout = 'outputsFirst' | 'inputsFirst' | 'depthwise';

export interface WeightModule {
  readonly name: string;
  readonly kind: ModuleKind;
  readonly role: 'weight' | 'input' | 'recurrent' | 'embedding';
  readonly weight: StoredArray;
  readonly layout: Layout;
  /** Gates in the order of the file; none: ['']. */
  readonly gates: readonly string[];
  /** Units of a recurrent cell. */
  readonly hidden?: number;
  /** Of an array that holds several directions: which. */
  readonly direction?: { readonly index: number; readonly count: number };
  /** Vectors whose sum is the bias; of ONNX's cells one vector that holds both, one behind the other. */
  readonly biases: readonly StoredArray[];
  readonly biasPieces: 1 | 2;
  /** Other modules with the very same storage. */
  readonly tiedWith: readonly string[];
}

const product = (sizes: readonly number[]): number => sizes.reduce((result, size) => result * size, 1);

/** The weight as outputs × inputs, inputs of a convolution counted with its places; and how many places. */
export function matrixOf(
  values: NpyValues,
  shape: readonly number[],
  layout: Layout,
): Matrix & { readonly places: number } {
  if (layout === 'outputsFirst') {
    const [outputs = 1, , ...rest] = shape;
    return { outputs, inputs: product(shape.slice(1)), values, places: product(rest) };
  }
  const [first, second] = shape.slice(-2) as [number, number];
  const places = product(shape.slice(0, -2));
  // Depthwise: every input channel has its own outputs, so the places are all that is summed.
  const [outputs, inputs] = layout === 'depthwise' ? [first * second, places] : [second, places * first];
  const turned = values.slice();
  for (let row = 0; row < inputs; row++)
    for (let column = 0; column < outputs; column++)
      turned[column * inputs + row] = values[row * outputs + column] as number;
  return { outputs, inputs, values: turned, places };
}

/** Some rows of a matrix. */
export function rowsOf(matrix: Matrix, from: number, count: number): Matrix {
  return {
    outputs: count,
    inputs: matrix.inputs,
    values: matrix.values.subarray(from * matrix.inputs, (from + count) * matrix.inputs),
  };
}
