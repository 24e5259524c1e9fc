// The spectrum of a user's data: what a linear network sees of them, as a spec of system `autoencoder` takes it.
import * as z from 'zod';
import { parse } from '../../../core/checks.js';
import { withJson } from '../../../core/codec.js';
import { type ControlOptions, controlOf } from '../../../core/control.js';
import { plainCopy, readOnce } from '../../../core/copy.js';
import { expectedError } from '../../../core/errors.js';
import { booleanField, choiceField, wholeField } from '../../../core/fields.js';
import { requireRoom } from '../../../core/memory.js';
import { controlFields } from '../../../core/options.js';
import type { Warning } from '../../../core/results.js';
import type { Examples } from '../../../core/trainer.js';
import { type Dataset, readDataset } from '../../../data/dataset.js';
import { secondMoment } from '../second-moment.js';
import { largestOf, leastOf } from '../../../numeric/extremes.js';

/** Options of `dataSpectrum`. */
export interface DataSpectrumOptions extends ControlOptions {
  /** Only the first examples. Default: all. */
  readonly count?: number;
  /** How components become numbers, as in training: 'unit' (white is 1), 'centered', 'standard'. Default 'unit'. */
  readonly normalization?: 'unit' | 'centered' | 'standard';
  /** Take the mean of every component away first. Default false: the mean is then the leading direction. */
  readonly isCentred?: boolean;
  /** The folder with the data sets, for a data set by name. Default: the environment variable MFT_DATA. */
  readonly data?: string;
  /** Default 0: all processors. Never changes the result. */
  readonly threads?: number;
}

/** What `dataSpectrum` returns. */
export interface DataSpectrum {
  /** ν_i, falling: the field `inputVariance` of a spec. Below the rank they are exactly 0. */
  readonly inputVariance: readonly number[];
  /** tr S, the mean squared norm of an example. */
  readonly trace: number;
  /** Directions whose variance is above 64 ε of the largest. */
  readonly rank: number;
  /** What rounding lets one say of the rank. */
  readonly rankInterval: readonly [number, number];
  /** Share of the trace that is in the mean of the examples. */
  readonly meanShare: number;
  /** S_jj: second moment of every component. */
  readonly diagonal: Float64Array;
  /** Eigenvectors as rows, row i of ν_i. */
  readonly directions: Float64Array;
  readonly warnings: readonly Warning[];
}

const optionSchema = z.strictObject({
  ...controlFields,
  count: wholeField(1, Number.MAX_SAFE_INTEGER, 'Only the first examples.').optional(),
  normalization: choiceField(['unit', 'centered', 'standard'], 'How components become numbers.').default('unit'),
  isCentred: booleanField('Whether the mean is taken away first.').default(false),
  data: z.string().optional().meta({ expected: 'the path of a folder', description: 'Folder with the data sets.' }),
  threads: wholeField(0, 1024, 'Threads; 0 = all processors.').default(0),
});

const expectedData = 'the name of a data set, a data set that was read, or a list of rows of numbers';

/**
 * Second moment S = (1/N) Σ x xᵀ of data and its eigenvalues, streamed in blocks: memory D², whatever the number of examples.
 *
 * @param data the name of a data set (its training part), a data set as `readDataset` gives it, or rows of numbers
 * @param options `count`, `normalization`, `isCentred`, `data`, `threads`; signal and progress
 * @returns a promise of the eigenvalues (as `inputVariance` of a spec), rank as an interval, trace, directions, and warnings
 * @throws MftError (rejects): ERR_MFT_INVALID_ARGUMENT, ERR_MFT_SHAPE, ERR_MFT_OUT_OF_RANGE for data of another form;
 * ERR_MFT_DATA_NOT_FOUND, ERR_MFT_NOT_FINITE, ERR_MFT_MEMORY
 *
 * **Numerics**: sums of bytes are exact in any order; eigenvalues to about 1e-15 of the largest. The same bits for any `threads`.
 * **Source**: docs/systems/autoencoder.md (2.1).
 *
 * @example
 * import { dataSpectrum, predict } from 'mft-native';
 * const { inputVariance } = await dataSpectrum([[1, 2, 3], [2, 1, 0], [0, 1, 1]]);
 * const theory = await predict({ system: 'autoencoder', inputVariance, noiseVariance: 0.1 });
 * console.log(inputVariance[0].toFixed(4)); // 5.7304
 */
export async function dataSpectrum(
  data: string | Dataset | readonly (readonly number[])[],
  options: DataSpectrumOptions = {},
): Promise<DataSpectrum> {
  const { count, normalization, isCentred, data: folder, threads, ...rest } = parse(optionSchema, options, 'options');
  const control = controlOf(rest as ControlOptions);
  const examples = await examplesOf(data, folder, control);
  requireRoom('spectrum', 40 * examples.dimension ** 2 + 8 * examples.count, ['data'], false);
  const found = await secondMoment(examples, {
    normalization,
    isCentred,
    threads,
    ...(count ? { count } : {}),
    ...control,
  });
  const inputVariance = Array.from(found.variances, (nu, i) => (i < found.rank ? nu : 0));
  const ofMean = found.mean.reduce((sum, each) => sum + each * each, 0);
  return withJson({
    inputVariance,
    trace: found.trace,
    rank: found.rank,
    rankInterval: [found.smallestRank, found.largestRank] as const,
    meanShare: found.trace === 0 || isCentred ? 0 : ofMean / found.trace,
    diagonal: found.diagonal,
    directions: found.directions,
    warnings: warningsOf(found.diagonal),
  });
}

/** Whether masks leave the directions apart: only where all components have one second moment. */
function warningsOf(diagonal: Float64Array): Warning[] {
  const [low, high] = [leastOf(diagonal), largestOf(diagonal)];
  if (high - low <= 1e-6 * high) return [];
  const zeros = diagonal.reduce((sum, each) => sum + (each === 0 ? 1 : 0), 0);
  return [
    {
      id: 'maskingCouplesDirections',
      message:
        `Second moments of components range from ${low.toPrecision(3)} to ${high.toPrecision(3)}` +
        `${zeros > 0 ? ` (${zeros} are always 0)` : ''}: masking noise couples the directions.`,
    },
  ];
}

async function examplesOf(data: unknown, folder: string | undefined, control: ControlOptions): Promise<Examples> {
  if (typeof data === 'string')
    return readDataset(data, 'train', { ...control, ...(folder === undefined ? {} : { data: folder }) });
  if (readOnce('data', () => Array.isArray(data))) return rowsAsExamples(data as readonly unknown[]);
  const { images, count, dimension } = readOnce('data', () => ({ ...((data ?? {}) as Partial<Dataset>) }));
  const isData = images instanceof Uint8Array || images instanceof Float32Array;
  if (
    !isData ||
    !Number.isInteger(count) ||
    !Number.isInteger(dimension) ||
    images.length !== (count as number) * (dimension as number)
  )
    throw expectedError('ERR_MFT_INVALID_ARGUMENT', 'data', expectedData, data);
  return data as Dataset;
}

function rowsAsExamples(given: readonly unknown[]): Examples {
  const rows = plainCopy(given, 'data') as readonly (readonly number[])[];
  const dimension = Array.isArray(rows[0]) ? rows[0].length : 0;
  if (dimension === 0) throw expectedError('ERR_MFT_INVALID_ARGUMENT', 'data', expectedData, rows);
  const values = new Float64Array(rows.length * dimension);
  rows.forEach((row, i) => {
    if (!Array.isArray(row)) throw expectedError('ERR_MFT_INVALID_ARGUMENT', `data.${i}`, 'a row of numbers', row);
    if (row.length !== dimension)
      throw expectedError('ERR_MFT_SHAPE', `data.${i}`, `a row of ${dimension} numbers like the first`, row.length);
    row.forEach((value, j) => {
      if (!Number.isFinite(value))
        throw expectedError('ERR_MFT_OUT_OF_RANGE', `data.${i}.${j}`, 'a finite number', value);
      values[i * dimension + j] = value;
    });
  });
  // Doubles pass through to the native sums as they are.
  const images = values as unknown as Examples['images'];
  return { count: rows.length, shape: [dimension], dimension, classes: 1, images };
}
