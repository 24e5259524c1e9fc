// Whether lists of millions of numbers are finite.

/** Arrays that native code has looked through while it wrote them, and nobody has written to since. */
export const knownFinite = new WeakSet<Float64Array>();

/** Whether all numbers are finite: x − x is 0 of these only. In one pass, four sums side by side: matrices have millions. */
export function areFinite(values: Float64Array): boolean {
  if (knownFinite.has(values)) return true;
  let [a, b, c, d] = [0, 0, 0, 0];
  const whole = values.length - (values.length % 4);
  const rest = (i: number): number => (values[i] as number) - (values[i] as number);
  for (let i = 0; i < whole; i += 4) {
    a += rest(i);
    b += rest(i + 1);
    c += rest(i + 2);
    d += rest(i + 3);
  }
  for (let i = whole; i < values.length; i++) a += rest(i);
  return a + b + c + d === 0;
}
