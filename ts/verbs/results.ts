// The results of the verbs, typed by system.
import type { Prediction as AnyPrediction, Simulation as AnySimulation } from '../core/results.js';
import type { SystemName, Systems } from '../systems/registry.js';

export type Prediction<K extends SystemName = SystemName> = AnyPrediction<
  K,
  Systems[K]['observable'],
  Systems[K]['quantity'],
  Systems[K]['spec']
>;
export type Simulation<K extends SystemName = SystemName> = AnySimulation<
  K,
  Systems[K]['observable'],
  Systems[K]['spec'],
  Systems[K]['run']
>;
export type SpecOf<K extends SystemName> = { readonly system: K } & Systems[K]['spec'];
