// A population whose risk is known exactly: all images with all labels, drawn as a network of given weights says.
import { addon, seedHalves } from '../../../core/addon.js';
import { resolveActivation } from '../../../gaussian/activations.js';
import type { Network } from '../architecture.js';
import { networkFrom } from '../architecture.js';
import type { NativeNetwork } from '../native.js';

export interface Population {
  readonly network: Network;
  /** The teacher: the loss is a proper score, so the gradient of the risk is 0 at its weights. */
  readonly native: NativeNetwork;
  /** Every image once for each class, and how often it has that label. */
  readonly images: Float64Array;
  readonly labels: Float64Array;
  readonly shares: Float64Array;
}

/** 5 × 5 → 4 × 4 → 2 × 2 with two sigmoid channels and a mean over pools: 32 weights, 8 features. */
const architecture = { input: [5, 5, 1], classes: 3, layers: [{ kernel: 2, channels: 2, pool: 2 }] } as const;
const [pixels, kernelWeights, classes] = [25, 8, 3] as const;
export const features = 8;
const teacherSize = 3;
const [worldSeed, weightTrial] = [2, 0] as const;

/** Moves the rows of the last matrix so that they add up to 0: the loss is the same. */
export function inGauge(weights: Float64Array): Float64Array {
  const result = weights.slice();
  for (let j = 0; j < features; j++) {
    let sum = 0;
    for (let k = 0; k < classes; k++) sum += result[kernelWeights + k * features + j] as number;
    for (let k = 0; k < classes; k++) result[kernelWeights + k * features + j]! -= sum / classes;
  }
  return result;
}

const draws = (trial: number, count: number) =>
  ({ seed: seedHalves(worldSeed), trial, layer: 1, purpose: 'dataset', first: 0, count }) as const;

/** Normal weights of this size, in the gauge. */
export const normalWeights = (trial: number, size: number): Float64Array =>
  inGauge(
    addon()
      .normals(draws(trial, kernelWeights + classes * features))
      .map((x) => size * x),
  );

/** `count` images of black and white pixels, all equally likely. */
export async function teacherPopulation(count: number): Promise<Population> {
  const list = (value: number): Float64Array => Float64Array.of(value);
  const native: NativeNetwork = {
    inputChannels: 1,
    inputHeight: 5,
    inputWidth: 5,
    kernel: list(2),
    stride: list(1),
    channels: list(2),
    pool: list(2),
    padding: 'valid',
    pooling: 'average',
    activation: resolveActivation('sigmoid'),
    classes,
    weights: normalWeights(weightTrial, teacherSize),
    input: new Float64Array(pixels),
    label: 0,
  };
  const drawn = addon().uniforms({ ...draws(0, count * pixels), layer: 0 });
  const images = new Float64Array(count * classes * pixels);
  const labels = new Float64Array(count * classes);
  const shares = new Float64Array(count * classes);
  for (let i = 0; i < count; i++) {
    const image = drawn.subarray(i * pixels, (i + 1) * pixels).map((x) => (x < 0.5 ? 0 : 1));
    const { output } = await addon().convolutionGradient({ ...native, input: image });
    shares.set(output, i * classes);
    for (let k = 0; k < classes; k++) {
      images.set(image, (i * classes + k) * pixels);
      labels[i * classes + k] = k;
    }
  }
  return { network: networkFrom(architecture), native, images, labels, shares };
}

/** How often each pair of image and label comes up in `samples` independent draws. */
export function sampled({ shares }: Population, samples: number, seed: number, trial: number): Float64Array {
  const counts = new Float64Array(shares.length);
  const ends = shares.slice();
  for (let i = 1; i < ends.length; i++) ends[i]! += ends[i - 1] as number;
  const total = ends.at(-1) as number;
  const piece = 65_536;
  for (let first = 0; first < samples; first += piece) {
    const count = Math.min(piece, samples - first);
    const uniforms = addon().uniforms({ seed: seedHalves(seed), trial, layer: 2, purpose: 'dataset', first, count });
    for (const uniform of uniforms) {
      let [low, high] = [0, ends.length - 1];
      while (low < high) {
        const middle = (low + high) >> 1;
        if ((ends[middle] as number) > uniform * total) high = middle;
        else low = middle + 1;
      }
      counts[low]! += 1;
    }
  }
  return counts;
}
