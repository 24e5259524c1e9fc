// How a spec of `feedforward` is trained.
import { perLayer } from '../../core/checks.js';
import type { DataShape } from '../../core/trainer.js';
import { resolveActivation } from '../../gaussian/activations.js';
import { alphaDropout } from '../../gaussian/alpha-dropout.js';
import { dense } from '../../training/layers/dense.js';
import type { ResolvedTrainOptions } from '../../training/options.js';
import type { TrainingPlan } from '../../training/plan.js';
import { activationOf, type ResolvedFeedforwardSpec } from './spec.js';
import { misfit, unsupported } from '../../training/refusals.js';

/**
 * Layers 1..L−1 are the hidden ones, activated and masked; layer L gives one linear output per class. A single `width` is
 * that of the hidden layers; a list has `depth` entries and must end with the number of classes.
 *
 * @throws MftError ERR_MFT_SHAPE (widths against the data), ERR_MFT_UNSUPPORTED (fields that training cannot honour)
 */
export function trainingPlan(
  spec: ResolvedFeedforwardSpec,
  { dimension, classes }: DataShape,
  options: ResolvedTrainOptions,
): TrainingPlan {
  const { depth, weights } = spec;
  if (weights !== 'gaussian' && weights !== 'orthogonal') throw unsupported('weights', 'gaussian or orthogonal');
  if (spec.backwardWeights !== 'shared') throw unsupported('backwardWeights', 'shared');
  if (spec.output !== 'preactivation') throw unsupported('output', 'preactivation');
  if (spec.inputWidth !== undefined && spec.inputWidth !== dimension)
    throw misfit('inputWidth', `${dimension}, the components of an image`, spec.inputWidth);
  const widths =
    typeof spec.width === 'number'
      ? [...Array.from({ length: depth - 1 }, () => spec.width as number), classes]
      : [...spec.width];
  if (widths[depth - 1] !== classes)
    throw misfit('width', `a list that ends with ${classes}, the number of classes`, widths[depth - 1]);
  const weightVariance = perLayer('weightVariance', spec.weightVariance, depth);
  const biasVariance = perLayer('biasVariance', spec.biasVariance, depth);
  const keepProbability = perLayer('keepProbability', spec.keepProbability, depth - 1);
  const biasMean = perLayer('biasMean', spec.biasMean, depth);
  const hasBiases = options.hasBiases ?? true;
  if (!hasBiases && biasMean.some((mean) => mean !== 0)) throw unsupported('biasMean', '0 without biases');
  return {
    input: [dimension],
    layers: widths.map((units, l) =>
      dense([l === 0 ? dimension : (widths[l - 1] as number)], {
        units,
        ...(l < depth - 1 ? { activation: resolveActivation(activationOf(spec, l)) } : {}),
        ...(spec.dropout === 'alpha' && l < depth - 1 ? alphaFields(keepProbability[l] as number) : {}),
        hasBiases,
        weightVariance: weightVariance[l] as number,
        biasVariance: biasVariance[l] as number,
        ...(biasMean[l] === 0 ? {} : { biasMean: biasMean[l] as number }),
        law: weights,
        keepProbability: l < depth - 1 ? (keepProbability[l] as number) : 1,
      }),
    ),
    target: 'labels',
    inputKeepProbability: spec.inputKeepProbability,
    hasSharedMasks: spec.maskSharing === 'shared',
    counters: [],
  };
}

/** Alpha dropout as the layer takes it; nothing where no unit is dropped. */
function alphaFields(keep: number): { alphaScale?: number; alphaOffset?: number; alphaDropped?: number } {
  if (keep === 1) return {};
  const { a, b, c } = alphaDropout(keep);
  return { alphaScale: a, alphaOffset: b, alphaDropped: c };
}
