// The one error class and the one sentence form of the package.

/** Stable error codes; a code is part of the API. */
export type MftErrorCode =
  | 'ERR_MFT_INVALID_ARGUMENT'
  | 'ERR_MFT_OUT_OF_RANGE'
  | 'ERR_MFT_SHAPE'
  | 'ERR_MFT_WRONG_PHASE'
  | 'ERR_MFT_NO_CONVERGENCE'
  | 'ERR_MFT_NO_FIXED_POINT'
  | 'ERR_MFT_DEGENERATE'
  | 'ERR_MFT_NOT_FINITE'
  | 'ERR_MFT_MEMORY'
  | 'ERR_MFT_NATIVE_LOAD'
  | 'ERR_MFT_MISSING_PEER'
  | 'ERR_MFT_DATA_NOT_FOUND'
  | 'ERR_MFT_DATA_FORMAT'
  | 'ERR_MFT_DATA_CHECKSUM'
  | 'ERR_MFT_JOURNAL_MISMATCH'
  | 'ERR_MFT_JOURNAL_LOCKED'
  | 'ERR_MFT_DISK'
  | 'ERR_MFT_JOB_FAILED'
  | 'ERR_MFT_UNSUPPORTED'
  | 'ERR_MFT_QUEUE'
  | 'ERR_MFT_INTERNAL';

interface MftErrorDetails {
  /** API name of the parameter, e.g. `weightVariance`. */
  readonly parameter?: string | undefined;
  readonly expected?: string | undefined;
  readonly received?: unknown;
  readonly cause?: unknown;
}

/**
 * Every error of this package that a caller can do something about.
 *
 * `code` is stable; `parameter` is the API name of what was wrong; `expected` and `received` are the two halves of the
 * sentence in `message`. Cancelled work does not reject with an MftError but with `signal.reason`.
 *
 * @example
 * try { await predict({ system: 'feedforward', weightVariance: -1 }); }
 * catch (error) { if (error instanceof MftError) console.log(error.code, error.parameter); }
 */
export class MftError extends Error {
  override readonly name = 'MftError';
  readonly code: MftErrorCode;
  readonly parameter?: string;
  readonly expected?: string;
  readonly received?: unknown;

  constructor(code: MftErrorCode, message: string, details: MftErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    if (details.parameter !== undefined) this.parameter = details.parameter;
    if (details.expected !== undefined) this.expected = details.expected;
    if ('received' in details) this.received = details.received;
  }
}

/** The error ``Expected `parameter` to be …, received ….`` with the given code. */
export function expectedError(code: MftErrorCode, parameter: string, expected: string, received: unknown): MftError {
  return new MftError(code, `Expected \`${parameter}\` to be ${expected}, received ${describe(received)}.`, {
    parameter,
    expected,
    received,
  });
}

/** A value as an error message shows it: short, on one line, never a dump; whatever the value is. */
export function describe(value: unknown): string {
  try {
    return described(value, 3);
  } catch {
    return 'a value that cannot be read';
  }
}

function described(value: unknown, levels: number): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (typeof value === 'string') return JSON.stringify(value.length > 60 ? `${value.slice(0, 57)}...` : value);
  if (typeof value === 'function') return `the function ${value.name || '(anonymous)'}`;
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'symbol') return 'a symbol';
  if (Array.isArray(value) || ArrayBuffer.isView(value)) {
    const { length } = value as unknown as ArrayLike<unknown>;
    if (levels === 0) return `a list of ${length}`;
    const first = Array.prototype.slice.call(value, 0, 4) as unknown[];
    const shown = Array.from(first, (item) => described(item, levels - 1)).join(', ');
    return length > 4 ? `a list of ${length} (${shown}, ...)` : `[${shown}]`;
  }
  if (typeof value === 'object') {
    const tag = Object.prototype.toString.call(value).slice(8, -1);
    if (tag !== 'Object') return `an object of kind ${tag}`;
    const keys = Object.keys(value);
    return `an object with ${keys.length === 0 ? 'no keys' : `keys ${keys.slice(0, 6).join(', ')}${keys.length > 6 ? ', ...' : ''}`}`;
  }
  return String(value);
}

/** The candidate nearest to `word` when it is near enough to be a slip of the pen, else undefined. */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  let best: string | undefined;
  let bestDistance = Math.max(2, Math.floor(word.length / 3)) + 1;
  for (const candidate of candidates) {
    const distance = editDistance(word.slice(0, 64).toLowerCase(), candidate.toLowerCase());
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/**
 * The end of a sentence about a word that nobody knows: "; did you mean `tanh`?" when a known word is near, else the known
 * ones ("; known: a, b.").
 */
export function didYouMean(word: unknown, known: readonly string[]): string {
  const near = typeof word === 'string' ? nearest(word, known) : undefined;
  if (near !== undefined) return `; did you mean \`${near}\`?`;
  return known.length > 0 ? `; known: ${known.join(', ')}.` : '.';
}

function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      current.push(Math.min((previous[j] ?? 0) + 1, (current[j - 1] ?? 0) + 1, substitution));
    }
    previous = current;
  }
  return previous[b.length] ?? 0;
}
