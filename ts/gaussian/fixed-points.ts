// Fixed points of the length map of a random network.
import { expectedError } from '../core/errors.js';
import { givenLayer } from './checks.js';
import type { GaussianFunction } from './expectation.js';
import { expectation, varianceSlope } from './moments.js';
import { maximum, rootBetween } from '../numeric/roots.js';
import { searchRange } from './search-range.js';
import {
  constantOf,
  droppedSquare,
  gain,
  type Layer,
  layerFunction,
  marginality,
  varianceMap,
} from './variance-map.js';

/** A fixed point q* = V(q*) of the length map. */
export interface VarianceFixedPoint {
  readonly variance: number;
  /** χ_q = V'(q*). */
  readonly multiplier: number;
  /** Attracts from both sides (from above at q* = 0). */
  readonly isStable: boolean;
  /** |χ_q| = 1: approached algebraically, or every variance is fixed. */
  readonly isMarginal: boolean;
}

export interface VarianceFixedPoints {
  /** All fixed points, by increasing variance. */
  readonly points: readonly VarianceFixedPoint[];
  /** The one that the recursion reaches from `start`; undefined when it diverges. */
  readonly reached?: VarianceFixedPoint;
}

export const rounding = 1e-13;
/** As near to 0 as a signal comes: there φ is its value at 0, or one at each side of a jump. */
const smallest = 1e-290;

/**
 * All fixed points q* of the length map V(q) = (σ_w²/ρ) E φ² + σ_b², with slope and stability, and the one reached from `start`.
 *
 * @param layer σ_w², σ_b², ρ, φ
 * @param start where the recursion starts; default 1
 * @returns all fixed points in [0, 1e12]; `reached` is absent when the recursion grows for ever or circles
 * @throws MftError like the Gaussian moments
 * **Numerics**: sign changes of V(q)/q − 1 on a logarithmic grid of 480 cells, then Newton in a bracket; relative
 * error 1e-12/|1 − χ_q|.
 * **Source**: Poole et al. 2016; dropout: Schoenholz et al. 2017.
 *
 * @example
 * const layer = { activation: 'tanh', weightVariance: 1.4, biasVariance: 0.1, keepProbability: 0.8 } as const;
 * fixedPointsVariance(layer).reached?.variance; // 0.66093867920418
 */
export function fixedPointsVariance(layer: Layer, start = 1): VarianceFixedPoints {
  if (typeof start !== 'number') throw expectedError('ERR_MFT_INVALID_ARGUMENT', 'start', 'a number >= 0', start);
  if (!(start >= 0 && start < Infinity)) throw expectedError('ERR_MFT_OUT_OF_RANGE', 'start', 'a number >= 0', start);
  return fixedPoints(givenLayer(layer), start);
}

function fixedPoints(layer: Layer, start: number): VarianceFixedPoints {
  const phi = layerFunction(layer);
  if (phi.homogeneousDegree === 1) return homogeneousFixedPoints(layer, phi, start);
  const points: VarianceFixedPoint[] = [];
  // A jump at 0 (step, sign) throws any signal away from 0, however small.
  const vanishes = phi.atZero.value === 0 && phi.homogeneousDegree !== 0;
  if (layer.biasVariance === 0 && (vanishes || layer.weightVariance === 0)) points.push(pointAtZero(layer, phi));
  const excess = (q: number): number => varianceMap(layer, q) / q - 1;
  let last: { readonly q: number; readonly sign: number } | undefined;
  const atZero = vanishes ? 0 : varianceMap(layer, smallest);
  for (const q of searchRange(phi, { biasVariance: constantOf(layer), gain: gain(layer), atZero })) {
    const value = excess(q);
    if (Number.isNaN(value) || Math.abs(value) < rounding) continue;
    const sign = Math.sign(value);
    if (last !== undefined && sign !== last.sign) points.push(pointAt(layer, phi, polished(layer, phi, last.q, q)));
    last = { q, sign };
  }
  const reached = reachedFrom(layer, points, start);
  return { points, ...(reached === undefined ? {} : { reached }) };
}

function polished(layer: Layer, phi: GaussianFunction, low: number, high: number): number {
  return rootBetween(
    (q) => ({ value: varianceMap(layer, q) - q, slope: gain(layer) * varianceSlope(phi, q) - 1 }),
    low,
    high,
  );
}

function pointAt(layer: Layer, phi: GaussianFunction, variance: number): VarianceFixedPoint {
  const multiplier = gain(layer) * varianceSlope(phi, variance);
  return {
    variance,
    multiplier,
    isStable: Math.abs(multiplier) < 1,
    isMarginal: Math.abs(Math.abs(multiplier) - 1) < marginality,
  };
}

/** q = 0, fixed without bias when φ(0) = 0: stable iff V(q) <= q just above it. */
function pointAtZero(layer: Layer, phi: GaussianFunction): VarianceFixedPoint {
  const multiplier = layer.weightVariance === 0 ? 0 : gain(layer) * varianceSlope(phi, 0);
  const isMarginal = Math.abs(multiplier - 1) < marginality;
  const smallest = 1e-6 * Math.min(1, phi.scale ** 2);
  const isStable = isMarginal ? varianceMap(layer, smallest) <= smallest : multiplier < 1;
  return { variance: 0, multiplier, isStable, isMarginal };
}

function homogeneousFixedPoints(layer: Layer, phi: GaussianFunction, start: number): VarianceFixedPoints {
  const multiplier = gain(layer) * varianceSlope(phi, 1);
  const isMarginal = Math.abs(multiplier - 1) < marginality;
  if (isMarginal && layer.biasVariance === 0) {
    const every = { variance: start, multiplier, isStable: true, isMarginal };
    return { points: [every], reached: every };
  }
  if (isMarginal) return { points: [] };
  if (multiplier > 1)
    return { points: layer.biasVariance === 0 ? [{ variance: 0, multiplier, isStable: false, isMarginal }] : [] };
  const point = { variance: layer.biasVariance / (1 - multiplier), multiplier, isStable: true, isMarginal };
  return { points: [point], reached: point };
}

export const largestIterations = 5000;

/** Where the recursion goes: the next fixed point in its direction; followed step by step where V falls. */
function reachedFrom(
  layer: Layer,
  points: readonly VarianceFixedPoint[],
  start: number,
): VarianceFixedPoint | undefined {
  const at = points.find((point) => point.variance === start);
  if (at !== undefined) return at;
  const grows = varianceMap(layer, start) > start;
  const next = grows
    ? points.find((point) => point.variance > start)
    : points.findLast((point) => point.variance < start);
  if (next === undefined || next.multiplier >= 0) return next;
  // V falls near the fixed point: the recursion jumps over it, and may circle for ever.
  let q = start;
  for (let step = 0; step < largestIterations; step++) {
    q = varianceMap(layer, q);
    const near = points.find(
      (point) => Math.abs(point.variance - q) <= 1e-6 * point.variance && Math.abs(point.multiplier) < 1,
    );
    if (near !== undefined) return near;
  }
  return undefined;
}

/** The largest σ_w² for which V(q) = q has a solution: ρ sup (q − σ_b²)/m2(q); Infinity where φ grows slower than x. */
export function limitingWeightVariance(layer: Layer): number {
  const phi = layerFunction(layer);
  const keep = layer.keepProbability ?? 1;
  if (phi.homogeneousDegree === 1) return keep / varianceSlope(phi, 1);
  const ratio = (q: number): number =>
    (q - layer.biasVariance) / (expectation(phi, { value: 2 }, q) + keep * droppedSquare(layer));
  if (phi.bound < Infinity) return Infinity;
  const range = searchRange(phi, { biasVariance: layer.biasVariance });
  const largest = range.at(-1) as number;
  if (ratio(largest) > 10 * ratio(largest / 1e6)) return Infinity;
  const inside = maximum((x) => ratio(Math.exp(x)), range.map(Math.log)).value;
  // Without bias the ratio has a limit at q = 0.
  const atZero = layer.biasVariance === 0 && phi.atZero.value === 0 ? 1 / varianceSlope(phi, 0) : 0;
  return keep * Math.max(inside, Number.isFinite(atZero) ? atZero : 0);
}
