// Kernels larger than memory: blocks of rows, each computed natively and written to a .npy file before the next.
import * as z from 'zod';
import { parse } from '../../../core/checks.js';
import { type ControlOptions, controlOf, throwIfAborted, ticker } from '../../../core/control.js';
import { expectedError, MftError } from '../../../core/errors.js';
import { choiceField, numberField, wholeField } from '../../../core/fields.js';
import { requireMemory } from '../../../core/memory.js';
import { controlFields } from '../../../core/options.js';
import { replaceFile } from '../../../core/replace-file.js';
import { fileError } from '../../../data/files.js';
import { npyStart } from '../../../data/npz-write.js';
import type { InputRows } from '../empirical.js';
import { selfKernels } from '../kernels.js';
import { hasMaps, mappedKernels } from '../maps.js';
import { type DataMatrix, type KernelModel, kernelModel, modelParameters, requireSameColumns } from '../model.js';
import { requireTangent } from '../pair.js';
import { rowsOf } from '../rows.js';
import type { KernelSpec } from '../spec.js';

/** Options of `writeKernel`. */
export interface KernelFileOptions extends ControlOptions {
  /** K (NNGP) or Θ (NTK). Default 'nngp'. */
  readonly kernel?: 'nngp' | 'ntk';
  /** Columns of the matrix; left out: the inputs themselves. */
  readonly otherInputs?: InputRows;
  /** Rows computed at once. Default: as many as 256 MiB of kernels hold. Values agree within 4 ulp for any. */
  readonly blockRows?: number;
  /** Default 0: all processors. Never changes the result. */
  readonly threads?: number;
  /** Refuse to start when the estimated memory exceeds so many bytes. */
  readonly memoryLimit?: number;
}

/** What `writeKernel` has written. */
export interface KernelFile {
  readonly path: string;
  readonly rows: number;
  readonly columns: number;
  readonly blockRows: number;
  /** Of the file. */
  readonly bytes: number;
}

/** The network of `writeKernel`: a kernel spec without weights' law and inputs. */
export type KernelNetwork = Omit<KernelSpec, 'inputs' | 'inputWidth' | 'weights'>;

const schema = z.strictObject(modelParameters);
const optionSchema = z.strictObject({
  kernel: choiceField(['nngp', 'ntk'], 'Which kernel.').default('nngp'),
  otherInputs: z.custom<InputRows>(() => true).optional(),
  blockRows: wholeField(1, 100_000_000, 'Rows computed at once.').optional(),
  threads: wholeField(0, 1024, 'Threads; 0 = all processors.').default(0),
  memoryLimit: numberField({ low: 0, above: true }, 'Bytes.').optional(),
  ...controlFields,
});

const defaultBlockBytes = 2 ** 28;

/**
 * Writes the kernel matrix of a data set to a .npy file (m × n doubles, row-major), block by block of rows: 20,000 inputs have 3.2 GB
 * of kernel and need a tenth of that in memory. The file is there whole or not at all.
 *
 * @param network activation, depth, variances, dropout (fields of a kernel spec; `weightVariance` 1 and `biasVariance` 0 when left out)
 * @param inputs m rows of numbers
 * @param path the file, replaced when it exists
 * @param options see `KernelFileOptions`
 * @returns rows, columns, rows of a block, bytes of the file
 * @throws MftError (rejects) ERR_MFT_SHAPE, ERR_MFT_INVALID_ARGUMENT, ERR_MFT_UNSUPPORTED (activations that jump, weights of variance
 * 0), ERR_MFT_NOT_FINITE (a kernel beyond the range of numbers, naming the layer), ERR_MFT_MEMORY, ERR_MFT_DISK, the reason of an abort
 *
 * **Numerics**: as `mlpKernels`. Every pair is computed twice: the matrix is symmetric to 4 ulp, not to the last bit.
 * **Source**: Lee et al. 2018; Jacot et al. 2018; docs/systems/kernel.md (3.1), (3.2).
 *
 * @example
 * import { readNpy, writeKernel } from 'mft-native';
 * const inputs = Array.from({ length: 3 }, (_, i) => [Math.cos(i), Math.sin(i)]);
 * await writeKernel({ depth: 2, weightVariance: 2 }, inputs, 'kernel.npy', { kernel: 'ntk' });
 * console.log((await readNpy('kernel.npy')).shape); // [3, 3]
 */
export async function writeKernel(
  network: KernelNetwork,
  inputs: InputRows,
  path: string,
  options: KernelFileOptions = {},
): Promise<KernelFile> {
  const { kernel, threads, memoryLimit, ...chosen } = parse(optionSchema, options, 'options');
  const control = controlOf(chosen as ControlOptions);
  const data = rowsOf(inputs, 'inputs');
  const other = chosen.otherInputs === undefined ? undefined : rowsOf(chosen.otherInputs, 'otherInputs');
  if (other !== undefined) requireSameColumns(other, 'otherInputs', data);
  if (typeof path !== 'string' || path === '')
    throw expectedError('ERR_MFT_INVALID_ARGUMENT', 'path', 'the name of a file', path);
  const model = kernelModel(parse(schema, network, 'network'), data.dimension);
  if (kernel === 'ntk' && model.depth > 0) requireTangent(model.phi);
  if (!hasMaps(model))
    throw new MftError(
      'ERR_MFT_UNSUPPORTED',
      'Kernels are written in blocks for continuous activations and weights of variances above 0 only.',
      { parameter: 'network', received: model.phi.key ?? model.activation },
    );
  const columns = (other ?? data).count;
  const perRow = 8 * columns * (kernel === 'ntk' ? 2 : 1);
  const blockRows = Math.min(data.count, chosen.blockRows ?? Math.max(1, Math.floor(defaultBlockBytes / perRow)));
  const estimate = bytesOf(model, data, other, blockRows * perRow);
  requireMemory('kernel matrix', estimate, ['blockRows', 'inputs'], memoryLimit);
  const quiet = control.signal === undefined ? {} : { signal: control.signal };
  throwIfAborted(control);
  const blocks = Math.ceil(data.count / blockRows);
  const tick = ticker(blocks, control);

  async function* chunks(): AsyncGenerator<Uint8Array> {
    yield npyStart([data.count, columns], '<f8');
    for (let block = 0; block < blocks; block++) {
      const firstRow = block * blockRows;
      const rows = Math.min(blockRows, data.count - firstRow);
      const found = await mappedKernels(
        model,
        data,
        other,
        kernel === 'ntk',
        { ...quiet, threads },
        { firstRow, rows },
      );
      const values = found[kernel];
      await refuseInfinite(model, data, { firstRow, rows, columns }, values, found.variances);
      yield new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
      await tick(block + 1);
    }
  }
  await replaceFile(path, chunks()).catch((cause: unknown) => {
    throw cause instanceof MftError ? cause : fileError(cause, path);
  });
  const bytes = npyStart([data.count, columns], '<f8').length + 8 * data.count * columns;
  return { path, rows: data.count, columns, blockRows, bytes };
}

/** Inputs here and natively, a block, what every row has at every layer. */
function bytesOf(model: KernelModel, data: DataMatrix, other: DataMatrix | undefined, block: number): number {
  const rows = data.count + (other?.count ?? 0);
  const table = model.phi.homogeneousDegree === 1 ? 0 : Math.min(2 ** 30, 8 * 512 * model.depth * rows);
  return block + 8 * 2 * rows * data.dimension + 64 * (model.depth + 1) * rows + table + 2 ** 26;
}

/** The row alone whose kernel is infinite: the careful way names the layer. */
async function refuseInfinite(
  model: KernelModel,
  { dimension, values }: DataMatrix,
  { firstRow, rows, columns }: { readonly firstRow: number; readonly rows: number; readonly columns: number },
  kernel: Float64Array,
  variances: Float64Array,
): Promise<void> {
  const inKernel = kernel.findIndex((value) => !Number.isFinite(value));
  const inVariance = variances.findIndex((value) => !Number.isFinite(value));
  if (inKernel < 0 && inVariance < 0) return;
  const row = firstRow + (inKernel >= 0 ? Math.floor(inKernel / columns) : inVariance % rows);
  const alone = { count: 1, dimension, values: values.subarray(row * dimension, (row + 1) * dimension) };
  await selfKernels(model, alone, { ntk: true });
  throw new MftError('ERR_MFT_NOT_FINITE', `The kernel of input ${row} leaves the range of double precision.`, {
    parameter: 'inputs',
    expected: 'a finite kernel',
    received: row,
  });
}
