// System `feedforward`: what the registry gets. Same five entry points as every system.
import type { System } from '../../core/system.js';
import { figures } from './figures.js';
import { mapFeedforward } from './map.js';
import { predictFeedforward } from './predict.js';
import { feedforwardFindings, relatedSpecs } from './findings.js';
import { mapped, quantities } from './quantities.js';
import { simulateFeedforward, simulationMemory } from './simulate.js';
import {
  feedforwardRunSchema,
  feedforwardSpecSchema,
  type ResolvedFeedforwardRun,
  type ResolvedFeedforwardSpec,
  resolveFeedforwardRun,
  resolveFeedforwardSpec,
} from './spec.js';
import { trainableFeedforward } from './train.js';

/** Observables of `feedforward`; axes: layer 1..L, then input or pair. */
export const observables = {
  variance: 'q_aa: mean square of the pre-activations of a layer',
  covariance: 'q_ab of a pair of inputs',
  correlation: 'c_ab = q_ab/√(q_aa q_bb)',
  errorNorm: 'log |δ_a|², squared norm of ∂E/∂z at a layer (mean of the logarithm)',
  errorCorrelation: 'cos(δ_a, δ_b)',
  gradientSingle: 'log of the mean of g_aa, the mean square of a weight-gradient entry',
  gradientPair: 'g_ab, mean product of the weight gradients of two inputs (sign and log magnitude of the mean)',
  gradientPairAbsolute: 'log of the mean of g̃_ab, the mean absolute product',
  logGradientSingle: 'mean of log g_aa (biased by −βM/2N against the log of the mean)',
} as const;

export type FeedforwardObservable = keyof typeof observables;
export type { FeedforwardQuantity } from './quantities.js';

export const feedforward: System<ResolvedFeedforwardSpec, ResolvedFeedforwardRun> = {
  name: 'feedforward',
  version: 2,
  title: 'Fully connected network with dropout and shared-weight back-propagation',
  specSchema: feedforwardSpecSchema,
  runSchema: feedforwardRunSchema,
  observables,
  quantities,
  mapped,
  resolveSpec: resolveFeedforwardSpec,
  resolveRun: resolveFeedforwardRun,
  predict: predictFeedforward,
  simulate: simulateFeedforward,
  map: mapFeedforward,
  simulationMemory,
  figures,
  trainable: trainableFeedforward,
  findings: feedforwardFindings,
  related: relatedSpecs,
};
