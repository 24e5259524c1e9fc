// A dense layer of the kernel recursion, and the inputs as what enters the first: (3.1) and (3.3) of docs/systems/kernel.md.
import { expectation } from '../../gaussian/moments.js';
import type { DataMatrix, KernelModel } from './model.js';
import type { Pairs } from './pair.js';

/** Row and column of every pair that is computed: all of them, or (`isSelf`) the lower triangle with its diagonal. */
export interface Places {
  readonly row: Uint32Array;
  readonly column: Uint32Array;
  readonly isSelf: boolean;
}

/** What enters a dense layer: second moments of rows and columns; of every pair E φφ, its gap, Θ and E φ'φ'. */
export interface Entering {
  readonly rows: Float64Array;
  readonly columns: Float64Array;
  readonly product: Float64Array;
  /** 1 − product / √(second moments). */
  readonly gap: Float64Array;
  /** Second moment of the row minus that of the column, without cancellation where φ is homogeneous. */
  readonly spread: Float64Array;
  /** Θ before φ and E φ'φ'; empty unless Θ is wanted. */
  readonly tangent: Float64Array;
  readonly slope: Float64Array;
}

/** Pre-activations of a layer: variances of rows and columns; of every pair covariance, gap and Θ. */
export interface Layer extends Pairs {
  readonly rows: Float64Array;
  readonly columns: Float64Array;
  readonly spread: Float64Array;
  readonly tangent: Float64Array;
}

export function pairPlaces(rows: number, columns: number, isSelf: boolean): Places {
  const count = isSelf ? (rows * (rows + 1)) / 2 : rows * columns;
  const [row, column] = [new Uint32Array(count), new Uint32Array(count)];
  let at = 0;
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < (isSelf ? i + 1 : columns); j++) {
      row[at] = i;
      column[at++] = j;
    }
  return { row, column, isSelf };
}

/** The inputs: products over coordinates, and differences taken coordinate by coordinate. */
export function inputsOf(
  model: KernelModel,
  data: DataMatrix,
  other: DataMatrix,
  { row, column }: Places,
  withNtk: boolean,
): Entering {
  const { dimension } = data;
  const scale = model.scalesInputs ? 1 / dimension : 1;
  const rows = squares(data, scale);
  const columns = other === data ? rows : squares(other, scale);
  const count = row.length;
  const [product, gap, spread] = [new Float64Array(count), new Float64Array(count), new Float64Array(count)];
  for (let at = 0; at < count; at++) {
    const [i, j] = [row[at] as number, column[at] as number];
    const x = data.values.subarray(i * dimension, (i + 1) * dimension);
    const y = other.values.subarray(j * dimension, (j + 1) * dimension);
    // No pairs of numbers in these loops: each would be an object.
    let inner = 0;
    let difference = 0;
    for (let k = 0; k < dimension; k++) {
      const a = x[k] as number;
      const b = y[k] as number;
      inner += a * b;
      difference += (a - b) * (a + b);
    }
    product[at] = inner * scale;
    spread[at] = difference * scale;
    gap[at] = gapOf(
      x,
      y,
      Math.sqrt((rows[i] as number) / scale),
      Math.sqrt((columns[j] as number) / scale),
      difference,
    );
  }
  // Θ before the first layer is nothing.
  const none = new Float64Array(withNtk ? count : 0);
  return { rows, columns, product, gap, spread, tangent: none, slope: none };
}

/** K^l of every input with itself, layers 1..depth + 1: (depth + 1) × count. */
export function variancesOf(model: KernelModel, data: DataMatrix): Float64Array {
  const result = new Float64Array((model.depth + 1) * data.count);
  let second = squares(data, model.scalesInputs ? 1 / data.dimension : 1);
  for (let l = 0; l <= model.depth; l++) {
    const keep = l === 0 ? model.inputKeep : (model.keeps[l - 1] as number);
    const variances = second.map(
      (value) => ((model.weights[l] as number) / keep) * value + (model.biases[l] as number),
    );
    result.set(variances, l * data.count);
    if (l < model.depth) second = variances.map((variance) => expectation(model.phi, { value: 2 }, variance));
  }
  return result;
}

function squares({ count, dimension, values }: DataMatrix, scale: number): Float64Array {
  return Float64Array.from({ length: count }, (_, i) => {
    let sum = 0;
    for (let k = i * dimension; k < (i + 1) * dimension; k++) sum += (values[k] as number) ** 2;
    return sum * scale;
  });
}

/** 1 − cos(x, y) = |x/a − y/b|²/2 for a = |x|, b = |y|; 1 where one of them is zero. `difference`: a² − b². */
function gapOf(x: Float64Array, y: Float64Array, a: number, b: number, difference: number): number {
  if (a === 0 || b === 0) return 1;
  // In units of the longer one: nothing cancels where lengths are unlike.
  if (a < b) return gapOf(y, x, b, a, -difference);
  // x/a − y/b = (x − y)/a + y (b − a)/(a b): differences of near numbers are taken before anything is rounded.
  const turn = -difference / (a + b) / b;
  let near = 0;
  let far = 0;
  for (let k = 0; k < x.length; k++) {
    const p = x[k] as number;
    const q = y[k] as number;
    near += ((p - q + q * turn) / a) ** 2;
    far += ((p + q - q * turn) / a) ** 2;
  }
  // From the sum of the directions where they are nearly opposite: exactly opposite ones have the gap 2.
  return Math.min(2, near < far ? near / 2 : 2 - far / 2);
}

/** The layer behind dense layer `layer`; biases are 2^−exponent times those of the model. */
export function dense(model: KernelModel, layer: number, entering: Entering, places: Places, exponent: number): Layer {
  const { row, column, isSelf } = places;
  const unit = 2 ** -exponent;
  const weight = model.weights[layer - 1] as number;
  const bias = (model.biases[layer - 1] as number) * unit;
  const keep = layer === 1 ? model.inputKeep : (model.keeps[layer - 2] as number);
  const pairKeep = model.sharedMasks ? keep : 1;
  const fanIn = layer === 1 ? fanInOf(model) : (model.widths[layer - 2] ?? 1);
  const rows = entering.rows.map((second) => (weight / keep) * second + bias);
  const columns =
    entering.rows === entering.columns ? rows : entering.columns.map((second) => (weight / keep) * second + bias);
  const count = row.length;
  const [covariance, gap, tangent] = [
    new Float64Array(count),
    new Float64Array(count),
    new Float64Array(entering.tangent.length),
  ];
  const [variance1, variance2] = [new Float64Array(count), new Float64Array(count)];
  for (let at = 0; at < count; at++) {
    const [i, j] = [row[at] as number, column[at] as number];
    const [q1, q2] = [rows[i] as number, columns[j] as number];
    [variance1[at], variance2[at]] = [q1, q2];
    const isOnePass = isSelf && i === j;
    const kept = isOnePass ? keep : pairKeep;
    const factor = weight / kept;
    const product = entering.product[at] as number;
    covariance[at] = isOnePass ? q1 : factor * product + bias;
    if (!isOnePass) {
      const root = Math.sqrt(q1) * Math.sqrt(q2);
      const [m1, m2] = [entering.rows[i] as number, entering.columns[j] as number];
      gap[at] = gapBehind(entering, at, m1, m2, weight / keep, bias, model.sharedMasks ? 1 : keep, root);
    }
    if (at >= tangent.length) continue;
    const passed = factor * (entering.slope[at] as number) * (entering.tangent[at] as number);
    const isLearnt = model.isStandard && (model.biases[layer - 1] as number) > 0;
    const own = model.isStandard ? (fanIn * product) / kept + (isLearnt ? unit : 0) : covariance[at];
    tangent[at] = (own as number) + passed;
  }
  const spread = entering.spread.map((difference) => (weight / keep) * difference);
  return { rows, columns, spread, tangent, covariance, gap, variance1, variance2 };
}

/** What the products of inputs were divided by, by which learning on the weights themselves multiplies. */
function fanInOf({ scalesInputs, inputDimension }: KernelModel): number {
  return scalesInputs ? inputDimension : 1;
}

/** 1 − cosine behind a dense layer, (3.3): a sum of terms >= 0. `common`: the share of two masks that is not lost between them. */
function gapBehind(
  { gap, spread }: Entering,
  at: number,
  m1: number,
  m2: number,
  factor: number,
  bias: number,
  common: number,
  root: number,
): number {
  if (root === 0) return 1;
  const [s1, s2] = [Math.sqrt(m1), Math.sqrt(m2)];
  const apart = s1 + s2 === 0 ? 0 : (spread[at] as number) / (s1 + s2);
  const shared = factor * s1 * s2;
  const lost = 1 - common + common * (gap[at] as number);
  if (bias === 0) return Math.min(2, Math.max(0, lost));
  const difference = (bias * factor * apart * apart) / (root + shared + bias) + shared * lost;
  return Math.min(2, Math.max(0, difference / root));
}
