// System `percolation`: what the registry gets.
import type { System } from '../../core/system.js';
import { predictionBytes, predictionFlops, simulationBytes, simulationFlops, simulationLower } from './cost.js';
import { figures } from './figures.js';
import { findings } from './findings.js';
import { mapPoint } from './map-point.js';
import { type PercolationObservable, observables } from './observables.js';
import { predictPercolation } from './predict.js';
import { type PercolationQuantity, quantities } from './quantities.js';
import { simulatePercolation } from './simulate.js';
import { trainingPlan } from './train.js';
import { sgd } from '../../training/sgd.js';
import {
  percolationRunSchema,
  percolationSpecSchema,
  type ResolvedPercolationRun,
  type ResolvedPercolationSpec,
  resolvePercolationRun,
  resolvePercolationSpec,
  type PercolationRun,
  type PercolationSpec,
} from './spec.js';

/** The types of the system, for the registry. */
export interface PercolationTypes {
  readonly spec: PercolationSpec;
  readonly run: PercolationRun;
  readonly quantity: PercolationQuantity;
  readonly observable: PercolationObservable;
  readonly train: true;
}

export const percolation: System<ResolvedPercolationSpec, ResolvedPercolationRun, PercolationObservable> = {
  name: 'percolation',
  version: 2,
  title: 'Dropout and dropconnect as a path problem',
  specSchema: percolationSpecSchema,
  runSchema: percolationRunSchema,
  observables,
  quantities,
  resolveSpec: resolvePercolationSpec,
  resolveRun: resolvePercolationRun,
  prediction: {
    run: predictPercolation,
    flops: predictionFlops,
    bytes: predictionBytes,
    isHeap: true,
    lower: ['depth', 'width'],
  },
  simulation: { run: simulatePercolation, flops: simulationFlops, bytes: simulationBytes, lower: simulationLower },
  mapPoint,
  figures,
  findings,
  training: sgd(trainingPlan),
};
