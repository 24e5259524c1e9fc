// System `residual`: what the registry gets. Same five entry points as every system.
import type { System } from '../../core/system.js';
import { figures } from './figures.js';
import { residualFindings } from './findings.js';
import { observables } from './observables.js';
import { predictResidual } from './predict.js';
import { mapped, quantities } from './quantities.js';
import { simulateResidual, simulationMemory } from './simulate.js';
import {
  residualRunSchema,
  residualSpecSchema,
  type ResolvedResidualRun,
  type ResolvedResidualSpec,
  resolveResidualRun,
  resolveResidualSpec,
} from './spec.js';
import { trainableResidual } from './train.js';

export { observables, type ResidualObservable } from './observables.js';
export type { ResidualQuantity } from './quantities.js';

export const residual: System<ResolvedResidualSpec, ResolvedResidualRun> = {
  name: 'residual',
  version: 1,
  title: 'Residual network with variance and width variation',
  specSchema: residualSpecSchema,
  runSchema: residualRunSchema,
  observables,
  quantities,
  mapped,
  resolveSpec: resolveResidualSpec,
  resolveRun: resolveResidualRun,
  predict: predictResidual,
  simulate: simulateResidual,
  simulationMemory,
  figures,
  trainable: trainableResidual,
  findings: residualFindings,
};
