// One-dimensional root finding: a bracket is never left, Newton's step is taken where it helps.

/** A function and its slope at x. */
interface ValueAndSlope {
  readonly value: number;
  readonly slope: number;
}

const largestSteps = 200;

/**
 * The root of f in [low, high], where f changes sign: Newton steps kept inside a shrinking bracket, bisection where they
 * leave it. Stops when the bracket or the step is below 4 units in the last place.
 */
export function rootBetween(
  f: (x: number) => ValueAndSlope,
  low: number,
  high: number,
  start = 0.5 * (low + high),
): number {
  let [a, b] = [low, high];
  const signAtLow = Math.sign(f(a).value);
  if (signAtLow === 0) return a;
  let x = start > a && start < b ? start : 0.5 * (a + b);
  for (let step = 0; step < largestSteps; step++) {
    const { value, slope } = f(x);
    if (value === 0) return x;
    if (Math.sign(value) === signAtLow) a = x;
    else b = x;
    const newton = x - value / slope;
    const next = newton > a && newton < b ? newton : 0.5 * (a + b);
    const tolerance = 4 * Number.EPSILON * Math.max(Math.abs(x), Number.MIN_VALUE);
    if (Math.abs(next - x) <= tolerance || b - a <= tolerance) return next;
    x = next;
  }
  return x;
}

/** The largest value of a function on a list of points, polished by golden sections between the neighbours. */
export function maximum(
  f: (x: number) => number,
  points: readonly number[],
): { readonly x: number; readonly value: number; readonly isAtEnd: boolean } {
  const values = points.map(f);
  const best = values.reduce((at, value, i) => (value > (values[at] as number) ? i : at), 0);
  const isAtEnd = best === 0 || best === points.length - 1;
  let low = points[Math.max(0, best - 1)] as number;
  let high = points[Math.min(points.length - 1, best + 1)] as number;
  const golden = (Math.sqrt(5) - 1) / 2;
  for (let step = 0; step < 60; step++) {
    const left = high - golden * (high - low);
    const right = low + golden * (high - low);
    if (f(left) < f(right)) low = left;
    else high = right;
  }
  const x = 0.5 * (low + high);
  const value = f(x);
  return value >= (values[best] as number)
    ? { x, value, isAtEnd }
    : { x: points[best] as number, value: values[best] as number, isAtEnd };
}
