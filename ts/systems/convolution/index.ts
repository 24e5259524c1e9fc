// System `convolution`: what the registry gets.
import type { System } from '../../core/system.js';
import { predictionBytes, predictionFlops, simulationBytes, simulationFlops, simulationLower } from './cost.js';
import { figures } from './figures.js';
import { findings } from './findings.js';
import { observables, type ConvolutionObservable } from './observables.js';
import { predict } from './predict.js';
import { quantities, type ConvolutionQuantity } from './quantities.js';
import { simulate } from './simulate.js';
import { training } from './train.js';
import {
  type ResolvedConvolutionRun,
  type ResolvedConvolutionSpec,
  resolveRun,
  resolveSpec,
  runSchema,
  specSchema,
  type ConvolutionRun,
  type ConvolutionSpec,
} from './spec.js';

/** The types of the system, for the registry. */
export interface ConvolutionTypes {
  readonly spec: ConvolutionSpec;
  readonly run: ConvolutionRun;
  readonly quantity: ConvolutionQuantity;
  readonly observable: ConvolutionObservable;
  readonly train: true;
}

export const convolution: System<ResolvedConvolutionSpec, ResolvedConvolutionRun, ConvolutionObservable> = {
  name: 'convolution',
  version: 3,
  title: 'Convolutional networks: bounds on the generalisation gap, and their mean field',
  specSchema,
  runSchema,
  resolveSpec,
  resolveRun,
  observables,
  quantities,
  prediction: { run: predict, flops: predictionFlops, bytes: predictionBytes, isHeap: true, lower: ['input', 'depth'] },
  simulation: { run: simulate, flops: simulationFlops, bytes: simulationBytes, lower: simulationLower },
  figures,
  findings,
  training,
};
