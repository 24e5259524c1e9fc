// What a convergent recurrent system is to the solvers: h ← F(h), its derivatives at a state, and a loss of the state.
import type { Vector } from './products.js';

/** Derivatives of F at one state: what does not depend on the vectors is computed once. */
export interface Linearization {
  /** J v. */
  readonly jvp: (v: Vector) => Vector;
  /** Jᵀ u. */
  readonly vjp: (u: Vector) => Vector;
  /** zᵀ ∂F/∂θ for every parameter array. */
  readonly cotangent: (z: Vector) => Readonly<Record<string, Vector>>;
  /** Components at a kink of the activation, where a one-sided derivative stands for the derivative. */
  readonly kinks?: number;
}

export interface Loss {
  readonly value: number;
  readonly gradient: Vector;
}

/** h ← F(h) and its derivatives. */
export interface Iteration {
  readonly size: number;
  readonly start: Vector;
  readonly evaluate: (h: Vector) => Vector;
  readonly at: (h: Vector) => Linearization;
  /** F is affine in h: its steady state solves a linear system. */
  readonly isAffine?: true;
  /** The bound of ‖J‖₂ at every state that the matrices give. */
  readonly globalBound?: () => Promise<number>;
  /** Diagonal D and coordinates on which J ᵀ = (1 − a) I + s D W with W symmetric (Hopfield networks). */
  readonly symmetric?: (h: Vector) => { readonly scale: Vector; readonly free: (i: number) => boolean };
}

/** With a loss of the state. */
export interface Dynamics extends Iteration {
  readonly loss: (h: Vector) => Loss;
}

/** ½ |h − target|². */
export function squaredLoss(h: Vector, target: (i: number) => number, from = 0): Loss {
  const gradient = h.map((value, i) => (i < from ? 0 : value - target(i - from)));
  return { value: 0.5 * gradient.reduce((sum, x) => sum + x * x, 0), gradient };
}
