// Evenly spaced numbers, and numbers whose logarithms are.

/** `count` numbers from low to high, both included exactly; low alone when `count` is 1. */
export function linearGrid(low: number, high: number, count: number): number[] {
  const last = count - 1;
  return Array.from({ length: count }, (_, i) => (i === 0 ? low : i === last ? high : low + ((high - low) * i) / last));
}

/** `count` positive numbers from low to high with a constant ratio, both ends included exactly. */
export function logGrid(low: number, high: number, count: number): number[] {
  const logs = linearGrid(Math.log(low), Math.log(high), count);
  return logs.map((log, i) => (i === 0 ? low : i === count - 1 ? high : Math.exp(log)));
}

/** `count` numbers from low to high, and points ever nearer to places where a curve has a peak. */
export function linearWithPeaks(low: number, high: number, count: number, peaks: readonly number[]): number[] {
  const near = peaks.flatMap((peak) =>
    Array.from({ length: 12 }, (_, k) => (high - low) * 2 ** -(k + 4)).flatMap((distance) => [
      peak - distance,
      peak + distance,
    ]),
  );
  return [...linearGrid(low, high, count), ...near].filter((x) => x >= low && x <= high).sort((a, b) => a - b);
}
