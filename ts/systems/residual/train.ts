// The network that training builds from a spec of `residual`.
import { MftError } from '../../core/errors.js';
import type { TrainableNetwork } from '../../core/system.js';
import { resolveActivation } from '../../gaussian/activations.js';
import { nativeNetwork } from './network.js';
import type { ResolvedResidualSpec } from './spec.js';

/** More blocks than this are no network to train. */
const deepest = 100_000;

/**
 * A linear projection of the image to N_0 units, the `depth` blocks of the spec, and one linear output per class. Projection and
 * output have weights of variance 1/fan-in and biases that start at zero, so that p_0 is the mean square of a component of the
 * image; both are trained. Where the width changes the projection of the shortcut is drawn once and not trained.
 *
 * @throws MftError ERR_MFT_OUT_OF_RANGE (depth)
 */
export function trainableResidual(spec: ResolvedResidualSpec, _dimension: number, classes: number): TrainableNetwork {
  const { depth, block } = spec;
  if (depth < 1 || depth > deepest)
    throw new MftError(
      'ERR_MFT_OUT_OF_RANGE',
      `Expected \`depth\` of a trained network to be in [1, ${deepest}], received ${depth}.`,
      { parameter: 'depth', expected: `in [1, ${deepest}]`, received: depth },
    );
  const network = nativeNetwork(spec);
  const at = (list: Float64Array, l: number): number => list[l] as number;
  const widths = [...network.width, classes];
  return {
    widths,
    blocks: Array.from({ length: depth }, (_, l) => ({
      hidden: at(network.hiddenWidth, l),
      hasOuter: block !== 'reduced',
      skip: spec.skipStrength,
      innerWeightVariance: at(network.innerWeightVariance, l),
      innerBiasVariance: at(network.innerBiasVariance, l),
      outerWeightVariance: at(network.outerWeightVariance, l),
      outerBiasVariance: at(network.outerBiasVariance, l),
    })),
    activation: resolveActivation(spec.activation),
    weightVariance: widths.map(() => 1),
    biasVariance: widths.map(() => 0),
    keepProbability: widths.map(() => 1),
    hasSharedMasks: false,
    law: 'gaussian',
  };
}
