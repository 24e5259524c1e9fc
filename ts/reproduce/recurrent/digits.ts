// Digits of fewer pixels, for tasks in which every input has as many components as the digit.
import { type Dataset, readDataset } from '../../data/dataset.js';
import { availableImages, imageNames } from '../training.js';

interface Digits {
  /** For titles. */
  readonly name: string;
  readonly isMnist: boolean;
  readonly train: Dataset;
  readonly test: Dataset;
}

/** MNIST where it is, else the synthetic images: means of `factor` × `factor` pixels, the first `testCount` test images. */
export async function digits(factor: number, testCount: number): Promise<Digits> {
  const name = (await availableImages('mnist')) ?? 'synthetic';
  const [train, test] = [await readDataset(name, 'train'), await readDataset(name, 'test')];
  return {
    name: imageNames[name],
    isMnist: name === 'mnist',
    train: shrunk(train, factor),
    test: first(shrunk(test, factor), testCount),
  };
}

/** Means of squares of pixels. */
export function shrunk(set: Dataset, factor: number): Dataset {
  const [rows, columns] = set.shape as [number, number];
  const [height, width] = [Math.floor(rows / factor), Math.floor(columns / factor)];
  const images = new Uint8Array(new SharedArrayBuffer(set.count * height * width));
  for (let i = 0; i < set.count; i++)
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++) {
        const at = i * rows * columns + factor * y * columns + factor * x;
        let sum = 0;
        for (let dy = 0; dy < factor; dy++)
          for (let dx = 0; dx < factor; dx++) sum += set.images[at + dy * columns + dx] as number;
        images[(i * height + y) * width + x] = sum / factor ** 2;
      }
  return { ...set, shape: [height, width], dimension: height * width, images };
}

const first = (set: Dataset, count: number): Dataset => ({
  ...set,
  count: Math.min(count, set.count),
  images: set.images.subarray(0, count * set.dimension),
  labels: set.labels.subarray(0, count),
});
