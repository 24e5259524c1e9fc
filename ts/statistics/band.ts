// Single networks against theory that says between which values nine of ten of them lie (observables `…Low` and `…High`).
import type { Estimated, Observable, Predicted } from '../core/results.js';

/** Of one position of the last axis (a direction): in how many points theory tells networks apart, and the share inside its band. */
export interface BandShare {
  readonly position: number;
  readonly points: number;
  /** Of the values of all networks at these points; theory says 0.9. */
  readonly inside: number;
}

/** Networks one by one: raw trials, or the values themselves of a single trial. */
function singles(b: Estimated): ArrayLike<number> | undefined {
  return b.trials ?? (b.count.every((count) => count === 1) ? b.values : undefined);
}

/**
 * Shares of the values of single networks inside the band of theory, with the error of theory on both sides, by position of the
 * last axis. Points whose band is narrower than that error tell nothing and are left out; undefined without a band or single networks.
 */
export function bandShares(
  theory: Readonly<Record<string, Predicted | undefined>>,
  name: string,
  b: Estimated,
): readonly BandShare[] | undefined {
  const [low, high, mean] = [theory[`${name}Low`], theory[`${name}High`], theory[name]];
  const values = singles(b);
  if (low === undefined || high === undefined || mean === undefined || values === undefined) return undefined;
  const size = b.values.length;
  const width = b.axes.at(-1)?.values.length ?? 1;
  const hidden = new Set(
    [low, high, mean, b].flatMap(({ undefinedAt = [] }: Observable) => undefinedAt.map((p) => p.index)),
  );
  const points = new Float64Array(width);
  const inside = new Float64Array(width);
  for (let i = 0; i < size; i++) {
    const [from, to] = [low.values[i] as number, high.values[i] as number];
    const error = mean.error * Math.max(Math.abs(from), Math.abs(to));
    if (hidden.has(i) || !(to - from > error)) continue;
    const at = i % width;
    points[at] = (points[at] as number) + 1;
    for (let k = i; k < values.length; k += size) {
      const value = values[k] as number;
      if (value >= from - error && value <= to + error) inside[at] = (inside[at] as number) + 1;
    }
  }
  const networks = values.length / size;
  return Array.from(points, (count, position) => ({
    position,
    points: count,
    inside: (inside[position] as number) / Math.max(1, count * networks),
  })).filter(({ points }) => points > 0);
}
