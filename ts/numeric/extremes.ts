// The least and the largest of a list of any length: `Math.max(...list)` ends beyond about 120,000 arguments.

/** The largest value; −Infinity of an empty list, NaN where a value is NaN. */
export function largestOf(values: Iterable<number>): number {
  let largest = -Infinity;
  for (const value of values) largest = Math.max(largest, value);
  return largest;
}

/** The least value; Infinity of an empty list, NaN where a value is NaN. */
export function leastOf(values: Iterable<number>): number {
  let least = Infinity;
  for (const value of values) least = Math.min(least, value);
  return least;
}
