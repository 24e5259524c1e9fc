// Why a spec is not trained: what systems whose networks have weights say alike.
import { MftError } from '../core/errors.js';

/** A field whose value has no counterpart in training. */
export function unsupported(parameter: string, expected: string): MftError {
  return new MftError('ERR_MFT_UNSUPPORTED', `Expected \`${parameter}\` of a trained network to be ${expected}.`, {
    parameter,
    expected,
  });
}

/** A field that does not fit the data. */
export function misfit(parameter: string, expected: string, received: unknown): MftError {
  return new MftError('ERR_MFT_SHAPE', `Expected \`${parameter}\` to be ${expected}, received ${String(received)}.`, {
    parameter,
    expected,
    received,
  });
}
