// What the figures of maps and phases need of a spec: one layer, the same everywhere.
import { MftError } from '../../core/errors.js';
import type { Layer } from '../../gaussian/variance-map.js';
import { type Multipliers, multipliers } from '../../gaussian/multipliers.js';
import { isOneActivation, type ResolvedFeedforwardSpec } from './spec.js';

/** Whether every layer is the same but for its width. */
export function isUniform(spec: ResolvedFeedforwardSpec): boolean {
  const isPlain = isOneActivation(spec.activation) && spec.biasMean === 0 && spec.dropout === 'plain';
  return (
    isPlain &&
    [spec.weightVariance, spec.biasVariance, spec.keepProbability].every((value) => typeof value === 'number')
  );
}

/** The layer of a uniform spec. @throws MftError ERR_MFT_UNSUPPORTED for per-layer fields */
export function layerOf(spec: ResolvedFeedforwardSpec): Layer {
  const uniform = (name: 'weightVariance' | 'biasVariance' | 'keepProbability'): number => {
    const value = spec[name];
    if (typeof value === 'number') return value;
    throw new MftError(
      'ERR_MFT_UNSUPPORTED',
      `This figure is of one map repeated in every layer: expected \`${name}\` to be a number, received a list.`,
      { parameter: name },
    );
  };
  const { activation, dropout } = spec;
  if (!isOneActivation(activation) || spec.biasMean !== 0 || dropout !== 'plain') {
    throw new MftError(
      'ERR_MFT_UNSUPPORTED',
      'This figure is of one map repeated in every layer: expected one `activation`, `biasMean` 0 and plain `dropout`.',
      { parameter: 'activation' },
    );
  }
  return {
    activation,
    weightVariance: uniform('weightVariance'),
    biasVariance: uniform('biasVariance'),
    keepProbability: uniform('keepProbability'),
    maskSharing: spec.maskSharing,
  };
}

const absences: readonly string[] = ['ERR_MFT_NO_FIXED_POINT', 'ERR_MFT_NO_CONVERGENCE', 'ERR_MFT_DEGENERATE'];

/** The value, or undefined where the theory says that there is none. Other errors pass. */
export function whereDefined<T>(value: () => T): T | undefined {
  try {
    return value();
  } catch (error) {
    if (error instanceof MftError && absences.includes(error.code)) return undefined;
    throw error;
  }
}

/** q*, c* and the multipliers, or undefined where there is no fixed point. */
export function multipliersWhereDefined(layer: Layer): Multipliers | undefined {
  return whereDefined(() => multipliers(layer));
}
