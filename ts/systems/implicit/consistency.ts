// Whether the callbacks of a user's system belong to one map: Jᵀ is the transpose of J, and J the derivative of F.
import { minstd } from './minstd.js';
import { combined, difference, dot, norm, type Vector } from './products.js';
import type { Guarded } from './user-system.js';

interface Consistency {
  /** Largest |u·(J v) − v·(Jᵀ u)| beside |u| max(|J v|, |v|), over pairs of directions; undefined without `jvp`. */
  readonly adjointIdentityDefect?: number;
  /** Largest |u·(F(h + εv) − F(h − εv))/2ε − v·(Jᵀ u)| beside the same. */
  readonly derivativeDefect: number;
}

/** Above it two products are not of one matrix: far above rounding, also of callbacks that calculate in single precision. */
export const largestAdjointDefect = 1e-5;
/** Above it `vjp` is not the derivative of `evaluate`: differences have errors of their own. */
export const largestDerivativeDefect = 1e-4;

/** Directions of fixed numbers: the same in every call. */
const direction = (size: number, seed: number): Vector => minstd(seed, size);

export function consistencyOf({ dynamics, hasForwardProduct }: Guarded, h: Vector, pairs: number): Consistency {
  const at = dynamics.at(h);
  let [adjoint, derivative] = [0, 0];
  for (let k = 0; k < pairs; k++) {
    const [u, v] = [direction(h.length, 101 + 2 * k), direction(h.length, 102 + 2 * k)];
    const step = (1e-5 * (1 + norm(h))) / norm(v);
    const slope = difference(dynamics.evaluate(combined(step, v, h)), dynamics.evaluate(combined(-step, v, h))).map(
      (x) => x / (2 * step),
    );
    const back = dot(v, at.vjp(u));
    derivative = Math.max(derivative, Math.abs(dot(u, slope) - back) / (norm(u) * Math.max(norm(slope), norm(v))));
    if (!hasForwardProduct) continue;
    const forward = at.jvp(v);
    adjoint = Math.max(adjoint, Math.abs(dot(u, forward) - back) / (norm(u) * Math.max(norm(forward), norm(v))));
  }
  return { derivativeDefect: derivative, ...(hasForwardProduct ? { adjointIdentityDefect: adjoint } : {}) };
}
