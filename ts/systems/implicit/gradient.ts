// Gradients of a loss through a steady state (implicit) and through the iteration (unrolled, truncated or whole).
import type { Dynamics } from './dynamics.js';
import { combined, type Vector } from './products.js';

type Arrays = Readonly<Record<string, Vector>>;

/** Arrays in the order of their names by code points, or as asked for, one after the other. */
export function flattened(arrays: Arrays, order?: readonly string[]): number[] {
  const names = order ?? Object.keys(arrays).sort((a, b) => (a < b ? -1 : 1));
  return names.flatMap((name) => Array.from(arrays[name] ?? []));
}

/** States h_0 … h_steps. */
export function trajectory(dynamics: Dynamics, steps: number): Vector[] {
  const states = [dynamics.start];
  for (let k = 0; k < steps; k++) states.push(dynamics.evaluate(states[k] as Vector));
  return states;
}

/** Back-propagation through the last `terms` of `steps` updates from the start: terms = updates. */
export function unrolled(dynamics: Dynamics, steps: number, terms: number): Arrays {
  const states = trajectory(dynamics, steps);
  let u = dynamics.loss(states[steps] as Vector).gradient;
  const sum: Record<string, Vector> = {};
  for (let k = 0; k < Math.min(terms, steps); k++) {
    const at = dynamics.at(states[steps - 1 - k] as Vector);
    for (const [name, part] of Object.entries(at.cotangent(u)))
      sum[name] = sum[name] === undefined ? part : combined(1, sum[name], part);
    u = at.vjp(u);
  }
  return sum;
}

/** Σ_{k<terms} (Jᵀ)^k g at a state. */
export function neumannSum(vjp: (u: Vector) => Vector, g: Vector, terms: number): Vector {
  let sum: Vector = g.slice();
  let v: Vector = g;
  for (let k = 1; k < terms; k++) {
    v = vjp(v);
    sum = combined(1, v, sum);
  }
  return sum;
}
