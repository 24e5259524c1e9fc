// Theory of `autoencoder`: every direction of the data by itself, averaged over the law of its start.
import { innerAxis, type Predicted, type QuantityValue, type Warning } from '../../core/results.js';
import type { PredictionBody, SystemOptions } from '../../core/system.js';
import { throwIfAborted } from '../../core/control.js';
import { balancedTime } from './balanced.js';
import { fixedPoint, growth, type Mode, modeLoss, optimumLoss } from './mode.js';
import { type ModeMeans, modeMeans, type Work, work } from './mode-means.js';
import type { AutoencoderObservable } from './observables.js';
import { stableLearningRate } from './rates.js';
import { noiseOf, recordsOf, type ResolvedAutoencoderSpec, spectrumOf } from './spec.js';
import { startComponents, startsOf } from './starts.js';
import { leastOf } from '../../numeric/extremes.js';

/** Quadrature over starts; aligned directions leave nothing else out. */
const quadratureError = 1e-5;
/** Of networks from small random starts: directions are taken one by one, half-times hold to about one part in a hundred. */
const networkError = 0.02;

/** The directions of a spec, with its noise and decay. */
export function modesOf(spec: ResolvedAutoencoderSpec): Mode[] {
  const [noiseVariance, weightDecay] = [noiseOf(spec), spec.weightDecay];
  return Array.from(spectrumOf(spec), (inputVariance) => ({ inputVariance, noiseVariance, weightDecay }));
}

/** α of the balanced equation: a tied matrix gets both gradients. */
export const rateOf = (spec: ResolvedAutoencoderSpec): number => (spec.tied ? 2 : 1) * spec.learningRate;

const networkOf = (spec: ResolvedAutoencoderSpec, mode: number): ResolvedAutoencoderSpec =>
  spec.initial === 'aligned' ? spec : { ...spec, width: spec.width + mode };

/** Means of one direction; `learnt`: at each record how many leading directions are learnt, in sum. */
async function meansOf(
  spec: ResolvedAutoencoderSpec,
  mode: Mode,
  index: number,
  records: Float64Array,
  learnt: Float64Array,
  of: Work,
): Promise<ModeMeans> {
  const means = async (network: ResolvedAutoencoderSpec): Promise<ModeMeans> => {
    const starts = startsOf(network, index);
    if (starts !== undefined) return modeMeans(mode, starts, rateOf(spec), records, spec.dynamics, of);
    const zero = new Float64Array(records.length);
    return {
      mapping: zero,
      square: zero,
      norm: zero,
      loss: zero.map(() => modeLoss(mode, 0, 0)),
      low: zero,
      high: zero,
    };
  };
  const late = await means(spec);
  if (spec.initial === 'aligned' || index === 0) return late;
  // All H components grow until the leading directions are learnt, each of which takes one away.
  const early = await means(networkOf(spec, index));
  const blend = (a: Float64Array, b: Float64Array): Float64Array =>
    a.map((x, t) => x + (((b[t] as number) - x) * (learnt[t] as number)) / index);
  return {
    mapping: blend(early.mapping, late.mapping),
    square: blend(early.square, late.square),
    norm: blend(early.norm, late.norm),
    loss: blend(early.loss, late.loss),
    low: blend(early.low, late.low),
    high: blend(early.high, late.high),
  };
}

/** Median of the mapping that grows: a chi-square with n components (Wilson, Hilferty 1931) times the variance of the start. */
function typicalStart(spec: ResolvedAutoencoderSpec, index: number): number {
  const n = startComponents(spec, index);
  const balance = spec.initial === 'balanced' || spec.tied ? 1 : 0.5;
  return n === 0 ? 0 : balance * spec.initialVariance * n * (1 - 2 / (9 * n)) ** 3;
}

/**
 * Steps until half of the fixed point from the median start, or why there is none. A step of descent multiplies what is small by
 * 1 + α m where the flow has e^{α m}: its times are longer by α m/log(1 + α m).
 */
export function halfTime(spec: ResolvedAutoencoderSpec, mode: Mode, index: number): QuantityValue {
  const start = typicalStart(spec, index);
  const end = fixedPoint(mode);
  if (start === 0) return { reason: 'there are fewer hidden units than directions before it' };
  if (end === 0)
    return {
      reason:
        mode.inputVariance === 0
          ? 'it has no variance'
          : 'it is not learnt: its variance is not above the weight decay',
    };
  if (start >= end / 2) return { reason: 'it starts beyond half of its fixed point' };
  const growthPerStep = rateOf(spec) * growth(mode);
  const slower = spec.dynamics === 'descent' ? growthPerStep / Math.log1p(growthPerStep) : 1;
  return (slower * balancedTime(mode, start, end / 2)) / rateOf(spec);
}

function warningsOf(spec: ResolvedAutoencoderSpec, modes: readonly Mode[]): Warning[] {
  const warnings: Warning[] = [];
  const limit = leastOf(modes.map(stableLearningRate));
  if (rateOf(spec) > limit)
    warnings.push({
      id: 'unstableLearningRate',
      message:
        `The learning rate ${spec.learningRate} is above the limit of stability at the optimum, ` +
        `${((limit * spec.learningRate) / rateOf(spec)).toPrecision(6)}.`,
    });
  if (spec.inputKeepProbability < 1)
    warnings.push({
      id: 'maskingCouplesDirections',
      message:
        'Masking noise leaves the directions apart only where all coordinates have one second moment; theory takes their mean.',
    });
  return warnings;
}

export async function predict(
  spec: ResolvedAutoencoderSpec,
  options: SystemOptions,
): Promise<PredictionBody<AutoencoderObservable>> {
  throwIfAborted(options);
  const modes = modesOf(spec);
  const records = recordsOf(spec);
  const size = records.length;
  const [mapping, spread] = [new Float64Array(size * modes.length), new Float64Array(size * modes.length)];
  const [low, high] = [new Float64Array(size * modes.length), new Float64Array(size * modes.length)];
  const [loss, squaredNorm, learnt] = [new Float64Array(size), new Float64Array(size), new Float64Array(size)];
  const doing = work(options, (spec.initial === 'aligned' ? 1 : 2) * modes.length * size);
  for (const [i, mode] of modes.entries()) {
    const means = await meansOf(spec, mode, i, records, learnt, doing);
    const end = fixedPoint(mode);
    for (let at = 0; at < size; at++) {
      const mean = means.mapping[at] as number;
      mapping[at * modes.length + i] = mean;
      low[at * modes.length + i] = means.low[at] as number;
      high[at * modes.length + i] = means.high[at] as number;
      spread[at * modes.length + i] = mean === 0 ? Infinity : Math.max(0, (means.square[at] as number) / mean ** 2 - 1);
      loss[at] = (loss[at] as number) + (means.loss[at] as number);
      squaredNorm[at] = (squaredNorm[at] as number) + (means.norm[at] as number);
      if (end > 0) learnt[at] = (learnt[at] as number) + Math.min(1, Math.max(0, mean / end));
    }
    await doing.pause();
  }
  const steps = { name: 'step', values: records };
  const error = spec.initial === 'aligned' ? quadratureError : networkError;
  const observable = (values: Float64Array, inner = innerAxis('value', 1)): Predicted => ({
    axes: [steps, inner],
    scale: 'linear',
    values,
    error,
  });
  return {
    quantities: {
      fixedPoint: modes.map(fixedPoint),
      timeToReach: modes.map((mode, i) => halfTime(spec, mode, i)),
      stableLearningRate: leastOf(modes.map(stableLearningRate)) / (spec.tied ? 2 : 1),
      optimumLoss: optimumLoss(
        modes.map(({ inputVariance }) => inputVariance),
        spec.width,
        noiseOf(spec),
        spec.weightDecay,
      ),
    },
    observables: {
      modeMapping: { ...observable(mapping, innerAxis('mode', modes.length)), spread },
      modeMappingLow: observable(low, innerAxis('mode', modes.length)),
      modeMappingHigh: observable(high, innerAxis('mode', modes.length)),
      loss: observable(loss),
      squaredNorm: observable(squaredNorm),
    },
    warnings: warningsOf(spec, modes),
  };
}
