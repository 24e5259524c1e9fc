// What Gaussian and orthogonal weights tell apart at the fixed point: the spread of the Jacobian's singular values (3.17) and the
// growth of the variance of log g_aa (3.11, 3.18) of docs/systems/feedforward.md.
import { finiteSlope } from './fixed-point-theory.js';
import { MftError } from '../../core/errors.js';
import { gaussianFunctionOf } from '../../gaussian/expectation.js';
import type { Layer } from '../../gaussian/variance-map.js';
import { multipliers } from '../../gaussian/multipliers.js';
import { expectation } from '../../gaussian/moments.js';

/**
 * Var/mean² of the squared singular values of ∂z^{l+1}/∂z^l, per layer: of L layers in a product L times this, for mean squared
 * singular values of any size (moments of free products add so).
 */
export function jacobianSpread(layer: Layer, weights: 'gaussian' | 'orthogonal'): number {
  const q = positiveFixedPoint(layer);
  const phi = gaussianFunctionOf(layer.activation);
  const keep = typeof layer.keepProbability === 'number' ? layer.keepProbability : 1;
  return expectation(phi, { first: 4 }, q) / (keep * finiteSlope(layer, q) ** 2) - (weights === 'orthogonal' ? 1 : 0);
}

/** β of orthogonal weights without dropout, for errors independent of the weights (3.18). */
export function orthogonalLogGradientVarianceRate(layer: Layer): number {
  const q = positiveFixedPoint(layer);
  const phi = gaussianFunctionOf(layer.activation);
  const moment = (value: number, first: number, argument = 0): number =>
    expectation(phi, { value, first, argument }, q);
  const s2 = finiteSlope(layer, q);
  const m2 = moment(2, 0);
  const signal = 1 - layer.biasVariance / q;
  const alongErrors = (moment(0, 2, 2) / q - s2) / s2;
  const alongLengths = moment(2, 0, 2) / q - m2;
  const errors = (3 * moment(0, 4)) / s2 ** 2 - 3 - 0.5 * (signal * alongErrors) ** 2;
  const response = phi.homogeneousDegree === 1 ? 0 : alongErrors / (2 * q);
  if (response === 0) return errors;
  const w = layer.weightVariance;
  const lengths = w ** 2 * (moment(4, 0) - m2 ** 2 - 0.5 * (signal * alongLengths) ** 2);
  const cross = w * (moment(2, 2) / s2 - m2 - 0.5 * signal ** 2 * alongErrors * alongLengths);
  const memory = 1 - multipliers(layer).varianceMultiplier;
  return errors + (2 * response * cross) / memory + (response ** 2 * lengths) / memory ** 2;
}

function positiveFixedPoint(layer: Layer): number {
  const q = multipliers(layer).fixedPointVariance;
  if (q > 0) return q;
  throw new MftError(
    'ERR_MFT_DEGENERATE',
    'At the fixed point variance 0 no unit fluctuates: the spread is not defined.',
    {
      parameter: 'weightVariance',
    },
  );
}
