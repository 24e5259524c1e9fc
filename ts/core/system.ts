// The interface every system fills (ts/systems/<name>/index.ts) and the registry hands to the verbs.
import type { z } from 'zod';
import { parse } from './checks.js';
import type { ControlOptions } from './control.js';
import type { InputVectors } from './inputs.js';
import type { Estimated, Finding, Predicted, QuantityValue, Warning } from './results.js';

/** The types of a system as the registry lists them: `Systems[K]`. */
export interface SystemTypes {
  /** What a user writes (fields with defaults may be left out). */
  readonly spec: object;
  /** What a user writes for a simulation run. */
  readonly run: object;
  /** Names of the quantities. */
  readonly quantities: string;
  /** Names of the observables. */
  readonly observable: string;
  /** Whether `train` takes this system. */
  readonly train: boolean;
}

/** A named quantity of a specification's table: what `evaluate` and the reference files call. */
export interface Quantity {
  readonly symbol: string;
  readonly description: string;
  /** Paper and equation, or "derived". */
  readonly source: string;
  /** The zod schema of the parameters, known here by its fields only: the public declarations do not need zod. */
  readonly parameters: { readonly shape: Readonly<Record<string, unknown>> };
  /** Parameters checked, with defaults filled in; `what` names them in messages. */
  readonly resolve: (given: object, what: string) => Readonly<Record<string, unknown>>;
  /** Gets resolved parameters. Throws MftErrors. */
  readonly evaluate: (parameters: never) => QuantityValue | Promise<QuantityValue>;
}

/** Ties a quantity's function to the type of its schema. */
export function quantity<T extends z.ZodObject>(definition: {
  readonly symbol: string;
  readonly description: string;
  readonly source: string;
  readonly parameters: T;
  readonly evaluate: (parameters: z.output<T>) => QuantityValue | Promise<QuantityValue>;
}): Quantity {
  return { ...definition, resolve: (given, what) => parse(definition.parameters, given, what) };
}

export interface PredictionBody {
  readonly quantities: Readonly<Record<string, QuantityValue>>;
  readonly observables: Readonly<Record<string, Predicted>>;
  readonly warnings: readonly Warning[];
}

export interface SimulationBody {
  readonly observables: Readonly<Record<string, Estimated>>;
  readonly warnings: readonly Warning[];
}

/** A figure of a system: name, what it shows, and a builder from a spec (and a run, when it simulates) to Vega-Lite JSON. */
export interface SystemFigure {
  readonly description: string;
  readonly simulates: boolean;
  readonly build: (spec: unknown, run: unknown, options: SystemOptions) => Promise<VegaLiteFigure>;
}

/** A Vega-Lite specification: plain JSON. */
export type VegaLiteFigure = { readonly $schema: string } & Readonly<Record<string, unknown>>;

/** Options of a system: control, and the images of a spec that names a data set. */
export interface SystemOptions extends ControlOptions {
  readonly inputs?: InputVectors;
}

/** A residual block as native/train builds it (native/train/residual_layer.h). */
export interface TrainableBlock {
  readonly hidden: number;
  readonly hasOuter: boolean;
  readonly skip: number;
  readonly innerWeightVariance: number;
  readonly innerBiasVariance: number;
  readonly outerWeightVariance: number;
  readonly outerBiasVariance: number;
}

/** A network as native/train builds it: what `train` asks of a system. Lists are per layer. */
export interface TrainableNetwork {
  readonly widths: readonly number[];
  /** The layers between the first and the last, which are then linear, as residual blocks. */
  readonly blocks?: readonly TrainableBlock[];
  /** φ of the hidden layers, as the addon takes it. */
  readonly activation: object;
  readonly weightVariance: readonly number[];
  readonly biasVariance: readonly number[];
  /** Of the inputs, then of each hidden layer. */
  readonly keepProbability: readonly number[];
  readonly hasSharedMasks: boolean;
  /** Independent masks of a step, where the spec says so: 1, or the batch size. Wins over `hasSharedMasks`. */
  readonly masksPerStep?: number;
  /** Whether layers have biases, where the spec says so. */
  readonly hasBiases?: boolean;
  /** Steps of the run when the options do not say. */
  readonly steps?: number;
  /** Count masks without a path and gradients of exactly zero in every step. */
  readonly countsPaths?: boolean;
  readonly law: 'gaussian' | 'orthogonal';
}

/** A point of a `map`: the fields of a resolved spec. */
export type GridPoint = Readonly<Record<string, unknown>>;

/** What a system gives to the verbs. `Spec` and `Run` are the forms with defaults filled in. */
export interface System<Spec = never, Run = never> {
  readonly name: string;
  /** Raised by hand whenever results change for the same spec and run; part of every job's key. */
  readonly version: number;
  readonly title: string;
  readonly specSchema: z.ZodObject;
  readonly runSchema: z.ZodObject;
  /** One line per observable, for docs and `mft`. */
  readonly observables: Readonly<Record<string, string>>;
  readonly quantities: Readonly<Record<string, Quantity>>;
  /** Quantities that `map` can draw over the fields of a spec. */
  readonly mapped: readonly string[];
  /** Checks a user's spec and fills the defaults in. Throws MftErrors. */
  readonly resolveSpec: (input: unknown) => Spec;
  readonly resolveRun: (input: unknown, spec: Spec) => Run;
  readonly predict: (spec: Spec, options: SystemOptions) => Promise<PredictionBody>;
  readonly simulate: (spec: Spec, run: Run, options: SystemOptions) => Promise<SimulationBody>;
  /** A faster way to the values of `quantities` over many points; a value it leaves out is asked for one by one. */
  readonly map?: (
    points: readonly GridPoint[],
    quantities: readonly string[],
    options: ControlOptions,
  ) => Promise<Readonly<Record<string, readonly (QuantityValue | undefined)[]>>>;
  readonly figures: Readonly<Record<string, SystemFigure>>;
  /** Estimated peak memory of a simulation in bytes. */
  readonly simulationMemory: (spec: Spec, run: Run) => number;
  /** The network that `train` trains on images of `dimension` components in `classes` classes. Systems with `train: true` only. */
  readonly trainable?: (spec: Spec, dimension: number, classes: number) => TrainableNetwork;
  readonly findings?: (spec: Spec) => Promise<readonly Finding[]>;
  /** Specs of other systems that describe the same network (for `advise`). */
  readonly related?: (spec: Spec) => readonly ({ readonly system: string } & Readonly<Record<string, unknown>>)[];
}
