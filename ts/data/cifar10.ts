// CIFAR in its official binary layouts: records of the label byte (CIFAR-10) or of the coarse and the fine label byte
// (CIFAR-100), then 3 × 1024 bytes (red, green, blue planes).
import { basename } from 'node:path';
import { readOnce } from '../core/copy.js';
import { expectedError, MftError } from '../core/errors.js';
import { memoryAllowed } from '../core/memory.js';
import { type DataOptions, readWhole } from './bytes.js';
import { formatError, withFile } from './files.js';
import { dataOptions } from './options.js';

const cifarPixels = 3072;

/** Images and labels of one or several batch files, in order. */
export interface CifarImages {
  readonly count: number;
  readonly images: Uint8Array<SharedArrayBuffer>;
  /** CIFAR-10's class; CIFAR-100's fine label. */
  readonly labels: Uint8Array<SharedArrayBuffer>;
  /** SHA-256 of each file. */
  readonly sha256: readonly string[];
}

interface Layout {
  readonly name: string;
  readonly labelBytes: number;
  readonly classes: number;
  /** The other layout, which a file of the wrong size may have. */
  readonly other: string;
  readonly otherRecord: number;
}

const ten: Layout = { name: 'CIFAR-10', labelBytes: 1, classes: 10, other: 'CIFAR-100', otherRecord: cifarPixels + 2 };
const hundred: Layout = {
  name: 'CIFAR-100',
  labelBytes: 2,
  classes: 100,
  other: 'CIFAR-10',
  otherRecord: cifarPixels + 1,
};

/**
 * Reads CIFAR-10 batch files one after the other. The number of images of a file is its size over 3,073 bytes.
 *
 * @param paths batch files (binary version), in order
 * @param options memory limit, cancellation
 * @returns a promise of images (count × 3 × 32 × 32 bytes) and labels
 * @throws MftError (rejects) ERR_MFT_DATA_FORMAT: a size that is no whole number of records, a label above 9;
 * ERR_MFT_DATA_NOT_FOUND, ERR_MFT_DISK, ERR_MFT_MEMORY
 *
 * **Numerics**: bytes as stored.
 * **Source**: Krizhevsky 2009, binary version.
 *
 * @example
 * const batch = await readCifar10(['data/cifar10/data_batch_1.bin']);
 * console.log(batch.count); // 10000
 */
export function readCifar10(paths: readonly string[], options: DataOptions = {}): Promise<CifarImages> {
  return readCifar(paths, ten, options);
}

/** Reads CIFAR-100 files (train.bin, test.bin): records of 3,074 bytes, of which the second is the fine label, 0 to 99. */
export function readCifar100(paths: readonly string[], options: DataOptions = {}): Promise<CifarImages> {
  return readCifar(paths, hundred, options);
}

async function readCifar(paths: readonly string[], layout: Layout, options: DataOptions): Promise<CifarImages> {
  const checked = dataOptions(options);
  if (!readOnce('paths', () => Array.isArray(paths)))
    throw expectedError('ERR_MFT_INVALID_ARGUMENT', 'paths', 'a list of files', paths);
  const { labelBytes, classes } = layout;
  const recordBytes = labelBytes + cifarPixels;
  const counts: number[] = [];
  for (const path of paths)
    counts.push(await withFile(path, async (_, size) => recordsIn(size, recordBytes, layout, basename(path))));
  const count = counts.reduce((sum, n) => sum + n, 0);
  const limit = checked.memoryLimit ?? 0.8 * memoryAllowed();
  if (count * recordBytes > limit)
    throw new MftError(
      'ERR_MFT_MEMORY',
      `The ${count} images need ${count * recordBytes} bytes of memory, more than the ${Math.floor(limit)} allowed.`,
      { parameter: 'dataset' },
    );
  const images = new Uint8Array(new SharedArrayBuffer(count * cifarPixels));
  const labels = new Uint8Array(new SharedArrayBuffer(count));
  const sha256: string[] = [];
  let first = 0;
  for (const [i, path] of paths.entries()) {
    const n = counts[i] as number;
    const read = await readWhole(path, checked, async (bytes) => {
      await bytes.expect(n * recordBytes);
      for (let record = first; record < first + n; record++) {
        const label = (await bytes.take(labelBytes))[labelBytes - 1] as number;
        if (label >= classes)
          throw formatError(
            bytes.name,
            `record ${record - first} has label ${label}; labels of ${layout.name} are 0 to ${classes - 1}.`,
          );
        labels[record] = label;
        await bytes.fill(images.subarray(record * cifarPixels, (record + 1) * cifarPixels));
      }
    });
    sha256.push(read.sha256);
    first += n;
  }
  return { count, images, labels, sha256 };
}

function recordsIn(size: number, recordBytes: number, layout: Layout, name: string): number {
  if (size > 0 && size % recordBytes === 0) return size / recordBytes;
  const isOther = size > 0 && size % layout.otherRecord === 0;
  const guess = isOther
    ? `, but ${size / layout.otherRecord} records of ${layout.otherRecord}: it looks like ${layout.other}`
    : '';
  throw formatError(
    name,
    `holds ${size} bytes, which is no whole number of records of ${recordBytes} bytes (${layout.name})${guess}.`,
  );
}

/** The bytes of a batch file with these images (count × 3072) and labels. */
export function encodeCifar10(images: Uint8Array, labels: Uint8Array): Buffer {
  const buffer = Buffer.alloc(labels.length * (cifarPixels + 1));
  labels.forEach((label, i) => {
    buffer[i * (cifarPixels + 1)] = label;
    buffer.set(images.subarray(i * cifarPixels, (i + 1) * cifarPixels), i * (cifarPixels + 1) + 1);
  });
  return buffer;
}
