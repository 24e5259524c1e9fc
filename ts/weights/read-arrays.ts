// Every array of a file of weights at once.
import { plainCopy } from '../core/copy.js';
import { expectedError } from '../core/errors.js';
import type { Warning } from '../core/results.js';
import { formatError } from '../data/files.js';
import type { NpyValues } from '../data/npy.js';
import { withWeightFile, type WeightFileOptions } from './open.js';
import type { WeightFormat } from './stored.js';

/** An array of a file of weights: row-major, in the axes of the file. */
export interface FileArray {
  readonly shape: readonly number[];
  /** Its type in the file's own words, e.g. "BF16". */
  readonly type: string;
  readonly values: NpyValues;
}

export interface FileArrays {
  readonly format: WeightFormat;
  readonly arrays: Readonly<Record<string, FileArray>>;
  /** Texts that the file carries: metadata of safetensors, who made it. */
  readonly metadata: Readonly<Record<string, string>>;
  readonly warnings: readonly Warning[];
}

/**
 * Reads the arrays of a file of weights: safetensors, PyTorch's .pt and .pth (a state dict; nothing of the file is executed), ONNX,
 * tfjs (model.json and its shards), .npz and .npy. The format is told by the content.
 *
 * @param path the file; of tfjs the model.json or its folder
 * @param names the arrays to read; all when left out
 * @param options `memoryLimit`, cancellation
 * @returns a promise of the arrays by name, in the order of the file
 * @throws MftError (rejects) ERR_MFT_DATA_FORMAT (of no format that is read, truncated, contradicting itself, a name that stands
 * twice or is not allowed), ERR_MFT_DATA_CHECKSUM, ERR_MFT_DATA_NOT_FOUND, ERR_MFT_DISK, ERR_MFT_MEMORY
 *
 * **Numerics**: values as stored; halves and eight-bit floats become float32 exactly, 64-bit integers doubles (refused beyond 2^53);
 * quantised tfjs values are float32(min + scale·q).
 * **Source**: the published formats of each.
 *
 * @example
 * const { arrays } = await readArrays('model.safetensors');
 * console.log(Object.entries(arrays).map(([name, { shape }]) => `${name} (${shape.join(', ')})`));
 */
export async function readArrays(
  path: string,
  names?: readonly string[],
  options: WeightFileOptions = {},
): Promise<FileArrays> {
  const chosen = names === undefined ? undefined : plainCopy(names, 'names');
  if (chosen !== undefined && !(Array.isArray(chosen) && chosen.every((name) => typeof name === 'string')))
    throw expectedError('ERR_MFT_INVALID_ARGUMENT', 'names', 'a list of names', names);
  return withWeightFile(path, options, async ({ format, arrays, metadata, warnings }, room) => {
    const missing = chosen?.find((name) => !arrays.some((array) => array.name === name));
    if (missing !== undefined)
      throw formatError(
        path,
        `has no array "${missing}"; it has ${
          arrays
            .map(({ name }) => name)
            .slice(0, 40)
            .join(', ') || 'none'
        }.`,
      );
    const wanted = chosen === undefined ? arrays : arrays.filter(({ name }) => chosen.includes(name));
    // Before the first is read: many small arrays may stand on one storage.
    for (const { bytes } of wanted) room.take(bytes);
    const read: [string, FileArray][] = [];
    for (const { name, shape, type, read: values } of wanted)
      read.push([name, { shape, type, values: await values() }]);
    return { format, arrays: Object.fromEntries(read), metadata, warnings };
  });
}
