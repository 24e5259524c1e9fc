// The only thing the house knows of a system: what every system says of itself (ts/systems/<name>/index.ts) and the registry
// hands to the verbs. No word of any particular system stands here.
import type { z } from 'zod';
import { parse } from './checks.js';
import type { ControlOptions } from './control.js';
import type { InputVectors } from './inputs.js';
import type { AxisName, Estimated, Finding, Predicted, QuantityValue, Undefined, Warning } from './results.js';
import type { Trainer } from './trainer.js';

/** The types of a system as the registry lists them: `Systems[K]`. */
export interface SystemTypes {
  /** What a user writes (fields with defaults may be left out). */
  readonly spec: object;
  /** What a user writes for a simulation run. */
  readonly run: object;
  /** Names of the quantities. */
  readonly quantity: string;
  /** Names of the observables. */
  readonly observable: string;
  /** Whether `train` takes this system. */
  readonly train: boolean;
  /** What `train` is told of this system, and with defaults; left out: what gradient descent is told. */
  readonly trainOptions?: object;
  readonly resolvedTrainOptions?: object;
}

/** What `predict` and `simulate` return under one name: the two agree in axes and scale. */
export interface ObservableInfo {
  readonly symbol: string;
  /** One line. */
  readonly description: string;
  readonly axes: readonly AxisName[];
  readonly scale: 'linear' | 'log';
  /** Paper and equation, or the display of the system's page. */
  readonly source: string;
  /** Left out where both verbs give it; else the one verb that does. */
  readonly only?: 'predict' | 'simulate';
  /** Exists for two inputs or more. */
  readonly needsPair?: true;
  /** Spec fields beside the defaults under which it exists. */
  readonly spec?: Readonly<Record<string, unknown>>;
  /** Run fields beside the defaults under which a simulation estimates it. */
  readonly run?: Readonly<Record<string, unknown>>;
}

/** A named quantity of a specification's table: what `evaluate` and the reference files call. */
export interface Quantity<V extends QuantityValue = QuantityValue> {
  readonly symbol: string;
  readonly description: string;
  /** Paper and equation, or "derived". */
  readonly source: string;
  /** Whether `map` draws it over the fields of a spec when nobody says which. */
  readonly mapped: boolean;
  /** A prediction holds a list of them, one for every mode or block. */
  readonly isListed?: true;
  /** The zod schema of the parameters, known here by its fields only: the public declarations do not need zod. */
  readonly parameters: { readonly shape: Readonly<Record<string, unknown>> };
  /** Parameters checked, with defaults filled in; `what` names them in messages. */
  readonly resolve: (given: object, what: string) => Readonly<Record<string, unknown>>;
  /** Peak memory in bytes where it grows with the resolved parameters; left out: what any work takes. */
  readonly bytes?: (parameters: never) => number;
  /** Gets resolved parameters. What lasts listens to the signal. Throws MftErrors. */
  readonly evaluate: (parameters: never, options?: ControlOptions) => V | Promise<V>;
}

/** Ties a quantity's function to the type of its schema; the type of its values is in the published declarations. */
export function quantity<T extends z.ZodObject, V extends QuantityValue>(definition: {
  readonly symbol: string;
  readonly description: string;
  readonly source: string;
  readonly isListed?: true;
  readonly parameters: T;
  readonly bytes?: (parameters: z.output<T>) => number;
  readonly evaluate: (parameters: z.output<T>, options?: ControlOptions) => V | Promise<V>;
}): Quantity<V> {
  return { ...definition, mapped: false, resolve: (given, what) => parse(definition.parameters, given, what) };
}

/** A table of quantities, with those marked that `map` draws by itself. */
export function withMapped<const T extends Readonly<Record<string, Quantity>>>(
  table: T,
  mapped: readonly (keyof T & string)[],
): T {
  const marked = Object.entries(table).map(([name, entry]) => [name, { ...entry, mapped: mapped.includes(name) }]);
  return Object.fromEntries(marked) as T;
}

export interface PredictionBody<O extends string = string> {
  readonly quantities: Readonly<Record<string, QuantityValue>>;
  readonly observables: Readonly<Partial<Record<O, Predicted>>>;
  readonly warnings: readonly Warning[];
}

export interface SimulationBody<O extends string = string> {
  readonly observables: Readonly<Partial<Record<O, Estimated>>>;
  readonly warnings: readonly Warning[];
}

/**
 * What a verb of a system does and what that takes. `flops` and `bytes` are of the resolved spec and run, before anything is
 * allocated; both grow with width, depth and trials.
 */
interface PredictionVerb<Spec, O extends string = string> {
  readonly run: (spec: Spec, options: SystemOptions) => Promise<PredictionBody<O>>;
  /** Arithmetic operations in all; only ratios between specs of one system count. */
  readonly flops: (spec: Spec) => number;
  /** Peak memory in bytes above an empty process. */
  readonly bytes: (spec: Spec) => number;
  /** Whether they are JavaScript objects, for which V8 has a limit of its own; else typed arrays and native memory. */
  readonly isHeap: boolean;
  /** The fields of the spec to lower when `bytes` is too much, the one that saves most first. */
  readonly lower: readonly string[];
}

export interface SimulationVerb<Spec, Run, O extends string = string> {
  readonly run: (spec: Spec, run: Run, options: SystemOptions) => Promise<SimulationBody<O>>;
  /** Arithmetic operations in all; only ratios between specs and runs of one system count. */
  readonly flops: (spec: Spec, run: Run) => number;
  /** Peak memory in bytes above an empty process: never below what is measured, at most twice that. */
  readonly bytes: (spec: Spec, run: Run) => number;
  /** The fields of spec and run to lower when `bytes` is too much, the one that saves most first. */
  readonly lower: (spec: Spec, run: Run) => readonly string[];
}

/** A figure of a system: what it shows, and a builder from a spec (and a run, when it simulates) to Vega-Lite JSON. */
export interface SystemFigure<Spec = never, Run = never> {
  readonly description: string;
  /** Whether two specs give two figures; false: the figure shows the system as such. */
  readonly usesSpec: boolean;
  /** Whether it simulates (and takes a run). */
  readonly simulates: boolean;
  readonly build: (spec: Spec, run: Run, options: SystemOptions) => Promise<VegaLiteFigure>;
}

/** A Vega-Lite specification: plain JSON. */
export type VegaLiteFigure = { readonly $schema: string } & Readonly<Record<string, unknown>>;

/** Options of a system: control, and the images of a spec that names a data set. */
export interface SystemOptions extends ControlOptions {
  readonly inputs?: InputVectors;
}

/** A point of a `map`: the fields of a resolved spec. */
export type GridPoint = Readonly<Record<string, unknown>>;

/** What a system gives to the verbs. `Spec` and `Run` are the forms with defaults filled in, `O` the names of its observables. */
export interface System<Spec = never, Run = never, O extends string = string> {
  readonly name: string;
  /** Raised by hand whenever results change for the same spec and run; part of every job's key. */
  readonly version: number;
  readonly title: string;
  /** Fields carry symbol, unit, kind and the names other libraries use (ts/core/fields.ts). */
  readonly specSchema: z.ZodObject;
  readonly runSchema: z.ZodObject;
  /** Checks a user's spec and fills the defaults in. Throws MftErrors. */
  readonly resolveSpec: (input: unknown) => Spec;
  readonly resolveRun: (input: unknown, spec: Spec) => Run;
  readonly observables: Readonly<Record<O, ObservableInfo>>;
  readonly quantities: Readonly<Record<string, Quantity>>;
  readonly prediction: PredictionVerb<Spec, O>;
  readonly simulation: SimulationVerb<Spec, Run, O>;
  /** A faster way to the values of `quantities` over many points; a value it leaves out is asked for one by one. */
  readonly map?: (
    points: readonly GridPoint[],
    quantities: readonly string[],
    options: ControlOptions,
  ) => Promise<Readonly<Record<string, readonly (QuantityValue | undefined)[]>>>;
  /** What a point of a map gives to a quantity where that is more than its own fields, or why the quantity does not exist there. */
  readonly mapPoint?: (point: GridPoint, quantity: string) => GridPoint | Undefined;
  /** What must be known of a map over these points: where its quantities are not those that `predict` gives. */
  readonly mapWarnings?: (points: readonly GridPoint[]) => readonly Warning[];
  readonly figures: Readonly<Record<string, SystemFigure<Spec, Run>>>;
  /** How `train` trains the network of a spec. Systems with `train: true` only. */
  readonly training?: Trainer<Spec>;
  readonly findings?: (spec: Spec, options: SystemOptions) => Promise<readonly Finding[]>;
  /** Specs of other systems that describe the same network (for `advise`). */
  readonly related?: (spec: Spec) => readonly ({ readonly system: string } & Readonly<Record<string, unknown>>)[];
}
