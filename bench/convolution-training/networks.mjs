// The networks that are trained, and their images.
import { madeUpImages } from '../runner/training-frame.mjs';

/** Channels, kernels and pools of the layers, and the images. */
export const networks = {
  LeNet: { input: [28, 28, 1], width: [6, 16], kernel: 5, pool: [2, 2] },
  '3 × 3': { input: [32, 32, 3], width: [32, 32, 64, 64], kernel: 3, pool: [1, 2, 1, 2] },
};

const made = new Map();

/** Made once. So small that the losses of the first updates are near log 10 for all initial weights. */
export function imagesOf([height, width, channels]) {
  const dimension = height * width * channels;
  if (!made.has(dimension)) made.set(dimension, madeUpImages(dimension, 0.1));
  return made.get(dimension);
}
