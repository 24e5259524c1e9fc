// Evenly spaced numbers.

/** `count` numbers from low to high, both included. */
export function linearGrid(low: number, high: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => low + ((high - low) * i) / (count - 1));
}
