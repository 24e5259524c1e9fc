// IDX files (the format of MNIST): a big-endian header, then numbers of one type, most often unsigned bytes.
import { type ByteReader, type DataOptions, readWhole } from './bytes.js';
import { formatError } from './files.js';
import { elementsIn, swapped } from './npy.js';
import { dataOptions } from './options.js';

export type IdxValues = Uint8Array | Int8Array | Int16Array | Int32Array | Float32Array | Float64Array;

/** The content of an IDX file. */
export interface IdxArray {
  /** Sizes of the dimensions, slowest first. */
  readonly shape: readonly number[];
  /** Row-major values, over shared memory. */
  readonly values: IdxValues;
  /** SHA-256 of the file as it lies on the disk. */
  readonly sha256: string;
}

const unsignedBytes = 0x08;
const elements: Readonly<Record<number, { bytes: number; make: (buffer: SharedArrayBuffer) => IdxValues }>> = {
  [unsignedBytes]: { bytes: 1, make: (buffer) => new Uint8Array(buffer) },
  9: { bytes: 1, make: (buffer) => new Int8Array(buffer) },
  11: { bytes: 2, make: (buffer) => new Int16Array(buffer) },
  12: { bytes: 4, make: (buffer) => new Int32Array(buffer) },
  13: { bytes: 4, make: (buffer) => new Float32Array(buffer) },
  14: { bytes: 8, make: (buffer) => new Float64Array(buffer) },
};
const largestDimensions = 8;

/**
 * Reads an IDX file, plain or gzip-compressed.
 *
 * Header: two zero bytes, the type (0x08 unsigned bytes, 0x09 signed bytes, 0x0b int16, 0x0c int32, 0x0d float32, 0x0e
 * float64), the number of dimensions, then one big-endian 32-bit size per dimension; the numbers are big-endian too. The
 * sizes are held against the size of the file and the memory allowed before anything is allocated.
 *
 * @param path the file
 * @param options memory limit, cancellation
 * @returns a promise of the shape and the numbers, row-major
 * @throws MftError (rejects) ERR_MFT_DATA_FORMAT, ERR_MFT_DATA_CHECKSUM (gzip), ERR_MFT_DATA_NOT_FOUND, ERR_MFT_DISK,
 * ERR_MFT_MEMORY
 *
 * **Numerics**: numbers as stored.
 * **Source**: the IDX format of LeCun et al. 1998.
 *
 * @example
 * const images = await readIdx('data/mnist/train-images-idx3-ubyte.gz');
 * console.log(images.shape); // [60000, 28, 28]
 */
export async function readIdx(path: string, options: DataOptions = {}): Promise<IdxArray> {
  const { value, sha256 } = await readWhole(path, dataOptions(options), readIdxBytes);
  return { ...value, sha256 };
}

async function readIdxBytes(bytes: ByteReader): Promise<{ shape: number[]; values: IdxValues }> {
  const magic = await bytes.take(4);
  if (magic.readUInt16BE(0) !== 0) throw formatError(bytes.name, 'is no IDX file: its first two bytes are not zero.');
  const element = elements[magic[2] ?? 0];
  if (element === undefined)
    throw formatError(
      bytes.name,
      `holds IDX data of type 0x${(magic[2] ?? 0).toString(16)}; the types are 0x8, 0x9 and 0xb to 0xe.`,
    );
  const dimensions = magic[3] ?? 0;
  if (dimensions < 1 || dimensions > largestDimensions)
    throw formatError(bytes.name, `declares ${dimensions} dimensions; 1 to ${largestDimensions} are read.`);
  const sizes = await bytes.take(4 * dimensions);
  const shape = Array.from({ length: dimensions }, (_, i) => sizes.readUInt32BE(4 * i));
  const size = elementsIn(shape, bytes.name) * element.bytes;
  await bytes.expect(size);
  const buffer = new SharedArrayBuffer(size);
  await bytes.fill(new Uint8Array(buffer));
  swapped(buffer, element.bytes);
  return { shape, values: element.make(buffer) };
}

/** The bytes of an IDX file with this shape and these values. */
export function encodeIdx(shape: readonly number[], values: Uint8Array): Buffer {
  const header = Buffer.alloc(4 + 4 * shape.length);
  header[2] = unsignedBytes;
  header[3] = shape.length;
  shape.forEach((size, i) => header.writeUInt32BE(size, 4 + 4 * i));
  return Buffer.concat([header, values]);
}
