// How components of images become inputs: an affine map per component.
import type { Examples } from '../core/trainer.js';
import type { ResolvedTrainOptions } from './options.js';

export interface InputMap {
  readonly scale: Float64Array;
  readonly shift: Float64Array;
}

/**
 * x ↦ scale·x + shift for the raw components x (bytes, or the floats of an archive); `unit` maps the data set's value of white to 1.
 * `standard` has mean 0 and variance 1 over the training images: per colour for images of three channels, else over all
 * components; a constant channel is only centred.
 */
export function inputMap(train: Examples, normalization: ResolvedTrainOptions['normalization']): InputMap {
  const { dimension, shape } = train;
  // Whole numbers stand for words: they have no scale.
  if (train.images instanceof Int32Array)
    return { scale: new Float64Array(dimension).fill(1), shift: new Float64Array(dimension) };
  const unit = 1 / (train.range?.unit ?? (train.images instanceof Uint8Array ? 255 : 1));
  if (normalization !== 'standard') {
    const shift = normalization === 'centered' ? -0.5 : 0;
    return { scale: new Float64Array(dimension).fill(unit), shift: new Float64Array(dimension).fill(shift) };
  }
  const channels = train.channels?.count ?? (shape.length === 3 ? (shape[0] as number) : 1);
  const scale = new Float64Array(dimension);
  const shift = new Float64Array(dimension);
  const perChannel = dimension / channels;
  for (let channel = 0; channel < channels; channel++) {
    const { mean, variance } = channelMoments(train, channel * perChannel, perChannel);
    const factor = variance > 0 ? 1 / Math.sqrt(variance) : 1;
    scale.fill(factor, channel * perChannel, (channel + 1) * perChannel);
    shift.fill(-mean * factor, channel * perChannel, (channel + 1) * perChannel);
  }
  return { scale, shift };
}

/** Mean and variance of the components [first, first + length) over all images; sums of bytes are exact. */
function channelMoments(
  { images, count, dimension }: Examples,
  first: number,
  length: number,
): { mean: number; variance: number } {
  let [sum, squares] = [0, 0];
  for (let image = 0; image < count; image++) {
    for (let i = image * dimension + first; i < image * dimension + first + length; i++) {
      const x = images[i] as number;
      sum += x;
      squares += x * x;
    }
  }
  const mean = sum / (count * length);
  return { mean, variance: squares / (count * length) - mean * mean };
}
