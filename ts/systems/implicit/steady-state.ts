// The steady state of a user's system, by every solver: the public function.
import * as z from 'zod';
import { parse } from '../../core/checks.js';
import { withJson } from '../../core/codec.js';
import { type ControlOptions, controlOf } from '../../core/control.js';
import { choiceField, numberField, wholeField } from '../../core/fields.js';
import { controlFields } from '../../core/options.js';
import { forwardMethods, solveForward } from './forward.js';
import { type FixedPointSystem, givenState, guarded } from './user-system.js';

/** How a steady state is looked for. */
export interface SteadyStateOptions extends ControlOptions {
  /**
   * Plain iteration ('picard'), Anderson mixing of type II, Broyden's method from −I (limited memory), or Newton's method with GMRES
   * on I − J. Default 'picard'.
   */
  readonly method?: 'picard' | 'anderson' | 'broyden' | 'newtonKrylov';
  /** ω in (0, 1]: h ← (1 − ω) h + ω F(h); of plain iteration. Default 1. */
  readonly damping?: number;
  /** Differences that Anderson's and Broyden's methods keep. Default 5. */
  readonly window?: number;
  /** It is reached at |F(h) − h|₂ ≤ absoluteTolerance + relativeTolerance |h|₂. Default 1e-10 and 0. */
  readonly absoluteTolerance?: number;
  readonly relativeTolerance?: number;
  /** Calls of F after which the search ends. Default 10,000. */
  readonly evaluationLimit?: number;
}

/** What `solveSteadyState` returns. */
export interface SteadyState {
  /** The last iterate. */
  readonly state: Float64Array;
  /** The iterate of lowest residual, which need not be the last. */
  readonly bestState: Float64Array;
  readonly bestResidualNorm: number;
  /** |F(h) − h|₂ at the last evaluation, never the damped step. */
  readonly residualNorm: number;
  /** Its largest component. */
  readonly largestResidual: number;
  /** Calls of F. */
  readonly evaluations: number;
  readonly converged: boolean;
  /**
   * 'cycle': states return, after `period` updates (damping helps). 'stagnated': no lower residual in 400 evaluations. 'diverged': the
   * residual grew 10¹⁰-fold, or 1000-fold without coming back.
   */
  readonly status: 'converged' | 'stagnated' | 'diverged' | 'cycle' | 'evaluationLimit';
  readonly period?: number;
  /** |F(h) − h|₂ at every evaluation. */
  readonly residualTrace: Float64Array;
  /** Geometric mean of the last ten ratios of residuals: of plain iteration that converges, an estimate of ρ(J). */
  readonly rateEstimate?: number;
}

const largestLimit = 100_000_000;

export const forwardFields = {
  method: choiceField(forwardMethods, 'Solver.').default('picard'),
  damping: numberField({ low: 0, high: 1, above: true }, 'Share of the update that is taken.', 'ω').default(1),
  window: wholeField(1, 1000, 'Differences that are kept.').default(5),
  absoluteTolerance: numberField({ low: 0 }, 'Of the residual.').default(1e-10),
  relativeTolerance: numberField({ low: 0 }, 'Of the residual beside the state.').default(0),
  evaluationLimit: wholeField(1, largestLimit, 'Calls of F.').default(10_000),
};

const schema = z.strictObject({ ...controlFields, ...forwardFields });

/**
 * The state at which h ← F(h) rests, from a start, and what became of the search: it converged, entered a cycle, stagnated or diverged.
 *
 * @param system a user's callbacks on Float64Array, or a system of `fixedPointSystem`
 * @param initialState the start
 * @param options `method`, `damping`, `window`, tolerances, `evaluationLimit`; signal and progress
 * @returns a promise of last and best state, residuals, their trace, calls of F, and a status; no convergence is a result, no error
 * @throws MftError (rejects): ERR_MFT_INVALID_ARGUMENT (also for a callback that throws: `cause`), ERR_MFT_SHAPE,
 * ERR_MFT_OUT_OF_RANGE, ERR_MFT_NOT_FINITE (a callback returned NaN or infinity: which call, which component), ERR_MFT_UNSUPPORTED
 * ('newtonKrylov' without `jvp`); `signal.reason` when cancelled: no callback is called after it
 *
 * **Numerics**: float64; stops by the residual of F alone. Callbacks get copies: one that writes into its arguments spoils nothing.
 * **Source**: docs/systems/implicit.md (2.1).
 *
 * @example
 * import { solveSteadyState } from 'mft-native';
 * const system = {
 *   stateSize: 1,
 *   evaluate: (h: Float64Array) => h.map((x) => Math.tanh(0.5 * x + 1)),
 *   vjp: (h: Float64Array, u: Float64Array) => u.map((x, i) => (0.5 * x) / Math.cosh(0.5 * (h[i] as number) + 1) ** 2),
 * };
 * const { state, status } = await solveSteadyState(system, new Float64Array(1));
 * console.log(status, state[0]?.toFixed(6)); // converged 0.893459
 */
export async function solveSteadyState(
  system: FixedPointSystem,
  initialState: Float64Array,
  options: SteadyStateOptions = {},
): Promise<SteadyState> {
  const given = parse(schema, options, 'options');
  const control = controlOf(given as ControlOptions);
  const { dynamics } = guarded(system, undefined, control);
  const start = givenState(initialState, dynamics.size, 'initialState');
  return withJson(await solveForward(dynamics, { ...given, start }, control));
}
