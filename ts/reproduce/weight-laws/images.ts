// Images at several dimensions, by means over squares of pixels, and how far they are from the condition of universality.
import type { Dataset } from '../../data/dataset.js';

/** Factors by which the sides of an image can be divided so that three pixels a side or more are left. */
export function factorsOf({ shape }: Pick<Dataset, 'shape'>): readonly number[] {
  const [height, width] = shape.slice(-2) as [number, number];
  return [1, 2, 4, 7, 8].filter(
    (factor) => height % factor === 0 && width % factor === 0 && Math.min(height, width) / factor >= 3,
  );
}

/** Image `index` with squares of factor × factor pixels replaced by their means, color by color; components as stored. */
export function reduced({ shape, dimension, images }: Dataset, index: number, factor: number): Float64Array {
  const [height, width] = shape.slice(-2) as [number, number];
  const [rows, columns] = [height / factor, width / factor];
  const colors = dimension / (height * width);
  const result = new Float64Array(colors * rows * columns);
  for (let i = 0; i < dimension; i++) {
    const [color, pixel] = [Math.floor(i / (height * width)), i % (height * width)];
    const [row, column] = [Math.floor(pixel / width / factor), Math.floor((pixel % width) / factor)];
    const at = (color * rows + row) * columns + column;
    result[at] = (result[at] as number) + (images[index * dimension + i] as number) / factor ** 2;
  }
  return result;
}
