// CIFAR-10 in its official binary layout: records of a label byte and 3 × 1024 bytes (red, green, blue planes).
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import type { ControlOptions } from '../core/control.js';
import { formatError, readWhole } from './bytes.js';

export const cifarPixels = 3072;
const recordBytes = cifarPixels + 1;

/** Images and labels of one or several batch files, in order. */
export interface CifarImages {
  readonly count: number;
  readonly images: Uint8Array<SharedArrayBuffer>;
  readonly labels: Uint8Array<SharedArrayBuffer>;
  /** SHA-256 of each file. */
  readonly sha256: readonly string[];
}

/**
 * Reads CIFAR-10 batch files one after the other. The number of images of a file is its size over 3,073 bytes.
 *
 * @throws MftError (rejects) ERR_MFT_DATA_FORMAT: a size that is no whole number of records, a label above 9
 *
 * @example
 * const batch = await readCifar10(['data/cifar10/data_batch_1.bin']);
 * console.log(batch.count); // 10000
 */
export async function readCifar10(paths: readonly string[], options: ControlOptions = {}): Promise<CifarImages> {
  const counts: number[] = [];
  for (const path of paths) {
    const { size } = await stat(path);
    if (size === 0 || size % recordBytes !== 0)
      throw formatError(
        basename(path),
        `holds ${size} bytes, which is no whole number of records of ${recordBytes} bytes.`,
      );
    counts.push(size / recordBytes);
  }
  const count = counts.reduce((sum, n) => sum + n, 0);
  const images = new Uint8Array(new SharedArrayBuffer(count * cifarPixels));
  const labels = new Uint8Array(new SharedArrayBuffer(count));
  const sha256: string[] = [];
  let first = 0;
  for (const [i, path] of paths.entries()) {
    const n = counts[i] as number;
    const read = await readWhole(path, options, async (bytes) => {
      await bytes.expect(n * recordBytes);
      for (let record = first; record < first + n; record++) {
        await bytes.fill(labels.subarray(record, record + 1));
        if ((labels[record] as number) > 9)
          throw formatError(bytes.name, `record ${record - first} has label ${labels[record]}; labels are 0 to 9.`);
        await bytes.fill(images.subarray(record * cifarPixels, (record + 1) * cifarPixels));
      }
    });
    sha256.push(read.sha256);
    first += n;
  }
  return { count, images, labels, sha256 };
}

/** The bytes of a batch file with these images (count × 3072) and labels. */
export function encodeCifar10(images: Uint8Array, labels: Uint8Array): Buffer {
  const buffer = Buffer.alloc(labels.length * recordBytes);
  labels.forEach((label, i) => {
    buffer[i * recordBytes] = label;
    buffer.set(images.subarray(i * cifarPixels, (i + 1) * cifarPixels), i * recordBytes + 1);
  });
  return buffer;
}
