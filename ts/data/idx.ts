// IDX files (the format of MNIST): a big-endian header, then unsigned bytes.
import type { ControlOptions } from '../core/control.js';
import { type ByteReader, formatError, readWhole } from './bytes.js';

/** The content of an IDX file. */
export interface IdxArray {
  /** Sizes of the dimensions, slowest first. */
  readonly shape: readonly number[];
  /** Row-major values, over shared memory. */
  readonly values: Uint8Array<SharedArrayBuffer>;
  /** SHA-256 of the file as it lies on the disk. */
  readonly sha256: string;
}

const unsignedBytes = 0x08;
const largestDimensions = 8;

/**
 * Reads an IDX file of unsigned bytes, plain or gzip-compressed.
 *
 * Header: two zero bytes, the type (8 = unsigned bytes), the number of dimensions, then one big-endian 32-bit size per
 * dimension. The sizes are held against the size of the file before anything is allocated.
 *
 * @throws MftError (rejects) ERR_MFT_DATA_FORMAT, ERR_MFT_DATA_CHECKSUM (gzip), ERR_MFT_DATA_NOT_FOUND is thrown by `readDataset`
 *
 * @example
 * const images = await readIdx('data/mnist/train-images-idx3-ubyte.gz');
 * console.log(images.shape); // [60000, 28, 28]
 */
export async function readIdx(path: string, options: ControlOptions = {}): Promise<IdxArray> {
  const { value, sha256 } = await readWhole(path, options, readIdxBytes);
  return { ...value, sha256 };
}

async function readIdxBytes(bytes: ByteReader): Promise<{ shape: number[]; values: Uint8Array<SharedArrayBuffer> }> {
  const magic = await bytes.take(4);
  if (magic.readUInt16BE(0) !== 0) throw formatError(bytes.name, 'is no IDX file: its first two bytes are not zero.');
  if (magic[2] !== unsignedBytes)
    throw formatError(
      bytes.name,
      `holds IDX data of type 0x${(magic[2] ?? 0).toString(16)}; only unsigned bytes (0x8) are read.`,
    );
  const dimensions = magic[3] ?? 0;
  if (dimensions < 1 || dimensions > largestDimensions)
    throw formatError(bytes.name, `declares ${dimensions} dimensions; 1 to ${largestDimensions} are read.`);
  const sizes = await bytes.take(4 * dimensions);
  const shape = Array.from({ length: dimensions }, (_, i) => sizes.readUInt32BE(4 * i));
  const count = shape.reduce((product, size) => product * size, 1);
  await bytes.expect(count);
  const values = new Uint8Array(new SharedArrayBuffer(count));
  await bytes.fill(values);
  return { shape, values };
}

/** The bytes of an IDX file with this shape and these values. */
export function encodeIdx(shape: readonly number[], values: Uint8Array): Buffer {
  const header = Buffer.alloc(4 + 4 * shape.length);
  header[2] = unsignedBytes;
  header[3] = shape.length;
  shape.forEach((size, i) => header.writeUInt32BE(size, 4 + 4 * i));
  return Buffer.concat([header, values]);
}
