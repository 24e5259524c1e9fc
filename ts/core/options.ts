// Options of public functions, checked like specs: every function lists its own, unknown ones are refused with a hint.
import * as z from 'zod';
import { parse } from './checks.js';
import type { ControlOptions } from './control.js';
import { readOnce } from './copy.js';

/** A field for what has no JSON: a function, a signal. */
export function valueField<T>(is: (value: unknown) => boolean, expected: string, description: string) {
  return z
    .custom<T>((value) => readOnce('options', () => is(value)))
    .meta({ expected, description })
    .optional();
}

/** A field for a function of the caller's. */
export function functionField<T>(description: string) {
  return valueField<T>((value) => typeof value === 'function', 'a function', description);
}

/** An AbortSignal of any realm or polyfill: known by what is used of it. */
function isSignal(value: unknown): boolean {
  const signal = value as Partial<AbortSignal> | null;
  return (
    typeof signal === 'object' &&
    typeof signal?.aborted === 'boolean' &&
    typeof signal.addEventListener === 'function' &&
    typeof signal.removeEventListener === 'function'
  );
}

/** What every function takes that can last a second. */
export const controlFields = {
  signal: valueField<AbortSignal>(isSignal, 'an AbortSignal', 'Cancels the work.'),
  onProgress: functionField<NonNullable<ControlOptions['onProgress']>>('Told about the progress.'),
};

const controlSchema = z.strictObject(controlFields);

/** `signal` and `onProgress`, read once. @throws MftError ERR_MFT_INVALID_ARGUMENT */
export function controlOptions(given: ControlOptions): ControlOptions {
  return parse(controlSchema, given, 'options') as ControlOptions;
}
