// What every system returns: plain data, safe for structuredClone, the same shape from theory and from simulation.
import { readOnce } from './copy.js';

/** Version of the shape of results; raised when the shape (not the numbers) changes. */
export const schemaVersion = 1;

/**
 * What an axis counts. A system may use a word of its own; these mean the same everywhere: `layer`, `time` (position in a
 * sequence), `step` and `epoch` (of training), `iteration` (of a solver), `mode` (of a spectrum), `input`, `pair` (of inputs
 * a < b, in the order 01, 02, …, 12, …), `gate`, `value`.
 */
export type AxisName =
  | 'layer'
  | 'time'
  | 'step'
  | 'epoch'
  | 'iteration'
  | 'mode'
  | 'input'
  | 'pair'
  | 'gate'
  | 'value'
  | (string & {});

/** One axis of an observable: its name and the coordinate of each position. */
export interface Axis {
  readonly name: AxisName;
  readonly values: Float64Array;
  /** True for an axis of a few things seen side by side (inputs, pairs, gates): tables make columns of it, not rows. */
  readonly isInner?: true;
}

/** A position of an observable that has no value, and why. Its entry in `values` is 0 and means nothing. */
export interface UndefinedPoint {
  readonly index: number;
  readonly reason: string;
}

/**
 * Numbers over axes, row-major (the last axis varies fastest). With `scale: 'log'`, `values` are natural logarithms of
 * magnitudes (−Infinity is the logarithm of 0) and `sign`, when present, holds −1, 0 or 1.
 */
export interface Observable {
  readonly axes: readonly Axis[];
  readonly scale: 'linear' | 'log';
  readonly sign?: Int8Array;
  readonly values: Float64Array;
  readonly undefinedAt?: readonly UndefinedPoint[];
}

/** A theoretical value: `error` bounds its numerical error (relative on a linear scale, absolute on a log scale). */
export interface Predicted extends Observable {
  readonly error: number;
  /** Predicted correction c / width^order at finite width, in the units of `values`, where the theory knows it. */
  readonly finiteSize?: {
    readonly order: number;
    readonly values: Float64Array;
    /** Size of what is not known of the correction, in the same units; Infinity where nothing is known of it. */
    readonly allowance?: Float64Array;
  };
  /**
   * Predicted variance over trials of the number whose mean this is, relative to the squared mean, to leading order; Infinity
   * where no variance need exist. What the mean of some trials can decide follows from it.
   */
  readonly spread?: Float64Array;
}

/**
 * A value estimated from trials. `mean`: arithmetic mean (on a log scale `values` is the logarithm of the mean, and
 * `variance`, `standardError` are relative to the mean); `meanLog`: mean of logarithms, the typical value, on a log scale
 * with `variance` and `standardError` of the logarithm itself; `binomial`: a proportion;
 * `splitting`: importance splitting, log of a probability; `exact`: no sampling error.
 */
export interface Estimated extends Observable {
  readonly estimator: 'mean' | 'meanLog' | 'binomial' | 'splitting' | 'exact';
  /** Number of trials behind each value (trials in which the value was undefined are not counted). */
  readonly count: Float64Array;
  readonly variance: Float64Array;
  readonly standardError: Float64Array;
  /**
   * Raw values, trial by trial (row-major: trial, then the axes), when the run asked for them. 0 where a trial has no
   * value: `count` says how many have one.
   */
  readonly trials?: Float64Array;
  /** Where `sign` stands: the signs of the raw values, whose logarithms `trials` holds; −1, 0 or 1. */
  readonly trialSigns?: Int8Array;
}

/** A quantity that has no value here, and why. */
export interface Undefined {
  readonly reason: string;
}
export type QuantityValue =
  | number
  | string
  | boolean
  | Undefined
  | readonly QuantityValue[]
  | { readonly [key: string]: QuantityValue };

export interface Warning {
  readonly id: string;
  readonly message: string;
}

/** What produced a result. Bits are promised for one binary, one instruction set and one BLAS core. */
export interface Provenance {
  readonly package: string;
  readonly systemVersion: number;
  readonly node: string;
  readonly platform: string;
  readonly blas: string;
  readonly blasCore: string;
  readonly instructionSet: string;
  readonly cpu: string;
  readonly date: string;
}

interface Result<K extends string, S> {
  readonly schemaVersion: typeof schemaVersion;
  readonly system: K;
  /** The spec with defaults filled in: what was really computed. */
  readonly spec: S;
  readonly warnings: readonly Warning[];
  readonly provenance: Provenance;
}

/** What `predict` returns. */
export interface Prediction<
  K extends string = string,
  O extends string = string,
  Q extends string = string,
  S = unknown,
  Quantities = { readonly [name in Q]?: QuantityValue },
  Observables = { readonly [name in O]?: Predicted },
> extends Result<K, S> {
  readonly kind: 'prediction';
  readonly quantities: Quantities;
  readonly observables: Observables;
}

/** What `simulate` returns. */
export interface Simulation<
  K extends string = string,
  O extends string = string,
  S = unknown,
  R = unknown,
  Observables = { readonly [name in O]?: Estimated },
> extends Result<K, S> {
  readonly kind: 'simulation';
  /** The run with defaults filled in. */
  readonly run: R;
  readonly observables: Observables;
}

/** One statement of `advise`: a claim, the numbers behind it, and a change that would help. */
export interface Finding {
  readonly id: string;
  readonly severity: 'info' | 'warning' | 'critical';
  readonly claim: string;
  readonly evidence: readonly {
    readonly quantity: string;
    readonly value: number;
    readonly low?: number;
    readonly high?: number;
  }[];
  /** Spec fields that would change, with their new values. */
  readonly change?: Readonly<Record<string, unknown>>;
  /** The same quantities after the change. */
  readonly after?: readonly { readonly quantity: string; readonly value: number }[];
}

/**
 * True when a quantity or value is `{ reason }`: it has no value here, and says why.
 *
 * @param value a quantity of a prediction, or anything else
 * @returns whether it is a record whose `reason` is a text
 * @throws never
 *
 * **Numerics**: none.
 * **Source**: ours.
 *
 * @example
 * isUndefined({ reason: 'no fixed point' }); // true
 */
export function isUndefined(value: unknown): value is Undefined {
  return readOnce(
    'value',
    () => typeof value === 'object' && value !== null && 'reason' in value && Object.keys(value).length === 1,
  );
}

/** An axis with coordinates 0..count−1, or start..start+count−1. */
export function axis(name: AxisName, count: number, start = 0): Axis {
  return { name, values: Float64Array.from({ length: count }, (_, i) => start + i) };
}

/** An axis of things seen side by side (inputs, pairs, gates), with coordinates 0..count−1. */
export function innerAxis(name: AxisName, count: number): Axis {
  return { ...axis(name, count), isInner: true };
}
