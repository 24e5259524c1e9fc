// What `train` returns, and how the native result becomes it.
import {
  axis,
  type Observable,
  type Provenance,
  type schemaVersion,
  type Undefined,
  type Warning,
} from '../core/results.js';
import type { TrainEvaluation, TrainingBody } from '../core/trainer.js';
import type { Dataset } from '../data/dataset.js';
import type { NativeResult } from './native.js';
import type { ResolvedTrainOptions } from './options.js';

/** A data set as results name it. */
export interface DatasetReference {
  readonly name: string;
  readonly split: Dataset['split'] | 'valid';
  readonly count: number;
  readonly sha256: string;
  readonly verified: boolean;
  /** Of a .npz archive: which component means white, where the colors are, and the form of the labels. */
  readonly range?: Dataset['range'];
  readonly channels?: Dataset['channels'];
  readonly labelForm?: Dataset['labelForm'];
}

/** What `train` returns: plain data. */
export interface Training<K extends string = string, S = unknown, O = ResolvedTrainOptions> extends TrainingBody {
  readonly kind: 'training';
  readonly schemaVersion: typeof schemaVersion;
  readonly system: K;
  readonly spec: S;
  readonly dataset: { readonly train: DatasetReference; readonly test?: DatasetReference };
  /** The options with defaults filled in. */
  readonly options: O;
  readonly warnings: readonly Warning[];
  readonly provenance: Provenance;
}

export function reference({
  name,
  split,
  count,
  sha256,
  verified,
  range,
  channels,
  labelForm,
}: DatasetReference): DatasetReference {
  return {
    name,
    split,
    count,
    sha256,
    verified,
    ...(range === undefined ? {} : { range }),
    ...(channels === undefined ? {} : { channels }),
    ...(labelForm === undefined ? {} : { labelForm }),
  };
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
  {
    hasTest,
    hasLabels,
    directions,
  }: { readonly hasTest: boolean; readonly hasLabels: boolean; readonly directions: number },
): TrainingBody {
  const { stop } = result;
  const evaluation = ({ loss, accuracy, count }: NativeResult['train']): TrainEvaluation => ({
    loss: finiteLoss(loss),
    ...(hasLabels ? { accuracy } : {}),
    count,
  });
  return {
    steps: result.steps,
    stepsPerEpoch,
    reports: result.reports.map(({ step, trainLoss, trainAccuracy, testLoss, testAccuracy }) => ({
      step,
      epoch: step / stepsPerEpoch,
      trainLoss,
      ...(hasLabels ? { trainAccuracy } : {}),
      ...(hasTest ? { testLoss: finiteLoss(testLoss), ...(hasLabels ? { testAccuracy } : {}) } : {}),
    })),
    train: evaluation(result.train),
    ...(hasTest ? { test: evaluation(result.test) } : {}),
    ...(options.statisticsEvery > 0 || directions > 0
      ? {
          statistics: {
            ...(options.statisticsEvery > 0 ? statistics(result, depth) : {}),
            ...(directions > 0 ? projections(result, directions) : {}),
          },
        }
      : {}),
    ...(stop === undefined
      ? {}
      : {
          stopped: {
            ...stop,
            reason:
              `the loss is not finite at step ${stop.step}` +
              (stop.where === 'loss' ? '' : `; the ${stop.where} of layer ${stop.layer} are the first that are not`),
          },
        }),
    ...(result.resumedFrom > 0 ? { resumedFrom: result.resumedFrom } : {}),
    checksum: result.checksum,
    memory: result.plannedBytes,
  };
}

/**
 * By name, of the layers 1..L: `variance` q, the mean square of the outputs before φ (of a block: of its outputs) over the
 * minibatch, with dropout; `correlation` c, of pairs of images; `errorNorm`, the logarithm of the mean of |∂E/∂z|² per
 * image; `gradientNorm`, the logarithm of the squared norm of the gradient of the mean loss by a layer's parameters.
 */
function statistics(result: NativeResult, depth: number): Readonly<Record<string, Observable>> {
  const axes = [{ name: 'step', values: result.statisticsSteps } as const, axis('layer', depth, 1)];
  const observable = (raw: Float64Array, scale: 'linear' | 'log', reason: string): Observable =>
    defined(axes, scale, scale === 'log' ? raw.map(Math.log) : raw.slice(), Number.isNaN, reason);
  return {
    variance: observable(result.variance, 'linear', 'not a number'),
    correlation: observable(result.correlation, 'linear', 'no pair of images whose pre-activations are both not zero'),
    errorNorm: observable(result.errorSquare, 'log', 'not a number'),
    gradientNorm: observable(result.gradientSquare, 'log', 'not a number'),
  };
}

/**
 * By name: `projection`, of the plan's directions v the mean of (v·output)(v·input) over the training examples, without noise and
 * masks; `singularValue` of the product of the weights, where the plan wants them.
 */
function projections(result: NativeResult, directions: number): Readonly<Record<string, Observable>> {
  const steps = result.projectionsSteps;
  const columns = result.projections.length / Math.max(1, steps.length);
  const part = (first: number, of: string, reason: string): Observable => {
    const values = new Float64Array(steps.length * directions);
    for (let record = 0; record < steps.length; record++) {
      const at = record * columns + first;
      values.set(result.projections.subarray(at, at + directions), record * directions);
    }
    return defined([{ name: 'step', values: steps }, axis(of, directions)], 'linear', values, isNotFinite, reason);
  };
  return {
    projection: part(0, 'direction', 'the outputs are not finite'),
    ...(columns > directions ? { singularValue: part(directions, 'mode', 'the weights are not finite') } : {}),
  };
}

const isNotFinite = (x: number): boolean => !Number.isFinite(x);

/** What is no number has a reason in its place. */
function defined(
  axes: Observable['axes'],
  scale: Observable['scale'],
  values: Float64Array,
  isNone: (value: number) => boolean,
  reason: string,
): Observable {
  const undefinedAt: { index: number; reason: string }[] = [];
  values.forEach((value, index) => {
    if (!isNone(value)) return;
    undefinedAt.push({ index, reason });
    values[index] = 0;
  });
  return { axes, scale, values, ...(undefinedAt.length > 0 ? { undefinedAt } : {}) };
}
