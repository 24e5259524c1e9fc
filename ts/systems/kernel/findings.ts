// What `advise` says about a spec of `kernel`.
import { type ControlOptions, throwIfAborted } from '../../core/control.js';
import type { Finding } from '../../core/results.js';
import { secondMoment } from './formulas.js';
import type { ResolvedKernelSpec } from './spec.js';

export async function findings(
  { weightVariance, depth }: ResolvedKernelSpec,
  options: ControlOptions,
): Promise<readonly Finding[]> {
  throwIfAborted(options);
  const value = secondMoment(weightVariance, depth);
  const isHarmless = value > 1e-3 && value < 1e3;
  return [
    {
      id: 'secondMomentDrifts',
      severity: isHarmless ? 'info' : 'warning',
      claim: `The second moment changes by a factor of ${value.toExponential(1)} over ${depth} layers.`,
      evidence: Number.isFinite(value) ? [{ quantity: 'secondMoment', value }] : [],
      ...(isHarmless ? {} : { change: { weightVariance: 1 } }),
    },
  ];
}
