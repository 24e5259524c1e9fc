// Exit codes and how errors end a command: 0 done, 1 unexpected, 2 usage, 3 finished with failed jobs, 4 environment, 130 interrupted.
import { CommanderError } from 'commander';
import { MftError } from '../core/errors.js';
import { printable } from '../core/text.js';

export const exitCodes = { done: 0, unexpected: 1, usage: 2, failedJobs: 3, environment: 4, interrupted: 130 } as const;

const environmentCodes: ReadonlySet<string> = new Set([
  'ERR_MFT_NATIVE_LOAD',
  'ERR_MFT_MISSING_PEER',
  'ERR_MFT_MEMORY',
  'ERR_MFT_DATA_NOT_FOUND',
  'ERR_MFT_DATA_FORMAT',
  'ERR_MFT_DATA_CHECKSUM',
  'ERR_MFT_DISK',
  'ERR_MFT_JOURNAL_LOCKED',
  'ERR_MFT_JOURNAL_MISMATCH',
  'ERR_MFT_QUEUE',
]);

/** The exit code an error stands for. */
function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : exitCodes.usage;
  if (error instanceof MftError) {
    if (error.code === 'ERR_MFT_INTERNAL') return exitCodes.unexpected;
    if (error.code === 'ERR_MFT_JOB_FAILED') return exitCodes.failedJobs;
    return environmentCodes.has(error.code) ? exitCodes.environment : exitCodes.usage;
  }
  return isInterruption(error) ? interruptionCode() : exitCodes.unexpected;
}

function isInterruption(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError';
}

/** Writes the error to stderr (as one line of JSON under `--json`) and ends the process with its exit code. */
export function reportAndExit(error: unknown): never {
  const code = exitCodeOf(error);
  if (code !== exitCodes.done && process.argv.includes('--json')) process.stderr.write(`${errorAsJson(error, code)}\n`);
  else if (error instanceof MftError) process.stderr.write(`mft: ${printable(error.message)} [${error.code}]\n`);
  else if (isInterruption(error)) process.stderr.write('mft: interrupted\n');
  else if (error instanceof CommanderError) process.stderr.write(foreignFlagHint(error.message));
  else
    process.stderr.write(
      `mft: ${printable(error instanceof Error ? (error.stack ?? error.message) : String(error))}\n`,
    );
  process.exit(code);
}

function errorName(error: unknown): string {
  if (error instanceof MftError) return error.code;
  if (error instanceof CommanderError) return 'ERR_MFT_INVALID_ARGUMENT';
  return isInterruption(error) ? 'interrupted' : 'unexpected';
}

/** How commander words its own errors: in the voice of all others, or not at all where JSON follows. */
export function writeUsageError(text: string, write: (text: string) => void): void {
  if (!process.argv.includes('--json')) write(`mft: ${text.replace(/^error: /, '')}`);
}

/** {"error": {code, message, parameter, exitCode}}: the message without control characters of foreign files. */
function errorAsJson(error: unknown, exitCode: number): string {
  const text = error instanceof Error ? error.message.replace(/^error: /, '') : String(error);
  const message = isInterruption(error) ? 'interrupted' : text;
  return JSON.stringify({
    error: {
      code: errorName(error),
      message: printable(message),
      ...(error instanceof MftError && error.parameter !== undefined ? { parameter: error.parameter } : {}),
      exitCode,
    },
  });
}

/** What a flag from elsewhere is called here; flags.ts knows once a command has its flags (and loads the schemas). */
let flagHint: (flag: string) => string | undefined = () => undefined;
export function hintFlagsWith(hint: typeof flagHint): void {
  flagHint = hint;
}

/** "use --keep-probability …" for a flag that users bring from elsewhere. */
function foreignFlagHint(message: string): string {
  const flag = /unknown option '--([A-Za-z0-9_-]+)/.exec(message)?.[1];
  const hint = flag === undefined ? undefined : flagHint(flag);
  return hint === undefined ? '' : `mft: use ${hint} [ERR_MFT_INVALID_ARGUMENT]\n`;
}

/** What ends a command in good order: Ctrl-C, a batch system or container, a terminal that closes. */
const endings = { SIGINT: exitCodes.interrupted, SIGTERM: 143, SIGHUP: 129 } as const;
let interruptedBy: keyof typeof endings = 'SIGINT';

/** Calls `act` at each signal that ends a command; the exit code is that signal's. Returns how to stop listening. */
export function onInterruption(act: () => void): () => void {
  const names = Object.keys(endings) as (keyof typeof endings)[];
  const listeners = names.map((name) => {
    const listener = (): void => {
      interruptedBy = name;
      act();
    };
    process.on(name, listener);
    return [name, listener] as const;
  });
  return () => {
    for (const [name, listener] of listeners) process.off(name, listener);
  };
}

/** The exit code of what a signal ended. */
export function interruptionCode(): number {
  return endings[interruptedBy];
}

/** A signal that aborts when the command is told to end; told again, the process ends at once. */
export function interruptSignal(): AbortSignal {
  const controller = new AbortController();
  onInterruption(() => {
    if (controller.signal.aborted) process.exit(interruptionCode());
    controller.abort();
  });
  return controller.signal;
}
