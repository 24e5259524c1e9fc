// System `feedforward`: what the registry gets.
import type { System } from '../../core/system.js';
import { predictionBytes, predictionFlops, simulationBytes, simulationFlops, simulationLower } from './cost.js';
import { figures } from './figures.js';
import { mapFeedforward } from './map.js';
import { mapPointFeedforward, mapWarningsFeedforward } from './map-point.js';
import { type FeedforwardObservable, observables } from './observables.js';
import { predictFeedforward } from './predict.js';
import { feedforwardFindings, relatedSpecs } from './findings.js';
import { type FeedforwardQuantity, quantities } from './quantities.js';
import { simulateFeedforward } from './simulate.js';
import {
  feedforwardRunSchema,
  feedforwardSpecSchema,
  type ResolvedFeedforwardRun,
  type ResolvedFeedforwardSpec,
  resolveFeedforwardRun,
  resolveFeedforwardSpec,
  type FeedforwardRun,
  type FeedforwardSpec,
} from './spec.js';
import { trainingPlan } from './train.js';
import { sgd } from '../../training/sgd.js';

/** The types of the system, for the registry. */
export interface FeedforwardTypes {
  readonly spec: FeedforwardSpec;
  readonly run: FeedforwardRun;
  readonly quantity: FeedforwardQuantity;
  readonly observable: FeedforwardObservable;
  readonly train: true;
}

export const feedforward: System<ResolvedFeedforwardSpec, ResolvedFeedforwardRun, FeedforwardObservable> = {
  name: 'feedforward',
  version: 8,
  title: 'Fully connected network with dropout and shared-weight back-propagation',
  specSchema: feedforwardSpecSchema,
  runSchema: feedforwardRunSchema,
  observables,
  quantities,
  resolveSpec: resolveFeedforwardSpec,
  resolveRun: resolveFeedforwardRun,
  prediction: {
    run: predictFeedforward,
    flops: predictionFlops,
    bytes: predictionBytes,
    isHeap: true,
    lower: ['depth', 'inputs'],
  },
  simulation: { run: simulateFeedforward, flops: simulationFlops, bytes: simulationBytes, lower: simulationLower },
  map: mapFeedforward,
  mapPoint: mapPointFeedforward,
  mapWarnings: mapWarningsFeedforward,
  figures,
  training: sgd(trainingPlan),
  findings: feedforwardFindings,
  related: relatedSpecs,
};
