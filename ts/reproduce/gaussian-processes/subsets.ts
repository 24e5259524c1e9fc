// Images as the published code takes them: the first of every class, each image with mean 0 and variance 1 over its components.
import type { Dataset } from '../../data/dataset.js';

/** The first `count`/classes images of every class from image `from` on; after the last image comes the first. */
export function balancedSubset(data: Dataset, count: number, from: number): Dataset {
  const each = Math.floor(count / data.classes);
  const taken = new Uint32Array(data.classes);
  const indices: number[] = [];
  for (let step = 0; step < data.count && indices.length < each * data.classes; step++) {
    const i = (from + step) % data.count;
    const label = data.labels[i] as number;
    if ((taken[label] as number) >= each) continue;
    taken[label] = (taken[label] as number) + 1;
    indices.push(i);
  }
  return standardized(data, indices);
}

/** These images, each shifted and scaled to mean 0 and variance 1 of its components. */
export function standardized(data: Dataset, indices: ArrayLike<number>): Dataset {
  const { dimension } = data;
  const { length } = indices;
  const images = new Float32Array(new SharedArrayBuffer(4 * length * dimension));
  const labels = new Uint8Array(new SharedArrayBuffer(length));
  for (let i = 0; i < length; i++) {
    const image = data.images.subarray((indices[i] as number) * dimension, ((indices[i] as number) + 1) * dimension);
    let [sum, squares] = [0, 0];
    for (const value of image) sum += value;
    const mean = sum / dimension;
    for (const value of image) squares += (value - mean) ** 2;
    const deviation = Math.sqrt(squares / dimension);
    // An image of one color stays 0.
    image.forEach((value, j) => {
      images[i * dimension + j] = deviation > 0 ? (value - mean) / deviation : 0;
    });
    labels[i] = data.labels[indices[i] as number] as number;
  }
  const { range: _, ...rest } = data;
  return { ...rest, count: length, images, labels };
}
