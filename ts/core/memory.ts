// Memory and processors this process may use, as the cgroup and the machine allow.
import { readFileSync } from 'node:fs';
import { totalmem } from 'node:os';
import { getHeapStatistics } from 'node:v8';
import { addon } from './addon.js';
import { MftError } from './errors.js';

/** Bytes of memory allowed: the smaller of the machine's memory and the cgroup's limit. */
export function memoryAllowed(): number {
  const limits = ['/sys/fs/cgroup/memory.max', '/sys/fs/cgroup/memory/memory.limit_in_bytes'].map(limitIn);
  return Math.min(totalmem(), ...limits);
}

/** JavaScript objects that nobody needs any more before V8 looks for them: its young generation, 16 MiB as Node sets it. */
export const youngGeneration = 2 ** 24;

/** The stack of a thread, compiled code, tables: what any work takes. */
const anyWork = 1.5 * 2 ** 20;
/** Loading the package has filled a third of the young generation: the rest is new memory. */
const unused = (2 / 3) * youngGeneration;

/** What work takes that leaves `bytes` of short-lived JavaScript objects behind and keeps none. */
export function leftBehind(bytes: number): number {
  return anyWork + Math.min(unused, bytes);
}

/** Of a simulation: bytes of short-lived objects for each number of its rows, all trials together. */
const perNumber = 16;

/** What reading the rows of a run leaves behind: nothing of a few trials of a wide network, all there is room for of many. */
export function leftByRows(rowLength: number, trials: number): number {
  return leftBehind(perNumber * rowLength * trials);
}

/** What two parts of a job take that follow each other: both keep what they found, and leave their objects in the same place. */
export function oneAfterTheOther(first: number, second: number): number {
  const shared = Math.min(unused, first - anyWork, second - anyWork);
  return first + second - Math.max(0, shared);
}

/**
 * Refuses what does not fit. `lower` names the fields that would help, the best first: it is the error's parameter.
 *
 * @throws MftError ERR_MFT_MEMORY
 */
export function requireMemory(
  what: string,
  bytes: number,
  lower: readonly string[],
  limit = 0.8 * memoryAllowed(),
): void {
  refuseAbove(limit, what, bytes, lower, ', or raise `memoryLimit`');
}

/**
 * The same for work that has no `memoryLimit`. `isHeap`: what is held are JavaScript objects, of which V8 holds no more than
 * its own limit (`node --max-old-space-size`) and ends the process beyond it.
 *
 * @throws MftError ERR_MFT_MEMORY
 */
export function requireRoom(what: string, bytes: number, lower: readonly string[], isHeap: boolean): void {
  const heap = isHeap ? getHeapStatistics().heap_size_limit : Number.POSITIVE_INFINITY;
  refuseAbove(0.8 * Math.min(memoryAllowed(), heap), what, bytes, lower, '');
}

function refuseAbove(limit: number, what: string, bytes: number, lower: readonly string[], instead: string): void {
  if (bytes <= limit) return;
  const gibibytes = (size: number): string => `${(size / 2 ** 30).toPrecision(3)} GiB`;
  const names = lower.map((name) => `\`${name}\``);
  const help = names.length > 1 ? `${names.slice(0, -1).join(', ')} or ${names.at(-1)}` : (names[0] ?? '');
  throw new MftError(
    'ERR_MFT_MEMORY',
    `This ${what} needs about ${gibibytes(bytes)}, more than the limit of ${gibibytes(limit)}; ` +
      `lower ${help}${instead}.`,
    { parameter: lower[0], expected: `at most ${Math.floor(limit)} bytes`, received: Math.ceil(bytes) },
  );
}

/** Processors allowed: affinity and cgroup quota, at least 1. */
export function processorsAllowed(): number {
  const processors = addon().environment().processors;
  try {
    const [quota, period] = readFileSync('/sys/fs/cgroup/cpu.max', 'utf8').trim().split(/\s+/).map(Number);
    if (quota !== undefined && period !== undefined && quota > 0 && period > 0)
      return Math.max(1, Math.min(processors, Math.ceil(quota / period)));
  } catch {
    // No cgroup here: the affinity mask alone counts.
  }
  return processors;
}

/** The number of threads a run uses: its own wish, or all processors for 0. */
export function threadsFor(threads: number): number {
  return threads > 0 ? threads : processorsAllowed();
}

function limitIn(file: string): number {
  try {
    const value = Number(readFileSync(file, 'utf8').trim());
    return Number.isFinite(value) && value > 0 ? value : Infinity;
  } catch {
    return Infinity;
  }
}
