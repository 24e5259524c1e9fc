// The results of the verbs, typed by system.
import type {
  Estimated,
  Predicted,
  Prediction as AnyPrediction,
  Simulation as AnySimulation,
} from '../core/results.js';
import type { SystemName, Systems } from '../systems/registry.js';
import type { ObservablesOf, QuantitiesOf } from './described.js';

export type Prediction<K extends SystemName = SystemName> = AnyPrediction<
  K,
  Systems[K]['observable'],
  Systems[K]['quantity'],
  Systems[K]['spec'],
  QuantitiesOf<K>,
  ObservablesOf<K, Predicted>
>;
export type Simulation<K extends SystemName = SystemName> = AnySimulation<
  K,
  Systems[K]['observable'],
  Systems[K]['spec'],
  Systems[K]['run'],
  ObservablesOf<K, Estimated>
>;
export type SpecOf<K extends SystemName> = { readonly system: K } & Systems[K]['spec'];
/** A spec whose words TypeScript knows as `string` only. */
export interface VariableSpec {
  readonly system: string;
}
/** S where its system is any text; nothing where it is a word, which the typed signature knows. */
export type Widened<S extends VariableSpec> = string extends S['system'] ? S : never;
