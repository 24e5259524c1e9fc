// What kind of point a state is, and whether a gradient through it may be trusted: the public function.
import * as z from 'zod';
import { parse } from '../../core/checks.js';
import { withJson } from '../../core/codec.js';
import { type ControlOptions, controlOf, pause } from '../../core/control.js';
import { wholeField } from '../../core/fields.js';
import { controlFields } from '../../core/options.js';
import type { Undefined, Warning } from '../../core/results.js';
import { arnoldi, normEstimate } from './arnoldi.js';
import { certificateOf } from './certificate.js';
import { consistencyOf, largestAdjointDefect, largestDerivativeDefect } from './consistency.js';
import { minstd } from './minstd.js';
import { difference, maximumOf, norm, spectrumOf, type Vector } from './products.js';
import { type FixedPointSystem, givenState, type Guarded, guarded } from './user-system.js';

/** Options of `diagnoseSteadyState`. */
export interface DiagnoseOptions extends ControlOptions {
  /** Components up to which J is made as a matrix (n products with Jᵀ). Default 512. */
  readonly largestMatrix?: number;
  /** Directions of the Krylov space where it is not. Default 30. */
  readonly krylovSize?: number;
}

/** What `diagnoseSteadyState` returns. */
export interface SteadyStateDiagnosis {
  /** |F(h) − h|₂ and its largest component: how far the state is from rest. */
  readonly residualNorm: number;
  readonly largestResidual: number;
  /** Largest relative |u·(J v) − v·(Jᵀ u)| over four pairs; `{ reason }` without `jvp`. */
  readonly adjointIdentityDefect: number | Undefined;
  /** How far `vjp` is from central differences of `evaluate`. */
  readonly derivativeDefect: number;
  /** ρ(J) of the matrix, else the largest Ritz value, an estimate from below. */
  readonly spectralRadius: number;
  readonly isSpectralRadiusExact: boolean;
  /** |J|₂ of the matrix, else a power iteration's lower estimate; `{ reason }` where that needs `jvp`. */
  readonly spectralNorm: number | Undefined;
  /** Rigorous upper bound of ρ(J) (Collatz–Wielandt and norms, enlarged by rounding); needs the matrix. Below 1: stable. */
  readonly certificate: number | Undefined;
  /** Smallest singular value and condition number of I − J; they need the matrix. */
  readonly smallestSingularValue: number | Undefined;
  readonly conditionNumber: number | Undefined;
  /**
   * Of plain iteration: 'stable' ρ(J) < 1; 'saddle': some directions grow and some shrink; 'repelling': all grow. `{ reason }` where
   * products alone do not tell.
   */
  readonly stability: 'stable' | 'saddle' | 'repelling' | Undefined;
  /** I − J is singular within rounding (its smallest singular value is below 1e-8, or a Ritz value is within 1e-6 of 1). */
  readonly isNearSingular: boolean;
  readonly warnings: readonly Warning[];
}

const schema = z.strictObject({
  ...controlFields,
  largestMatrix: wholeField(0, 4096, 'Components up to which J is made as a matrix.').default(512),
  krylovSize: wholeField(1, 400, 'Directions of the Krylov space.').default(30),
});

/** Jᵀ as a matrix, row by row, with pauses in which a signal is heard. */
export async function transposedJacobian(
  size: number,
  vjp: (u: Vector) => Vector,
  control: ControlOptions,
): Promise<Vector> {
  const matrix = new Float64Array(size * size);
  const unit = new Float64Array(size);
  for (let j = 0; j < size; j++) {
    unit[j] = 1;
    const column = vjp(unit);
    unit[j] = 0;
    for (let i = 0; i < size; i++) matrix[i * size + j] = column[i] as number;
    if (j % 64 === 63) await pause(control);
  }
  return matrix;
}

async function spectrumFromMatrix(size: number, matrix: Vector) {
  const { radius, real, imaginary, singular, singularOfRest } = await spectrumOf(size, matrix);
  const smallest = singularOfRest.at(-1) as number;
  const moduli = Array.from(real, (x, i) => Math.hypot(x, imaginary[i] as number));
  const stability = moduli.every((x) => x < 1) ? 'stable' : moduli.every((x) => x > 1) ? 'repelling' : 'saddle';
  const noCondition = { reason: 'I − J is singular' };
  return {
    spectralRadius: radius,
    isSpectralRadiusExact: true,
    spectralNorm: singular[0] as number,
    certificate: certificateOf(size, matrix),
    smallestSingularValue: smallest,
    conditionNumber: smallest > 0 ? (singularOfRest[0] as number) / smallest : noCondition,
    stability,
    isNearSingular: smallest < 1e-8,
  } as const;
}

async function spectrumFromProducts({ dynamics, hasForwardProduct }: Guarded, h: Vector, krylovSize: number) {
  const at = dynamics.at(h);
  const start = minstd(211, dynamics.size);
  const found = await arnoldi(at.vjp, start, krylovSize);
  const reason = `needs J as a matrix: raise \`largestMatrix\` to ${dynamics.size} (at most 4096)`;
  const largest = `the largest Ritz value has modulus ${found.radius.toPrecision(6)}, which is an estimate, no proof`;
  return {
    spectralRadius: found.radius,
    isSpectralRadiusExact: false,
    spectralNorm: hasForwardProduct
      ? await normEstimate(at.jvp, at.vjp, start, 100)
      : { reason: 'needs products with J: give `jvp`' },
    certificate: { reason },
    smallestSingularValue: { reason },
    conditionNumber: { reason },
    stability: { reason: `${largest}; it ${reason}` },
    isNearSingular: found.distanceFromOne < 1e-6,
  };
}

/**
 * What kind of point a state is: residual, spectral radius with a certificate, condition of I − J, stability by its name, and whether
 * the callbacks belong to one map.
 *
 * @param system a user's callbacks on Float64Array, or a system of `fixedPointSystem`
 * @param state a state, as `solveSteadyState` found it
 * @param options `largestMatrix`, `krylovSize`; signal
 * @returns a promise of the numbers; what is not known is `{ reason }`, what is wrong stands in `warnings` (`notAtRest`,
 * `adjointMismatch`, `derivativeMismatch`, `nearSingular`, `notStable`)
 * @throws MftError (rejects): those of `solveSteadyState`
 *
 * **Numerics**: float64; the certificate is enlarged by 4 n ε and never below ρ(J). Directions are fixed numbers: every call the same.
 * **Source**: docs/systems/implicit.md (2.5).
 *
 * @example
 * import { diagnoseSteadyState } from 'mft-native';
 * const rotation = {
 *   stateSize: 2,
 *   evaluate: (h: Float64Array) => Float64Array.of(-1.1 * (h[1] as number), 1.1 * (h[0] as number)),
 *   vjp: (_: Float64Array, u: Float64Array) => Float64Array.of(1.1 * (u[1] as number), -1.1 * (u[0] as number)),
 * };
 * const { stability, spectralRadius } = await diagnoseSteadyState(rotation, new Float64Array(2));
 * console.log(stability, spectralRadius.toFixed(3)); // repelling 1.100
 */
export async function diagnoseSteadyState(
  system: FixedPointSystem,
  state: Float64Array,
  options: DiagnoseOptions = {},
): Promise<SteadyStateDiagnosis> {
  const { largestMatrix, krylovSize, ...rest } = parse(schema, options, 'options');
  const control = controlOf(rest as ControlOptions);
  const found = guarded(system, undefined, control);
  const h = givenState(state, found.dynamics.size, 'state');
  const r = difference(found.dynamics.evaluate(h), h);
  const { adjointIdentityDefect, derivativeDefect } = consistencyOf(found, h, 4);
  const size = found.dynamics.size;
  const spectrum =
    size <= largestMatrix
      ? await spectrumFromMatrix(
          size,
          transposedOf(size, await transposedJacobian(size, found.dynamics.at(h).vjp, control)),
        )
      : await spectrumFromProducts(found, h, krylovSize);
  const defects = {
    residualNorm: norm(r),
    largestResidual: maximumOf(r),
    adjointIdentityDefect: adjointIdentityDefect ?? { reason: 'the system has no `jvp`' },
    derivativeDefect,
  };
  return withJson({ ...defects, ...spectrum, warnings: warningsOf(defects.residualNorm, norm(h), defects, spectrum) });
}

function transposedOf(size: number, matrix: Vector): Vector {
  return matrix.map((_, k) => matrix[(k % size) * size + Math.floor(k / size)] as number);
}

function warningsOf(
  residual: number,
  length: number,
  { adjointIdentityDefect, derivativeDefect }: Pick<SteadyStateDiagnosis, 'adjointIdentityDefect' | 'derivativeDefect'>,
  {
    isNearSingular,
    stability,
    spectralRadius,
  }: Pick<SteadyStateDiagnosis, 'isNearSingular' | 'stability' | 'spectralRadius'>,
): Warning[] {
  const warnings: Warning[] = [];
  const say = (id: string, message: string): void => void warnings.push({ id, message });
  if (residual > 1e-6 * (1 + length))
    say('notAtRest', `The state still moves by ${residual.toPrecision(3)}: what is said here is of no steady state.`);
  if (typeof adjointIdentityDefect === 'number' && adjointIdentityDefect > largestAdjointDefect)
    say(
      'adjointMismatch',
      `\`vjp\` is not the transpose of \`jvp\`: relative defect ${adjointIdentityDefect.toPrecision(3)}.`,
    );
  if (derivativeDefect > largestDerivativeDefect)
    say(
      'derivativeMismatch',
      `\`vjp\` is not the derivative of \`evaluate\` here: relative defect ${derivativeDefect.toPrecision(3)} (or F has a kink).`,
    );
  if (isNearSingular) say('nearSingular', '1 is an eigenvalue of J within rounding: the gradient is not reliable.');
  if (spectralRadius >= 1)
    say(
      'notStable',
      `ρ(J) = ${spectralRadius.toPrecision(4)} (${typeof stability === 'string' ? stability : 'not stable'}): plain iteration ` +
        'leaves this state and a Neumann series of its adjoint grows; use "gmres" or "direct".',
    );
  return warnings;
}
