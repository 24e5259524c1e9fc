// Numbers drawn from the recurrences: spread of gradients, gates, conditions of validity.
import { MftError } from '../../core/errors.js';
import type { Warning } from '../../core/results.js';
import { type ActivationSpec, canonicalActivation } from '../../gaussian/activations.js';
import { derivativeSecondMoment } from './moments.js';
import type { NativeResidualNetwork, Recurrence } from './native.js';
import { kindsOf, logParameterGradient } from './network.js';
import type { BlockKind } from './spec.js';

/** Σ_l arccos(c_l)/π from 1 − c_l. */
export function gateDisagreement(result: Recurrence): number {
  let sum = 0;
  for (const deficit of result.preactivationDeficit)
    sum += (2 * Math.asin(Math.sqrt(Math.min(1, deficit / 2)))) / Math.PI;
  return sum;
}

/** max − min of log χ over all blocks and parameter kinds; Infinity when some kind has no gradient at all. */
export function fisherLogConditionBound(network: NativeResidualNetwork, result: Recurrence, block: BlockKind): number {
  let [low, high] = [Infinity, -Infinity];
  for (const kind of kindsOf(block)) {
    for (let l = 1; l < result.logGradient.length; l++) {
      const value = logParameterGradient(kind, l, network, result);
      low = Math.min(low, value);
      high = Math.max(high, value);
    }
  }
  return high - low;
}

/** @throws MftError ERR_MFT_DEGENERATE when E φ'² is infinite (x^α with α ≤ ½, jumps). */
export function requireFiniteGradient(activation: ActivationSpec): void {
  const alpha = exponentOf(activation);
  if (alpha !== undefined && alpha <= 0.5) {
    throw new MftError(
      'ERR_MFT_DEGENERATE',
      `The gradient second moment is infinite for alpha <= 1/2, received ${alpha}.`,
      { parameter: 'activation.alpha', received: alpha },
    );
  }
  const canonical = canonicalActivation(activation);
  if (canonical === 'step' || canonical === 'sign' || !Number.isFinite(derivativeSecondMoment(canonical, 1))) {
    throw new MftError('ERR_MFT_DEGENERATE', 'The gradient second moment is infinite: the activation jumps.', {
      parameter: 'activation',
    });
  }
}

function exponentOf(activation: ActivationSpec): number | undefined {
  const canonical = canonicalActivation(activation) as {
    readonly name?: string;
    readonly alpha?: number;
    readonly degree?: number;
  };
  return canonical.name === 'alphaRelu'
    ? canonical.alpha
    : canonical.name === 'rectifiedMonomial'
      ? canonical.degree
      : undefined;
}

/** What the user must know about this activation in this block. */
export function warningsOf(activation: ActivationSpec, block: BlockKind, isOdd: boolean): readonly Warning[] {
  const warnings: Warning[] = [];
  const alpha = exponentOf(activation);
  if (alpha !== undefined && alpha > 0.5 && alpha <= 0.75) {
    warnings.push({
      id: 'infiniteDerivativeVariance',
      message:
        'The variance of the squared derivative is infinite for 1/2 < alpha <= 3/4: measured gradients do not ' +
        'settle with the width, and their error bars mean nothing.',
    });
  }
  if (block === 'reduced' && !isOdd) {
    warnings.push({
      id: 'slowWidthConvergence',
      message:
        'The reduced block with an activation that is not odd converges slowly with the width: relative ' +
        'corrections of order 30/N at depth 12.',
    });
  }
  return warnings;
}
