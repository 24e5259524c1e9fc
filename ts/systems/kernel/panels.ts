// Points and weights for integrals with break points, and what integrands of activations need.
import { MftError } from '../../core/errors.js';
import { evaluateActivation } from '../../gaussian/activations.js';
import type { GaussianFunction } from '../../gaussian/expectation.js';
import { legendreRule } from '../../numeric/legendre.js';

export interface Rule {
  readonly points: Float64Array;
  readonly weights: Float64Array;
}

const nodesPerPanel = 24;

/** Gauss–Legendre panels between the break points that halve towards each of them `gradings` times. */
export function panelRule(breaks: readonly number[], gradings: number): Rule {
  const { nodes, weights } = legendreRule(nodesPerPanel);
  const points: number[] = [];
  const found: number[] = [];
  const sorted = breaks.toSorted((a, b) => a - b);
  for (let i = 0; i + 1 < sorted.length; i++) {
    const [low, high] = [sorted[i] as number, sorted[i + 1] as number];
    const half = (high - low) / 2;
    if (half < 1e-15) continue;
    for (const side of [1, -1]) {
      let before = 0;
      for (let j = 0; j <= gradings; j++) {
        const edge = half * 2 ** (j - gradings);
        for (let k = 0; k < nodesPerPanel; k++) {
          const distance = before + (edge - before) * (nodes[k] as number);
          points.push(side === 1 ? low + distance : high - distance);
          found.push((edge - before) * (weights[k] as number));
        }
        before = edge;
      }
    }
  }
  return { points: Float64Array.from(points), weights: Float64Array.from(found) };
}

/** Σ weight φ(u(point)) φ(v(point)). */
export function sumOfProducts(
  phi: GaussianFunction,
  { points, weights }: Rule,
  u: (point: number) => number,
  v: (point: number) => number,
): number {
  const [fu, fv] = [valuesOf(phi, points.map(u)), valuesOf(phi, points.map(v))];
  return weights.reduce((sum, weight, i) => sum + weight * (fu[i] as number) * (fv[i] as number), 0);
}

/** φ of every point. */
export function valuesOf({ native }: GaussianFunction, points: Float64Array): Float64Array {
  if (native === undefined) throw new MftError('ERR_MFT_INTERNAL', 'Expected the activation of a spec.');
  return evaluateActivation(native, points);
}

/** |x|, in units of the largest component: nothing overflows, however long x is. */
export function norm(x: Float64Array): number {
  let largest = 0;
  for (const value of x) if (Math.abs(value) > largest) largest = Math.abs(value);
  if (largest === 0) return 0;
  let sum = 0;
  for (const value of x) sum += (value / largest) ** 2;
  return largest * Math.sqrt(sum);
}
