// Growth laws of the full block under power-law variances: the phase diagram of 3.7 with its constants.
import { plainCopy } from '../../core/copy.js';
import { expectedError, MftError } from '../../core/errors.js';
import type { ActivationSpec } from '../../gaussian/activations.js';
import { classify } from './activation-class.js';
import { boundedGrowthLaw } from './growth-law-bounded.js';
import { linearGrowthLaw } from './growth-law-linear.js';
import { comparisons, type GrowthLaw, type Schedule } from './growth-schedule.js';
import { alphaReluLaw } from './laws.js';

export interface GrowthLawParameters extends Schedule {
  readonly activation: ActivationSpec;
  /** Exponents nearer than this are equal. */
  readonly tolerance: number;
}

/**
 * The growth law of a full-block network with variances σ²·l^−β: form, exponent and constant of the gradient ratio, the
 * length, the metric and angular expressivity and the weight gradients.
 *
 * @param given φ, the four variances and their decays (docs/systems/residual.md, (3.7))
 * @returns the region of the phase table and, for each sequence, form, coefficient and exponent of its law
 * @throws MftError ERR_MFT_OUT_OF_RANGE for a negative decay; ERR_MFT_WRONG_PHASE for rectified powers above 1 or decaying;
 *   ERR_MFT_UNSUPPORTED for activations without a law
 *
 * **Numerics**: closed forms; q* and e* by bracketed root finding to 1e-14. **Source**: Yang & Schoenholz 2018, theorems
 * C.5–C.11; constants, the regions where q stays finite and the weight-gradient exponents are derived.
 *
 * @example
 * const variances = { innerWeightVariance: 1, innerBiasVariance: 0, outerWeightVariance: 1, outerBiasVariance: 0 };
 * const decays = { innerWeightDecay: 0, innerBiasDecay: 0, outerWeightDecay: 0, outerBiasDecay: 0, tolerance: 1e-12 };
 * growthLaw({ activation: 'tanh', ...variances, ...decays }).gradient?.form; // 'stretchedExponential', with exponent 1/2
 */
export function growthLaw(given: GrowthLawParameters): GrowthLaw {
  const parameters = plainCopy(given, 'parameters');
  if (typeof parameters !== 'object' || parameters === null)
    throw expectedError('ERR_MFT_INVALID_ARGUMENT', 'parameters', 'an object', parameters);
  for (const name of ['innerWeightVariance', 'innerBiasVariance', 'outerWeightVariance', 'outerBiasVariance'] as const)
    if (!(parameters[name] >= 0)) throw expectedError('ERR_MFT_OUT_OF_RANGE', name, 'a number >= 0', parameters[name]);
  if (!(parameters.tolerance >= 0))
    throw expectedError('ERR_MFT_OUT_OF_RANGE', 'tolerance', 'a number >= 0', parameters.tolerance);
  for (const name of ['innerWeightDecay', 'innerBiasDecay', 'outerWeightDecay', 'outerBiasDecay'] as const) {
    if (!(parameters[name] >= 0))
      throw expectedError(
        'ERR_MFT_OUT_OF_RANGE',
        name,
        'a number >= 0 (growth laws cover non-negative decays)',
        parameters[name],
      );
  }
  const kind = classify(parameters.activation);
  const decay = (variance: number, exponent: number): number => (variance === 0 ? Infinity : exponent);
  // A variance that is 0 never decides.
  const schedule: Schedule = {
    ...parameters,
    innerWeightDecay: decay(parameters.innerWeightVariance, parameters.innerWeightDecay),
    innerBiasDecay: decay(parameters.innerBiasVariance, parameters.innerBiasDecay),
    outerWeightDecay: decay(parameters.outerWeightVariance, parameters.outerWeightDecay),
    outerBiasDecay: decay(parameters.outerBiasVariance, parameters.outerBiasDecay),
  };
  const compare = comparisons(parameters.tolerance);
  if (kind.kind === 'piecewiseLinear')
    return { ...linearGrowthLaw(schedule, kind, compare), onBoundary: compare.wasOnBoundary() };
  if (kind.kind === 'bounded')
    return { ...boundedGrowthLaw(schedule, kind, compare), onBoundary: compare.wasOnBoundary() };
  if (kind.kind === 'rectifiedPower') return rectifiedPowerLaw(kind.alpha, parameters);
  throw new MftError(
    'ERR_MFT_UNSUPPORTED',
    'Growth laws are known for piecewise linear, bounded odd (tanh, erf, erfUnitSlope, hardTanh) ' +
      'and rectified-power activations; fit the recurrences of this one instead ' +
      '(`fitGrowth`).',
    { parameter: 'activation' },
  );
}

function rectifiedPowerLaw(alpha: number, parameters: GrowthLawParameters): GrowthLaw {
  const { innerWeightDecay, innerBiasDecay, outerWeightDecay, outerBiasDecay } = parameters;
  if (alpha > 1)
    throw new MftError(
      'ERR_MFT_WRONG_PHASE',
      'There is no growth law for alpha > 1: the second moment grows doubly exponentially.',
      { parameter: 'activation.alpha' },
    );
  if (innerWeightDecay + innerBiasDecay + outerWeightDecay + outerBiasDecay > 0) {
    throw new MftError(
      'ERR_MFT_UNSUPPORTED',
      'Growth laws of alphaRelu cover constant variances only; fit the recurrences instead.',
      { parameter: 'innerWeightDecay' },
    );
  }
  const law = alphaReluLaw(alpha, parameters.outerWeightVariance, parameters.innerWeightVariance);
  return {
    region: '1/2 < alpha < 1',
    gradient: { form: 'power', exponent: law.R },
    length: { form: 'power', exponent: law.lengthExponent, coefficient: law.K ** law.lengthExponent },
    metric: { form: 'power', exponent: law.lengthExponent, coefficient: (1 - law.estar) * law.K ** law.lengthExponent },
    angularLimit: law.estar,
    onBoundary: false,
  };
}
