// How a spec of `percolation` is trained: dropout in a narrow, usually bias-free perceptron.
import { expectedError, MftError } from '../../core/errors.js';
import type { DataShape } from '../../core/trainer.js';
import { resolveActivation } from '../../gaussian/activations.js';
import { dense } from '../../training/layers/dense.js';
import type { ResolvedTrainOptions } from '../../training/options.js';
import type { TrainingPlan } from '../../training/plan.js';
import { resolveWidths } from './network.js';
import type { ResolvedPercolationSpec } from './spec.js';
import { misfit, unsupported } from '../../training/refusals.js';

/** Layers beyond this number are no network to train. */
const deepest = 100_000;

/**
 * L hidden layers, activated and masked with `keepProbability`, and one linear output per class. φ is tanh; with
 * `activeProbability: 0.5` ReLU. Weights are drawn at the critical point without dropout, σ_w² = 1 for tanh and 2 for ReLU,
 * biases start at zero. Kept nodes are scaled by 1/s. Input and output have the size of the data.
 *
 * @throws MftError ERR_MFT_UNSUPPORTED (dropconnect, topologies, other activities), ERR_MFT_SHAPE (widths against the data),
 *   ERR_MFT_OUT_OF_RANGE (keepProbability 0, depth)
 */
export function trainingPlan(
  spec: ResolvedPercolationSpec,
  { dimension, classes }: DataShape,
  options: ResolvedTrainOptions,
): TrainingPlan {
  const dropsEdges =
    typeof spec.edgeKeepProbability === 'number'
      ? spec.edgeKeepProbability < 1
      : spec.edgeKeepProbability.some((keep) => keep < 1);
  if (dropsEdges) throw unsupported('edgeKeepProbability', '1: training drops nodes, not edges');
  if (spec.topology !== 'dense') throw unsupported('topology', 'dense');
  if (spec.activeProbability !== 1 && spec.activeProbability !== 0.5)
    throw unsupported('activeProbability', '1 (tanh) or 0.5 (ReLU)');
  const { hidden, depth } = resolveWidths(spec);
  if (depth > deepest)
    throw new MftError(
      'ERR_MFT_OUT_OF_RANGE',
      `Expected \`depth\` of a trained network to be at most ${deepest}, received ${depth}.`,
      { parameter: 'depth', expected: `at most ${deepest}`, received: depth },
    );
  checkOptions(spec, options);
  checkEnds(spec, dimension, classes);
  const hiddenKeep =
    typeof spec.keepProbability === 'number'
      ? Array.from({ length: depth }, () => spec.keepProbability as number)
      : spec.keepProbability;
  const keepProbability = [spec.inputKeepProbability, ...hiddenKeep];
  const zero = keepProbability.indexOf(0);
  if (zero >= 0)
    throw new MftError(
      'ERR_MFT_OUT_OF_RANGE',
      `Expected \`${zero === 0 ? 'inputKeepProbability' : 'keepProbability'}\` of a trained network to be above 0.`,
      { parameter: zero === 0 ? 'inputKeepProbability' : 'keepProbability', expected: 'above 0', received: 0 },
    );
  const isRelu = spec.activeProbability === 0.5;
  const widths = [...(typeof hidden === 'number' ? Array.from({ length: depth }, () => hidden) : hidden), classes];
  const activation = resolveActivation(isRelu ? 'relu' : 'tanh');
  return {
    input: [dimension],
    layers: widths.map((units, l) =>
      dense([l === 0 ? dimension : (widths[l - 1] as number)], {
        units,
        ...(l < depth ? { activation } : {}),
        hasBiases: spec.hasBiases,
        weightVariance: isRelu ? 2 : 1,
        biasVariance: 0,
        law: 'gaussian',
        keepProbability: l < depth ? (keepProbability[l + 1] as number) : 1,
      }),
    ),
    target: 'labels',
    steps: spec.training.steps,
    inputKeepProbability: spec.inputKeepProbability,
    hasSharedMasks: spec.training.masksPerStep === 1,
    counters: ['paths'],
  };
}

/** The spec says which biases and how many masks there are; options that say otherwise are refused. */
function checkOptions({ training, hasBiases }: ResolvedPercolationSpec, options: ResolvedTrainOptions): void {
  const { masksPerStep } = training;
  if (masksPerStep !== 1 && masksPerStep !== options.batchSize)
    throw expectedError(
      'ERR_MFT_INVALID_ARGUMENT',
      'masksPerStep',
      `1 or the batch size, ${options.batchSize}`,
      masksPerStep,
    );
  if (options.hasBiases !== undefined && options.hasBiases !== hasBiases)
    throw expectedError(
      'ERR_MFT_INVALID_ARGUMENT',
      'hasBiases',
      `left out, or what the spec says: ${hasBiases}`,
      options.hasBiases,
    );
}

/** Input and output have the size of the data; where the spec says other numbers, its θ would be that of another network. */
function checkEnds(spec: ResolvedPercolationSpec, dimension: number, classes: number): void {
  const { width } = spec;
  const isList = typeof width === 'object';
  const input = isList ? width[0] : spec.inputWidth;
  const output = isList ? width.at(-1) : spec.outputWidth;
  const name = (ends: string): string => (isList ? 'width' : ends);
  if (input !== undefined && input !== dimension)
    throw misfit(name('inputWidth'), `${dimension}, the components of an image`, input);
  if (output !== undefined && output !== classes)
    throw misfit(name('outputWidth'), `${classes}, the number of classes`, output);
  if (input === undefined && spec.inputKeepProbability < 1)
    throw misfit('inputWidth', `${dimension}, the components of an image, where inputs are dropped`, 'nothing');
}
