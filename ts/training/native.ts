// The native side of training (native/node/train.cc).
import { addon, seedHalves } from '../core/addon.js';
import type { InputMap } from './normalise.js';
import type { ResolvedTrainOptions } from './options.js';
import type { LayerPlan, TrainingPlan } from './plan.js';

declare module '../core/addon.js' {
  interface NativeAddon {
    trainNetworks(training: NativeTraining, control?: Int32Array): Promise<NativeResult[]>;
    trainingMemory(job: NativeJob): number;
    trainingTensors(job: NativeJob): readonly NativeTensor[];
  }
}

export interface NativeExamples {
  /** Over shared memory: the native threads read it while JavaScript runs. */
  readonly images: Uint8Array | Float32Array | Int32Array;
  readonly labels: Uint8Array | Int32Array;
}

export interface NativeTraining {
  readonly jobs: readonly NativeJob[];
  readonly train: NativeExamples;
  readonly test?: NativeExamples;
  readonly threads: number;
}

/** An array of a network, in the order of `parameters`; what is fixed is drawn once and not trained. */
export interface NativeTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly isFixed: boolean;
}

export type NativeJob = Readonly<Record<string, unknown>>;

interface NativeEvaluation {
  readonly loss: number;
  readonly accuracy: number;
  readonly count: number;
}

export interface NativeResult {
  readonly steps: number;
  readonly resumedFrom: number;
  readonly reports: readonly {
    readonly step: number;
    readonly trainLoss: number;
    readonly trainAccuracy: number;
    readonly testLoss: number;
    readonly testAccuracy: number;
  }[];
  readonly train: NativeEvaluation;
  readonly test: NativeEvaluation;
  readonly stop?: { readonly step: number; readonly layer: number; readonly where: 'weights' | 'activations' | 'loss' };
  readonly paths: {
    readonly steps: number;
    readonly masksPerStep: number;
    readonly blockedMasks: number;
    readonly lostSteps: number;
    readonly zeroGradientSteps: number;
    readonly differingSteps: number;
  };
  /** What layers counted over all rows and steps: `layer2.iterations`. */
  readonly counts: Readonly<Record<string, number>>;
  readonly statisticsSteps: Float64Array;
  readonly variance: Float64Array;
  readonly correlation: Float64Array;
  readonly errorSquare: Float64Array;
  readonly gradientSquare: Float64Array;
  /** Record × direction; behind those of a record as many singular values where they are wanted. */
  readonly projectionsSteps: Float64Array;
  readonly projections: Float64Array;
  readonly checksum: string;
  readonly parameters: Float64Array;
  readonly plannedBytes: number;
}

/** What a comparison with another program fixes instead of drawing it. */
export interface Given {
  readonly initialParameters?: Float64Array;
  /** 0 or 1 per step, mask layer, row and unit; layers that are not masked have none. */
  readonly masks?: Uint8Array;
}

/** The job of one network as the addon takes it. */
export function nativeJob(
  plan: TrainingPlan,
  options: ResolvedTrainOptions,
  input: InputMap,
  rates: Float64Array,
  stepsPerEpoch: number,
  threads: number,
  key: string,
  given: Given = {},
): NativeJob {
  return {
    dimension: input.scale.length,
    layers: plan.layers.map((layer, l) => nativeLayer(layer, l + 1, options.forwardMultipliers)),
    target: plan.target,
    positions: plan.positions ?? 1,
    carriesState: plan.carriesState ?? false,
    inputKeepProbability: plan.inputKeepProbability,
    noise: plan.inputNoise?.kind ?? 'none',
    noiseVariance: plan.inputNoise?.variance ?? 0,
    hasSharedMasks: plan.hasSharedMasks,
    countsPaths: plan.counters.includes('paths'),
    hasPathMasks: options.masks === 'pathConditioned',
    inputScale: input.scale,
    inputShift: input.shift,
    loss: options.loss,
    optimizer: options.optimizer,
    momentum: options.momentum,
    decay: options.decay,
    beta1: options.beta1,
    beta2: options.beta2,
    epsilon: options.epsilon * (plan.epsilonFactor ?? 1),
    weightDecay: options.weightDecay,
    clipNorm: options.clipNorm,
    rates,
    batch: options.batchSize,
    isShuffled: options.shuffle,
    seed: seedHalves(options.seed),
    isDouble: options.precision === 'float64',
    threads,
    reportEvery: options.reportEvery || stepsPerEpoch,
    statisticsEvery: options.statisticsEvery,
    trainEvaluation: options.trainEvaluation,
    directions: plan.projections?.directions ?? new Float64Array(0),
    directionsEvery: plan.projections?.every ?? 0,
    hasSingularValues: plan.projections?.hasSingularValues ?? false,
    checkpoint: options.checkpoint ?? '',
    checkpointEvery: options.checkpointEvery || stepsPerEpoch,
    key,
    rateMultipliers: new Float64Array(0),
    initialParameters: given.initialParameters ?? new Float64Array(0),
    givenMasks: given.masks ?? new Uint8Array(0),
    returnsParameters: options.returnWeights || options.saveWeights !== undefined,
  };
}

/** A layer without what only TypeScript reads; forward multipliers are given by layer, or by part: layer2, layer2.inner. */
function nativeLayer(
  {
    output: _output,
    multiplyAdds: _multiplyAdds,
    products = [''],
    rateMultipliers: _rates,
    forwardMultipliers: own = {},
    ...fields
  }: LayerPlan,
  number: number,
  multipliers: Readonly<Record<string, number>>,
): object {
  const factors = products.flatMap((part) => {
    const given = multipliers[part === '' ? `layer${number}` : `layer${number}.${part}`];
    if (given === undefined && own[part] === undefined) return [];
    const field = part === '' ? 'forwardMultiplier' : `${part}ForwardMultiplier`;
    return [[field, (given ?? 1) * (own[part] ?? 1)] as const];
  });
  return { ...fields, ...Object.fromEntries(factors) };
}

export const native = {
  train: (training: NativeTraining, control: Int32Array): Promise<NativeResult[]> =>
    addon().trainNetworks(training, control),
  memory: (job: NativeJob): number => addon().trainingMemory(job),
  tensors: (job: NativeJob): readonly NativeTensor[] => addon().trainingTensors(job),
};
