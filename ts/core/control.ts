// Progress and cancellation of native work: a small Int32Array over shared memory (native/core/control.h).
import { setImmediate } from 'node:timers/promises';
import { MftError } from './errors.js';

export interface Progress {
  /** Units done and planned (trials, steps, jobs). */
  readonly done: number;
  readonly total: number;
  readonly elapsedSeconds: number;
  /** Estimated seconds to the end, once something is done. */
  readonly etaSeconds?: number;
  readonly phase?: string;
}

/** Options of everything that can last a second. */
export interface ControlOptions {
  /** Cancels the work; the promise rejects with `signal.reason`. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
}

const progressIntervalMilliseconds = 100;

/** Of options that say more, those of every function that can last a second. */
export function controlOf({ signal, onProgress }: ControlOptions): ControlOptions {
  return { ...(signal === undefined ? {} : { signal }), ...(onProgress === undefined ? {} : { onProgress }) };
}

/** Throws `signal.reason` when the signal is already aborted. */
export function throwIfAborted(options: ControlOptions): void {
  if (options.signal?.aborted) throw options.signal.reason;
}

const yieldEveryMilliseconds = 25;

/** Lets the event loop run once, between steps that take long; throws `signal.reason` when cancelled. */
export async function pause(options: ControlOptions): Promise<void> {
  await setImmediate();
  throwIfAborted(options);
}

/**
 * For a long loop in TypeScript, called after each of `total` steps: lets the event loop run now and then, reports progress, and
 * throws `signal.reason` when cancelled.
 */
export function ticker(total: number, options: ControlOptions, phase?: string): (done: number) => Promise<void> {
  const started = performance.now();
  let last = started;
  return async (done) => {
    const now = performance.now();
    if (now - last < yieldEveryMilliseconds && done < total) return;
    last = now;
    await pause(options);
    const elapsedSeconds = (now - started) / 1000;
    options.onProgress?.({ done, total, elapsedSeconds, ...(phase === undefined ? {} : { phase }) });
  };
}

/**
 * Runs native work that reports through shared slots: forwards progress, passes cancellation on, and rejects with
 * `signal.reason` when cancelled. `total` is the number of units the work will count.
 */
export async function controlled<T>(
  options: ControlOptions,
  total: number,
  work: (slots: Int32Array) => Promise<T>,
): Promise<T> {
  throwIfAborted(options);
  const slots = new Int32Array(new SharedArrayBuffer(8));
  const { signal, onProgress } = options;
  const started = performance.now();
  const report = (): void => {
    const done = Atomics.load(slots, 1);
    const elapsedSeconds = (performance.now() - started) / 1000;
    const eta = done > 0 && done < total ? { etaSeconds: (elapsedSeconds * (total - done)) / done } : {};
    onProgress?.({ done, total, elapsedSeconds, ...eta });
  };
  const cancel = (): void => void Atomics.store(slots, 0, 1);
  // What the caller's `onProgress` throws ends the work and is what the promise rejects with.
  let thrown: { readonly error: unknown } | undefined;
  const tick = (): void => {
    try {
      report();
    } catch (error) {
      thrown ??= { error };
      cancel();
    }
  };
  const forget = signal === undefined ? undefined : onAbort(signal, cancel);
  const timer = onProgress === undefined ? undefined : setInterval(tick, progressIntervalMilliseconds);
  try {
    const result = await work(slots);
    if (thrown !== undefined) throw thrown.error;
    if (onProgress !== undefined) report();
    return result;
  } catch (error) {
    if (thrown !== undefined) throw thrown.error;
    if (signal?.aborted && isCancelled(error)) throw signal.reason;
    throw error;
  } finally {
    if (timer !== undefined) clearInterval(timer);
    forget?.();
  }
}

const listeners = new WeakMap<AbortSignal, Set<() => void>>();

/**
 * Calls `cancel` when the signal is aborted, until the function returned is called. All work under one signal shares one listener:
 * Node warns of a leak from the eleventh on.
 */
function onAbort(signal: AbortSignal, cancel: () => void): () => void {
  let all = listeners.get(signal);
  if (all === undefined) {
    all = new Set();
    listeners.set(signal, all);
    const shared = all;
    const run = (): void => {
      for (const each of shared) each();
    };
    signal.addEventListener('abort', run, { once: true });
  }
  all.add(cancel);
  return () => void all.delete(cancel);
}

function isCancelled(error: unknown): boolean {
  return (
    error instanceof Error && !(error instanceof MftError) && 'code' in error && error.code === 'ERR_MFT_CANCELLED'
  );
}
