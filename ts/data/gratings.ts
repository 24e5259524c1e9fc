// Gratings: stripes in four directions with noise, a data set on which a network of a few hundred weights learns in seconds.
import { addon, seedHalves } from '../core/addon.js';

export const gratingsClasses = 4;
export const gratingsSide = 12;
export const gratingsCounts = { train: 10_000, test: 10_000 } as const;

const seed = 20_180_528;
const wavelength = 5;
const amplitude = 0.25;
const noise = 0.25;
const streamLayer = { train: 1, test: 2 } as const;

/**
 * Image i shows its class j = i mod 4: ½ + ¼ sin(2π(x cos θ + y sin θ)/5 + phase) + ¼ normal noise, θ = πj/4, any phase, cut to
 * [0, 1] and kept as bytes.
 */
export function gratingImages(split: 'train' | 'test'): {
  images: Uint8Array<SharedArrayBuffer>;
  labels: Uint8Array<SharedArrayBuffer>;
} {
  const count = gratingsCounts[split];
  const dimension = gratingsSide ** 2;
  const images = new Uint8Array(new SharedArrayBuffer(count * dimension));
  const labels = new Uint8Array(new SharedArrayBuffer(count));
  const draw = { seed: seedHalves(seed), layer: streamLayer[split], purpose: 'dataset' } as const;
  const phases = addon().uniforms({ ...draw, trial: 0, first: 0, count });
  const random = addon().normals({ ...draw, trial: 1, first: 0, count: count * dimension });
  for (let i = 0; i < count; i++) {
    const label = i % gratingsClasses;
    labels[i] = label;
    const angle = (Math.PI * label) / gratingsClasses;
    const [kx, ky] = [Math.cos(angle), Math.sin(angle)].map((x) => (2 * Math.PI * x) / wavelength) as [number, number];
    const phase = 2 * Math.PI * (phases[i] as number);
    for (let at = 0; at < dimension; at++) {
      const wave = Math.sin(kx * (at % gratingsSide) + ky * Math.floor(at / gratingsSide) + phase);
      const value = 0.5 + amplitude * wave + noise * (random[i * dimension + at] as number);
      images[i * dimension + at] = Math.round(255 * Math.min(1, Math.max(0, value)));
    }
  }
  return { images, labels };
}
