// System `implicit`: what the registry gets.
import type { System } from '../../core/system.js';
import { predictionBytes, predictionFlops, simulationBytes, simulationFlops, simulationLower } from './cost.js';
import { figures } from './figures.js';
import { findings } from './findings.js';
import { observables, type ImplicitObservable } from './observables.js';
import { predict } from './predict.js';
import { quantities, type ImplicitQuantity } from './quantities.js';
import { simulate } from './simulate.js';
import { training } from './train.js';
import {
  type ResolvedImplicitRun,
  type ResolvedImplicitSpec,
  resolveRun,
  resolveSpec,
  runSchema,
  specSchema,
  type ImplicitRun,
  type ImplicitSpec,
} from './spec.js';

/** The types of the system, for the registry. */
export interface ImplicitTypes {
  readonly spec: ImplicitSpec;
  readonly run: ImplicitRun;
  readonly quantity: ImplicitQuantity;
  readonly observable: ImplicitObservable;
  readonly train: true;
}

export const implicit: System<ResolvedImplicitSpec, ResolvedImplicitRun, ImplicitObservable> = {
  name: 'implicit',
  version: 1,
  title: 'Recurrent back-propagation: gradients through steady states, and whether they are right',
  specSchema,
  runSchema,
  resolveSpec,
  resolveRun,
  observables,
  quantities,
  prediction: { run: predict, flops: predictionFlops, bytes: predictionBytes, isHeap: true, lower: ['termCount'] },
  simulation: { run: simulate, flops: simulationFlops, bytes: simulationBytes, lower: simulationLower },
  figures,
  findings,
  training,
};
