// The kernels of a data matrix: K (NNGP) and Θ (NTK) of every pair of rows, (3.1) to (3.4) of docs/systems/kernel.md.
import { type ControlOptions, controlOf, throwIfAborted, ticker } from '../../core/control.js';
import { MftError } from '../../core/errors.js';
import { dense, type Entering, inputsOf, type Layer, type Places, pairPlaces } from './dense.js';
import { expectation } from '../../gaussian/moments.js';
import { hasMaps, mappedKernels } from './maps.js';
import type { DataMatrix, KernelModel } from './model.js';
import { pairGaps, pairMoments, requireTangent } from './pair.js';
import { timesPower } from './rectifier.js';

/** K and Θ between the rows of two data matrices, row-major `rows` × `columns`. */
export interface Kernels {
  readonly rows: number;
  readonly columns: number;
  /** K^(L+1): covariance of the outputs of networks of infinite width. */
  readonly nngp: Float64Array;
  /** Θ^(L+1); empty unless it was asked for. */
  readonly ntk: Float64Array;
  /** 1 − cosine of every pair in K, without cancellation; empty for large matrices unless `normalize` was asked for. */
  readonly gap: Float64Array;
  /** Variances of the rows and of the columns, K^(L+1) of a row with itself; of columns of another large matrix empty. */
  readonly rowVariance: Float64Array;
  readonly columnVariance: Float64Array;
  /** Of large matrices the variances of the rows at layers 1..depth + 1, (depth + 1) × rows. */
  readonly layerVariance?: Float64Array;
  /** All of these are 2^−exponent times the kernels; 0 unless `normalize` was asked for. */
  readonly exponent: number;
}

interface KernelOptions extends ControlOptions {
  /** Whether Θ is wanted. */
  readonly ntk?: boolean;
  /** Of large kernels; 0, all processors, when left out. */
  readonly threads?: number;
  /** Kernels beyond the range of double precision are not refused but scaled by a power of two. */
  readonly normalize?: boolean;
  /** Called at every layer l = 1..depth + 1 with what stands there. */
  readonly onLayer?: (layer: number, kernels: Kernels) => void;
}

/**
 * K and Θ of the rows of `data` with each other; symmetric to the last bit.
 *
 * @throws MftError ERR_MFT_UNSUPPORTED (`ntk` for an activation that jumps), ERR_MFT_NOT_FINITE naming the layer at which a kernel
 *   left the range of double precision
 */
export function selfKernels(model: KernelModel, data: DataMatrix, options: KernelOptions = {}): Promise<Kernels> {
  return walk(model, data, data, true, options);
}

/** K and Θ of the rows of `data` with those of `other`, which are other passes (their own dropout masks) whatever they hold. */
export function crossKernels(
  model: KernelModel,
  data: DataMatrix,
  other: DataMatrix,
  options: KernelOptions = {},
): Promise<Kernels> {
  return walk(model, data, other, false, options);
}

/** A rectifier lets every kernel be scaled: beyond this power of two they are. */
const largestExponent = 400;

async function walk(
  model: KernelModel,
  data: DataMatrix,
  other: DataMatrix,
  isSelf: boolean,
  options: KernelOptions,
): Promise<Kernels> {
  const { ntk = false, normalize = false, onLayer } = options;
  if (ntk && model.depth > 0) requireTangent(model.phi);
  const isLarge = data.count * other.count >= largePairs && !normalize && onLayer === undefined;
  if (isLarge && hasMaps(model)) return mapped(model, data, isSelf ? undefined : other, ntk, options);
  const places = pairPlaces(data.count, other.count, isSelf);
  let exponent = 0;
  let entering = inputsOf(model, data, other, places, ntk);
  // Three steps a layer: E φφ, its gap, E φ'φ'.
  const tick = ticker(3 * (model.depth + 1), options);
  throwIfAborted(options);
  for (let layer = 1; ; layer++) {
    let pairs = dense(model, layer, entering, places, exponent);
    if (model.phi.homogeneousDegree === 1) {
      const by = excess(pairs);
      [pairs, exponent] = [scaled(pairs, -by), exponent + by];
    }
    if (!normalize) requireFinite(pairs, layer, exponent);
    const isLast = layer === model.depth + 1;
    if (isLast || onLayer !== undefined) {
      const kernels = assembled(pairs, places, normalize ? 0 : exponent, normalize ? exponent : 0);
      onLayer?.(layer, kernels);
      if (isLast) {
        await tick(3 * layer);
        return kernels;
      }
    }
    const step = (part: number): Promise<void> => tick(3 * (layer - 1) + part);
    entering = await activated(
      model,
      pairs,
      places,
      options.signal === undefined ? {} : { signal: options.signal },
      step,
    );
  }
}

/** From this many pairs on kernels are computed natively where there is a map, in blocks and without gaps. */
const largePairs = 400;

async function mapped(
  model: KernelModel,
  data: DataMatrix,
  other: DataMatrix | undefined,
  ntk: boolean,
  options: KernelOptions,
): Promise<Kernels> {
  const {
    nngp,
    ntk: tangent,
    variances,
  } = await mappedKernels(model, data, other, ntk, { ...controlOf(options), threads: options.threads ?? 0 });
  const columns = (other ?? data).count;
  const rowVariance = variances.slice(-data.count);
  await refuseInfinite(model, data, variances, options);
  if (other === undefined && ntk) {
    const own = Float64Array.from({ length: data.count }, (_, i) => tangent[i * (columns + 1)] as number);
    await refuseInfinite(model, data, own, options);
  }
  const none = new Float64Array();
  const columnVariance = other === undefined ? rowVariance : none;
  return {
    rows: data.count,
    columns,
    nngp,
    ntk: tangent,
    gap: none,
    rowVariance,
    columnVariance,
    layerVariance: variances,
    exponent: 0,
  };
}

/** The row whose number is infinite, alone: the careful way names the layer. */
async function refuseInfinite(
  model: KernelModel,
  { count, dimension, values }: DataMatrix,
  numbers: Float64Array,
  options: KernelOptions,
): Promise<void> {
  const at = numbers.findIndex((value) => !Number.isFinite(value));
  if (at === -1) return;
  const row = at % count;
  const alone = { count: 1, dimension, values: values.subarray(row * dimension, (row + 1) * dimension) };
  await walk(model, alone, alone, true, options);
}

/** φ of every pre-activation: second moments, and of every pair E φφ, its relative gap, E φ'φ'. */
export async function activated(
  { phi }: KernelModel,
  layer: Layer,
  { row, column }: Places,
  options: ControlOptions,
  step: (part: number) => Promise<void>,
): Promise<Entering> {
  const second = (variances: Float64Array): Float64Array =>
    variances.map((variance) => expectation(phi, { value: 2 }, variance));
  const rows = second(layer.rows);
  const columns = layer.rows === layer.columns ? rows : second(layer.columns);
  const { product, slope } = await pairMoments(phi, layer, layer.tangent.length > 0, options);
  await step(1);
  const gap = await pairGaps(phi, layer, product, options);
  await step(2);
  const isLinear = phi.homogeneousDegree === 1;
  const unit = isLinear ? expectation(phi, { value: 2 }, 1) : 0;
  const spread = Float64Array.from(row, (i, at) =>
    isLinear ? unit * (layer.spread[at] as number) : (rows[i] as number) - (columns[column[at] as number] as number),
  );
  await step(3);
  return { rows, columns, product, gap, spread, tangent: layer.tangent, slope };
}

/** The power of two that brings variances and Θ back to the middle of the range; 0 where they are near it. */
function excess({ rows, columns, tangent }: Layer): number {
  let largest = 0;
  for (const list of [rows, columns, tangent])
    for (const value of list) if (Math.abs(value) > largest) largest = Math.abs(value);
  if (largest === 0 || !Number.isFinite(largest)) return 0;
  const exponent = Math.floor(Math.log2(largest));
  return Math.abs(exponent) > largestExponent ? exponent : 0;
}

function scaled(layer: Layer, by: number): Layer {
  if (by === 0) return layer;
  const times = (list: Float64Array): Float64Array => list.map((value) => timesPower(value, by));
  const rows = times(layer.rows);
  return {
    ...layer,
    rows,
    columns: layer.rows === layer.columns ? rows : times(layer.columns),
    spread: times(layer.spread),
    tangent: times(layer.tangent),
    covariance: times(layer.covariance),
    variance1: times(layer.variance1),
    variance2: times(layer.variance2),
  };
}

/** @throws MftError ERR_MFT_NOT_FINITE naming the kernel and the layer */
function requireFinite({ rows, columns, tangent }: Layer, layer: number, exponent: number): void {
  const leaves = (list: Float64Array): boolean => list.some((value) => !Number.isFinite(timesPower(value, exponent)));
  const name = leaves(rows) || leaves(columns) ? 'nngp' : leaves(tangent) ? 'ntk' : undefined;
  if (name === undefined) return;
  throw new MftError(
    'ERR_MFT_NOT_FINITE',
    `The kernel \`${name}\` leaves the range of double precision at layer ${layer}: lower \`weightVariance\` or \`depth\`, ` +
      'or ask for cosines and logarithms with `normalize`.',
    { parameter: 'weightVariance', expected: `a finite ${name} at layer ${layer}`, received: layer },
  );
}

/** The matrices, `by` powers of two larger than the layer. */
function assembled(layer: Layer, { row, column, isSelf }: Places, by: number, exponent: number): Kernels {
  const [rows, columns] = [layer.rows.length, layer.columns.length];
  const full = (list: Float64Array, power = 0): Float64Array => {
    const matrix = new Float64Array(list.length > 0 ? rows * columns : 0);
    list.forEach((scaledValue, at) => {
      const [i, j, value] = [row[at] as number, column[at] as number, timesPower(scaledValue, power)];
      matrix[i * columns + j] = value;
      if (isSelf) matrix[j * columns + i] = value;
    });
    return matrix;
  };
  return {
    rows,
    columns,
    nngp: full(layer.covariance, by),
    ntk: full(layer.tangent, by),
    gap: full(layer.gap),
    rowVariance: layer.rows.map((value) => timesPower(value, by)),
    columnVariance: layer.columns.map((value) => timesPower(value, by)),
    exponent,
  };
}
