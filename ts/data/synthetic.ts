// The synthetic data set: ten classes of blurred patterns, shifted and noisy. For newcomers without the files and for
// tests. Only sums, products and quotients of the counter-based generator's uniforms enter, so the bytes are the same
// on every machine.
import { addon, seedHalves } from '../core/addon.js';
import { encodeCifar10 } from './cifar10.js';
import { encodeIdx } from './idx.js';

/** Shape of a synthetic set: square images with one or three channels. */
interface SyntheticShape {
  readonly size: number;
  readonly channels: 1 | 3;
}

export const syntheticClasses = 10;
export const syntheticCounts = { train: 10_000, test: 2_000 } as const;

const seed = 20_160_412;
const blobsPerClass = 5;
const largestShift = 2;
const noiseAmplitude = 0.9;
const streamLayer = { prototypes: 0, train: 1, test: 2 } as const;

function uniforms(layer: number, trial: number, count: number): Float64Array {
  return addon().uniforms({ seed: seedHalves(seed), trial, layer, purpose: 'dataset', first: 0, count });
}

/** Pattern of each class in [0, 1]: a sum of bumps (1 − d²/r²)², channel by channel. */
function prototypes(shape: SyntheticShape): Float64Array[] {
  const { size, channels } = shape;
  return Array.from({ length: syntheticClasses }, (_, label) => {
    const random = uniforms(streamLayer.prototypes, label, blobsPerClass * 6);
    const pattern = new Float64Array(channels * size * size);
    for (let blob = 0; blob < blobsPerClass; blob++) {
      const at = (k: number): number => random[blob * 6 + k] as number;
      const x = size * (0.2 + 0.6 * at(0));
      const y = size * (0.2 + 0.6 * at(1));
      const radius2 = size * size * (0.02 + 0.04 * at(2));
      for (let channel = 0; channel < channels; channel++) {
        const height = channels === 1 ? 1 : at(3 + channel);
        for (let row = 0; row < size; row++) {
          for (let column = 0; column < size; column++) {
            const bump = 1 - ((row - y) * (row - y) + (column - x) * (column - x)) / radius2;
            const i = (channel * size + row) * size + column;
            if (bump > 0) pattern[i] = Math.min(1, (pattern[i] as number) + height * bump * bump);
          }
        }
      }
    }
    return pattern;
  });
}

/**
 * Images and labels of the synthetic set. Image i has label i mod 10: its class's pattern, shifted by up to two pixels in
 * each direction, plus triangular noise.
 */
export function syntheticImages(
  split: 'train' | 'test',
  shape: SyntheticShape,
  count: number = syntheticCounts[split],
): { images: Uint8Array<SharedArrayBuffer>; labels: Uint8Array<SharedArrayBuffer> } {
  const { size, channels } = shape;
  const dimension = channels * size * size;
  const images = new Uint8Array(new SharedArrayBuffer(count * dimension));
  const labels = new Uint8Array(new SharedArrayBuffer(count));
  const patterns = prototypes(shape);
  const shifts = 2 * largestShift + 1;
  for (let i = 0; i < count; i++) {
    const random = uniforms(streamLayer[split], i, dimension + 2);
    const shiftX = Math.floor((random[0] as number) * shifts) - largestShift;
    const shiftY = Math.floor((random[1] as number) * shifts) - largestShift;
    const label = i % syntheticClasses;
    labels[i] = label;
    const pattern = patterns[label] as Float64Array;
    for (let channel = 0; channel < channels; channel++) {
      for (let row = 0; row < size; row++) {
        for (let column = 0; column < size; column++) {
          const pixel = (channel * size + row) * size + column;
          const [y, x] = [row + shiftY, column + shiftX];
          const clean =
            y >= 0 && y < size && x >= 0 && x < size ? (pattern[(channel * size + y) * size + x] as number) : 0;
          images[i * dimension + pixel] = Math.round(
            255 * Math.min(1, Math.max(0, 0.6 * clean + noiseAmplitude * triangular(random[pixel + 2] as number))),
          );
        }
      }
    }
  }
  return { images, labels };
}

/** A symmetric triangular variable on (−1, 1) from one uniform: its first 20 bits and the rest are two uniforms. */
function triangular(u: number): number {
  const scaled = u * 2 ** 20;
  const coarse = Math.floor(scaled);
  return coarse / 2 ** 20 + (scaled - coarse) - 1;
}

/** CIFAR-10 has its training images in so many files. */
const batches = 5;

/** The synthetic set as files in the formats of MNIST (four IDX files) or CIFAR-10 (five batches and a test batch): name → bytes. */
export function syntheticFiles(
  format: 'mnist' | 'cifar10',
  counts: { readonly train: number; readonly test: number } = syntheticCounts,
): Map<string, Buffer> {
  const files = new Map<string, Buffer>();
  for (const split of ['train', 'test'] as const) {
    const count = counts[split];
    if (format === 'mnist') {
      const { images, labels } = syntheticImages(split, { size: 28, channels: 1 }, count);
      const stem = split === 'train' ? 'train' : 't10k';
      files.set(`${stem}-images-idx3-ubyte`, encodeIdx([count, 28, 28], images));
      files.set(`${stem}-labels-idx1-ubyte`, encodeIdx([count], labels));
    } else {
      const { images, labels } = syntheticImages(split, { size: 32, channels: 3 }, count);
      if (split === 'test') files.set('test_batch.bin', encodeCifar10(images, labels));
      const bounds = Array.from({ length: batches + 1 }, (_, batch) => Math.round((batch * count) / batches));
      for (let batch = 1; split === 'train' && batch <= batches; batch++) {
        const [from, to] = [bounds[batch - 1] as number, bounds[batch] as number];
        files.set(
          `data_batch_${batch}.bin`,
          encodeCifar10(images.subarray(3072 * from, 3072 * to), labels.subarray(from, to)),
        );
      }
    }
  }
  return files;
}
