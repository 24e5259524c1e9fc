// Resolves inputs that name a data set, so that systems only ever see numbers.
import type { ControlOptions } from '../core/control.js';
import type { DatasetInputs, Inputs, InputVectors } from '../core/inputs.js';

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
