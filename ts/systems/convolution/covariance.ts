// Covariance between the positions of one map in a network of infinitely many channels. A field holds, for one displacement d,
// cov(p, p + d) of every position p: only the displacements that later layers ask for are kept.
import type { Padding } from './architecture.js';
import type { Moments, UnitMoments } from './moments.js';

export interface Grid {
  readonly height: number;
  readonly width: number;
}

export interface Displacement {
  readonly down: number;
  readonly right: number;
}

export const key = ({ down, right }: Displacement): string => `${down},${right}`;
export type Fields = ReadonlyMap<string, Float64Array>;

/** A displacement as it is kept, or undefined where no two positions of the grid have it. */
export function normalised({ down, right }: Displacement, grid: Grid, padding: Padding): Displacement | undefined {
  const { height, width } = grid;
  if (padding === 'circular')
    return { down: ((down % height) + height) % height, right: ((right % width) + width) % width };
  return Math.abs(down) < height && Math.abs(right) < width ? { down, right } : undefined;
}

/** Position p + d; −1 outside. */
function shifted(row: number, column: number, { down, right }: Displacement, grid: Grid, padding: Padding): number {
  let [r, c] = [row + down, column + right];
  if (padding === 'circular') [r, c] = [r % grid.height, c % grid.width];
  return r < 0 || r >= grid.height || c < 0 || c >= grid.width ? -1 : r * grid.width + c;
}

/** A field, position by position; 0 where p + d is outside. */
export function fieldOf(
  d: Displacement,
  grid: Grid,
  padding: Padding,
  value: (from: number, to: number) => number,
): Float64Array {
  const field = new Float64Array(grid.height * grid.width);
  for (let r = 0; r < grid.height; r++)
    for (let c = 0; c < grid.width; c++) {
      const to = shifted(r, c, d, grid, padding);
      if (to >= 0) field[r * grid.width + c] = value(r * grid.width + c, to);
    }
  return field;
}

/** Source of kernel index j at place o of a side, as in native/systems/convolution/maps.cc; −1 outside. */
export function source(padding: Padding, side: number, kernel: number, at: number, j: number): number {
  const place = at + j - (padding === 'valid' ? 0 : Math.floor((kernel - 1) / 2));
  if (padding === 'circular') return ((place % side) + side) % side;
  return place < 0 || place >= side ? -1 : place;
}

export interface Step {
  readonly kernel: number;
  readonly stride: number;
  readonly input: Grid;
  readonly output: Grid;
  readonly padding: Padding;
}

/** Mean over the taps of a kernel, zeros outside: rows first, then columns. */
export function tapMean(field: Float64Array, { kernel, stride, input, output, padding }: Step): Float64Array {
  const rows = new Float64Array(output.height * input.width);
  for (let r = 0; r < output.height; r++)
    for (let i = 0; i < kernel; i++) {
      const from = source(padding, input.height, kernel, r * stride, i);
      if (from < 0) continue;
      for (let c = 0; c < input.width; c++)
        rows[r * input.width + c] = (rows[r * input.width + c] as number) + (field[from * input.width + c] as number);
    }
  const result = new Float64Array(output.height * output.width);
  for (let c = 0; c < output.width; c++)
    for (let j = 0; j < kernel; j++) {
      const from = source(padding, input.width, kernel, c * stride, j);
      if (from < 0) continue;
      for (let r = 0; r < output.height; r++)
        result[r * output.width + c] =
          (result[r * output.width + c] as number) + (rows[r * input.width + from] as number);
    }
  return result.map((value) => value / kernel ** 2);
}

/** The transpose of `tapMean`: what the places of a map send back to its input. */
export function tapSpread(field: Float64Array, { kernel, stride, input, output, padding }: Step): Float64Array {
  const rows = new Float64Array(output.height * input.width);
  for (let c = 0; c < output.width; c++)
    for (let j = 0; j < kernel; j++) {
      const to = source(padding, input.width, kernel, c * stride, j);
      if (to < 0) continue;
      for (let r = 0; r < output.height; r++)
        rows[r * input.width + to] = (rows[r * input.width + to] as number) + (field[r * output.width + c] as number);
    }
  const result = new Float64Array(input.height * input.width);
  for (let r = 0; r < output.height; r++)
    for (let i = 0; i < kernel; i++) {
      const to = source(padding, input.height, kernel, r * stride, i);
      if (to < 0) continue;
      for (let c = 0; c < input.width; c++)
        result[to * input.width + c] = (result[to * input.width + c] as number) + (rows[r * input.width + c] as number);
    }
  return result.map((value) => value / kernel ** 2);
}

/** Moments of the units of every position. */
export const unitsOf = (variance: Float64Array, moments: Moments): UnitMoments[] =>
  Array.from(variance, (value) => moments.at(value));

/** E φφ at one displacement, from the covariance there. */
export function activated(
  field: Float64Array,
  d: Displacement,
  units: readonly UnitMoments[],
  grid: Grid,
  padding: Padding,
  moments: Moments,
): Float64Array {
  if (d.down === 0 && d.right === 0) return Float64Array.from(units, ({ second }) => second);
  return fieldOf(d, grid, padding, (from, to) =>
    moments.pair(units[from] as UnitMoments, units[to] as UnitMoments, field[from] as number),
  );
}
