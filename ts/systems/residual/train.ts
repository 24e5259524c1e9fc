// How a spec of `residual` is trained.
import { MftError } from '../../core/errors.js';
import type { DataShape } from '../../core/trainer.js';
import { resolveActivation } from '../../gaussian/activations.js';
import { block } from '../../training/layers/block.js';
import { dense } from '../../training/layers/dense.js';
import type { ResolvedTrainOptions } from '../../training/options.js';
import type { LayerPlan, TrainingPlan } from '../../training/plan.js';
import { nativeNetwork } from './network.js';
import type { ResolvedResidualSpec } from './spec.js';

/** More blocks than this are no network to train. */
const deepest = 100_000;

/**
 * A linear projection of the image to N_0 units, the `depth` blocks of the spec, and one linear output per class. Projection and
 * output have weights of variance 1/fan-in and biases that start at zero, so that p_0 is the mean square of a component of the
 * image; both are trained. Where the width changes the projection of the shortcut is drawn once and not trained.
 * `maskSharing: 'shared'` gives all images of a step the same masks.
 *
 * @throws MftError ERR_MFT_OUT_OF_RANGE (depth)
 */
export function trainingPlan(
  spec: ResolvedResidualSpec,
  { dimension, classes }: DataShape,
  options: ResolvedTrainOptions,
): TrainingPlan {
  const { depth } = spec;
  if (depth < 1 || depth > deepest)
    throw new MftError(
      'ERR_MFT_OUT_OF_RANGE',
      `Expected \`depth\` of a trained network to be in [1, ${deepest}], received ${depth}.`,
      { parameter: 'depth', expected: `in [1, ${deepest}]`, received: depth },
    );
  const network = nativeNetwork(spec);
  const at = (list: Float64Array, l: number): number => list[l] as number;
  const widths = [dimension, ...network.width, classes];
  const hasBiases = options.hasBiases ?? true;
  const activation = resolveActivation(spec.activation);
  const layers = widths.slice(1).map((units, l): LayerPlan => {
    const input = [widths[l] as number];
    if (l === 0 || l > depth)
      return dense(input, {
        units,
        hasBiases,
        weightVariance: 1,
        biasVariance: 0,
        law: 'gaussian',
        keepProbability: 1,
      });
    return block(input, {
      units,
      hidden: at(network.hiddenWidth, l - 1),
      activation,
      hasBiases,
      hasOuter: spec.block !== 'reduced',
      skip: spec.skipStrength,
      innerWeightVariance: at(network.innerWeightVariance, l - 1),
      innerBiasVariance: at(network.innerBiasVariance, l - 1),
      outerWeightVariance: at(network.outerWeightVariance, l - 1),
      outerBiasVariance: at(network.outerBiasVariance, l - 1),
      keepProbability: at(network.keepProbability, l - 1),
      branchKeepProbability: at(network.branchKeepProbability, l - 1),
    });
  });
  return {
    input: [dimension],
    layers,
    target: 'labels',
    inputKeepProbability: 1,
    hasSharedMasks: network.hasSharedMasks,
    counters: [],
  };
}
