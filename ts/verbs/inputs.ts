// Resolves inputs that name a data set, so that systems only ever see numbers.
import type { ControlOptions } from '../core/control.js';
import { expectedError } from '../core/errors.js';
import type { DatasetInputs, Inputs, InputVectors } from '../core/inputs.js';

/** The `system` field of a spec that may be anything. @throws MftError ERR_MFT_INVALID_ARGUMENT when it is no object */
export function systemOf(spec: unknown): unknown {
  if (typeof spec !== 'object' || spec === null)
    throw expectedError('ERR_MFT_INVALID_ARGUMENT', 'spec', 'an object', spec);
  return (spec as { system?: unknown }).system;
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
