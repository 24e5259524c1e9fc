// Memory and processors this process may use, as the cgroup and the machine allow.
import { readFileSync } from 'node:fs';
import { availableParallelism, totalmem } from 'node:os';
import { getHeapStatistics } from 'node:v8';
import { MftError } from './errors.js';

/** Bytes of memory allowed: the smaller of the machine's memory and the cgroup's limit. */
export function memoryAllowed(): number {
  const limits = ['/sys/fs/cgroup/memory.max', '/sys/fs/cgroup/memory/memory.limit_in_bytes'].map(limitIn);
  return Math.min(totalmem(), ...limits);
}

/** The stack of a thread, compiled code, tables, pages of files: what any work takes. */
const anyWork = 1.25 * 2 ** 20;
/**
 * V8's young generation when the package is loaded: two halves of 8 MiB (`new_space` of `v8.getHeapSpaceStatistics()`), of which
 * loading has filled 7 to 9 MiB. What is left of it, and 3 to 4 MiB that grow old on the way (old objects, code, tables).
 */
const room = 12.25 * 2 ** 20;
/** Both halves double when objects of more than one of them have survived; each is copied once and moved once. */
const [survivors, doubled] = [2 ** 20, 2 ** 24] as const;

/**
 * What work takes that makes `bytes` of JavaScript objects and drops them: all of them until the young generation is full and is
 * collected, however many. `kept`: bytes of objects that stay. How many a unit of work makes was counted with a young generation
 * (`--min-semi-space-size`) in which nothing is collected.
 */
export function leftBehind(bytes: number, kept = 0): number {
  const grown = Math.min(doubled, 4 * Math.max(0, kept - survivors));
  return anyWork + Math.min(room, bytes + kept) + grown + kept;
}

/** Of a simulation: bytes of short-lived objects before its first row. */
const perRun = 2 ** 18;
/**
 * Of each number of its rows, all trials together, and of each place where they are summed up: every intermediate result is an object
 * until the code is compiled, part by part. Sums of means, and those of spreads and of logarithms beside them.
 */
const sumsOfMeans = { perFirst: 340, perNext: 20, perNumber: 8 } as const;
const sumsOfSpreads = { perFirst: 800, perNext: 150, perNumber: 30 } as const;
const [firstNumbers, nextNumbers] = [10_000, 90_000] as const;

/** What reading the rows of a run leaves behind: little of a few trials of a wide network, all there is room for of many. */
export function leftByRows(rowLength: number, trials: number, sums: 'means' | 'spreads' = 'means'): number {
  const { perFirst, perNext, perNumber } = sums === 'means' ? sumsOfMeans : sumsOfSpreads;
  const numbers = rowLength * (trials + 1);
  const next = Math.min(nextNumbers, Math.max(0, numbers - firstNumbers));
  const rest = Math.max(0, numbers - firstNumbers - nextNumbers);
  return leftBehind(perRun + perFirst * Math.min(firstNumbers, numbers) + perNext * next + perNumber * rest);
}

/**
 * What two parts of a job take that follow each other: both keep what they found, and leave their objects in the same place. `objects`:
 * how much of the second are objects; of the first all are until there is no room.
 */
export function oneAfterTheOther(first: number, second: number, objects = second - anyWork): number {
  const [left, more] = [first - anyWork, objects].map((bytes) => Math.min(room, Math.max(0, bytes))) as [
    number,
    number,
  ];
  return first + second - Math.min(anyWork, first, second) - Math.max(0, left + more - room);
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
  const processors = availableParallelism();
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
