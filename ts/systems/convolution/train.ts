// How a spec of `convolution` is trained: its layers, a linear output per class, and what the bounds say of the trained network.
import type { QuantityValue } from '../../core/results.js';
import type {
  DataShape,
  Examples,
  NamedArray,
  Trainer,
  TrainerControl,
  TrainerJob,
  TrainingBody,
  TrainingData,
} from '../../core/trainer.js';
import { resolveActivation } from '../../gaussian/activations.js';
import { convolution } from '../../training/layers/convolution.js';
import { dense } from '../../training/layers/dense.js';
import type { ResolvedTrainOptions } from '../../training/options.js';
import type { LayerPlan, TrainingPlan } from '../../training/plan.js';
import { misfit } from '../../training/refusals.js';
import { sgd } from '../../training/sgd.js';
import { measured } from './measured.js';
import { codeLengthGap, mostBits, quantized } from './quantized.js';
import { networkFromSpec, type ResolvedConvolutionSpec } from './spec.js';

/** The plan, and the spec it came from: what the bounds are asked about. */
interface ConvolutionPlan extends TrainingPlan {
  readonly spec: ResolvedConvolutionSpec;
}

/** Channels, height and width of an image. */
function imageShape(shape: readonly number[]): readonly [number, number, number] {
  const [height = 1, width = 1] = shape.slice(-2);
  return shape.length < 2 ? [1, 1, shape[0] ?? 1] : [shape.length === 3 ? (shape[0] as number) : 1, height, width];
}

/**
 * The convolutions of the spec with weights of variance σ_w²/(k²d), each with its activation and pool, and a linear output of variance
 * 1/fan-in per class. Biases, of variance σ_b², are there with `hasBiases` or where the spec gives them a variance: the bounds are for
 * networks without.
 *
 * @throws MftError ERR_MFT_SHAPE (input or classes against the data), ERR_MFT_INVALID_ARGUMENT (hasBiases against biasVariance)
 */
function trainingPlan(
  spec: ResolvedConvolutionSpec,
  { shape, classes }: DataShape,
  options: ResolvedTrainOptions,
): ConvolutionPlan {
  const network = networkFromSpec(spec);
  const [channels, height, width] = imageShape(shape);
  const written = `[${[height, width, channels].join(', ')}]`;
  if (`[${spec.input.join(', ')}]` !== written)
    throw misfit('input', `${written}, the size of an image`, `[${spec.input.join(', ')}]`);
  if (spec.classes !== classes) throw misfit('classes', `${classes}, the classes of the data`, spec.classes);
  const hasBiases = options.hasBiases ?? spec.biasVariance > 0;
  if (!hasBiases && spec.biasVariance > 0) throw misfit('hasBiases', 'true where `biasVariance` is not 0', false);
  const activation = resolveActivation(spec.activation);
  const { padding, pooling } = network;
  const held = (norm: number, rank: number): { readonly heldNorm?: number; readonly heldRank?: number } => ({
    ...(holdsNorms(spec) ? { heldNorm: norm } : {}),
    ...(holdsRanks(spec) ? { heldRank: rank } : {}),
  });
  const layers = network.layers.map(
    (layer): LayerPlan =>
      convolution([layer.channels, layer.preHeight, layer.preWidth], {
        ...held(layer.norm, layer.rank),
        inputChannels: layer.inputChannels,
        height: layer.inputHeight,
        width: layer.inputWidth,
        kernel: layer.kernel,
        stride: layer.stride,
        pool: layer.pool,
        padding,
        pooling,
        activation,
        hasBiases,
        weightVariance: spec.weightVariance,
        biasVariance: spec.biasVariance,
        law: 'gaussian',
      }),
  );
  const head = dense([network.features], {
    ...held(network.fcNorm, network.fcRank),
    units: classes,
    hasBiases,
    weightVariance: 1,
    biasVariance: 0,
    law: 'gaussian',
    keepProbability: 1,
  });
  return {
    input: [channels, height, width],
    layers: [...layers, head],
    target: 'labels',
    inputKeepProbability: 1,
    hasSharedMasks: false,
    counters: [],
    spec,
  };
}

const holdsNorms = ({ constraint }: ResolvedConvolutionSpec): boolean =>
  constraint === 'norms' || constraint === 'both';
const holdsRanks = ({ constraint }: ResolvedConvolutionSpec): boolean =>
  constraint === 'ranks' || constraint === 'both';

type Job = TrainerJob<ConvolutionPlan, ResolvedTrainOptions>;

/** Why the bounds do not speak of a run: they are for ½|softmax − label|², no biases, and images within the given range. */
function unspoken({ plan, options }: Job, data: TrainingData): string | undefined {
  if (options.loss !== 'brier') return 'the bounds are for the loss `brier`';
  if (options.hasBiases) return 'the bounds are for networks without biases';
  if (options.normalization !== 'unit') return 'the bounds are for images within [0, x]: `normalization` unit';
  if (plan.spec.inputBound < 1) return 'the images lie in [0, 1], beyond `inputBound`';
  return outside(data.train, plan.spec.inputBound) ?? (data.test && outside(data.test, plan.spec.inputBound));
}

/** The first entry of an image outside [0, x]. */
function outside({ images, range, count }: Examples, inputBound: number): string | undefined {
  const white = range?.unit ?? (images instanceof Uint8Array ? 255 : 1);
  const most = white * inputBound;
  const at = images.findIndex((value: number) => !(value >= 0 && value <= most));
  if (at < 0) return undefined;
  const image = Math.floor(at / (images.length / count));
  const entry = (images[at] as number) / white;
  return `image ${image} has an entry ${entry} outside [0, ${inputBound}], where the bounds want them`;
}

type Weights = Readonly<Record<string, NamedArray>>;

/** The training images of a run. */
const samplesOf = ({ options: { trainCount } }: Job, { count }: Examples): number =>
  trainCount > 0 ? Math.min(trainCount, count) : count;

function boundsAt(job: Job, body: TrainingBody, data: TrainingData): Readonly<Record<string, QuantityValue>> {
  const { spec } = job.plan;
  const why = unspoken(job, data);
  const { failureProbability } = spec;
  // What the trained network really has.
  const bits = job.options.precision === 'float64' ? 64 : 32;
  const question = {
    samples: samplesOf(job, data.train),
    failureProbability,
    bits,
    holdsNorms: holdsNorms(spec),
    ...(why === undefined ? {} : { unspoken: why }),
  };
  // Ranks say something only of networks that were held to them.
  const { rank, fcRank, ...full } = spec;
  return measured(networkFromSpec(holdsRanks(spec) ? spec : full), body.weights ?? {}, body, question);
}

const base = sgd(trainingPlan) as Trainer<ResolvedConvolutionSpec, ConvolutionPlan, ResolvedTrainOptions>;

/** The risks of given weights: a step of rate 0 from them. */
async function risksOf(job: Job, weights: Weights, data: TrainingData, control: TrainerControl): Promise<TrainingBody> {
  const { epochs: _, checkpoint: __, saveWeights: ___, ...options } = job.options;
  const { onProgress: ____, ...quiet } = control;
  const still = { steps: 1, learningRate: 0, weightDecay: 0, statisticsEvery: 0, returnWeights: false } as const;
  // Given weights are measured as they are.
  const layers = job.plan.layers.map(({ heldNorm: _, heldRank: __, ...layer }) => layer as LayerPlan);
  const plan = { ...job.plan, layers };
  const [body] = await base.run(
    [{ ...job, plan, options: { ...options, ...still, initialWeights: weights } }],
    data,
    quiet,
  );
  return body as TrainingBody;
}

/** `quantized`: the network in `bits` a weight, its risks, and the bound on their difference that its code length gives. */
async function inFewBits(
  job: Job,
  weights: Weights,
  data: TrainingData,
  control: TrainerControl,
): Promise<Readonly<Record<string, QuantityValue>>> {
  const { bits, failureProbability } = job.plan.spec;
  if (unspoken(job, data) !== undefined || bits < 2 || bits > mostBits || !isFiniteNetwork(weights)) return {};
  const { weights: few, nats } = quantized(weights, bits);
  const { train, test } = await risksOf(job, few, data, control);
  const gap = codeLengthGap(nats, samplesOf(job, data.train), failureProbability);
  return {
    quantized: {
      bits,
      codeBits: nats / Math.LN2,
      trainRisk: train.loss,
      ...(test === undefined ? {} : { testRisk: test.loss }),
      gap: { value: gap, isVacuous: gap >= 1, isProved: true },
    },
  };
}

const isFiniteNetwork = (weights: Weights): boolean =>
  Object.values(weights).every(({ values }) => values.every(Number.isFinite));

/** Gradient descent; of the trained network its norms, the bounds that hold for a network with such norms, and the measured gap. */
export const training: typeof base = {
  ...base,
  bytes: (plan, options, data, threads) => base.bytes(plan, { ...options, returnWeights: true }, data, threads),
  async run(jobs, data, control) {
    const returning = jobs.map((job) => ({ ...job, options: { ...job.options, returnWeights: true } }));
    const bodies = await base.run(returning, data, control);
    const results: TrainingBody[] = [];
    for (const [i, body] of bodies.entries()) {
      const job = jobs[i] as Job;
      const { weights = {}, ...rest } = body;
      const quantities = {
        ...boundsAt(job, body, data),
        ...(await inFewBits(job, weights, data, control)),
      };
      results.push({ ...rest, ...(job.options.returnWeights ? { weights } : {}), quantities });
    }
    return results;
  },
};
