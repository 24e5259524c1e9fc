// The steady state to the last digits, for quantities: a linear solve where F is affine, else iteration polished by Newton steps.
import { type ControlOptions, throwIfAborted } from '../../core/control.js';
import { MftError } from '../../core/errors.js';
import type { Dynamics } from './dynamics.js';
import { solveForward } from './forward.js';
import { combined, difference, matrixOf, norm, solveDense, type Vector } from './products.js';

const largestPolished = 1024;

const residualOf = (dynamics: Dynamics, h: Vector): Vector => difference(dynamics.evaluate(h), h);

/** @throws MftError ERR_MFT_NO_CONVERGENCE, ERR_MFT_DEGENERATE (I − J of affine dynamics is singular) */
export async function restingState(dynamics: Dynamics, control: ControlOptions): Promise<Vector> {
  const { size, start } = dynamics;
  if (dynamics.isAffine) {
    const h = await solveDense(
      size,
      matrixOf(size, dynamics.at(start).jvp),
      dynamics.evaluate(new Float64Array(size)),
      false,
    );
    if (h === undefined)
      throw new MftError('ERR_MFT_DEGENERATE', 'I − J is singular: there is no single steady state.');
    return h;
  }
  let best: Vector | undefined;
  for (const damping of [1, 0.5, 0.2, 0.05]) {
    const found = await solveForward(
      dynamics,
      { damping, absoluteTolerance: 0, relativeTolerance: 1e-15, evaluationLimit: 20_000 },
      control,
    );
    best = found.bestState;
    if (found.bestResidualNorm <= 1e-6 * (1 + norm(best))) break;
  }
  let h = best as Vector;
  for (let step = 0; size <= largestPolished && step < 4; step++) {
    throwIfAborted(control);
    const r = residualOf(dynamics, h);
    const change = await solveDense(size, matrixOf(size, dynamics.at(h).jvp), r, false);
    if (change === undefined) break;
    const next = combined(1, change, h);
    if (!(norm(residualOf(dynamics, next)) < norm(r))) break;
    h = next;
  }
  const residual = norm(residualOf(dynamics, h));
  if (!(residual <= 1e-9 * (1 + norm(h))))
    throw new MftError(
      'ERR_MFT_NO_CONVERGENCE',
      `No steady state was found: the lowest residual is ${residual.toPrecision(3)}.`,
    );
  return h;
}
