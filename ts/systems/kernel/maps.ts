// Kernels of large data matrices: native, vectorised over pairs, on all processors (native/systems/kernel/maps.h).
import { addon } from '../../core/addon.js';
import { type ControlOptions, controlled } from '../../core/control.js';
import { knownFinite } from '../../core/finite.js';
import { threadsFor } from '../../core/memory.js';
import type { NativeGaussianFunction } from '../../gaussian/expectation.js';
import type { NativeMapCall } from './maps-native.js';
import type { DataMatrix, KernelModel } from './model.js';
import { hasTangent } from './pair.js';

const tileSide = 256;

interface MappedKernels {
  readonly nngp: Float64Array;
  readonly ntk: Float64Array;
  /** Variances of the rows, (depth + 1) × rows. */
  readonly variances: Float64Array;
}

/**
 * Whether the vectorised maps know the network: closed forms for rectifiers, erf and gelu, Hermite sums for the rest. Behind a jump
 * the gap of near inputs is the root of the one before: carried as 1 − c it would lose half of its digits.
 */
export function hasMaps({ phi, hasZeroWeights }: KernelModel): boolean {
  if (phi.native === undefined || hasZeroWeights || !hasTangent(phi)) return false;
  return phi.homogeneousDegree !== 1 || phi.atZero.above !== 0 || phi.atZero.below !== 0;
}

/** K and Θ of `rows` rows from `firstRow` on with all rows of `other`, or (undefined) of the data itself. */
export async function mappedKernels(
  model: KernelModel,
  data: DataMatrix,
  other: DataMatrix | undefined,
  ntk: boolean,
  options: ControlOptions & { readonly threads?: number },
  { firstRow, rows }: { readonly firstRow: number; readonly rows: number } = { firstRow: 0, rows: data.count },
): Promise<MappedKernels> {
  const call: NativeMapCall = {
    activation: model.phi.native as NativeGaussianFunction,
    weightVariance: Float64Array.from(model.weights),
    biasVariance: Float64Array.from(model.biases),
    keepProbability: Float64Array.from(model.keeps),
    width: Float64Array.from(model.widths),
    inputKeepProbability: model.inputKeep,
    sharesMasks: model.sharedMasks,
    scalesInputs: model.scalesInputs,
    isStandard: model.isStandard,
    hasTangent: ntk,
    dimension: data.dimension,
    inputs: data.values,
    others: other === undefined ? new Float64Array() : other.values,
    firstRow,
    rows,
    threads: threadsFor(options.threads ?? 0),
  };
  const columns = (other ?? data).count;
  const tiles = Math.ceil(rows / tileSide) * Math.ceil(columns / tileSide);
  const total = other === undefined && rows === data.count ? (tiles + Math.ceil(rows / tileSide)) / 2 : tiles;
  const found = await controlled(options, total, (slots) => addon().kernelMaps(call, slots));
  const first = (model.depth + 1) * rows;
  const nngp = found.subarray(first, first + rows * columns);
  const tangent = found.subarray(first + rows * columns, -1);
  if (found.at(-1) === 1) for (const matrix of [nngp, tangent]) knownFinite.add(matrix);
  return { variances: found.subarray(0, first), nngp, ntk: tangent };
}
