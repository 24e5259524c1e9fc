// What is published of Gaussian processes that stand for wide networks: the table of test accuracies, rectifiers.
import type { ImageSet } from '../training.js';

export const paper =
  'Lee, Bahri, Novak, Schoenholz, Pennington, Sohl-Dickstein: Deep neural networks as Gaussian processes (ICLR 2018)';

export const sources = {
  table: 'table 1 of the paper, rectifiers; subset and scaling of its published code',
  statement: 'statement of the paper',
} as const;

/** Best Gaussian process and best network with so many training images, rectifiers. */
export interface PublishedRow {
  readonly set: ImageSet;
  readonly count: number;
  readonly depth: number;
  readonly weightVariance: number;
  readonly biasVariance: number;
  readonly accuracy: number;
  readonly networkAccuracy: number;
}

export const published: readonly PublishedRow[] = [
  {
    set: 'mnist',
    count: 1000,
    depth: 20,
    weightVariance: 1.45,
    biasVariance: 0.28,
    accuracy: 0.9279,
    networkAccuracy: 0.9252,
  },
  {
    set: 'mnist',
    count: 10_000,
    depth: 7,
    weightVariance: 0.61,
    biasVariance: 0.07,
    accuracy: 0.9765,
    networkAccuracy: 0.9771,
  },
  {
    set: 'cifar10',
    count: 1000,
    depth: 7,
    weightVariance: 1.28,
    biasVariance: 0,
    accuracy: 0.3608,
    networkAccuracy: 0.3225,
  },
  {
    set: 'cifar10',
    count: 10_000,
    depth: 5,
    weightVariance: 2.97,
    biasVariance: 0.28,
    accuracy: 0.478,
    networkAccuracy: 0.4545,
  },
];
