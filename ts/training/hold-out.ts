// Images of the training set that are held out of it: for choosing learning rates without looking at test images.
import { sha256 } from '../core/codec.js';
import { expectedError } from '../core/errors.js';
import type { Dataset } from '../data/dataset.js';

/** The first `trainCount` images (0 = all that are left), and the `validationCount` after them. */
export function heldOut(
  all: Dataset,
  trainCount: number,
  validationCount: number,
): { readonly train: Dataset; readonly test: Dataset } {
  const first = trainCount > 0 ? trainCount : all.count - validationCount;
  if (first < 1 || first + validationCount > all.count) {
    const kept = Math.max(1, trainCount);
    throw expectedError(
      'ERR_MFT_OUT_OF_RANGE',
      'validationCount',
      `at most ${Math.max(0, all.count - kept)} (${all.count} training images, ${kept} of them to train on)`,
      validationCount,
    );
  }
  return { train: part(all, 0, first), test: { ...part(all, first, first + validationCount), split: 'validation' } };
}

function part(all: Dataset, from: number, to: number): Dataset {
  const labelsOfOne = all.labels.length / all.count;
  return {
    ...all,
    count: to - from,
    images: all.images.subarray(from * all.dimension, to * all.dimension),
    labels: all.labels.subarray(from * labelsOfOne, to * labelsOfOne),
    sha256: sha256(`images ${from} to ${to} of ${all.sha256}`),
  };
}
