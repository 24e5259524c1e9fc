// What E φφ lacks of E φ² at one variance and many small angles: D/g is the mean of E φ'φ' over gaps up to g (Price), analytic in the
// angle whatever kinks φ has, since those of both inputs are at the same places. A Chebyshev sum of a few integrals serves all pairs.
import { gapOfAngle } from './rectifier.js';

/** Points of the sum, more until the last coefficients are small; as many pairs at least must share it. */
const pointCounts = [12, 20, 32] as const;
const fewest = 24;
/** Of D/g relative to the largest: the last two coefficients. */
const resolved = 2e-14;

/** D of every gap in (0, 1]; `undefined` for a few, and where the sum does not converge. */
export async function deficitsByAngle(
  gaps: Float64Array,
  integrals: (gaps: Float64Array) => Promise<Float64Array>,
): Promise<Float64Array | undefined> {
  if (gaps.length < fewest) return undefined;
  const angles = gaps.map((gap) => 2 * Math.asin(Math.sqrt(gap / 2)));
  const [least, widest] = [angles.reduce((a, b) => Math.min(a, b)), angles.reduce((a, b) => Math.max(a, b))];
  const [middle, half] = [(widest + least) / 2, (widest - least) / 2];
  for (const count of pointCounts) {
    if (count >= gaps.length) return undefined;
    const turns = Array.from({ length: count }, (_, k) => (Math.PI * (k + 0.5)) / count);
    const at = Float64Array.from(turns, (turn) => gapOfAngle(middle + half * Math.cos(turn)));
    const values = (await integrals(at)).map((deficit, k) => deficit / (at[k] as number));
    const series = turns.map(
      (_, n) =>
        ((n === 0 ? 1 : 2) / count) *
        values.reduce((sum, value, k) => sum + value * Math.cos(n * (turns[k] as number)), 0),
    );
    const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    const last = Math.max(...series.slice(-2).map(Math.abs));
    if (!(last <= resolved * largest)) continue;
    return gaps.map((gap, i) => gap * clenshaw(series, half > 0 ? ((angles[i] as number) - middle) / half : 0));
  }
  return undefined;
}

/** Σ series_n T_n(x). */
function clenshaw(series: readonly number[], x: number): number {
  let [next, now] = [0, 0];
  for (let n = series.length - 1; n > 0; n--) [next, now] = [now, 2 * x * now - next + (series[n] as number)];
  return x * now - next + (series[0] as number);
}
