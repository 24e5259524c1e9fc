// Training on the expected loss over the noise: nothing is sampled, linear networks in moment form, rectified ones by pairs.
import { addon } from '../../core/addon.js';
import { controlled } from '../../core/control.js';
import { MftError } from '../../core/errors.js';
import { axis, type Observable } from '../../core/results.js';
import type { Examples, NamedArray, TrainerControl, TrainingBody, TrainReport } from '../../core/trainer.js';
import { learningRates, type ResolvedTrainOptions } from '../../training/options.js';
import type { NativeExpectedTraining, SecondMoment } from './descent-native.js';
import { nativeExamples } from './second-moment.js';

/** What the spec says of a run on the expected loss. */
export interface ExpectedRun {
  readonly width: number;
  readonly isRectified: boolean;
  readonly isTied: boolean;
  readonly noiseVariance: number;
  readonly keepProbability: number;
  readonly steps: number;
  readonly modes: number;
  readonly every: number;
}

export type Weights = Readonly<Record<string, NamedArray>>;

interface ExpectedResult {
  readonly body: Pick<TrainingBody, 'steps' | 'reports' | 'statistics' | 'stopped'>;
  readonly weights: Weights;
}

/** What plain descent on a loss without samples cannot do. */
export function refuseForExpectedNoise(options: ResolvedTrainOptions): void {
  const refuse = (parameter: string, expected: string): MftError =>
    new MftError('ERR_MFT_UNSUPPORTED', `Expected \`${parameter}\` to be ${expected} where the noise is expected.`, {
      parameter,
      expected,
    });
  if (options.optimizer !== 'sgd') throw refuse('optimizer', 'sgd');
  if (options.clipNorm !== 0) throw refuse('clipNorm', '0');
  if (options.checkpoint !== undefined) throw refuse('checkpoint', 'left out');
  if (options.statisticsEvery !== 0) throw refuse('statisticsEvery', '0');
  for (const name of ['rateMultipliers', 'forwardMultipliers'] as const)
    if (Object.keys(options[name]).length > 0) throw refuse(name, 'left out');
}

/** Rows of W2 become those of its transpose, or back. */
export function transposed(values: ArrayLike<number>, rows: number, columns: number): Float64Array {
  const result = new Float64Array(rows * columns);
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < columns; j++) result[j * rows + i] = values[i * columns + j] as number;
  return result;
}

/**
 * Descent from these weights. Loss and mappings are recorded every `every` steps, before the step, and at the end.
 *
 * @throws MftError ERR_MFT_UNSUPPORTED (masks with rectified units); `signal.reason` when cancelled
 */
export async function trainExpected(
  run: ExpectedRun,
  examples: Examples,
  { variances, directions, diagonal }: SecondMoment,
  start: Weights,
  options: ResolvedTrainOptions,
  control: TrainerControl,
): Promise<ExpectedResult> {
  const { dimension } = examples;
  const { width, steps, modes, every } = run;
  const request: NativeExpectedTraining = {
    examples: nativeExamples(examples, options.trainCount, options.normalization, false),
    hidden: width,
    first: Float64Array.from(start['layer1.weight']?.values ?? []),
    second: transposed(start['layer2.weight']?.values ?? [], dimension, width),
    variances,
    directions,
    diagonal,
    isRectified: run.isRectified,
    isTied: run.isTied,
    noiseVariance: run.noiseVariance,
    keepProbability: run.keepProbability,
    weightDecay: options.weightDecay,
    rates: learningRates(options, steps),
    batch: options.batchSize,
    modes,
    every,
    threads: control.threads,
  };
  const result = await controlled(control, steps, (slots) => addon().autoencoderExpectedTraining(request, slots));
  const reports = Array.from(
    result.records,
    (step, i): TrainReport => ({
      step,
      epoch: step,
      trainLoss: result.losses[i] as number,
    }),
  ).filter(({ step, trainLoss }) => step > 0 && Number.isFinite(trainLoss));
  const recorded = (all: Float64Array, of: string, reason: string): Observable => {
    const lost = Array.from(all.keys()).filter((i) => !Number.isFinite(all[i]));
    return {
      axes: [{ name: 'step', values: result.records }, axis(of, modes)],
      scale: 'linear',
      values: all.map((x) => (Number.isFinite(x) ? x : 0)),
      ...(lost.length > 0 ? { undefinedAt: lost.map((index) => ({ index, reason })) } : {}),
    };
  };
  const statistics = {
    projection: recorded(result.projections, 'direction', 'the outputs are not finite'),
    ...(run.isRectified
      ? {}
      : { singularValue: recorded(result.singularValues, 'mode', 'the weights are not finite') }),
  };
  return {
    body: {
      steps: result.steps,
      reports,
      ...(modes > 0 ? { statistics } : {}),
      ...(result.hasStopped
        ? {
            stopped: {
              step: result.steps,
              layer: 2,
              where: 'loss' as const,
              reason: `the loss is not finite at step ${result.steps}`,
            },
          }
        : {}),
    },
    weights: {
      'layer1.weight': { shape: [width, dimension], values: result.first },
      'layer2.weight': { shape: [dimension, width], values: transposed(result.second, width, dimension) },
    },
  };
}
