// Quantities of rectifiers without biases, whose cosines do not depend on norms: (4.1) to (4.5) of docs/systems/kernel.md.
import * as z from 'zod';
import { expectedError } from '../../core/errors.js';
import { numberField, wholeField } from '../../core/fields.js';
import { leftBehind } from '../../core/memory.js';
import { type Quantity, quantity } from '../../core/system.js';
import { angleDecay, cosineAtDepth, fixedPoint, gapAtDepth, normPreserving } from './normalized.js';

const negativeSlope = numberField({}, 'Slope below zero, 1 above; 0 is ReLU.', 'a').default(0);
const keepProbability = numberField({ low: 0, high: 1, above: true }, 'Probability of keeping a unit.', 'ρ').default(1);
const layer = { negativeSlope, keepProbability };
const angles = {
  angle: numberField({ low: 0, high: Math.PI }, 'Angle between the inputs.', 'θ_0').meta({ unit: 'rad' }).optional(),
  cosine: numberField({ low: -1, high: 1 }, 'Its cosine, in its place.', 'c_0').optional(),
  gap: numberField({ low: 0, high: 2 }, '1 − its cosine, in its place.', 'g_0').optional(),
};
const depth = wholeField(0, 10_000_000, 'Layers.', 'L').default(1);
/** Bytes of the numbers a layer leaves behind. */
const perLayer = 200;
const bytesAtDepth = (p: { readonly depth: number }): number => leftBehind(2 ** 20 + perLayer * p.depth);

/** The angle from the one that is given. @throws MftError ERR_MFT_INVALID_ARGUMENT */
function angleOf({
  angle,
  cosine,
  gap,
}: {
  readonly angle?: number | undefined;
  readonly cosine?: number | undefined;
  readonly gap?: number | undefined;
}): number {
  const given = [angle, cosine, gap].filter((value) => value !== undefined).length;
  if (given !== 1)
    throw expectedError('ERR_MFT_INVALID_ARGUMENT', 'angle', 'given, or `cosine` or `gap` in its place', angle);
  if (angle !== undefined) return angle;
  if (cosine !== undefined) return Math.acos(cosine);
  const half = Math.sqrt((gap as number) / 2);
  return 2 * Math.asin(half);
}

export const normalizedQuantities = {
  normalizedKernel: quantity({
    symbol: 'cos θ_1',
    description: 'Cosine of two inputs behind one layer of leaky rectifiers without biases.',
    source: 'Tsuchida et al. 2018; docs 4.1',
    parameters: z.strictObject({ ...layer, ...angles }),
    evaluate: (p) => cosineAtDepth(p, angleOf(p), 1),
  }),
  normalizedKernelAtDepth: quantity({
    symbol: 'cos θ_L',
    description: 'The same behind L layers.',
    source: 'Tsuchida et al. 2018; docs 4.1',
    parameters: z.strictObject({ ...layer, ...angles, depth }),
    bytes: bytesAtDepth,
    evaluate: (p) => cosineAtDepth(p, angleOf(p), p.depth),
  }),
  normalizedKernelGapAtDepth: quantity({
    symbol: '1 − cos θ_L',
    description: 'What the cosine behind L layers lacks of 1, without cancellation.',
    source: 'derived; docs 4.2',
    parameters: z.strictObject({ ...layer, ...angles, depth }),
    bytes: bytesAtDepth,
    evaluate: (p) => gapAtDepth(p, angleOf(p), p.depth),
  }),
  fixedPointCorrelation: quantity({
    symbol: 'c*',
    description: 'Cosine that a layer with dropout leaves as it is.',
    source: 'derived; docs 4.3',
    parameters: z.strictObject(layer),
    evaluate: fixedPoint,
  }),
  angleDecayConstant: quantity({
    symbol: 'C',
    description: 'C of the angle θ_L ~ C/L in deep networks.',
    source: 'derived; docs 4.4',
    parameters: z.strictObject({ negativeSlope }),
    evaluate: (p) => angleDecay(p.negativeSlope),
  }),
  normPreservingWeightVariance: quantity({
    symbol: 'σ_w²',
    description: 'Weight variance (times fan-in) that keeps the norm of every input, whatever the law of the weights.',
    source: 'He et al. 2015; Tsuchida et al. 2018; docs 4.5',
    parameters: z.strictObject(layer),
    evaluate: normPreserving,
  }),
} as const satisfies Readonly<Record<string, Quantity>>;
