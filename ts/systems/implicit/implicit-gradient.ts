// The gradient of a loss through a steady state, by every solver of the adjoint system, and what it is worth: the public function.
import * as z from 'zod';
import { parse } from '../../core/checks.js';
import { withJson } from '../../core/codec.js';
import { type ControlOptions, controlOf } from '../../core/control.js';
import { MftError } from '../../core/errors.js';
import { booleanField, choiceField, numberField, wholeField } from '../../core/fields.js';
import { controlFields, valueField } from '../../core/options.js';
import type { Undefined, Warning } from '../../core/results.js';
import { type Adjoint, adjointMethods, solveAdjointSystem } from './adjoint.js';
import { consistencyOf, largestAdjointDefect, largestDerivativeDefect } from './consistency.js';
import { transposedJacobian } from './diagnose.js';
import { minstd } from './minstd.js';
import { type Forward, solveForward } from './forward.js';
import { combined, difference, norm, spectrumOf, type Vector } from './products.js';
import { forwardFields, type SteadyState, type SteadyStateOptions } from './steady-state.js';
import {
  type FixedPointSystem,
  givenState,
  type Guarded,
  guarded,
  guardedLoss,
  type StateLossFunction,
} from './user-system.js';

/** How the adjoint system (I − J)ᵀ z = ∂L/∂h is solved. */
export type AdjointMethodName = (typeof adjointMethods)[number];

/** Options of `implicitGradient`. */
export interface ImplicitGradientOptions extends ControlOptions {
  /** How the steady state is looked for; see `SteadyStateOptions`. */
  readonly forward?: Omit<SteadyStateOptions, 'signal' | 'onProgress'>;
  /**
   * 'auto': the Neumann series while its terms fall, else GMRES from what it has. 'neumann', 'originalRbp' (z ← Jᵀ z + g),
   * 'richardson' (relaxed), 'shiftedNeumann' (biased), 'conjugateGradient' (normal equations; needs `jvp`),
   * 'symmetricConjugateGradient' (Hopfield networks), 'gmres', 'biCgStab', 'anderson', 'direct' (n products; up to 4096). Default 'auto'.
   */
  readonly method?: AdjointMethodName;
  /** Of the residual |g − (I − J)ᵀ z| beside |g|. Default 1e-10. */
  readonly tolerance?: number;
  /** Terms of the Neumann series = products + 1: it ends there whatever the residual. 1 is the one-step (Jacobian-free) gradient. */
  readonly termCount?: number;
  /** Products after which a solver ends. Default 10,000. */
  readonly productLimit?: number;
  /** Directions that GMRES keeps. Default 40. */
  readonly restart?: number;
  /** Differences that Anderson mixing keeps. Default 5. */
  readonly window?: number;
  /** Added to the normal equations, or λ of the shifted series: biases the result. Default 0. */
  readonly shift?: number;
  /** ω of Richardson's iteration. Default 0.5. */
  readonly relaxation?: number;
  /** z to start from: of 'originalRbp' and 'richardson' the iteration's start (default g, and 0), of 'gmres' the first guess. */
  readonly initialGuess?: 'zero' | 'gradient' | 'uniform' | Float64Array;
  /** Of the start 'uniform', drawn from [0, 1]. Default 1. */
  readonly seed?: number;
  /** μ < 1 with |J|₂ ≤ μ, where it is known: gives `errorBound`. */
  readonly contractionFactor?: number;
  /** Components up to which J is made as a matrix (n products) for `errorBound`. Default 128. */
  readonly largestMatrix?: number;
  /** Return a gradient of a state that is not at rest, or of a solve that did not converge, marked as such. Default false: an error. */
  readonly allowApproximate?: boolean;
  /** Hold `vjp` against `jvp` and against differences of `evaluate` first. Default true. */
  readonly checkProducts?: boolean;
}

/** How the adjoint was found. */
export interface AdjointSolve {
  readonly method: AdjointMethodName;
  readonly status: 'converged' | 'truncated' | 'neumannDiverged' | 'productLimit' | 'brokeDown' | 'singular';
  /** |g − (I − J)ᵀ z|₂. */
  readonly residualNorm: number;
  readonly vjpCount: number;
  readonly jvpCount: number;
  /** Growth of the terms per product where the series diverged. */
  readonly growth?: number;
  /** How the method biases the result. */
  readonly note?: string;
}

/** What `implicitGradient` returns. */
export interface ImplicitGradient {
  readonly loss: number;
  /** dL/dθ by name: zᵀ ∂F/∂θ and the direct terms of the loss. `{ reason }` where the system has no `parameterCotangent`. */
  readonly gradient: Readonly<Record<string, Float64Array>> | Undefined;
  /** z. */
  readonly adjoint: Float64Array;
  readonly state: Float64Array;
  readonly forward: SteadyState;
  readonly solve: AdjointSolve;
  /** The state is not at rest, or the adjoint system is not solved: what is returned is no implicit gradient to the tolerance. */
  readonly isApproximate: boolean;
  /** Bound of |z − z*|₂ at this state: residual/σ_min(I − J), or residual/(1 − μ) of a given contraction factor. */
  readonly errorBound: number | Undefined;
  /** Numbers held at once besides parameters and their gradients, whatever the number of evaluations of F. */
  readonly workingFloats: number;
  readonly warnings: readonly Warning[];
}

const guesses = ['zero', 'gradient', 'uniform'];

const schema = z.strictObject({
  ...controlFields,
  forward: z
    .custom<object>((value) => typeof value === 'object' && value !== null)
    .meta({ expected: 'options of `solveSteadyState`', description: 'How the steady state is looked for.' })
    .optional(),
  method: choiceField(adjointMethods, 'Solver of the adjoint system.').default('auto'),
  tolerance: numberField({ low: 0, above: true }, 'Of the residual beside the gradient of the loss.').default(1e-10),
  termCount: wholeField(1, 100_000_000, 'Terms of the Neumann series = products + 1.', 'T').optional(),
  productLimit: wholeField(1, 100_000_000, 'Products after which a solver ends.').default(10_000),
  restart: wholeField(1, 10_000, 'Directions that GMRES keeps.').default(40),
  window: wholeField(1, 1000, 'Differences that Anderson mixing keeps.').default(5),
  shift: numberField({ low: 0 }, 'Added to the normal equations, or to 1 in the shifted series.').default(0),
  relaxation: numberField({ low: 0, above: true }, 'Of Richardson’s iteration.', 'ω').default(0.5),
  initialGuess: valueField<'zero' | 'gradient' | 'uniform' | Float64Array>(
    (value) => guesses.includes(value as string) || value instanceof Float64Array,
    '"zero", "gradient", "uniform" or a Float64Array',
    'Start of the adjoint.',
  ),
  seed: wholeField(1, 2147483646, 'Of a uniform start.').default(1),
  contractionFactor: numberField({ low: 0, high: 1 }, 'Bound of |J|₂.', 'μ').optional(),
  largestMatrix: wholeField(0, 4096, 'Components up to which J is made as a matrix.').default(128),
  allowApproximate: booleanField('Whether what is not at rest is returned too.').default(false),
  checkProducts: booleanField('Whether the products are checked first.').default(true),
});
const forwardSchema = z.strictObject(forwardFields);
type Options = z.output<typeof schema>;

/**
 * dL/dθ through a steady state h* = F(h*): z of (I − J)ᵀ z = ∂L/∂h, then zᵀ ∂F/∂θ. Memory does not depend on the number of updates.
 *
 * @param system a user's callbacks on Float64Array, or a system of `fixedPointSystem`
 * @param initialState where the search for the steady state starts
 * @param loss L of a state and its gradient
 * @param options `forward`, `method`, `tolerance`, `termCount`, `allowApproximate`, …; signal and progress
 * @returns a promise of loss, gradient by name, adjoint, both solves with their costs, a bound of the error where one is known, warnings
 * @throws MftError (rejects): ERR_MFT_NO_CONVERGENCE (no steady state, or the adjoint system not solved: growth of the series;
 * `allowApproximate` returns them), ERR_MFT_DEGENERATE (I − J is singular), ERR_MFT_UNSUPPORTED (a method that needs `jvp`),
 * ERR_MFT_INVALID_ARGUMENT (also: `vjp` is not the transpose of `jvp`, a callback threw), ERR_MFT_SHAPE, ERR_MFT_OUT_OF_RANGE,
 * ERR_MFT_NOT_FINITE; `signal.reason` when cancelled
 *
 * **Numerics**: float64; against central differences 1e-8, all methods agree with 'direct' within `errorBound`. g = 0 takes no product.
 * **Source**: docs/systems/implicit.md (2.2), (2.4).
 *
 * @example
 * import { implicitGradient } from 'mft-native';
 * const [w, c] = [0.5, 1];
 * const slope = (x: number) => 1 / Math.cosh(w * x + c) ** 2;
 * const system = {
 *   stateSize: 1,
 *   evaluate: (h: Float64Array) => h.map((x) => Math.tanh(w * x + c)),
 *   vjp: (h: Float64Array, u: Float64Array) => u.map((x, i) => x * w * slope(h[i] as number)),
 *   parameterCotangent: (h: Float64Array, z: Float64Array) => ({ c: z.map((x, i) => x * slope(h[i] as number)) }),
 * };
 * const loss = (h: Float64Array) => ({ value: 0.5 * (h[0] as number) ** 2, gradient: h });
 * const { gradient, solve } = await implicitGradient(system, new Float64Array(1), loss);
 * console.log(solve.status, 'c' in gradient && gradient.c[0]?.toFixed(6)); // converged 0.200310
 */
export async function implicitGradient(
  system: FixedPointSystem,
  initialState: Float64Array,
  loss: StateLossFunction,
  options: ImplicitGradientOptions = {},
): Promise<ImplicitGradient> {
  const given = parse(schema, options, 'options');
  const forwardOptions = parse(forwardSchema, given.forward ?? {}, 'options.forward');
  const control = controlOf(given as ControlOptions);
  const found = guarded(system, undefined, control);
  const { dynamics } = found;
  const start = givenState(initialState, dynamics.size, 'initialState');
  const lossOf = guardedLoss(loss, dynamics.size, control);
  const warnings: Warning[] = [];
  const forward = await solveForward(dynamics, { ...forwardOptions, start }, control);
  if (!forward.converged && !given.allowApproximate) throw notAtRest(forward);
  const state = forward.converged ? forward.state : forward.bestState;
  if (given.checkProducts) warnings.push(...checked(found, state));
  const at = dynamics.at(state);
  const { value, gradient: g, parameters } = lossOf(state);
  const solved = await solveAdjointSystem(dynamics, at, state, g, adjointOptions(given, g), control);
  if (!solved.converged && solved.status !== 'truncated' && !given.allowApproximate) throw notSolved(solved);
  const { adjoint, converged: _, ...solve } = solved;
  return withJson({
    loss: value,
    gradient: found.hasCotangent
      ? summed(at.cotangent(adjoint), parameters)
      : { reason: 'the system has no `parameterCotangent`' },
    adjoint,
    state,
    forward,
    solve,
    isApproximate: !(forward.converged && solved.converged),
    errorBound: await boundOf(given, solved, g, at.vjp, control),
    workingFloats: floatsOf(given, solved.method, dynamics.size),
    warnings,
  });
}

function adjointOptions(given: Options, g: Vector) {
  const { initialGuess, termCount, seed, method, tolerance, productLimit, restart, window, shift, relaxation } = given;
  const guess = (): Vector => {
    if (initialGuess instanceof Float64Array) return givenState(initialGuess, g.length, 'initialGuess');
    if (initialGuess === 'zero') return new Float64Array(g.length);
    return initialGuess === 'gradient' ? g : minstd(seed, g.length).map((x) => (x + 1) / 2);
  };
  return {
    ...{ method, tolerance, productLimit, restart, window, shift, relaxation },
    ...(termCount === undefined ? {} : { termCount }),
    ...(initialGuess === undefined ? {} : { initialGuess: guess() }),
  };
}

/** @throws MftError ERR_MFT_INVALID_ARGUMENT where `vjp` is not the transpose of `jvp` */
function checked(found: Guarded, state: Vector): Warning[] {
  const { adjointIdentityDefect = 0, derivativeDefect } = consistencyOf(found, state, 2);
  if (adjointIdentityDefect > largestAdjointDefect)
    throw new MftError(
      'ERR_MFT_INVALID_ARGUMENT',
      `Expected \`system.vjp\` to be the transpose of \`system.jvp\`: u·(J v) and v·(Jᵀ u) differ by ` +
        `${adjointIdentityDefect.toPrecision(3)} of their size.`,
      { parameter: 'system.vjp', received: adjointIdentityDefect },
    );
  if (!(derivativeDefect > largestDerivativeDefect)) return [];
  const message =
    `\`vjp\` differs from central differences of \`evaluate\` by ${derivativeDefect.toPrecision(3)} of their size: it is not the ` +
    'derivative, or F has a kink at the steady state.';
  return [{ id: 'derivativeMismatch', message }];
}

const cure = {
  cycle: 'a damping below 1',
  diverged: 'another start, "anderson" or "newtonKrylov"',
  stagnated: 'larger tolerances or "newtonKrylov"',
  evaluationLimit: 'a larger evaluationLimit or "anderson"',
  converged: '',
} as const;

function notAtRest({ status, period, residualNorm, bestResidualNorm, evaluations }: Forward): MftError {
  const what = status === 'cycle' ? `a cycle of ${period} updates` : status;
  return new MftError(
    'ERR_MFT_NO_CONVERGENCE',
    `No steady state was reached (${what}) in ${evaluations} evaluations: residual ${residualNorm.toPrecision(3)}, lowest ` +
      `${bestResidualNorm.toPrecision(3)}. Try ${cure[status]}, or \`allowApproximate\`.`,
    { parameter: 'forward', received: status },
  );
}

function notSolved({ status, growth, residualNorm, vjpCount }: Adjoint): MftError {
  if (status === 'singular')
    return new MftError('ERR_MFT_DEGENERATE', 'I − J is singular at the steady state: the gradient does not exist.');
  const grows = growth === undefined ? '' : `, terms grow by ${growth.toPrecision(4)} per product: ρ(J) is not below 1`;
  return new MftError(
    'ERR_MFT_NO_CONVERGENCE',
    `The adjoint system was not solved (${status}${grows}): residual ${residualNorm.toPrecision(3)} after ${vjpCount} products. ` +
      'Try `method` "gmres", or `allowApproximate`.',
    { parameter: 'method', received: status },
  );
}

function summed(
  a: Readonly<Record<string, Vector>>,
  b: Readonly<Record<string, Vector>>,
): Readonly<Record<string, Vector>> {
  const sum: Record<string, Vector> = { ...a };
  for (const [name, array] of Object.entries(b)) {
    const other = sum[name];
    if (other !== undefined && other.length !== array.length)
      throw new MftError('ERR_MFT_SHAPE', `Expected \`loss.parameters.${name}\` to have ${other.length} numbers.`, {
        parameter: `loss.parameters.${name}`,
        received: array.length,
      });
    sum[name] = other === undefined ? array : combined(1, other, array);
  }
  return sum;
}

/** |z − z*| ≤ |r|/σ_min(I − J), or |r|/(1 − μ): of the residual calculated anew, with what rounding may hide in it. */
async function boundOf(
  { contractionFactor, largestMatrix }: Options,
  { adjoint, note }: Adjoint,
  g: Vector,
  vjp: (u: Vector) => Vector,
  control: ControlOptions,
): Promise<number | Undefined> {
  if (note !== undefined) return { reason: note };
  const size = g.length;
  const isContraction = contractionFactor !== undefined && contractionFactor < 1;
  if (!isContraction && size > largestMatrix)
    return { reason: `needs \`contractionFactor\`, or J as a matrix: \`largestMatrix\` of ${size}` };
  const rounding = 8 * size * Number.EPSILON;
  const residual = norm(difference(combined(1, vjp(adjoint), g), adjoint)) + rounding * (norm(adjoint) + norm(g));
  if (isContraction) return residual / (1 - contractionFactor);
  const { singular, singularOfRest } = await spectrumOf(size, await transposedJacobian(size, vjp, control));
  const smallest = (singularOfRest.at(-1) as number) - rounding * (1 + (singular[0] as number));
  return smallest > 0 ? residual / smallest : { reason: 'I − J is singular within rounding' };
}

/** docs 2.4: state, g, z and what the method keeps. */
function floatsOf({ restart, window }: Options, method: AdjointMethodName, n: number): number {
  const m = Math.min(restart, n);
  if (method === 'gmres') return 2 * n + (m + 1) * n + (m + 1) * m;
  if (method === 'biCgStab') return 9 * n;
  if (method === 'anderson') return 3 * n + 2 * window * n;
  if (method === 'direct') return 2 * n * n + 4 * n;
  if (method === 'conjugateGradient' || method === 'symmetricConjugateGradient') return 6 * n;
  return method === 'originalRbp' || method === 'richardson' ? 3 * n : 4 * n;
}
