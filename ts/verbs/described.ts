// What the types say of a system beside names: a line and a type for every quantity, its parameters and every observable. The tables
// are empty here; scripts/declarations.mjs fills them, in the published declarations, from what the systems say of themselves.
import type { Estimated, Predicted, QuantityValue, Undefined } from '../core/results.js';
import type { SystemName, Systems } from '../systems/registry.js';

/** Of every system: quantity → the type of its value. */
// biome-ignore lint/suspicious/noEmptyInterface: filled by scripts/declarations.mjs
interface DescribedQuantities {}
/** Of every system: quantity → its parameters. */
// biome-ignore lint/suspicious/noEmptyInterface: filled by scripts/declarations.mjs
interface DescribedParameters {}
/** Of every system: observables; those that every result has are not optional. */
// biome-ignore lint/suspicious/noEmptyInterface: filled by scripts/declarations.mjs
interface DescribedObservables {}

type IsUnion<T, U = T> = T extends U ? ([U] extends [T] ? false : true) : never;
/** The system's own table; never for several systems at once and where there is none. */
type Own<K, Tables> = true extends IsUnion<K> ? never : K extends keyof Tables ? Tables[K] : never;

/** Quantities of a prediction: numbers where they are numbers. */
export type QuantitiesOf<K extends SystemName> = [Own<K, DescribedQuantities>] extends [never]
  ? { readonly [name in Systems[K]['quantity']]?: QuantityValue }
  : { readonly [name in keyof Own<K, DescribedQuantities>]?: Own<K, DescribedQuantities>[name] };

/** Observables of a result, each a `Value`. */
export type ObservablesOf<K extends SystemName, Value extends Predicted | Estimated> = [
  Own<K, DescribedObservables>,
] extends [never]
  ? { readonly [name in Systems[K]['observable']]?: Value }
  : { readonly [name in keyof Own<K, DescribedObservables>]: Value };

/** What `evaluate` takes of a quantity. */
export type ParametersOf<K extends SystemName, Q> = [Own<K, DescribedParameters>] extends [never]
  ? object
  : Q extends keyof Own<K, DescribedParameters>
    ? Own<K, DescribedParameters>[Q]
    : object;

/** What `evaluate` gives of a quantity; `Undefined` where a number leaves the range of double precision. */
export type ValueOf<K extends SystemName, Q> = [Own<K, DescribedQuantities>] extends [never]
  ? QuantityValue
  : Q extends keyof Own<K, DescribedQuantities>
    ? Own<K, DescribedQuantities>[Q] | Undefined
    : QuantityValue;

/** Fields of a spec that are numbers, or may be: what `map` varies. */
export type NumericField<K extends SystemName> = K extends SystemName
  ? {
      [F in keyof Systems[K]['spec']]-?: number extends Systems[K]['spec'][F] ? F & string : never;
    }[keyof Systems[K]['spec']]
  : never;
