// Holm's correction: controls the chance of any false rejection among many tests.

/** Adjusted p-values, in the order given: reject those ≤ the family-wise level. */
export function holm(pValues: readonly number[]): number[] {
  const order = pValues.map((_, i) => i).sort((i, j) => (pValues[i] as number) - (pValues[j] as number));
  const adjusted = new Array<number>(pValues.length);
  let running = 0;
  order.forEach((index, rank) => {
    running = Math.max(running, Math.min(1, (pValues.length - rank) * (pValues[index] as number)));
    adjusted[index] = running;
  });
  return adjusted;
}
