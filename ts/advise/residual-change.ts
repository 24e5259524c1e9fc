// Residual connections as a change of a feedforward network: the same activation in blocks scaled by 1/√L, verified by the
// prediction of system `residual`.
import type { ControlOptions } from '../core/control.js';
import type { Finding } from '../core/results.js';
import { isOneActivation, type ResolvedFeedforwardSpec } from '../systems/feedforward/spec.js';
import { predict } from '../verbs/predict.js';

/** Gradients may change by e^this over the depth. */
const acceptable = 6;

/**
 * The finding, where findings of the plain network call for a change; none with dropout (which system `residual` does not have),
 * with layers of different widths, or where blocks do not help either.
 */
export async function residualChange(
  spec: ResolvedFeedforwardSpec,
  findings: readonly Finding[],
  options: ControlOptions,
): Promise<readonly Finding[]> {
  const { activation, width, depth, inputs, keepProbability, inputKeepProbability } = spec;
  const isMasked = inputKeepProbability < 1 || [keepProbability].flat().some((keep) => keep < 1);
  const isCalledFor = findings.some(({ severity }) => severity === 'critical');
  if (!isCalledFor || isMasked || typeof width !== 'number' || depth < 2) return [];
  if (!isOneActivation(activation)) return [];
  if ('values' in inputs || 'dataset' in inputs) return [];
  const change = {
    system: 'residual',
    activation,
    width,
    depth,
    depthPower: 1,
    innerWeightVariance: 1,
    outerWeightVariance: 1,
    inputs: { count: 1, secondMoment: inputs.secondMoment ?? 1 },
  } as const;
  const value = (await predict(change, options)).quantities.logGradientRatio;
  if (typeof value !== 'number' || !(Math.abs(value) <= acceptable)) return [];
  return [
    {
      id: 'changeResidual',
      severity: 'info',
      claim:
        `Residual connections around blocks scaled by 1/√L keep gradients over ${depth} blocks: ` +
        `in mean square they change by e^${value.toFixed(2)} from the last to the first.`,
      evidence: [{ quantity: 'depth', value: depth }],
      change,
      after: [
        { quantity: 'logGradientRatio', value },
        { quantity: 'depth', value: depth },
      ],
    },
  ];
}
