// Holm's correction: controls the chance of any false rejection among many tests.

/** Adjusted p-values, in the order given: reject those ≤ the family-wise level. */
export function holm(pValues: ArrayLike<number>): Float64Array {
  const count = pValues.length;
  const order = Uint32Array.from({ length: count }, (_, i) => i);
  order.sort((i, j) => (pValues[i] as number) - (pValues[j] as number));
  const adjusted = new Float64Array(count);
  let running = 0;
  order.forEach((index, rank) => {
    running = Math.max(running, Math.min(1, (count - rank) * (pValues[index] as number)));
    adjusted[index] = running;
  });
  return adjusted;
}
