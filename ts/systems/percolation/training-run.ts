// A training run of T steps with M independent masks a step: lost steps, stalls (a step is lost when all its masks are blocked).
import { logOneMinusExp } from '../../numeric/log-sums.js';

/** T B^M. */
export function expectedLostSteps(logBlocked: number, steps: number, masksPerStep: number): number {
  return steps * Math.exp(masksPerStep * logBlocked);
}

/** T (1 − B^M). */
export function expectedEffectiveSteps(logBlocked: number, steps: number, masksPerStep: number): number {
  return steps * -Math.expm1(masksPerStep * logBlocked);
}

/** log (1 − B^M)^T. */
export function logProbabilityNoLostStep(logBlocked: number, steps: number, masksPerStep: number): number {
  return steps * logOneMinusExp(masksPerStep * logBlocked);
}

/** T M log B. */
export function logProbabilityAllLost(logBlocked: number, steps: number, masksPerStep: number): number {
  return logBlocked === 0 ? 0 : steps * masksPerStep * logBlocked;
}

/** T M B. */
export function expectedLostExamples(logBlocked: number, steps: number, masksPerStep: number): number {
  return steps * masksPerStep * Math.exp(logBlocked);
}

/** P(a stall of at least `run` lost steps in a row among `steps`), each step lost independently with probability l. */
export function longestLostRunTail(steps: number, lostProbability: number, run: number): number {
  if (run === 0) return 1;
  if (run > steps) return 0;
  const stall = Math.exp(run * Math.log(lostProbability));
  if (stall === 0 || stall === 1) return stall;
  // f_t of the last run + 1 steps, in a ring.
  const ring = new Float64Array(run + 1);
  let f = stall;
  ring[run % (run + 1)] = f;
  const rate = (1 - lostProbability) * stall;
  for (let t = run + 1; t <= steps; t++) {
    const slot = t % (run + 1); // holds f_{t − run − 1}
    f += (1 - (ring[slot] as number)) * rate;
    ring[slot] = f;
  }
  return f;
}
