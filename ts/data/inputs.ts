// Inputs of a network read from a real data set.
import { expectedError, MftError } from '../core/errors.js';
import type { DatasetInputs, InputVectors } from '../core/inputs.js';
import type { DataOptions } from './bytes.js';
import { readDataset } from './dataset.js';

/**
 * The images an `inputs` field names, as numbers in [0, 1] (byte / 255; of an archive: component / white), with the hash of
 * the file they came from (of the hashes of the files one after the other when the data set has several).
 *
 * @throws MftError (rejects) ERR_MFT_DATA_NOT_FOUND, _DATA_FORMAT; ERR_MFT_DATA_CHECKSUM when `sha256` is given and another
 * file is found; ERR_MFT_OUT_OF_RANGE for an index beyond the last image
 */
export async function readInputs(
  inputs: DatasetInputs,
  options: DataOptions,
): Promise<{ vectors: InputVectors; sha256: string }> {
  const { name, split, count, dimension, images, range, sha256 } = await readDataset(
    inputs.dataset,
    inputs.split ?? 'train',
    options,
  );
  if (inputs.sha256 !== undefined && inputs.sha256 !== sha256) {
    throw new MftError(
      'ERR_MFT_DATA_CHECKSUM',
      `The ${split} images of ${name} have SHA-256 ${sha256}; the spec was made with ${inputs.sha256}.`,
      { parameter: 'inputs.sha256', expected: inputs.sha256, received: sha256 },
    );
  }
  const values = new Float64Array(inputs.indices.length * dimension);
  const scale = range?.unit ?? (images instanceof Uint8Array ? 255 : 1);
  inputs.indices.forEach((index, row) => {
    if (!(index < count))
      throw expectedError(
        'ERR_MFT_OUT_OF_RANGE',
        `inputs.indices.${row}`,
        `a whole number in [0, ${count - 1}] (${name} ${split})`,
        index,
      );
    for (let i = 0; i < dimension; i++) values[row * dimension + i] = (images[index * dimension + i] as number) / scale;
  });
  return { vectors: { count: inputs.indices.length, dimension, values }, sha256 };
}
