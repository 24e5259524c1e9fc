// How a spec of `recurrent` is trained: a plan of layers around the cell for each task; texts are cut into streams.
import type { DataShape, Trainer } from '../../core/trainer.js';
import { resolveActivation } from '../../gaussian/activations.js';
import { dense } from '../../training/layers/dense.js';
import { recurrentLayer } from '../../training/layers/recurrent.js';
import { thenNoise } from '../../training/layers/then-noise.js';
import { embedding, tiedOutput } from '../../training/layers/words.js';
import type { ResolvedTrainOptions } from '../../training/options.js';
import type { LayerPlan, TrainingPlan } from '../../training/plan.js';
import { misfit, unsupported } from '../../training/refusals.js';
import { gateValues } from './cell.js';
import { type ResolvedRecurrentSpec, resolveTraining } from './spec.js';
import { texts } from './train-words.js';

type Training = ReturnType<typeof resolveTraining>;

/** Fields that only describe pairs of sequences or random inputs are not read; these contradict a trained network. */
function refuse(spec: ResolvedRecurrentSpec, own: Training, { isText = false }: DataShape): void {
  if (spec.weightSharing !== 'tied') throw unsupported('weightSharing', 'tied');
  if (spec.initialStateVariance !== 0) throw unsupported('initialStateVariance', '0');
  if (spec.cell === 'minimal' && spec.gate !== 'sigmoid') throw unsupported('gate', 'sigmoid');
  if (own.task === 'words' && !isText) throw misfit('dataset', 'a text where the task is words', 'images');
  if (own.task !== 'words' && isText) throw misfit('training', 'of task words where the data are a text', own.task);
  if (own.tiedEmbedding && own.task !== 'words') throw unsupported('training', 'without tiedEmbedding but for words');
}

/** Variances and means of all gates the layer has: the peephole cell's output gate, which the theory lacks, has the common ones. */
function gatesOf(spec: ResolvedRecurrentSpec) {
  const gates = [...gateValues(spec)];
  if (spec.cell === 'peepholeLstm')
    gates.push({
      recurrentWeightVariance: spec.recurrentWeightVariance,
      inputWeightVariance: spec.inputWeightVariance,
      biasVariance: spec.biasVariance,
      biasMean: 0,
    });
  return gates;
}

function cells(spec: ResolvedRecurrentSpec, own: Training, inputs: number, hasBiases: boolean): LayerPlan[] {
  const gates = gatesOf(spec);
  const { cell, width, steps, weights } = spec;
  if (!hasBiases && gates.some(({ biasMean, biasVariance }) => biasMean !== 0 || biasVariance !== 0))
    throw unsupported('biasMean', '0, and variances of biases too, without biases');
  const list: LayerPlan[] = [];
  for (let layer = 0; layer < own.layers; layer++)
    list.push(
      recurrentLayer([steps, layer === 0 ? inputs : width], {
        cell,
        steps,
        units: width,
        ...(cell === 'vanilla' ? { activation: resolveActivation(spec.activation) } : {}),
        hasBiases,
        resetAfter: spec.resetAfter,
        returnsSequence: own.task === 'words' || layer + 1 < own.layers,
        truncation: own.truncation,
        law: weights,
        recurrentWeightVariances: gates.map((gate) => gate.recurrentWeightVariance),
        inputWeightVariances: gates.map((gate) => gate.inputWeightVariance),
        biasVariances: gates.map((gate) => gate.biasVariance),
        biasMeans: gates.map((gate) => gate.biasMean),
        candidateRecurrentBiasVariance: hasBiases ? spec.candidateRecurrentBias : 0,
        keepProbability: own.keepProbability,
      }),
    );
  return list;
}

const linear = { biasVariance: 0, law: 'gaussian', keepProbability: 1 } as const;

/** Inputs of a position, projected to the N components of the minimal cell where they are others. */
function projected(spec: ResolvedRecurrentSpec, own: Training, inputs: number, variance: number): LayerPlan[] {
  const { cell, width, steps } = spec;
  if (cell !== 'minimal' || inputs === width) return [];
  const isFixed = own.projection === 'fixed';
  return [
    dense([steps, inputs], {
      ...linear,
      units: width,
      positions: steps,
      hasBiases: false,
      weightVariance: variance,
      ...(isFixed ? { rateMultipliers: { weight: 0 } } : {}),
    }),
  ];
}

function inputLayers(spec: ResolvedRecurrentSpec, own: Training, { dimension }: DataShape): LayerPlan[] {
  const { steps, inputVariance } = spec;
  if (own.task === 'digitThenNoise')
    return [
      thenNoise(dimension, { steps, scale: Math.sqrt(inputVariance), variance: inputVariance }),
      ...projected(spec, own, dimension, 1),
    ];
  if (dimension % steps !== 0)
    throw misfit('steps', `a whole number that divides ${dimension}, the components of an image`, steps);
  const layers = projected(spec, own, dimension / steps, inputVariance);
  // Only a projection can give the inputs another second moment than the data have.
  if (layers.length === 0 && inputVariance !== 1) throw unsupported('inputVariance', '1 where pixels are the inputs');
  return layers;
}

/** Numbers of a position that the first cell gets. */
function inputsOf(spec: ResolvedRecurrentSpec, own: Training, { dimension }: DataShape): number {
  if (spec.cell === 'minimal' || own.task === 'words') return spec.width;
  return own.task === 'digitThenNoise' ? dimension : dimension / spec.steps;
}

/**
 * `layers` cells on one another between what the task gives (images cut into T inputs; the image and then noise; vectors of N numbers
 * for words, entries of variance R) and a linear output of variance 1/N and biases that start at zero: from the last state for the
 * classes of images, at every position for words.
 *
 * @throws MftError ERR_MFT_SHAPE (steps against the data), ERR_MFT_UNSUPPORTED (fields that training cannot honour)
 */
function trainingPlan(
  spec: ResolvedRecurrentSpec,
  data: DataShape,
  options: Pick<ResolvedTrainOptions, 'hasBiases'>,
): TrainingPlan {
  const own = resolveTraining(spec.training);
  refuse(spec, own, data);
  const { steps, width, inputVariance, inputWidth } = spec;
  const { classes, dimension } = data;
  const inputs = inputsOf(spec, own, data);
  if (inputWidth !== width && inputWidth !== inputs)
    throw misfit('inputWidth', `${inputs}, as the data have it`, inputWidth);
  const hasBiases = options.hasBiases ?? true;
  const isText = own.task === 'words';
  const first = isText
    ? [
        embedding(steps, {
          words: classes,
          units: width,
          weightVariance: inputVariance,
          keepProbability: own.keepProbability,
        }),
      ]
    : inputLayers(spec, own, data);
  const output = own.tiedEmbedding
    ? tiedOutput(width, { positions: steps, units: classes, hasBiases, sharesWith: 1 })
    : dense(isText ? [steps, width] : [width], {
        ...linear,
        units: classes,
        hasBiases,
        weightVariance: 1,
        ...(isText ? { positions: steps } : {}),
      });
  return {
    input: isText ? [steps] : [dimension],
    layers: [...first, ...cells(spec, own, inputs, hasBiases), output],
    target: isText ? 'sequence' : 'labels',
    ...(isText ? { positions: steps, carriesState: true } : {}),
    inputKeepProbability: 1,
    hasSharedMasks: false,
    counters: [],
  };
}

export const training: Trainer<ResolvedRecurrentSpec, TrainingPlan, ResolvedTrainOptions> = texts(trainingPlan);
