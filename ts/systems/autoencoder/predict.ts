// Theory of `autoencoder`: every direction of the data by itself, averaged over the law of its start.
import { innerAxis, type Predicted, type QuantityValue, type Warning } from '../../core/results.js';
import type { PredictionBody, SystemOptions } from '../../core/system.js';
import { throwIfAborted } from '../../core/control.js';
import { MftError } from '../../core/errors.js';
import { balancedMapping, balancedTime } from './balanced.js';
import { followsSteps } from './cost.js';
import { type Cluster, clustersOf } from './clusters.js';
import { fixedPoint, growth, type Mode, modeLoss, optimumLoss } from './mode.js';
import { type ModeMeans, type ModeStage, modeMeans, roomForMeans, type Work, work } from './mode-means.js';
import type { AutoencoderObservable } from './observables.js';
import { stableLearningRate } from './rates.js';
import { type Stage, stagesOf } from './schedule.js';
import { noiseOf, recordsOf, type ResolvedAutoencoderSpec, spectrumOf } from './spec.js';
import { startComponents, startsOf } from './starts.js';
import { leastOf } from '../../numeric/extremes.js';

/** Quadrature over starts; aligned directions leave nothing else out. */
const quadratureError = 1e-5;
/** Of networks from small random starts: directions are taken one by one, half-times hold to about one part in a hundred. */
const networkError = 0.02;

/** Stages of a spec; what holds at its end is the last of them. */
const lastStage = (spec: ResolvedAutoencoderSpec): Stage => stagesOf(spec).at(-1) as Stage;

/** The directions of a spec, with noise and decay of a stage, of the last one when left out. */
export function modesOf(spec: ResolvedAutoencoderSpec, stage = lastStage(spec)): Mode[] {
  const noiseVariance = noiseOf(spec, stage.noiseVariance);
  return Array.from(spectrumOf(spec), (inputVariance) => ({
    inputVariance,
    noiseVariance,
    weightDecay: stage.weightDecay,
  }));
}

/** α of the balanced equation: a tied matrix gets both gradients. */
const rateOf = (spec: ResolvedAutoencoderSpec, { learningRate } = lastStage(spec)): number =>
  (spec.tied ? 2 : 1) * learningRate;

/** The stages of every direction. */
function modeStages(spec: ResolvedAutoencoderSpec): ModeStage[][] {
  const stages = stagesOf(spec).map((stage) => ({ stage, modes: modesOf(spec, stage) }));
  return Array.from(spectrumOf(spec), (_, i) =>
    stages.map(({ stage, modes }) => ({
      fromStep: stage.fromStep,
      mode: modes[i] as Mode,
      rate: rateOf(spec, stage),
    })),
  );
}

/** The stage in force at a step. */
const stageAt = (stages: readonly ModeStage[], step: number): ModeStage =>
  stages.findLast(({ fromStep }) => fromStep <= step) as ModeStage;

const networkOf = (spec: ResolvedAutoencoderSpec, mode: number): ResolvedAutoencoderSpec =>
  spec.initial === 'aligned' ? spec : { ...spec, width: spec.width + mode };

/** Of a normal number, 95 of a hundred. */
const normal95 = 1.6448536269514722;

/**
 * Means of one direction, from those of the principal directions of its cluster, d of them, in which it lies anyhow: the mean is
 * theirs, the variance over starts 2/(d + 2) of theirs.
 */
function ofMember(means: ModeMeans, d: number): ModeMeans {
  const deviation = means.mapping.map((mean, t) =>
    Math.sqrt((2 / (d + 2)) * Math.max(0, (means.square[t] as number) - mean ** 2)),
  );
  const at = (sign: number): Float64Array => means.mapping.map((mean, t) => mean + sign * (deviation[t] as number));
  return {
    ...means,
    square: means.mapping.map((mean, t) => mean ** 2 + (deviation[t] as number) ** 2),
    low: at(-normal95),
    high: at(normal95),
  };
}

/** Where the means of a direction are written: of the network with all its units, and of those that are left. */
interface Room {
  readonly early: ModeMeans;
  readonly late: ModeMeans;
}

/** Means of one direction of a cluster; `learnt`: at each record how many directions before it are learnt, in sum. */
async function meansOf(
  spec: ResolvedAutoencoderSpec,
  stages: readonly ModeStage[],
  { first: index, count }: Cluster,
  records: Float64Array,
  learnt: Float64Array,
  of: Work,
  room: Room,
): Promise<ModeMeans> {
  const means = async (network: ResolvedAutoencoderSpec, into: ModeMeans): Promise<ModeMeans> => {
    const starts = startsOf(network, index, count);
    if (starts !== undefined) {
      const found = await modeMeans(stages, starts, records, spec.dynamics, of, into);
      return count > 1 ? ofMember(found, count) : found;
    }
    for (const values of Object.values(into) as Float64Array[]) values.fill(0);
    for (const [at, step] of records.entries()) {
      const loss = modeLoss(stageAt(stages, step).mode, 0, 0);
      [into.loss[at], into.lossSquare[at]] = [loss, loss * loss];
    }
    return into;
  };
  const late = await means(spec, room.late);
  if (spec.initial === 'aligned' || index === 0) return late;
  // All H components grow until the leading directions are learnt, each of which takes one away.
  const early = await means(networkOf(spec, index), room.early);
  for (const name of Object.keys(early) as (keyof ModeMeans)[]) {
    const [from, to] = [early[name], late[name]];
    for (const [t, x] of from.entries()) from[t] = x + (((to[t] as number) - x) * (learnt[t] as number)) / index;
  }
  return early;
}

/** Median of the mapping that grows: a chi-square with n components (Wilson, Hilferty 1931) times the variance of the start. */
function typicalStart(spec: ResolvedAutoencoderSpec, index: number): number {
  const n = startComponents(spec, index);
  const balance = spec.initial === 'balanced' || spec.tied ? 1 : 0.5;
  return n === 0 ? 0 : balance * spec.initialVariance * n * (1 - 2 / (9 * n)) ** 3;
}

/** Steps a small mapping of descent takes over those of the flow: a step multiplies it by 1 + α m where the flow has e^{α m}. */
function slowness({ mode, rate }: ModeStage, dynamics: ResolvedAutoencoderSpec['dynamics']): number {
  const perStep = rate * growth(mode);
  return dynamics === 'flow' || perStep === 0 || perStep <= -1 ? 1 : perStep / Math.log1p(perStep);
}

/** Steps until half of the last fixed point from the median start, or why there is none; of every direction. */
export const halfTimes = (spec: ResolvedAutoencoderSpec): QuantityValue[] =>
  modeStages(spec).map((stages, index) => halfTime(spec, stages, index));

function halfTime(spec: ResolvedAutoencoderSpec, stages: readonly ModeStage[], index: number): QuantityValue {
  const { mode: last } = stages.at(-1) as ModeStage;
  const start = typicalStart(spec, index);
  const target = fixedPoint(last) / 2;
  if (start === 0) return { reason: 'there are fewer hidden units than directions before it' };
  if (target === 0)
    return {
      reason:
        last.inputVariance === 0
          ? 'it has no variance'
          : 'it is not learnt: its variance is not above the weight decay',
    };
  if (start >= target) return { reason: 'it starts beyond half of its fixed point' };
  let w = start;
  for (const [i, stage] of stages.entries()) {
    const { mode, rate, fromStep } = stage;
    const length = (stages[i + 1]?.fromStep ?? Infinity) - fromStep;
    const slower = slowness(stage, spec.dynamics);
    if (w === target) return fromStep;
    if (rate > 0 && (target - w) * (fixedPoint(mode) - target) > 0) {
      const time = (slower * balancedTime(mode, w, target)) / rate;
      if (time <= length) return fromStep + time;
    }
    if (length < Infinity) w = balancedMapping(mode, w, (rate * length) / slower);
  }
  return { reason: 'it does not move towards half of its last fixed point in the last stage' };
}

/** The limit of a learning rate of a spec, which a tied matrix takes twice. */
export const rateLimit = (spec: ResolvedAutoencoderSpec, modes: readonly Mode[]): number =>
  leastOf(modes.map(stableLearningRate)) / (spec.tied ? 2 : 1);

function warningsOf(spec: ResolvedAutoencoderSpec): Warning[] {
  const warnings: Warning[] = [];
  for (const stage of stagesOf(spec)) {
    const limit = rateLimit(spec, modesOf(spec, stage));
    if (stage.learningRate <= limit) continue;
    const from = stage.fromStep === 0 ? '' : ` from step ${stage.fromStep} on`;
    warnings.push({
      id: 'unstableLearningRate',
      message:
        `The learning rate ${stage.learningRate}${from} is above the limit of stability at the optimum, ` +
        `${limit.toPrecision(6)}.`,
    });
  }
  if (spec.inputKeepProbability < 1)
    warnings.push({
      id: 'maskingCouplesDirections',
      message:
        'Masking noise leaves the directions apart only where all coordinates have one second moment; theory takes their mean.',
    });
  return warnings;
}

/** Directions of a network that its run cannot tell apart. Aligned starts have no others to mix with. */
function clustersIn(spec: ResolvedAutoencoderSpec, times: readonly QuantityValue[]): Cluster[] {
  const variances = spectrumOf(spec);
  if (spec.initial === 'aligned') return Array.from(variances, (_, first) => ({ first, count: 1 }));
  const stages = stagesOf(spec);
  const elapsed = (step: number): number =>
    stages.reduce((sum, { fromStep, learningRate }, i) => {
      const end = Math.min(step, stages[i + 1]?.fromStep ?? Infinity);
      return sum + (spec.tied ? 2 : 1) * learningRate * Math.max(0, end - fromStep);
    }, 0);
  return clustersOf(variances, elapsed, spec.steps, times);
}

/** Clusters that are learnt within the run. */
function clusterWarning(
  spec: ResolvedAutoencoderSpec,
  clusters: readonly Cluster[],
  times: readonly QuantityValue[],
): Warning[] {
  const found = clusters.filter(({ first, count }) => {
    const time = times[first];
    return count > 1 && typeof time === 'number' && time <= spec.steps;
  });
  if (found.length === 0) return [];
  const named = found.slice(0, 3).map(({ first, count }) => `${first}–${first + count - 1}`);
  return [
    {
      id: 'clusteredDirections',
      message:
        `Directions ${named.join(', ')}${found.length > 3 ? ` and ${found.length - 3} more clusters` : ''} are too alike in ` +
        'variance to be learnt one by one: their mappings are means over the subspace of each cluster.',
    },
  ];
}

/** Variances over squared means; 0 of what is always 0. */
const relativeTo = (means: Float64Array, variances: Float64Array): Float64Array =>
  means.map((mean, at) => (mean === 0 ? 0 : (variances[at] as number) / mean ** 2));

/** Theory of a spec. See `predict`; of the flow every mean carries its difference from the descent that is simulated. */
export async function predict(
  spec: ResolvedAutoencoderSpec,
  options: SystemOptions,
): Promise<PredictionBody<AutoencoderObservable>> {
  const found = await meanCurves(spec, options);
  return spec.dynamics === 'flow' ? { ...found, observables: await withSteps(spec, found, options) } : found;
}

/**
 * Adds to what is said of the flow the term of the finite rate, descent less flow: exact, from the same starts. Where the descent takes
 * more steps than are followed here, or diverges, nothing is known of the term.
 */
async function withSteps(
  spec: ResolvedAutoencoderSpec,
  flow: PredictionBody<AutoencoderObservable>,
  { signal }: SystemOptions,
): Promise<Readonly<Partial<Record<AutoencoderObservable, Predicted>>>> {
  const descent = await descentOf(spec, signal === undefined ? {} : { signal });
  return Object.fromEntries(
    Object.entries(flow.observables as Readonly<Record<string, Predicted>>).map(([name, observable]) => {
      const steps = descent?.observables[name as AutoencoderObservable]?.values;
      const finiteSize =
        steps === undefined
          ? {
              order: 1,
              values: new Float64Array(observable.values.length),
              allowance: new Float64Array(observable.values.length).fill(Infinity),
            }
          : { order: 1, values: observable.values.map((value, i) => (steps[i] as number) - value) };
      return [name, { ...observable, finiteSize }];
    }),
  );
}

async function descentOf(
  spec: ResolvedAutoencoderSpec,
  options: SystemOptions,
): Promise<PredictionBody<AutoencoderObservable> | undefined> {
  if (!followsSteps(spec)) return undefined;
  try {
    return await meanCurves({ ...spec, dynamics: 'descent' }, options);
  } catch (error) {
    if (error instanceof MftError && error.code === 'ERR_MFT_NOT_FINITE') return undefined;
    throw error;
  }
}

async function meanCurves(
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
  // Variances over starts: directions are independent, their variances add up.
  const [lossVariance, normVariance] = [new Float64Array(size), new Float64Array(size)];
  const room = { early: roomForMeans(modes.length > 1 ? size : 0), late: roomForMeans(size) };
  const doing = work(options, (spec.initial === 'aligned' ? 1 : 2) * modes.length * size);
  const stages = modeStages(spec);
  const times = stages.map((ofMode, i) => halfTime(spec, ofMode, i));
  const clusters = clustersIn(spec, times);
  for (const cluster of clusters) {
    const before = learnt.slice();
    let means: ModeMeans | undefined;
    for (let i = cluster.first; i < cluster.first + cluster.count; i++) {
      const ofMode = stages[i] as readonly ModeStage[];
      const isAsBefore = means !== undefined && modes[i]?.inputVariance === modes[i - 1]?.inputVariance;
      if (means === undefined || !isAsBefore)
        means = await meansOf(spec, ofMode, cluster, records, before, doing, room);
      else doing.advance((cluster.first === 0 ? 1 : 2) * size);
      for (let at = 0; at < size; at++) {
        const mean = means.mapping[at] as number;
        mapping[at * modes.length + i] = mean;
        low[at * modes.length + i] = means.low[at] as number;
        high[at * modes.length + i] = means.high[at] as number;
        spread[at * modes.length + i] =
          mean === 0 ? Infinity : Math.max(0, (means.square[at] as number) / mean ** 2 - 1);
        loss[at] = (loss[at] as number) + (means.loss[at] as number);
        squaredNorm[at] = (squaredNorm[at] as number) + (means.norm[at] as number);
        const scatter = (square: Float64Array, mean: Float64Array): number =>
          Math.max(0, (square[at] as number) - (mean[at] as number) ** 2);
        lossVariance[at] = (lossVariance[at] as number) + scatter(means.lossSquare, means.loss);
        normVariance[at] = (normVariance[at] as number) + scatter(means.normSquare, means.norm);
        const end = fixedPoint(stageAt(ofMode, records[at] as number).mode);
        if (end > 0) learnt[at] = (learnt[at] as number) + Math.min(1, Math.max(0, mean / end));
      }
      await doing.pause();
    }
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
      timeToReach: times,
      stableLearningRate: rateLimit(spec, modes),
      optimumLoss: optimumLoss(
        modes.map(({ inputVariance }) => inputVariance),
        spec.width,
        noiseOf(spec, lastStage(spec).noiseVariance),
        lastStage(spec).weightDecay,
      ),
    },
    observables: {
      modeMapping: { ...observable(mapping, innerAxis('mode', modes.length)), spread },
      modeMappingLow: observable(low, innerAxis('mode', modes.length)),
      modeMappingHigh: observable(high, innerAxis('mode', modes.length)),
      loss: { ...observable(loss), spread: relativeTo(loss, lossVariance) },
      squaredNorm: { ...observable(squaredNorm), spread: relativeTo(squaredNorm, normVariance) },
    },
    warnings: [...warningsOf(spec), ...clusterWarning(spec, clusters, times)],
  };
}
