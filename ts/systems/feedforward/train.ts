// The network that training builds from a spec of `feedforward`.
import { perLayer } from '../../core/checks.js';
import { MftError } from '../../core/errors.js';
import type { TrainableNetwork } from '../../core/system.js';
import { resolveActivation } from '../../gaussian/activations.js';
import type { ResolvedFeedforwardSpec } from './spec.js';

/**
 * Layers 1..L−1 are the hidden ones, activated and masked; layer L gives one linear output per class. A single `width` is
 * that of the hidden layers; a list has `depth` entries and must end with the number of classes.
 *
 * @throws MftError ERR_MFT_SHAPE (widths against the data), ERR_MFT_UNSUPPORTED (fields that training cannot honour)
 */
export function trainableFeedforward(
  spec: ResolvedFeedforwardSpec,
  dimension: number,
  classes: number,
): TrainableNetwork {
  const { depth, weights } = spec;
  if (weights !== 'gaussian' && weights !== 'orthogonal') throw unsupported('weights', 'gaussian or orthogonal');
  if (spec.backwardWeights !== 'shared') throw unsupported('backwardWeights', 'shared');
  if (spec.output !== 'preactivation') throw unsupported('output', 'preactivation');
  if (spec.inputWidth !== undefined && spec.inputWidth !== dimension)
    throw shape('inputWidth', `${dimension}, the components of an image`, spec.inputWidth);
  const widths =
    typeof spec.width === 'number'
      ? [...Array.from({ length: depth - 1 }, () => spec.width as number), classes]
      : [...spec.width];
  if (widths[depth - 1] !== classes)
    throw shape('width', `a list that ends with ${classes}, the number of classes`, widths[depth - 1]);
  return {
    widths,
    activation: resolveActivation(spec.activation),
    weightVariance: perLayer('weightVariance', spec.weightVariance, depth),
    biasVariance: perLayer('biasVariance', spec.biasVariance, depth),
    keepProbability: [spec.inputKeepProbability, ...perLayer('keepProbability', spec.keepProbability, depth - 1)],
    hasSharedMasks: spec.maskSharing === 'shared',
    law: weights,
  };
}

function unsupported(parameter: string, expected: string): MftError {
  return new MftError('ERR_MFT_UNSUPPORTED', `Expected \`${parameter}\` of a trained network to be ${expected}.`, {
    parameter,
    expected,
  });
}

function shape(parameter: string, expected: string, received: unknown): MftError {
  return new MftError('ERR_MFT_SHAPE', `Expected \`${parameter}\` to be ${expected}, received ${String(received)}.`, {
    parameter,
    expected,
    received,
  });
}
