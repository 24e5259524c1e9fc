// What `train` returns, and how the native result becomes it.
import {
  axis,
  type Observable,
  type Provenance,
  type schemaVersion,
  type Undefined,
  type Warning,
} from '../core/results.js';
import type { Dataset } from '../data/dataset.js';
import type { NativeResult } from './native.js';
import type { ResolvedTrainOptions } from './options.js';

/** Loss and accuracy of a set of images, without dropout. */
export interface TrainEvaluation {
  /** Mean loss; `{ reason }` when the network has diverged. */
  readonly loss: number | Undefined;
  /** Fraction of images whose largest output is their label's. */
  readonly accuracy: number;
  readonly count: number;
}

/** The state of training at a step. */
export interface TrainReport {
  readonly step: number;
  readonly epoch: number;
  /** Means over the minibatches since the report before, with dropout. */
  readonly trainLoss: number;
  readonly trainAccuracy: number;
  /** Of the test images, without dropout; left out when there are none. */
  readonly testLoss?: number | Undefined;
  readonly testAccuracy?: number;
}

/** What became of the masks of a run: counted on every step. */
export interface TrainPaths {
  /** θ: probability that a mask leaves a path, from the keep probabilities. */
  readonly pathProbability: number;
  /** M. */
  readonly masksPerStep: number;
  /** Masks that kept no unit of some layer, among steps · masksPerStep. */
  readonly blockedMasks: number;
  /** Steps all of whose masks were blocked. */
  readonly lostSteps: number;
  /**
   * Steps with 0.0 in every component of the gradient. Without biases and with φ(0) = 0 these are the lost steps,
   * unless numbers underflow or all units of a ReLU layer are off.
   */
  readonly zeroGradientSteps: number;
  /** Steps lost with a gradient, or not lost without one. */
  readonly differingSteps: number;
}

/** A data set as results name it. */
export interface DatasetReference {
  readonly name: string;
  readonly split: Dataset['split'];
  readonly count: number;
  readonly sha256: string;
  readonly verified: boolean;
}

/** Statistics of the layers 1..L during training; axes: step, layer. */
export interface TrainStatistics {
  /** q: mean square of the pre-activations of the minibatch, with dropout. */
  readonly variance: Observable;
  /** c: mean correlation of the pre-activations of pairs of images. */
  readonly correlation: Observable;
  /** Logarithm of the mean of |∂E/∂z|² per image. */
  readonly errorNorm: Observable;
  /** Logarithm of the squared norm of the gradient of the mean loss with respect to a layer's weights and biases. */
  readonly gradientNorm: Observable;
}

/** What `train` returns: plain data. */
export interface Training<K extends string = string, S = unknown> {
  readonly kind: 'training';
  readonly schemaVersion: typeof schemaVersion;
  readonly system: K;
  readonly spec: S;
  readonly dataset: { readonly train: DatasetReference; readonly test?: DatasetReference };
  /** The options with defaults filled in. */
  readonly options: ResolvedTrainOptions;
  /** Steps done. */
  readonly steps: number;
  readonly stepsPerEpoch: number;
  readonly reports: readonly TrainReport[];
  /** The first `trainEvaluation` training images, without dropout. */
  readonly train: TrainEvaluation;
  readonly test?: TrainEvaluation;
  readonly statistics?: TrainStatistics;
  /** Blocked masks and lost steps: in system `percolation`. */
  readonly paths?: TrainPaths;
  /** Why the run ended early: the loss was not finite at `step`; `layer` is the first at which a number is not finite. */
  readonly stopped?: {
    readonly step: number;
    readonly layer: number;
    readonly where: 'weights' | 'activations' | 'loss';
    readonly reason: string;
  };
  /** Step of the checkpoint the run continued from. */
  readonly resumedFrom?: number;
  /** CRC-64 of the trained parameters: equal exactly when every bit is. */
  readonly checksum: string;
  /** Layer by layer the weights (outputs × inputs), then the biases; when asked for. */
  readonly parameters?: Float64Array;
  /** Bytes planned for the run, images not counted. */
  readonly memory: number;
  readonly warnings: readonly Warning[];
  readonly provenance: Provenance;
}

export function reference({ name, split, count, sha256, verified }: Dataset): DatasetReference {
  return { name, split, count, sha256, verified };
}

function finiteLoss(loss: number): number | Undefined {
  return Number.isFinite(loss) ? loss : { reason: 'the loss is not finite' };
}

/** The part of the result that the native run gives. */
export function trainingBody(
  result: NativeResult,
  options: ResolvedTrainOptions,
  depth: number,
  stepsPerEpoch: number,
  hasTest: boolean,
): Pick<
  Training,
  | 'steps'
  | 'stepsPerEpoch'
  | 'reports'
  | 'train'
  | 'test'
  | 'statistics'
  | 'stopped'
  | 'resumedFrom'
  | 'checksum'
  | 'parameters'
  | 'memory'
> {
  const { stop } = result;
  return {
    steps: result.steps,
    stepsPerEpoch,
    reports: result.reports.map(({ step, trainLoss, trainAccuracy, testLoss, testAccuracy }) => ({
      step,
      epoch: step / stepsPerEpoch,
      trainLoss,
      trainAccuracy,
      ...(hasTest ? { testLoss: finiteLoss(testLoss), testAccuracy } : {}),
    })),
    train: { ...result.train, loss: finiteLoss(result.train.loss) },
    ...(hasTest ? { test: { ...result.test, loss: finiteLoss(result.test.loss) } } : {}),
    ...(options.statisticsEvery > 0 ? { statistics: statistics(result, depth) } : {}),
    ...(stop === undefined
      ? {}
      : {
          stopped: {
            ...stop,
            reason: `the loss is not finite at step ${stop.step}; the ${stop.where} of layer ${stop.layer} are the first that are not`,
          },
        }),
    ...(result.resumedFrom > 0 ? { resumedFrom: result.resumedFrom } : {}),
    checksum: result.checksum,
    ...(options.returnParameters ? { parameters: result.parameters } : {}),
    memory: result.plannedBytes,
  };
}

function statistics(result: NativeResult, depth: number): TrainStatistics {
  const axes = [{ name: 'step', values: result.statisticsSteps } as const, axis('layer', depth, 1)];
  const observable = (raw: Float64Array, scale: 'linear' | 'log', reason: string): Observable => {
    const values = scale === 'log' ? raw.map(Math.log) : raw.slice();
    const undefinedAt: { index: number; reason: string }[] = [];
    values.forEach((value, index) => {
      if (!Number.isNaN(value)) return;
      undefinedAt.push({ index, reason });
      values[index] = 0;
    });
    return { axes, scale, values, ...(undefinedAt.length > 0 ? { undefinedAt } : {}) };
  };
  return {
    variance: observable(result.variance, 'linear', 'not a number'),
    correlation: observable(result.correlation, 'linear', 'no pair of images whose pre-activations are both not zero'),
    errorNorm: observable(result.errorSquare, 'log', 'not a number'),
    gradientNorm: observable(result.gradientSquare, 'log', 'not a number'),
  };
}
