// The continuum limit of 1/√L scaling (3.8): ordinary differential equations in t = l/L.
import { type ControlOptions, ticker } from '../../core/control.js';
import { MftError } from '../../core/errors.js';
import type { ActivationSpec } from '../../gaussian/activations.js';
import { derivativeSecondMoment, halfMeanSquareDifference, secondMoment } from './moments.js';

interface ContinuumParameters {
  readonly activation: ActivationSpec;
  readonly innerWeightVariance: number;
  readonly innerBiasVariance: number;
  readonly outerWeightVariance: number;
  readonly outerBiasVariance: number;
  readonly secondMoment: number;
  readonly angularDeficit: number;
  /** t ≥ 0; 1 is the last layer. */
  readonly time: number;
}

/** What is asked of the limit: p, s, log χ_0/χ at time t, or e = 1 − s/p. */
export type ContinuumMember = 'p' | 's' | 'logchi' | 'e';

/**
 * The limit of a network whose outer variances carry 1/L, as L → ∞:
 * p' = σ_v²V(q) + σ_a², s' = σ_v²D(q, σ_w²s), (log χ)' = σ_v²σ_w²V̇(q), q = σ_w²p + σ_b².
 *
 * **Numerics**: Gragg–Bulirsch–Stoer extrapolation with step control; relative error below 1e-12. The finite network
 * differs from it by O(1/L). **Source**: derived; deep iteration agrees.
 */
export async function continuumLimit(
  parameters: ContinuumParameters,
  member: ContinuumMember,
  options: ControlOptions = {},
): Promise<number> {
  const {
    activation,
    innerWeightVariance: sw,
    innerBiasVariance: sb,
    outerWeightVariance: sv,
    outerBiasVariance: sa,
    secondMoment: start,
    angularDeficit,
    time,
  } = parameters;
  // p depends on nothing else, and the two others on it alone: pairs, the dearest moments, are taken only where they are asked for.
  const hasMetric = member === 's' || member === 'e';
  const hasGradient = member === 'logchi';
  const slope = ([p, other]: readonly number[]): number[] => {
    const q = sw * Math.max(0, p as number) + sb;
    const own = sv * secondMoment(activation, q) + sa;
    if (hasGradient) return [own, sv * sw * derivativeSecondMoment(activation, q)];
    if (!hasMetric) return [own];
    const gap = sw * Math.max(0, other as number);
    return [own, gap > 0 ? sv * halfMeanSquareDifference(activation, q, gap) : 0];
  };
  const first = hasGradient ? [start, 0] : hasMetric ? [start, start * angularDeficit] : [start];
  const [p, other] = (await integrate(slope, first, time, ticker(mostSteps, options))) as [number, number];
  return member === 'p' ? p : member === 'e' ? 1 - other / p : other;
}

const mostSteps = 2000;
const stages = [2, 4, 6, 8, 10, 12, 14, 16, 18] as const;
const tolerance = 1e-13;

type Slope = (y: readonly number[]) => number[];
type Tick = (done: number) => Promise<void>;

/** y(time) of y' = f(y), y(0) = start. */
async function integrate(f: Slope, start: readonly number[], time: number, tick: Tick): Promise<number[]> {
  let y = [...start];
  let done = 0;
  let step = time / 4;
  for (let count = 0; done < time; count++) {
    if (count > mostSteps)
      throw new MftError(
        'ERR_MFT_NO_CONVERGENCE',
        `The continuum limit could not be integrated within ${mostSteps} steps.`,
      );
    step = Math.min(step, time - done);
    const attempt = await extrapolated(f, y, step, () => tick(count));
    if (attempt === undefined) {
      step /= 4;
      continue;
    }
    y = attempt;
    if (!y.every(Number.isFinite))
      throw new MftError(
        'ERR_MFT_NOT_FINITE',
        `The continuum limit leaves the range of double precision near time ${done + step}.`,
      );
    done = time - done - step <= 1e-15 * time ? time : done + step;
    step *= 2;
  }
  return y;
}

/** One step of the extrapolated midpoint rule; undefined when it does not converge. */
async function extrapolated(
  f: Slope,
  y: readonly number[],
  step: number,
  tick: () => Promise<void>,
): Promise<number[] | undefined> {
  let previous: number[][] = [];
  for (const [k, n] of stages.entries()) {
    await tick();
    const row = [midpoint(f, y, step, n)];
    for (let j = 1; j <= k; j++) {
      const ratio = (n / (stages[k - j] as number)) ** 2;
      row.push(
        (row[j - 1] as number[]).map(
          (value, i) => value + (value - ((previous[j - 1] as number[])[i] as number)) / (ratio - 1),
        ),
      );
    }
    const best = row[k] as number[];
    if (
      k > 0 &&
      best.every(
        (value, i) => Math.abs(value - ((row[k - 1] as number[])[i] as number)) <= tolerance * Math.abs(value) + 1e-300,
      )
    )
      return best;
    previous = row;
  }
  return undefined;
}

/** Gragg's smoothed midpoint rule with n substeps. */
function midpoint(f: Slope, y: readonly number[], step: number, n: number): number[] {
  const h = step / n;
  let before = [...y];
  let now = f(y).map((slope, i) => (y[i] as number) + h * slope);
  for (let j = 1; j < n; j++) {
    const slope = f(now);
    const next = before.map((value, i) => value + 2 * h * (slope[i] as number));
    before = now;
    now = next;
  }
  const last = f(now);
  return now.map((value, i) => 0.5 * (value + (before[i] as number) + h * (last[i] as number)));
}
