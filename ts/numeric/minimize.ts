// Minima of smooth functions of several variables: limited-memory BFGS with a line search by the weak Wolfe conditions.

/** A function's value and gradient at a point; a value of Infinity says that the point is outside of the function's domain. */
interface Sloped {
  readonly value: number;
  readonly gradient: Float64Array;
}

interface Minimum extends Sloped {
  readonly x: Float64Array;
  readonly iterations: number;
  readonly evaluations: number;
  /** Whether the gradient became as small as was asked for, or no step lowers the value any more. */
  readonly isConverged: boolean;
}

interface Options {
  /** Largest component of the gradient at a minimum. */
  readonly tolerance: number;
  readonly iterations: number;
  /** Called after every iteration. */
  readonly onIteration?: (iteration: number) => void;
}

const [remembered, decrease, curvature, longestSearch] = [10, 1e-4, 0.9, 40] as const;

const inner = (a: Float64Array, b: Float64Array): number =>
  a.reduce((sum, value, i) => sum + value * (b[i] as number), 0);
const largest = (a: Float64Array): number => a.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
const moved = (x: Float64Array, step: number, direction: Float64Array): Float64Array =>
  x.map((value, i) => value + step * (direction[i] as number));

/** A difference of points, of gradients, and 1/(s·y). */
interface Pair {
  readonly s: Float64Array;
  readonly y: Float64Array;
  readonly rho: number;
}

/** A minimum near `start`, where the function must be finite. */
export async function minimize(
  f: (x: Float64Array) => Promise<Sloped>,
  start: Float64Array,
  { tolerance, iterations, onIteration }: Options,
): Promise<Minimum> {
  const pairs: Pair[] = [];
  let x = start;
  let at = await f(x);
  let evaluations = 1;
  for (let iteration = 0; ; iteration++) {
    const done = { x, ...at, iterations: iteration, evaluations };
    if (largest(at.gradient) <= tolerance) return { ...done, isConverged: true };
    if (iteration >= iterations) return { ...done, isConverged: false };
    const direction = descent(at.gradient, pairs);
    const first = pairs.length === 0 ? Math.min(1, 1 / largest(at.gradient)) : 1;
    const found = await search(f, x, at, direction, first);
    evaluations += found.evaluations;
    if (found.step === 0) {
      if (pairs.length === 0) return { ...done, evaluations, isConverged: true };
      // What is remembered of the curvature may be what fails: once more down the gradient.
      pairs.length = 0;
      continue;
    }
    const next = moved(x, found.step, direction);
    const s = direction.map((value) => value * found.step);
    const y = found.at.gradient.map((value, i) => value - (at.gradient[i] as number));
    const product = inner(s, y);
    if (product > 1e-12 * inner(y, y)) pairs.push({ s, y, rho: 1 / product });
    if (pairs.length > remembered) pairs.shift();
    [x, at] = [next, found.at];
    onIteration?.(iteration + 1);
  }
}

/** −H g, by the two loops over what is remembered. */
function descent(gradient: Float64Array, pairs: readonly Pair[]): Float64Array {
  let q: Float64Array = gradient.slice();
  const shares: number[] = [];
  for (let i = pairs.length - 1; i >= 0; i--) {
    const { s, y, rho } = pairs[i] as Pair;
    const share = rho * inner(s, q);
    shares[i] = share;
    q = moved(q, -share, y);
  }
  const last = pairs.at(-1);
  if (last !== undefined) {
    const scale = 1 / (last.rho * inner(last.y, last.y));
    q = q.map((value) => value * scale);
  }
  for (const [i, { s, y, rho }] of pairs.entries()) q = moved(q, (shares[i] as number) - rho * inner(y, q), s);
  return q.map((value) => -value);
}

interface Found {
  readonly step: number;
  readonly at: Sloped;
  readonly evaluations: number;
}

/** A step by bisection that lowers the value enough and flattens the slope; 0 where rounding leaves none. */
async function search(
  f: (x: Float64Array) => Promise<Sloped>,
  x: Float64Array,
  at: Sloped,
  direction: Float64Array,
  first: number,
): Promise<Found> {
  const slope = inner(at.gradient, direction);
  let [low, high, step] = [0, Number.POSITIVE_INFINITY, first];
  let best: Found = { step: 0, at, evaluations: 0 };
  for (let evaluations = 1; evaluations <= longestSearch; evaluations++) {
    const next = await f(moved(x, step, direction));
    const isLower = next.value <= at.value + decrease * step * slope && next.value < at.value;
    if (!isLower) high = step;
    else {
      if (best.step === 0 || next.value < best.at.value) best = { step, at: next, evaluations };
      if (inner(next.gradient, direction) >= curvature * slope) return { step, at: next, evaluations };
      low = step;
    }
    best = { ...best, evaluations };
    step = high < Number.POSITIVE_INFINITY ? (low + high) / 2 : 2 * step;
    if (high - low <= 1e-14 * Math.max(1, high) && high < Number.POSITIVE_INFINITY) break;
  }
  return best;
}
