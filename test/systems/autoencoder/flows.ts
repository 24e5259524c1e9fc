// Random flows of one direction, and how far the closed forms are from an integration in 32 digits.
import fc from 'fast-check';
import type { Test } from 'tap';
import { flow, flowTime, squaresOf, type Weights } from '../../../dist/systems/autoencoder/flow.js';
import type { Mode } from '../../../dist/systems/autoencoder/mode.js';
import { holds } from '../../properties.js';
import { exactFlow } from './twin.js';

/** What P, Q and w may be off, relative; the worst of 14,000 cases is 2.6e-15. */
export const exactness = 7e-15;

// Evenly spread: fast-check's doubles crowd near 0.
export const unit = fc.integer({ min: 0, max: 1e9 }).map((i) => i / 1e9);
export const logUniform = (low: number, high: number): fc.Arbitrary<number> =>
  unit.map((x) => Math.exp(Math.log(low) + x * Math.log(high / low)));
export const start = fc.record({
  w1: unit.map((x) => 4 * x - 2),
  w2: unit.map((x) => 4 * x - 2),
});
export const anyMode = fc.record({
  inputVariance: logUniform(1e-3, 50),
  noiseVariance: fc.oneof(fc.constant(0), logUniform(1e-3, 10)),
  weightDecay: fc.oneof(fc.constant(0), logUniform(1e-2, 10)),
});
export const time = (of: Mode, x: number): number =>
  (30 * x * x) / (of.inputVariance + of.noiseVariance + of.weightDecay);

/** The largest relative error of P, Q and w, which may pass through 0: against |w| + (P + Q)/4. */
export function flowError(of: Mode, { w1, w2 }: Weights, rate: number, step: number): number {
  const closed = flow(of, squaresOf({ w1, w2 }), flowTime(rate, step));
  const exact = exactFlow(of, w1, w2, rate, step);
  return Math.max(
    Math.abs(closed.P / exact.P - 1),
    Math.abs(closed.Q / exact.Q - 1),
    Math.abs(closed.w - exact.w) / (Math.abs(exact.w) + (exact.P + exact.Q) / 4),
  );
}

/** Closed forms of the flow from anywhere against the integration in 32 digits, on as many random cases as asked. */
export async function flowsHold(t: Test, runs: { readonly numRuns: number; readonly seed: number }): Promise<void> {
  let worst = 0;
  await holds(
    t,
    fc.property(anyMode, start, unit, logUniform(1e-3, 1), (of, from, x, rate) => {
      fc.pre(Math.abs(Math.abs(from.w1) - Math.abs(from.w2)) > 1e-9 && Math.abs(from.w1 * from.w2) > 1e-9);
      const error = flowError(of, from, rate, time(of, x) / rate);
      worst = Math.max(worst, error);
      return error < exactness;
    }),
    runs,
  );
  t.ok(worst > 0 && worst < exactness, `largest relative error ${worst}`);
}
