// Weights of a network by name and shape: `layer1.weight` [outputs, inputs], `layer1.bias` [outputs], of a block
// `layer2.inner.weight`, `layer2.outer.weight`, … and, fixed, `layer2.projection`.
import { expectedError, MftError } from '../core/errors.js';
import type { ControlOptions } from '../core/control.js';
import type { NamedArray } from '../core/trainer.js';
import { writeNpz } from '../data/npz-write.js';
import { readArrays } from '../weights/read-arrays.js';
import { writeSafetensors } from '../weights/safetensors.js';
import type { NativeTensor } from './native.js';

type Weights = Readonly<Record<string, NamedArray>>;

/** The arrays of a network from its numbers, one after the other. */
export function namedWeights(tensors: readonly NativeTensor[], numbers: Float64Array, isDouble: boolean): Weights {
  let at = 0;
  return Object.fromEntries(
    tensors.map(({ name, shape }) => {
      const part = numbers.subarray(at, at + sizeOf(shape));
      at += part.length;
      return [name, { shape, values: isDouble ? part.slice() : Float32Array.from(part) }];
    }),
  );
}

/**
 * The numbers of a network from its arrays.
 *
 * @throws MftError ERR_MFT_SHAPE with the name of an array that is missing, has another shape, or belongs to no layer;
 * ERR_MFT_NOT_FINITE
 */
export function flatWeights(tensors: readonly NativeTensor[], weights: Weights): Float64Array {
  const names = new Set(tensors.map(({ name }) => name));
  const unknown = Object.keys(weights).find((name) => !names.has(name));
  if (unknown !== undefined)
    throw expectedError('ERR_MFT_SHAPE', 'initialWeights', `arrays of this network: ${[...names].join(', ')}`, unknown);
  const result = new Float64Array(tensors.reduce((sum, { shape }) => sum + sizeOf(shape), 0));
  let at = 0;
  for (const { name, shape } of tensors) {
    const given = weights[name];
    if (given === undefined || String(given.shape) !== String(shape))
      throw expectedError(
        'ERR_MFT_SHAPE',
        'initialWeights',
        `${name} of shape [${shape.join(', ')}]`,
        given === undefined ? 'nothing of that name' : `shape [${given.shape.join(', ')}]`,
      );
    if (!given.values.every(Number.isFinite))
      throw new MftError('ERR_MFT_NOT_FINITE', `Expected ${name} of \`initialWeights\` to hold finite numbers only.`, {
        parameter: 'initialWeights',
      });
    result.set(given.values, at);
    at += given.values.length;
  }
  return result;
}

/** The arrays of a file of weights of any format, as floating point. @throws MftError (rejects) as `readArrays` */
export async function readWeights(path: string, options: ControlOptions = {}): Promise<Weights> {
  const { arrays } = await readArrays(path, undefined, options);
  return Object.fromEntries(
    Object.entries(arrays).map(([name, { shape, values }]) => {
      const isFloating = values instanceof Float32Array || values instanceof Float64Array;
      return [name, { shape, values: isFloating ? values : Float64Array.from(values) }];
    }),
  );
}

/** Writes the arrays to a .safetensors file, or to an .npz file of any other name. @throws MftError (rejects) as these */
export function writeWeights(path: string, weights: Weights): Promise<void> {
  return path.endsWith('.safetensors') ? writeSafetensors(path, weights) : writeNpz(path, weights);
}

function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}
