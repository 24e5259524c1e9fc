// Back-propagation through the iteration itself, whole or truncated, with states kept or made again: the public function.
import * as z from 'zod';
import { parse } from '../../core/checks.js';
import { withJson } from '../../core/codec.js';
import { type ControlOptions, controlOf, ticker } from '../../core/control.js';
import { expectedError } from '../../core/errors.js';
import { wholeField } from '../../core/fields.js';
import { controlFields } from '../../core/options.js';
import type { Undefined } from '../../core/results.js';
import { combined, type Vector } from './products.js';
import { type FixedPointSystem, givenState, guarded, guardedLoss, type StateLossFunction } from './user-system.js';

/** Options of `unrolledGradient`. */
export interface UnrolledGradientOptions extends ControlOptions {
  /** Updates gone back through, = terms: truncated back-propagation. Default: all. */
  readonly termCount?: number;
  /** Keep every c-th state only and make the others again on the way back: (T/c + c) n numbers instead of (T + 1) n, twice the updates. */
  readonly checkpointEvery?: number;
  /** The loss is the sum of the losses of these states h_t, t in [0, steps]. Default [steps]. */
  readonly lossSteps?: readonly number[];
}

/** What `unrolledGradient` returns. */
export interface UnrolledGradient {
  /** Sum of the losses of the states asked for. */
  readonly loss: number;
  readonly gradient: Readonly<Record<string, Float64Array>> | Undefined;
  /** ∂L/∂h of the earliest state that was gone back to. */
  readonly startGradient: Float64Array;
  /** h_T. */
  readonly state: Float64Array;
  /** Calls of F, of `vjp`, and of `parameterCotangent`. */
  readonly evaluations: number;
  readonly vjpCount: number;
  readonly cotangentCount: number;
  /** Most numbers of states and cotangents that were held at once, without parameters and their gradients. */
  readonly workingFloats: number;
}

const schema = z.strictObject({
  ...controlFields,
  termCount: wholeField(1, 100_000_000, 'Updates gone back through.', 'T').optional(),
  checkpointEvery: wholeField(1, 100_000_000, 'Every which state is kept.', 'c').optional(),
  lossSteps: z
    .array(z.number().int().gte(0))
    .min(1)
    .meta({ expected: 'a list of whole numbers of updates', description: 'States whose losses are summed.' })
    .optional(),
});

/**
 * dL/dθ through T updates from a start (BPTT), through the last `termCount` of them (TBPTT), or of a loss of chosen states on the way.
 *
 * @param system a user's callbacks on Float64Array, or a system of `fixedPointSystem`
 * @param initialState h_0
 * @param steps T: updates
 * @param loss L of a state and its gradient
 * @param options `termCount`, `checkpointEvery`, `lossSteps`; signal and progress
 * @returns a promise of loss, gradient by name, last state, what it cost and the numbers it held
 * @throws MftError (rejects): those of `solveSteadyState`, but that a state which does not settle is no error
 *
 * **Numerics**: float64; the same bits with and without checkpoints. From a steady state T updates give the T-term Neumann sum.
 * **Source**: docs/systems/implicit.md (2.4).
 *
 * @example
 * import { fixedPointSystem, unrolledGradient } from 'mft-native';
 * const { system, start, loss } = await fixedPointSystem({ dynamics: 'affine', matrix: [[0.5]], offset: [1] });
 * const { gradient, workingFloats } = await unrolledGradient(system, start, 100, loss, { checkpointEvery: 10 });
 * console.log('c' in gradient && gradient.c[0], workingFloats); // 4 22
 */
export async function unrolledGradient(
  system: FixedPointSystem,
  initialState: Float64Array,
  steps: number,
  loss: StateLossFunction,
  options: UnrolledGradientOptions = {},
): Promise<UnrolledGradient> {
  const given = parse(schema, options, 'options');
  if (!Number.isInteger(steps) || steps < 1 || steps > 100_000_000)
    throw expectedError('ERR_MFT_OUT_OF_RANGE', 'steps', 'a whole number from 1 to 100000000', steps);
  const lossSteps = new Set(given.lossSteps ?? [steps]);
  for (const step of lossSteps)
    if (step > steps) throw expectedError('ERR_MFT_OUT_OF_RANGE', 'lossSteps', `whole numbers up to ${steps}`, step);
  const control = controlOf(given as ControlOptions);
  const { dynamics, hasCotangent } = guarded(system, undefined, control);
  const lossOf = guardedLoss(loss, dynamics.size, control);
  const terms = Math.min(given.termCount ?? steps, steps);
  const first = steps - terms;
  const every = given.checkpointEvery ?? 1;
  const tick = ticker(2 * steps, control);
  const sum: Record<string, Vector> = {};
  const add = (arrays: Readonly<Record<string, Vector>>): void => {
    for (const [name, part] of Object.entries(arrays)) {
      const other = sum[name];
      sum[name] = other === undefined ? part : combined(1, other, part);
    }
  };
  let [evaluations, vjpCount, cotangentCount, total, held] = [0, 0, 0, 0, 0];
  const kept = new Map<number, Vector>();
  let h: Vector = givenState(initialState, dynamics.size, 'initialState');
  for (let t = 0; t <= steps; t++) {
    if (t >= first && (t - first) % every === 0) kept.set(t, h);
    if (lossSteps.has(t)) total += lossOf(h).value;
    if (t === steps) break;
    h = dynamics.evaluate(h);
    await tick(++evaluations);
  }
  const state = h;
  // A state and a cotangent beside what is kept.
  held = kept.size + 2;
  let u: Vector = new Float64Array(dynamics.size);
  const stretch: Vector[] = [];
  for (let t = steps; t >= first; t--) {
    const own = t === steps ? state : stateAt(t);
    if (lossSteps.has(t)) {
      const { gradient, parameters } = lossOf(own);
      u = combined(1, u, gradient);
      if (hasCotangent) add(parameters);
    }
    if (t === first) break;
    const before = dynamics.at(stateAt(t - 1));
    if (hasCotangent) {
      add(before.cotangent(u));
      cotangentCount++;
    }
    u = before.vjp(u);
    await tick(steps + ++vjpCount);
  }
  return withJson({
    loss: total,
    gradient: hasCotangent ? sum : { reason: 'the system has no `parameterCotangent`' },
    startGradient: u,
    state,
    evaluations,
    vjpCount,
    cotangentCount,
    workingFloats: held * dynamics.size,
  });

  /** h_t: kept, or made again from the last one kept, with those in between. */
  function stateAt(t: number): Vector {
    const found = kept.get(t);
    if (found !== undefined) return found;
    const from = t - ((t - first) % every);
    if (stretch[t - from] === undefined || stretch[0] !== kept.get(from)) {
      stretch.length = 0;
      stretch.push(kept.get(from) as Vector);
      for (let s = from; s < t; s++) {
        stretch.push(dynamics.evaluate(stretch.at(-1) as Vector));
        evaluations++;
      }
      held = Math.max(held, kept.size + stretch.length + 1);
    }
    return stretch[t - from] as Vector;
  }
}
