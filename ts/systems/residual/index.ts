// System `residual`: what the registry gets.
import type { System } from '../../core/system.js';
import { predictionBytes, predictionFlops, simulationBytes, simulationFlops, simulationLower } from './cost.js';
import { figures } from './figures.js';
import { residualFindings } from './findings.js';
import { mapPoint } from './map-point.js';
import { observables, type ResidualObservable } from './observables.js';
import { predictResidual } from './predict.js';
import { type ResidualQuantity, quantities } from './quantities.js';
import { simulateResidual } from './simulate.js';
import {
  residualRunSchema,
  residualSpecSchema,
  type ResolvedResidualRun,
  type ResolvedResidualSpec,
  resolveResidualRun,
  resolveResidualSpec,
  type ResidualRun,
  type ResidualSpec,
} from './spec.js';
import { trainingPlan } from './train.js';
import { sgd } from '../../training/sgd.js';

/** The types of the system, for the registry. */
export interface ResidualTypes {
  readonly spec: ResidualSpec;
  readonly run: ResidualRun;
  readonly quantity: ResidualQuantity;
  readonly observable: ResidualObservable;
  readonly train: true;
}

export const residual: System<ResolvedResidualSpec, ResolvedResidualRun, ResidualObservable> = {
  name: 'residual',
  version: 4,
  title: 'Residual network with variance and width variation',
  specSchema: residualSpecSchema,
  runSchema: residualRunSchema,
  observables,
  quantities,
  resolveSpec: resolveResidualSpec,
  resolveRun: resolveResidualRun,
  prediction: {
    run: predictResidual,
    flops: predictionFlops,
    bytes: predictionBytes,
    isHeap: true,
    lower: ['depth', 'inputs'],
  },
  simulation: { run: simulateResidual, flops: simulationFlops, bytes: simulationBytes, lower: simulationLower },
  mapPoint,
  figures,
  training: sgd(trainingPlan),
  findings: residualFindings,
};
