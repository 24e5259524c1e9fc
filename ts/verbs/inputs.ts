// Resolves inputs that name a data set, so that systems only ever see numbers.
import type { ControlOptions } from '../core/control.js';
import { plainCopy } from '../core/copy.js';
import { expectedError } from '../core/errors.js';
import type { DatasetInputs, Inputs, InputVectors } from '../core/inputs.js';

/**
 * A user's spec, read once: a record of plain data with the name of a system.
 *
 * @throws MftError ERR_MFT_INVALID_ARGUMENT
 */
export function givenSpec(spec: unknown): { readonly system?: unknown } {
  const copy = plainCopy(spec, 'spec');
  if (typeof copy !== 'object' || copy === null || Array.isArray(copy))
    throw expectedError('ERR_MFT_INVALID_ARGUMENT', 'spec', 'an object', copy);
  return copy as { readonly system?: unknown };
}

interface WithInputs {
  readonly spec: unknown;
  readonly context: { readonly inputs?: InputVectors };
}

/** The spec with the hash of its data file filled in, and the images as numbers. */
export async function withInputs(spec: unknown, options: ControlOptions): Promise<WithInputs> {
  const inputs = (spec as { inputs?: Inputs }).inputs;
  if (inputs === undefined || !('dataset' in inputs)) return { spec, context: {} };
  const { readInputs } = await import('../data/inputs.js');
  const { vectors, sha256 } = await readInputs(inputs as DatasetInputs, options);
  return { spec: { ...(spec as object), inputs: { ...inputs, sha256 } }, context: { inputs: vectors } };
}
