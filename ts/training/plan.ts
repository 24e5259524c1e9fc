// What gradient descent trains: layers one after the other, from the input of an example to what its target asks for.
// A plan is data; ts/training/layers has a file per kind of layer, native/train/layers its counterpart.
import type { Shape } from '../core/trainer.js';

/** What the layers of every kind say. */
export interface LayerBase<Kind extends string> {
  readonly kind: Kind;
  /** Shape of an example's output. */
  readonly output: Shape;
  /** Multiply-adds of the forward pass of one example. */
  readonly multiplyAdds: number;
  readonly hasBiases: boolean;
  /** What training holds the weights to after every update: Frobenius norm of the matrix (of each kernel), and its rank. */
  readonly heldNorm?: number;
  readonly heldRank?: number;
  /** Names of its parts with a product W x, which `forwardMultipliers` multiply; left out where the layer itself is one. */
  readonly products?: readonly string[];
  /** Factors of the learning rate by tensor (`weight`, `inner.bias`), besides those of the options. */
  readonly rateMultipliers?: Readonly<Record<string, number>>;
  /** Factors of W x by part (`''` the layer itself), besides those of the options. */
  readonly forwardMultipliers?: Readonly<Record<string, number>>;
}

/** Kind → plan of a layer. Each file of ts/training/layers adds its own by merging into this interface. */
// biome-ignore lint/suspicious/noEmptyInterface: filled by the files of the layers
export interface LayerKinds {}

export type LayerPlan = LayerKinds[keyof LayerKinds];

/** What is counted in every step. `paths`: masks without a path and gradients of exactly zero (docs/training.md). */
type CounterKind = 'paths';

export interface TrainingPlan {
  /** Of an example. */
  readonly input: Shape;
  readonly layers: readonly LayerPlan[];
  /** What the outputs are held against: labels, the inputs themselves, or one label of each position of a sequence. */
  readonly target: 'labels' | 'inputs' | 'sequence';
  /** Examples per step where the spec fixes them ('all': the whole training set); else the options say. */
  readonly batch?: number | 'all';
  /** Steps where neither `steps` nor `epochs` is given. */
  readonly steps?: number;
  /** Positions of a sequence, each with a label; only for target `sequence`. */
  readonly positions?: number;
  /**
   * Rows are stretches of longer sequences (truncated back-propagation): the data are cut into as many streams as a step has
   * examples, each in its order, and an example begins with the states that the one before it in its stream has left.
   */
  readonly carriesState?: boolean;
  /** Added to every component of the inputs in every step: E = 0, this variance. Masking is `inputKeepProbability`. */
  readonly inputNoise?: { readonly kind: 'gaussian' | 'uniform' | 'sign'; readonly variance: number };
  /**
   * Where the inputs are the target: directions v (rows of the inputs' dimension) for which the mean of (v·output)(v·input) over
   * the training examples is recorded, without noise and masks, before every so many steps and at the end; with `hasSingularValues`
   * (two linear layers without biases) also as many leading singular values of the product of the weights.
   */
  readonly projections?: {
    readonly directions: Float64Array;
    readonly every: number;
    readonly hasSingularValues?: boolean;
  };
  /** ρ of the inputs. */
  readonly inputKeepProbability: number;
  /** Whether all examples of a step have one mask. */
  readonly hasSharedMasks: boolean;
  readonly counters: readonly CounterKind[];
  /** Factor of the options' `epsilon`. Default 1. */
  readonly epsilonFactor?: number;
}
