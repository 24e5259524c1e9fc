// System `percolation`: what the registry gets. Same five entry points as every system.
import type { System } from '../../core/system.js';
import { figures } from './figures.js';
import { findings } from './findings.js';
import { predictPercolation } from './predict.js';
import { mapped, quantities } from './quantities.js';
import { simulatePercolation, simulationMemory } from './simulate.js';
import { trainablePercolation } from './train.js';
import {
  percolationRunSchema,
  percolationSpecSchema,
  type ResolvedPercolationRun,
  type ResolvedPercolationSpec,
  resolvePercolationRun,
  resolvePercolationSpec,
} from './spec.js';

/** Observables of `percolation`; axis: layer 0 (input) .. L+1 (output), for edges the weight layer 0..L. */
export const observables = {
  pathProbability: 'P(a path reaches layer i); at the output θ',
  logPathProbability: 'its logarithm (simulation: engine splitting)',
  logBlockedProbability: 'log P(no path reaches layer i)',
  reachFraction: 'E X_i/N_i: mean fraction of nodes kept and reached from the input',
  outputReachProbability: 'P(layer i has a node that still reaches the output)',
  outputReachFraction: 'E Y_i/N_i: mean fraction of nodes kept and reaching the output',
  edgeParticipation: 'P(an edge of weight layer i lies on a surviving path): effective share of its learning rate',
} as const;

export type PercolationObservable = keyof typeof observables;
export type { PercolationQuantity } from './quantities.js';

export const percolation = {
  name: 'percolation',
  version: 1,
  title: 'Dropout and dropconnect as a path problem',
  specSchema: percolationSpecSchema,
  runSchema: percolationRunSchema,
  observables,
  quantities,
  mapped,
  resolveSpec: resolvePercolationSpec,
  resolveRun: resolvePercolationRun,
  predict: predictPercolation,
  simulate: simulatePercolation,
  figures,
  findings,
  trainable: trainablePercolation,
  simulationMemory,
} as const satisfies System<ResolvedPercolationSpec, ResolvedPercolationRun>;
