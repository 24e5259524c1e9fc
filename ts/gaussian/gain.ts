// Exact gains: the factor of an activation that keeps the spread or the mean square of a Gaussian.
import { parse } from '../core/checks.js';
import { choiceField, numberField } from '../core/fields.js';
import { MftError } from '../core/errors.js';
import * as z from 'zod';
import { type Activation, gaussianFunctionOf } from './expectation.js';
import { expectation } from './moments.js';

/** What a gain keeps, and of which Gaussian. */
export interface GainOptions {
  /** 'secondMoment': E (γ φ)² = q; 'variance': Var (γ φ) = q, for activations whose mean is taken away. Default 'secondMoment'. */
  readonly keeps?: 'variance' | 'secondMoment';
  /** q > 0 of the Gaussian that φ is applied to. Default 1. */
  readonly variance?: number;
}

const optionsSchema = z.strictObject({
  keeps: choiceField(['variance', 'secondMoment'], 'What γ φ has the same of as its argument.').default('secondMoment'),
  variance: numberField({ low: 0, above: true }, 'Variance of the Gaussian.', 'q').default(1),
});

/**
 * γ = √(q/E φ(u)²) or √(q/Var φ(u)), u ~ N(0, q): γ φ has the mean square (or the variance) of its argument. The factor of a
 * normalised network's activation, and of weights with a standard deviation 1/√fan-in: σ_w² = γ².
 *
 * @param activation φ: a name, {name, …}, {expression} or functions
 * @param options `keeps`, and `variance` q
 * @returns γ > 0, without unit
 * @throws MftError ERR_MFT_INVALID_ARGUMENT, ERR_MFT_OUT_OF_RANGE, ERR_MFT_NO_CONVERGENCE; ERR_MFT_DEGENERATE where φ is constant
 *   (`variance`) or zero (`secondMoment`) on the Gaussian
 * **Numerics**: relative error 1e-12, as `gaussianSecondMoment`; the variance as the mean of squared distances from the mean
 * would lose digits only where E φ² is above 10⁴ times it.
 * **Source**: derived; He et al. 2015 is relu, √2. Brock et al. 2021 (NFNets) use √(1/Var φ), from samples.
 *
 * @example
 * gain('gelu', { keeps: 'variance' }); // 1.7009262434
 */
export function gain(activation: Activation, options: GainOptions = {}): number {
  const { keeps, variance } = parse(optionsSchema, options, 'options');
  const phi = gaussianFunctionOf(activation);
  const square = expectation(phi, { value: 2 }, variance);
  const mean = keeps === 'variance' && !phi.isOdd ? expectation(phi, { value: 1 }, variance) : 0;
  const kept = square - mean * mean;
  // What rounding leaves of a constant.
  if (!(kept > 1e-13 * square))
    throw new MftError(
      'ERR_MFT_DEGENERATE',
      `This activation ${square > 0 ? 'is constant' : 'vanishes'} on a Gaussian of variance ${variance}: no gain keeps anything.`,
      { parameter: 'activation', received: activation },
    );
  return Math.sqrt(variance / kept);
}
