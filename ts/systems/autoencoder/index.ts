// System `autoencoder`: what the registry gets.
import type { System } from '../../core/system.js';
import { predictionBytes, predictionFlops, simulationBytes, simulationFlops, simulationLower } from './cost.js';
import { figures } from './figures.js';
import { findings } from './findings.js';
import { observables, type AutoencoderObservable } from './observables.js';
import { predict } from './predict.js';
import { quantities, type AutoencoderQuantity } from './quantities.js';
import { simulate } from './simulate.js';
import { training } from './train.js';
import {
  type ResolvedAutoencoderRun,
  type ResolvedAutoencoderSpec,
  resolveRun,
  resolveSpec,
  runSchema,
  specSchema,
  type AutoencoderRun,
  type AutoencoderSpec,
} from './spec.js';

/** The types of the system, for the registry. */
export interface AutoencoderTypes {
  readonly spec: AutoencoderSpec;
  readonly run: AutoencoderRun;
  readonly quantity: AutoencoderQuantity;
  readonly observable: AutoencoderObservable;
  readonly train: true;
}

export const autoencoder: System<ResolvedAutoencoderSpec, ResolvedAutoencoderRun, AutoencoderObservable> = {
  name: 'autoencoder',
  version: 3,
  title: 'Linear denoising autoencoders, direction by direction',
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
    isHeap: true,
    lower: ['steps', 'width'],
  },
  simulation: { run: simulate, flops: simulationFlops, bytes: simulationBytes, lower: simulationLower },
  figures,
  training,
  findings,
};
