// System `recurrent`: what the registry gets.
import type { System } from '../../core/system.js';
import { predictionBytes, predictionFlops, simulationBytes, simulationFlops, simulationLower } from './cost.js';
import { figures } from './figures.js';
import { findings } from './findings.js';
import { mapPoints } from './map.js';
import { observables, type RecurrentObservable } from './observables.js';
import { predict } from './predict.js';
import { quantities, type RecurrentQuantity } from './quantities.js';
import { simulate } from './simulate.js';
import { training } from './train.js';
import {
  type ResolvedRecurrentRun,
  type ResolvedRecurrentSpec,
  resolveRun,
  resolveSpec,
  runSchema,
  specSchema,
  type RecurrentRun,
  type RecurrentSpec,
} from './spec.js';

/** The types of the system, for the registry. */
export interface RecurrentTypes {
  readonly spec: RecurrentSpec;
  readonly run: RecurrentRun;
  readonly quantity: RecurrentQuantity;
  readonly observable: RecurrentObservable;
  readonly train: true;
}

export const recurrent: System<ResolvedRecurrentSpec, ResolvedRecurrentRun, RecurrentObservable> = {
  name: 'recurrent',
  version: 4,
  title: 'Recurrent cells: how long they remember',
  specSchema,
  runSchema,
  resolveSpec,
  resolveRun,
  observables,
  quantities,
  prediction: { run: predict, flops: predictionFlops, bytes: predictionBytes, isHeap: false, lower: ['steps'] },
  simulation: { run: simulate, flops: simulationFlops, bytes: simulationBytes, lower: simulationLower },
  map: mapPoints,
  figures,
  findings,
  training,
};
