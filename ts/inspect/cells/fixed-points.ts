// Fixed points of a cell with given weights and no input, and whether they are stable.
import { addon } from '../../core/addon.js';
import { type GivenCell, stateSize } from './given-cell.js';
import { step } from './step.js';

export interface CellFixedPoint {
  /** Mean square of a number of the state (of the lstm of c and h together). */
  readonly secondMoment: number;
  /** Largest absolute eigenvalue of the Jacobian there: below 1 the point is stable. */
  readonly spectralRadius: number;
  readonly isStable: boolean;
  /** From how many of the starts it was found. */
  readonly found: number;
}

const mostSteps = 40;
/** Of the largest number of F(s) − s over 1 + the largest of s. */
const tolerance = 1e-11;
/** Two solutions nearer than this, by the same measure, are one. */
const same = 1e-6;

const largest = (values: Float64Array): number => values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
const minus = (a: Float64Array, b: Float64Array): Float64Array => a.map((value, i) => value - (b[i] as number));

/** Newton's method with halved steps where the residual does not fall. */
async function solve(cell: GivenCell, start: Float64Array): Promise<Float64Array | undefined> {
  const size = stateSize(cell);
  const silence = new Float64Array(cell.inputs);
  let state = start;
  for (let k = 0; k < mostSteps; k++) {
    const { state: next, jacobian } = step(cell, state, silence, true);
    const residual = minus(next, state);
    if (largest(residual) <= tolerance * (1 + largest(state))) return state;
    const matrix = (jacobian as Float64Array).map((value, i) => (i % (size + 1) === 0 ? 1 : 0) - value);
    const move = await addon().implicitSolve(size, matrix, residual);
    if (move.length === 0 || !Number.isFinite(largest(move))) return undefined;
    let factor = 1;
    let moved = state;
    for (let halvings = 0; halvings < 12; halvings++, factor /= 2) {
      moved = state.map((value, i) => value + factor * (move[i] as number));
      const after = step(cell, moved, silence, false).state;
      if (largest(minus(after, moved)) < largest(residual)) break;
    }
    state = moved;
  }
  return undefined;
}

/** All that are reached from the given starts, the smallest first; points that no start leads to are not found. */
export async function fixedPointsOf(
  cell: GivenCell,
  starts: readonly Float64Array[],
  tick: () => Promise<void>,
): Promise<readonly CellFixedPoint[]> {
  const size = stateSize(cell);
  const silence = new Float64Array(cell.inputs);
  const points: { state: Float64Array; found: number }[] = [];
  for (const start of starts) {
    await tick();
    const state = await solve(cell, start);
    if (state === undefined) continue;
    const known = points.find((point) => largest(minus(point.state, state)) <= same * (1 + largest(state)));
    if (known === undefined) points.push({ state, found: 1 });
    else known.found++;
  }
  const found: CellFixedPoint[] = [];
  for (const point of points) {
    const { jacobian } = step(cell, point.state, silence, true);
    const values = await addon().implicitSpectrum(size, jacobian as Float64Array);
    let spectralRadius = 0;
    for (let i = 0; i < size; i++)
      spectralRadius = Math.max(spectralRadius, Math.hypot(values[i] as number, values[size + i] as number));
    const secondMoment = point.state.reduce((sum, value) => sum + value * value, 0) / size;
    found.push({ secondMoment, spectralRadius, isStable: spectralRadius < 1, found: point.found });
  }
  return found.sort((a, b) => a.secondMoment - b.secondMoment);
}
