// Figure 5: settings of the published notebook and its stored output.
import type { ImageSet } from '../training.js';

export type Kind = 'none' | 'decay' | 'noise';

interface PublishedRun {
  readonly weightDecay: number;
  readonly noiseVariance: number;
  /** Stored training losses, regulariser included, at `epochs`. */
  readonly losses: readonly number[];
  /** Mappings at the end, read off the stored plot: [mode, mapping]. */
  readonly plateaus: readonly (readonly [mode: number, mapping: number])[];
}

export interface PublishedSet {
  readonly set: ImageSet;
  readonly count: number;
  readonly width: number;
  readonly learningRate: number;
  /** Half the mean squared norm of an image. */
  readonly halfTrace: number;
  readonly runs: Readonly<Record<Kind, PublishedRun>>;
}

export const steps = 5000;
export const initialVariance = 1e-8;
export const epochs = [0, 500, 1000, 2000, 3000, 4000, 4900] as const;
export const modes = [0, 3, 7, 15, 31] as const;
export const kinds = ['none', 'decay', 'noise'] as const;

export const published: readonly PublishedSet[] = [
  {
    set: 'mnist',
    count: 50_000,
    width: 256,
    learningRate: 0.01,
    halfTrace: 44.0294,
    runs: {
      none: {
        weightDecay: 0,
        noiseVariance: 0,
        losses: [44.029, 13.759, 9.822, 6.616, 5.234, 4.454, 3.936],
        plateaus: [],
      },
      decay: {
        weightDecay: 0.5,
        noiseVariance: 0,
        losses: [44.03, 18.916, 17.864, 17.426, 17.353, 17.329, 17.317],
        plateaus: [
          [0, 0.99],
          [3, 0.845],
          [7, 0.675],
          [15, 0.365],
          [31, 0],
        ],
      },
      noise: {
        weightDecay: 0,
        noiseVariance: 0.5,
        losses: [44.029, 15.718, 13.113, 11.622, 11.176, 10.973, 10.869],
        plateaus: [
          [0, 0.99],
          [3, 0.865],
          [7, 0.75],
          [15, 0.615],
          [31, 0.405],
        ],
      },
    },
  },
  {
    set: 'cifar10',
    count: 30_000,
    width: 512,
    learningRate: 0.001,
    halfTrace: 441.4945,
    runs: {
      none: {
        weightDecay: 0,
        noiseVariance: 0,
        losses: [441.49, 51.317, 43.03, 33.844, 30.037, 26.729, 24.621],
        plateaus: [],
      },
      decay: {
        weightDecay: 0.5,
        noiseVariance: 0,
        losses: [441.5, 53.098, 46.653, 38.737, 37.324, 35.909, 34.9],
        plateaus: [
          [0, 1],
          [3, 0.94],
          [7, 0.88],
        ],
      },
      noise: {
        weightDecay: 0,
        noiseVariance: 0.5,
        losses: [441.49, 52.009, 44.211, 35.95, 32.685, 30.159, 28.59],
        plateaus: [
          [0, 1],
          [3, 0.94],
          [7, 0.89],
        ],
      },
    },
  },
];
