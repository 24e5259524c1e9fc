// Why a row of a kernel depends on the rows before it, found in the data and never in the kernel: rounding gives equal rows
// unequal entries.
import type { DataMatrix, KernelModel } from './model.js';

interface Dependence {
  readonly reason: string;
  readonly remedy: string;
  readonly parameter: string;
}

const shown = 6;

/** Rows that are equal, in groups of two or more, in the order of their first. */
export function equalRows({ count, dimension, values }: DataMatrix): readonly (readonly number[])[] {
  const groups = new Map<string, number[]>();
  // −0 and 0 are one number.
  const normal = values.map((value) => value + 0);
  for (let i = 0; i < count; i++) {
    const { buffer, byteOffset } = normal;
    const text = Buffer.from(buffer, byteOffset + 8 * i * dimension, 8 * dimension).toString('latin1');
    const group = groups.get(text);
    if (group === undefined) groups.set(text, [i]);
    else group.push(i);
  }
  return [...groups.values()].filter((group) => group.length > 1);
}

/** The rows before `row` whose direction it has, to rounding. */
function parallelTo({ dimension, values }: DataMatrix, row: number): readonly number[] {
  const at = (i: number): Float64Array => values.subarray(i * dimension, (i + 1) * dimension);
  const own = at(row);
  const length = rootOfSquares(own);
  const found: number[] = [];
  for (let i = 0; i < row && length > 0; i++) {
    const [other, otherLength] = [at(i), rootOfSquares(at(i))];
    if (otherLength === 0) continue;
    const off = own.reduce(
      (most, x, j) => Math.max(most, Math.abs(x / length - (other[j] as number) / otherLength)),
      0,
    );
    if (off <= 8 * Number.EPSILON) found.push(i);
  }
  return found;
}

/** |x| of numbers of any size. */
function rootOfSquares(x: Float64Array): number {
  const largest = x.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  if (largest === 0) return 0;
  return largest * Math.sqrt(x.reduce((sum, value) => sum + (value / largest) ** 2, 0));
}

/** What the data say of a row that depends on those before it; undefined where they say nothing. */
export function dependence(model: KernelModel, data: DataMatrix, row: number): Dependence | undefined {
  const groups = equalRows(data);
  const own = groups.find((group) => group.includes(row)) ?? groups[0];
  if (own !== undefined) {
    const more = groups.length > 1 ? ` (${groups.length} groups of equal rows)` : '';
    return {
      reason: `rows ${listed(own)} are equal${more}`,
      remedy: 'give a `noiseVariance` above 0, or remove all but one of them',
      parameter: 'noiseVariance',
    };
  }
  const { depth, biases, phi } = model;
  const hasBias = biases.some((variance) => variance > 0);
  if (!hasBias && phi.homogeneousDegree !== null) {
    const same = parallelTo(data, row);
    if (same.length > 0)
      return {
        reason: `rows ${listed([...same, row])} have the same direction, and a network without biases sees only that`,
        remedy: 'give a `biasVariance` above 0, or noise',
        parameter: 'biasVariance',
      };
  }
  const isLinear = phi.homogeneousDegree === 1 && phi.atZero.below === phi.atZero.above;
  if (depth === 0 || isLinear)
    return {
      reason: `a linear kernel has at most the rank of the data, which are rows of ${data.dimension} numbers`,
      remedy: 'give a `noiseVariance` above 0, a `depth` above 0 with another activation, or fewer rows',
      parameter: 'noiseVariance',
    };
  return undefined;
}

function listed(rows: readonly number[]): string {
  if (rows.length > shown) return `${rows.slice(0, shown).join(', ')} and ${rows.length - shown} more`;
  return `${rows.slice(0, -1).join(', ')} and ${rows.at(-1)}`;
}
