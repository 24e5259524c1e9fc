// Validation, once, in TypeScript: a zod schema's verdict as the package's error sentence.
import type { z } from 'zod';
import { readOnce } from './copy.js';
import { didYouMean, expectedError, MftError } from './errors.js';
import { hintFor, info, runHintFor } from './fields.js';

/**
 * The value as the schema reads it (defaults filled in), or the documented error.
 *
 * @param schema a strict object schema made of ts/core/fields.ts
 * @param value what the caller gave
 * @param what how to name the value in errors about the whole: "spec", "run"
 * @throws MftError ERR_MFT_INVALID_ARGUMENT (wrong type, unknown key), ERR_MFT_OUT_OF_RANGE (a number outside its range)
 */
export function parse<T extends z.ZodObject>(schema: T, value: unknown, what: string): z.output<T> {
  if (typeof value !== 'object' || value === null || readOnce(what, () => Array.isArray(value))) {
    throw expectedError('ERR_MFT_INVALID_ARGUMENT', what, 'an object', value);
  }
  const named = withoutAliases(schema, value, what);
  return readOnce(what, () => {
    const verdict = schema.safeParse(named);
    if (verdict.success) return verdict.data;
    throw translated(schema, named, verdict.error.issues, what);
  });
}

/** The value with the fields' own names and words where it has others that they are known by. */
function withoutAliases(schema: z.ZodObject, value: object, what: string): object {
  const named: Record<string, unknown> = readOnce(what, () => ({ ...value }));
  for (const [name, field] of Object.entries(schema.shape)) {
    const { aliases = [], spellings = {} } = info(field as z.ZodType) ?? {};
    for (const alias of aliases) {
      if (!Object.hasOwn(named, alias)) continue;
      if (Object.hasOwn(named, name)) {
        const expected = `left out where \`${name}\` is given, its other name`;
        throw expectedError('ERR_MFT_INVALID_ARGUMENT', alias, expected, named[alias]);
      }
      named[name] = named[alias];
      delete named[alias];
    }
    const word = named[name];
    if (typeof word === 'string' && Object.hasOwn(spellings, word)) named[name] = spellings[word];
  }
  return named;
}

function translated(schema: z.ZodObject, value: object, issues: readonly z.core.$ZodIssue[], what: string): MftError {
  const issue = issues.find((candidate) => candidate.code === 'unrecognized_keys') ?? issues[0];
  if (issue === undefined) return new MftError('ERR_MFT_INTERNAL', `The ${what} was refused without a reason.`);
  if (issue.code === 'unrecognized_keys') {
    const known = issue.path.length === 0 ? schema : undefined;
    return unknownKey(issue.keys[0] ?? '', known, [what, ...issue.path.map(String)].join('.'));
  }
  const received = issue.path.reduce<unknown>(
    (at, key) => (at as Record<PropertyKey, unknown> | undefined)?.[key],
    value,
  );
  const parameter = issue.path.map(String).join('.');
  const field = issue.path.length === 0 ? undefined : schema.shape[String(issue.path[0])];
  const expected = field === undefined ? undefined : info(field as z.ZodType)?.expected;
  const whole = issue.path.length <= 1 ? received : (value as Record<string, unknown>)[String(issue.path[0])];
  const isSentence = issue.message.startsWith('Expected');
  if (expected === undefined || (issue.code === 'custom' && isSentence)) {
    return new MftError(
      codeFor(received),
      isSentence ? issue.message : `Expected \`${parameter || what}\`: ${issue.message}`,
      {
        parameter: parameter || what,
        received,
      },
    );
  }
  // A number given where words stand is a wrong kind of value, not a number outside its range.
  const isKind = issue.code === 'custom' || info(field as z.ZodType)?.kind === 'choice';
  const code = isKind ? 'ERR_MFT_INVALID_ARGUMENT' : codeFor(whole);
  return expectedError(code, String(issue.path[0]), expected, whole);
}

function codeFor(received: unknown): 'ERR_MFT_OUT_OF_RANGE' | 'ERR_MFT_INVALID_ARGUMENT' {
  const isNumeric =
    typeof received === 'number' ||
    (Array.isArray(received) && received.length > 0 && received.every((item) => typeof item === 'number'));
  return isNumeric ? 'ERR_MFT_OUT_OF_RANGE' : 'ERR_MFT_INVALID_ARGUMENT';
}

/** The error for a key nobody knows, with a hint that names a field of this schema. */
function unknownKey(key: string, schema: z.ZodObject | undefined, where: string): MftError {
  const known = schema === undefined ? [] : Object.keys(schema.shape);
  const foreign = schema === undefined ? undefined : hintFor(key, schema);
  const ofRun = where === 'spec' && foreign === undefined ? runHintFor(key) : undefined;
  const meant = ofRun === undefined ? didYouMean(key, known) : `; it is ${ofRun}.`;
  const hint = foreign === undefined ? meant : `; use ${foreign}.`;
  return new MftError(
    'ERR_MFT_INVALID_ARGUMENT',
    `Unknown key ${JSON.stringify(key.slice(0, 60))} in ${where}${hint}`,
    { parameter: key, received: key },
  );
}

/** A per-layer field as a list of the given length. @throws MftError ERR_MFT_SHAPE when a list has another length. */
export function perLayer(parameter: string, value: number | readonly number[], length: number): readonly number[] {
  checkPerLayer(parameter, value, length);
  return typeof value === 'number' ? Array.from({ length }, () => value) : value;
}

/** The check of `perLayer` alone. */
export function checkPerLayer(parameter: string, value: number | readonly number[], length: number): void {
  if (typeof value === 'number' || value.length === length) return;
  throw new MftError(
    'ERR_MFT_SHAPE',
    `Expected \`${parameter}\` to be a number or a list of ${length}, received a list of ${value.length}.`,
    {
      parameter,
      expected: `a list of ${length}`,
      received: value.length,
    },
  );
}

/** The path of a file. @throws MftError ERR_MFT_INVALID_ARGUMENT */
export function checkPath(value: unknown, name: string): asserts value is string {
  if (typeof value !== 'string' || value === '' || value.includes('\0'))
    throw expectedError('ERR_MFT_INVALID_ARGUMENT', name, 'the path of a file', value);
}
