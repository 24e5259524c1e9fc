// System `kernel`: what the registry gets.
import type { System } from '../../core/system.js';
import { predictionBytes, predictionFlops, simulationBytes, simulationFlops, simulationLower } from './cost.js';
import { figures } from './figures.js';
import { findings } from './findings.js';
import { observables, type KernelObservable } from './observables.js';
import { predict } from './predict.js';
import { quantities, type KernelQuantity } from './quantities.js';
import { simulate } from './simulate.js';
import { training } from './train.js';
import type { RegressionOptions, ResolvedRegressionOptions } from './train-options.js';
import {
  type ResolvedKernelRun,
  type ResolvedKernelSpec,
  resolveRun,
  resolveSpec,
  runSchema,
  specSchema,
  type KernelRun,
  type KernelSpec,
} from './spec.js';

/** The types of the system, for the registry. */
export interface KernelTypes {
  readonly spec: KernelSpec;
  readonly run: KernelRun;
  readonly quantity: KernelQuantity;
  readonly observable: KernelObservable;
  readonly train: true;
  readonly trainOptions: RegressionOptions;
  readonly resolvedTrainOptions: ResolvedRegressionOptions;
}

export const kernel: System<ResolvedKernelSpec, ResolvedKernelRun, KernelObservable> = {
  name: 'kernel',
  version: 6,
  title: 'Equivalent kernels (NNGP, NTK) of random perceptrons, for any law of the weights',
  specSchema,
  runSchema,
  resolveSpec,
  resolveRun,
  observables,
  quantities,
  prediction: {
    run: predict,
    flops: predictionFlops,
    bytes: predictionBytes,
    isHeap: false,
    lower: ['inputs', 'depth'],
  },
  simulation: { run: simulate, flops: simulationFlops, bytes: simulationBytes, lower: simulationLower },
  figures,
  training,
  findings,
};
