// What a network of a plan gives for its inputs, without dropout: the products of `train`, written out in double precision.
import { addon } from '../core/addon.js';
import { expectedError, MftError } from '../core/errors.js';
import type { NamedArray } from '../core/trainer.js';
import type { LayerPlan, TrainingPlan } from './plan.js';

type Weights = Readonly<Record<string, NamedArray>>;
type Factors = Readonly<Record<string, number>>;

/** `count` rows of numbers, one after the other. */
export interface Rows {
  readonly count: number;
  readonly values: Float64Array;
}

/** W x + b of every dense layer, and the outputs of every layer. */
interface Forward {
  readonly preactivations: readonly Float64Array[];
  readonly outputs: Float64Array;
}

/**
 * The network of `plan` with these weights, on rows of inputs.
 *
 * @throws MftError ERR_MFT_UNSUPPORTED for layers other than dense ones and blocks; ERR_MFT_SHAPE for weights that are missing or of
 *   another shape
 */
export function forward(plan: TrainingPlan, weights: Weights, inputs: Rows, multipliers: Factors): Forward {
  const preactivations: Float64Array[] = [];
  let x = inputs;
  for (const [l, layer] of plan.layers.entries()) {
    const name = `layer${l + 1}`;
    const own = layer.forwardMultipliers ?? {};
    const factor = (part: string): number =>
      (own[part] ?? 1) * (multipliers[part === '' ? name : `${name}.${part}`] ?? 1);
    if (layer.kind === 'dense') {
      const z = affine(weights, name, x, factor(''));
      preactivations.push(z.values);
      x = activated(layer.activation, z);
    } else if (layer.kind === 'block') {
      x = blockOutput(layer, weights, name, x, factor);
      preactivations.push(x.values);
    } else
      throw new MftError(
        'ERR_MFT_UNSUPPORTED',
        `Expected dense layers and residual blocks, received a layer of kind ${layer.kind}.`,
        {
          parameter: 'spec',
        },
      );
  }
  return { preactivations, outputs: x.values };
}

function activated(activation: object | undefined, z: Rows): Rows {
  if (activation === undefined) return z;
  return { ...z, values: addon().activate({ activation: activation as never, z: z.values, order: 0 }) };
}

/** skip x, or the fixed projection of x, and the branch. */
function blockOutput(
  layer: Extract<LayerPlan, { readonly kind: 'block' }>,
  weights: Weights,
  name: string,
  x: Rows,
  factor: (part: string) => number,
): Rows {
  const hidden = activated(layer.activation, affine(weights, `${name}.inner`, x, factor('inner')));
  const branch = layer.hasOuter ? affine(weights, `${name}.outer`, hidden, factor('outer')) : hidden;
  const projection = weights[`${name}.projection`];
  const shortcut = projection === undefined ? x.values : product(projection, x, `${name}.projection`).values;
  const skip = projection === undefined ? layer.skip : 1;
  return { ...x, values: branch.values.map((value, i) => value + skip * (shortcut[i] as number)) };
}

function affine(weights: Weights, name: string, x: Rows, factor: number): Rows {
  const matrix = weights[`${name}.weight`];
  if (matrix === undefined)
    throw expectedError('ERR_MFT_SHAPE', 'weights', `an array ${name}.weight`, Object.keys(weights).join(', '));
  const { count, values } = product(matrix, x, `${name}.weight`);
  const bias = weights[`${name}.bias`]?.values;
  const outputs = matrix.shape[0] as number;
  return { count, values: values.map((value, i) => factor * value + (bias?.[i % outputs] ?? 0)) };
}

/** x W^T, W [outputs, inputs]. */
function product({ shape, values }: NamedArray, x: Rows, name: string): Rows {
  const [outputs = 0, inputs = 0] = shape;
  if (shape.length !== 2 || inputs * x.count !== x.values.length)
    throw expectedError(
      'ERR_MFT_SHAPE',
      'weights',
      `${name} with ${x.values.length / x.count} columns, the numbers that enter the layer`,
      `shape [${shape.join(', ')}]`,
    );
  const out = new Float64Array(x.count * outputs);
  for (let i = 0; i < outputs; i++) {
    const row = values.subarray(i * inputs, (i + 1) * inputs);
    for (let a = 0; a < x.count; a++) {
      let sum = 0;
      for (let j = 0, at = a * inputs; j < inputs; j++, at++) sum += (row[j] as number) * (x.values[at] as number);
      out[a * outputs + i] = sum;
    }
  }
  return { count: x.count, values: out };
}
