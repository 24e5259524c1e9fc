// The second moment of examples: what a linear network sees of its data.
import { addon } from '../../core/addon.js';
import { type ControlOptions, controlled } from '../../core/control.js';
import { threadsFor } from '../../core/memory.js';
import type { Examples } from '../../core/trainer.js';
import { inputMap } from '../../training/normalise.js';
import type { ResolvedTrainOptions } from '../../training/options.js';
import type { NativeExamples, SecondMoment } from './descent-native.js';

/** Examples of one native block (native/systems/autoencoder/spectrum.cc), for progress. */
const blockRows = 512;

interface SecondMomentOptions extends ControlOptions {
  /** Only the first examples; 0 = all. */
  readonly count?: number;
  readonly normalization?: ResolvedTrainOptions['normalization'];
  /** Take the mean of every component away. */
  readonly isCentred?: boolean;
  readonly threads?: number;
}

/**
 * S = (1/N) Σ x xᵀ with its eigenvalues and directions, streamed: one pass over the examples, D² numbers of memory. Components are
 * mapped as training maps them (`normalization`).
 *
 * @throws MftError ERR_MFT_NOT_FINITE, ERR_MFT_SHAPE; `signal.reason` when cancelled
 */
export async function secondMoment(
  examples: Examples,
  { count = 0, normalization = 'unit', isCentred = false, threads = 0, ...control }: SecondMomentOptions = {},
): Promise<SecondMoment> {
  const given = nativeExamples(examples, count, normalization, isCentred);
  const units = Math.ceil(given.images.length / examples.dimension / blockRows) + 1;
  return controlled(control, units, (slots) =>
    addon().autoencoderSpectrum({ examples: given, threads: threadsFor(threads) }, slots),
  );
}

/** The first `count` examples (0 = all) as the addon takes them, components mapped as training maps them. */
export function nativeExamples(
  examples: Examples,
  count: number,
  normalization: ResolvedTrainOptions['normalization'],
  isCentred: boolean,
): NativeExamples {
  const { dimension } = examples;
  const wanted = count > 0 ? Math.min(count, examples.count) : examples.count;
  const { scale, shift } = inputMap(examples, normalization);
  // One factor for all components leaves the sums of bytes exact.
  const isUniform = scale.every((factor) => factor === scale[0]) && shift.every((offset) => offset === 0);
  const none = new Float64Array(0);
  return {
    images: shared(examples.images.subarray(0, wanted * dimension)),
    dimension,
    scale: isUniform ? (scale[0] as number) : 1,
    scales: isUniform ? none : scale,
    shifts: isUniform ? none : shift,
    isCentred,
  };
}

/** As it is when it lies in shared memory (the readers see to it), else a copy there. */
function shared(images: Examples['images']): Uint8Array | Float32Array | Float64Array {
  if (images instanceof Int32Array) return Float64Array.from(images);
  if (images.buffer instanceof SharedArrayBuffer) return images;
  const make = images.constructor as new (buffer: SharedArrayBuffer) => Uint8Array | Float32Array;
  const copy = new make(new SharedArrayBuffer(images.byteLength));
  copy.set(images);
  return copy;
}

/** Groups of modes that a run of this length cannot tell apart, as the index of the first mode of each. */
export function subspaces(variances: ArrayLike<number>, count: number, rate: number, steps: number): number[] {
  const firsts: number[] = [];
  for (let i = 0; i < count; i++)
    if (i === 0 || rate * steps * ((variances[i - 1] as number) - (variances[i] as number)) >= 1) firsts.push(i);
  return firsts;
}
