// What trains the networks of a system: the slot `training` of ts/core/system.ts. Gradient descent fills it from a plan of
// layers (ts/training/sgd.ts); a trainer without weights or steps, such as a regression, fills the same slot and returns
// the same `TrainingBody`.
import type { ControlOptions } from './control.js';
import type { Observable, QuantityValue, Undefined, Warning } from './results.js';

/** Sizes of the axes of an array. */
export type Shape = readonly number[];

/** What a plan may know of a data set before it is read by anything. */
export interface DataShape {
  /** Of one example, e.g. [28, 28]. */
  readonly shape: Shape;
  /** Numbers of one example: the product of `shape`. */
  readonly dimension: number;
  readonly classes: number;
  /** Examples to train on. */
  readonly count: number;
  /** Examples that every report evaluates. */
  readonly testCount?: number;
  /** Whether the examples are words of a text. */
  readonly isText?: boolean;
}

/** Examples as a trainer reads them; data sets (ts/data) are such. */
export interface Examples {
  readonly count: number;
  readonly shape: Shape;
  readonly dimension: number;
  readonly classes: number;
  /** Row-major count × dimension: bytes, floats, or whole numbers (tokens). */
  readonly images: Uint8Array | Float32Array | Int32Array;
  /** One label of each example, or one of each of its positions; none where the examples are their own targets. */
  readonly labels?: Uint8Array | Int32Array;
  /** What a component that means white is; without it 255 for bytes, else 1. */
  readonly range?: { readonly unit: number };
  /** Images are channels-first; without it the first of three axes counts the colors. */
  readonly channels?: { readonly count: number };
  /** Of a text: its words in the order of their numbers. An example is a word, its label the next one. */
  readonly vocabulary?: readonly string[];
}

/** What a plan may know of examples of which only the first are trained on (0 = all). */
export function dataShape({ shape, dimension, classes, count, vocabulary }: Examples, trainCount: number): DataShape {
  return {
    shape,
    dimension,
    classes,
    count: trainCount > 0 ? Math.min(trainCount, count) : count,
    ...(vocabulary === undefined ? {} : { isText: true }),
  };
}

export interface TrainingData {
  readonly train: Examples;
  readonly test?: Examples;
}

/** An array with its shape: row-major. */
export interface NamedArray {
  readonly shape: Shape;
  readonly values: Float32Array | Float64Array;
}

/** Loss and accuracy of a set of images, without dropout. */
export interface TrainEvaluation {
  /** Mean loss; `{ reason }` when the network has diverged. */
  readonly loss: number | Undefined;
  /** Fraction of images whose largest output is their label's; left out where there are no labels (the inputs are the target). */
  readonly accuracy?: number;
  readonly count: number;
}

/** The state of training at a step. */
export interface TrainReport {
  readonly step: number;
  readonly epoch: number;
  /** Means over the minibatches since the report before, with dropout. */
  readonly trainLoss: number;
  readonly trainAccuracy?: number;
  /** Of the test images, without dropout; left out when there are none. */
  readonly testLoss?: number | Undefined;
  readonly testAccuracy?: number;
}

/** What a trainer returns of one run: plain data. */
export interface TrainingBody {
  /** Steps done. */
  readonly steps: number;
  readonly stepsPerEpoch: number;
  readonly reports: readonly TrainReport[];
  /** The first `trainEvaluation` training images, without dropout. */
  readonly train: TrainEvaluation;
  readonly test?: TrainEvaluation;
  /** Statistics of the layers during training, by name; axes: step, layer. */
  readonly statistics?: Readonly<Record<string, Observable>>;
  /** What the run counted over all its steps, by name. */
  readonly counters?: Readonly<Record<string, number>>;
  /** Why the run ended early: the loss was not finite at `step`; `layer` is the first at which a number is not finite. */
  readonly stopped?: {
    readonly step: number;
    readonly layer: number;
    readonly where: 'weights' | 'activations' | 'loss';
    readonly reason: string;
  };
  /** Numbers of a fit without steps, by name. */
  readonly quantities?: Readonly<Record<string, QuantityValue>>;
  /** What the trainer warns of. */
  readonly warnings?: readonly Warning[];
  /** Step of the checkpoint the run continued from. */
  readonly resumedFrom?: number;
  /** Hash of the trained parameters: equal exactly when every bit is. */
  readonly checksum: string;
  /** The arrays of the network by name, `layer1.weight` of shape [outputs, inputs], …; when asked for. */
  readonly weights?: Readonly<Record<string, NamedArray>>;
  /** Bytes planned for the run, images not counted. */
  readonly memory: number;
}

/** The options every trainer has: the verb reads them. */
export interface TrainerOptions {
  /** Use only the first examples of the training set; 0 = all. */
  readonly trainCount: number;
  /** Examples held out of the training set to evaluate on; 0 = none. */
  readonly validationCount: number;
  readonly memoryLimit?: number | undefined;
}

/** One run. */
export interface TrainerJob<Plan, Options> {
  readonly plan: Plan;
  readonly options: Options;
  /** System, version, spec and data: what a stored state must have been made with, besides the options that decide. */
  readonly identity: Readonly<Record<string, unknown>>;
  /** What a comparison with another program fixes instead of drawing it. */
  readonly given?: object;
}

/** Control of all runs of a call together. */
export interface TrainerControl extends ControlOptions {
  /** Of all runs together. */
  readonly threads: number;
}

/**
 * How the networks of a system are trained. `plan` says everything of a network; `flops` and `bytes` of a plan are what a
 * sweep orders and limits its jobs by.
 */
export interface Trainer<Spec = never, Plan = unknown, Options extends TrainerOptions = TrainerOptions> {
  /** The zod schema of the options, known here by its fields only: flags are made of it. */
  readonly optionsSchema: { readonly shape: Readonly<Record<string, unknown>> };
  /** Checks a user's options and fills the defaults in. Throws MftErrors. */
  resolveOptions(given: unknown): Options;
  /** The network of a resolved spec on this data. Throws MftErrors where spec, data and options contradict each other. */
  plan(spec: Spec, data: DataShape, options: Options): Plan;
  /** The options as the plan completes them (batch size, biases): what results record and the functions below take. */
  complete(plan: Plan, options: Options, data: DataShape): Options;
  /** Multiply-adds × 2 of the whole run. */
  flops(plan: Plan, options: Options, data: DataShape): number;
  /** Peak bytes of the run with so many threads; examples not counted. */
  bytes(plan: Plan, options: Options, data: DataShape, threads: number): number;
  /** Whether it takes texts: `train` refuses one elsewhere. */
  readonly takesText?: boolean;
  /** Options to lower when `bytes` is too much, the one that saves most first; left out: those of networks. */
  readonly lower?: readonly string[];
  /** Units of progress of a run. */
  units(plan: Plan, options: Options, data: DataShape): number;
  /** Runs side by side on one data set; one result each, in order. */
  run(
    jobs: readonly TrainerJob<Plan, Options>[],
    data: TrainingData,
    control: TrainerControl,
  ): Promise<readonly TrainingBody[]>;
}
