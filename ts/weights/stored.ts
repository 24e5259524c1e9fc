// What a file of weights is to everybody who reads one: arrays by name, each read when it is wanted, within the room allowed.
import type { ControlOptions } from '../core/control.js';
import { memoryAllowed } from '../core/memory.js';
import type { Warning } from '../core/results.js';
import { dataError, formatError } from '../data/files.js';
import { elementsIn, type NpyValues } from '../data/npy.js';
import { arrayFor, decode, elementBytes, type ElementType, heldBytes } from './elements.js';
import type { LayerTopology } from './topology.js';

export type WeightFormat = 'safetensors' | 'pytorch' | 'onnx' | 'tfjs' | 'npz' | 'npy';

/** An array of a file. */
export interface StoredArray {
  readonly name: string;
  readonly shape: readonly number[];
  /** Its type in the file's own words, e.g. "BF16". */
  readonly type: string;
  /** Bytes of its values in memory. */
  readonly bytes: number;
  /** Arrays of one storage are tied: they change together. */
  readonly storage: string;
  read(): Promise<NpyValues>;
}

/** A file of weights, open. */
export interface WeightFile {
  readonly format: WeightFormat;
  readonly arrays: readonly StoredArray[];
  /** Texts by name that the file carries: of safetensors its metadata, of ONNX and tfjs who made it. */
  readonly metadata: Readonly<Record<string, string>>;
  readonly warnings: readonly Warning[];
  /** What the file says of layers, where it does. */
  readonly topology?: LayerTopology;
}

/** Where bytes come from: fills the target from a position. */
type ByteSource = (target: Buffer, position: number) => Promise<void>;

/** Room for what a file makes us hold: numbers, names, nodes. */
export interface Room {
  /** Refuses what does not fit any more. @throws MftError ERR_MFT_MEMORY */
  take(bytes: number): void;
  readonly left: number;
}

const least = 2 ** 26;
const chunkElements = 2 ** 17;

/** As much as the greater of 64 MiB and four times the file: no file, whatever it declares, takes more. */
export function roomFor(name: string, fileBytes: number, memoryLimit?: number): Room {
  const limit = memoryLimit ?? Math.min(Math.max(least, 4 * fileBytes), 0.8 * memoryAllowed());
  let used = 0;
  return {
    take(bytes) {
      used += bytes;
      if (used > limit)
        throw dataError(
          'ERR_MFT_MEMORY',
          name,
          `its content needs more than the ${Math.floor(limit)} bytes of memory allowed for a file of ${fileBytes}.`,
        );
    },
    get left() {
      return limit - used;
    },
  };
}

/** Elements of an array of the shape. @throws MftError ERR_MFT_DATA_FORMAT for what is no shape */
export function countIn(shape: readonly unknown[], name: string): number {
  if (shape.length > 32 || !shape.every((size) => Number.isSafeInteger(size) && (size as number) >= 0))
    throw formatError(name, `declares the shape (${shape.join(', ').slice(0, 60)}), which is none.`);
  return elementsIn(shape as readonly number[], name);
}

/** Bytes that an array of the type and shape takes in memory. */
export function bytesIn(shape: readonly number[], type: ElementType, name: string): number {
  return heldBytes(type) * countIn(shape, name);
}

/** `count` elements from a position on, a piece at a time: beside the values themselves next to nothing is in memory. */
export async function readElements(
  source: ByteSource,
  position: number,
  type: ElementType,
  count: number,
  name: string,
  options: ControlOptions = {},
): Promise<NpyValues> {
  const size = elementBytes(type);
  const values = arrayFor(type, count);
  const piece = Buffer.alloc(size * Math.min(count, chunkElements));
  for (let done = 0; done < count; done += chunkElements) {
    if (options.signal?.aborted) throw options.signal.reason;
    const raw = piece.subarray(0, size * Math.min(chunkElements, count - done));
    await source(raw, position + size * done);
    decode(type, raw, values, done, name);
  }
  return values;
}
