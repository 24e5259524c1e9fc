// System `feedforward`: what the registry gets.
import type { System } from '../../core/system.js';
import { predictionBytes, predictionFlops, simulationBytes, simulationFlops, simulationLower } from './cost.js';
import { figures } from './figures.js';
import { mapFeedforward } from './map.js';
import { type FeedforwardObservable, observables } from './observables.js';
import { predictFeedforward } from './predict.js';
import { feedforwardFindings, relatedSpecs } from './findings.js';
import { quantities } from './quantities.js';
import { simulateFeedforward } from './simulate.js';
import {
  feedforwardRunSchema,
  feedforwardSpecSchema,
  type ResolvedFeedforwardRun,
  type ResolvedFeedforwardSpec,
  resolveFeedforwardRun,
  resolveFeedforwardSpec,
} from './spec.js';
import { trainingPlan } from './train.js';
import { sgd } from '../../training/sgd.js';

export { observables, type FeedforwardObservable } from './observables.js';
export type { FeedforwardQuantity } from './quantities.js';

export const feedforward: System<ResolvedFeedforwardSpec, ResolvedFeedforwardRun, FeedforwardObservable> = {
  name: 'feedforward',
  version: 3,
  title: 'Fully connected network with dropout and shared-weight back-propagation',
  specSchema: feedforwardSpecSchema,
  runSchema: feedforwardRunSchema,
  observables,
  quantities,
  resolveSpec: resolveFeedforwardSpec,
  resolveRun: resolveFeedforwardRun,
  prediction: { run: predictFeedforward, flops: predictionFlops, bytes: predictionBytes },
  simulation: { run: simulateFeedforward, flops: simulationFlops, bytes: simulationBytes, lower: simulationLower },
  map: mapFeedforward,
  figures,
  training: sgd(trainingPlan),
  findings: feedforwardFindings,
  related: relatedSpecs,
};
