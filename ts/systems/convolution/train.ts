// How a spec of `convolution` is trained: its layers, a linear output per class, and what the bounds say of the trained network.
import type { DataShape, Trainer, TrainerJob, TrainingBody } from '../../core/trainer.js';
import { resolveActivation } from '../../gaussian/activations.js';
import { convolution } from '../../training/layers/convolution.js';
import { dense } from '../../training/layers/dense.js';
import type { ResolvedTrainOptions } from '../../training/options.js';
import type { LayerPlan, TrainingPlan } from '../../training/plan.js';
import { misfit } from '../../training/refusals.js';
import { sgd } from '../../training/sgd.js';
import { measured } from './measured.js';
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
  const layers = network.layers.map(
    (layer): LayerPlan =>
      convolution([layer.channels, layer.preHeight, layer.preWidth], {
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

type Job = TrainerJob<ConvolutionPlan, ResolvedTrainOptions>;

/** Why the bounds do not speak of a run: they are for ½|softmax − label|², no biases, and images within the given range. */
function unspoken({ plan, options }: Job): string | undefined {
  if (options.loss !== 'brier') return 'the bounds are for the loss `brier`';
  if (options.hasBiases) return 'the bounds are for networks without biases';
  if (options.normalization !== 'unit') return 'the bounds are for images within [0, x]: `normalization` unit';
  if (plan.spec.inputBound < 1) return 'the images lie in [0, 1], beyond `inputBound`';
  return undefined;
}

function withBounds(job: Job, body: TrainingBody, samples: number): TrainingBody {
  const { spec } = job.plan;
  const { weights = {}, ...rest } = body;
  const why = unspoken(job);
  const { failureProbability, bits } = spec;
  const question = { samples, failureProbability, bits, ...(why === undefined ? {} : { unspoken: why }) };
  const quantities = measured(networkFromSpec(spec), weights, body, question);
  return { ...rest, ...(job.options.returnWeights ? { weights } : {}), quantities };
}

const base = sgd(trainingPlan) as Trainer<ResolvedConvolutionSpec, ConvolutionPlan, ResolvedTrainOptions>;

/** Gradient descent; of the trained network its norms, the bounds that hold for a network with such norms, and the measured gap. */
export const training: typeof base = {
  ...base,
  bytes: (plan, options, data, threads) => base.bytes(plan, { ...options, returnWeights: true }, data, threads),
  async run(jobs, data, control) {
    const returning = jobs.map((job) => ({ ...job, options: { ...job.options, returnWeights: true } }));
    const bodies = await base.run(returning, data, control);
    return bodies.map((body, i) => {
      const job = jobs[i] as Job;
      const { trainCount } = job.options;
      return withBounds(job, body, trainCount > 0 ? Math.min(trainCount, data.train.count) : data.train.count);
    });
  },
};
