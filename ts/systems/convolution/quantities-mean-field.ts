// Quantities: signals and gradients in random convolutional networks.
import * as z from 'zod';
import { choiceField, numberField, wholeField } from '../../core/fields.js';
import { type Quantity, quantity } from '../../core/system.js';
import { activations, mostSide } from './architecture.js';
import { averagePoolMoment, circularMultiplier, modeMultiplier, paddedVariance, paddingRate } from './propagation.js';

const side = (description: string, symbol?: string): z.ZodNumber => wholeField(1, mostSide, description, symbol);
const activation = choiceField(activations, 'Activation.').default('relu');
const weightVariance = numberField({ low: 0 }, 'Variance of a weight times its fan-in.', 'σ_w²').default(2);
const biasVariance = numberField({ low: 0 }, 'Variance of a bias.', 'σ_b²').default(0);
const variance = numberField({ low: 0 }, 'Variance of a pre-activation.', 'q').default(1);
const periods = wholeField(0, mostSide, 'Periods over the side.', 'm');
/** Sides up to this: the theory walks over all positions. */
const walked = 4096;
const odd = z
  .int()
  .gte(1)
  .lte(walked)
  .refine((value) => value % 2 === 1, { message: 'Expected `kernel` to be an odd whole number.' })
  .meta({ expected: 'an odd whole number', description: 'Side of the kernels.', symbol: 'k' });

export const meanFieldQuantityTable = {
  circularMultiplier: quantity({
    symbol: 'λ_m',
    description: 'Factor per layer of a spatial mode of `periods` over a side with circular padding.',
    source: 'Xiao 2018; docs 6.2',
    parameters: z.strictObject({
      kernel: side('Side of the kernels.', 'k').default(3),
      side: side('Side of a map.', 'n'),
      periods,
    }),
    evaluate: (p) => circularMultiplier(p.kernel, p.side, p.periods),
  }),
  modeMultiplier: quantity({
    symbol: 'λ_m, χ_q λ_m, χ_c λ_m',
    description:
      'Factors per layer of a spatial mode: of the kernel alone, of the variance, of 1 − c, near the fixed point.',
    source: 'Xiao 2018; docs 6.2, 6.3',
    parameters: z.strictObject({
      activation,
      weightVariance,
      biasVariance,
      kernel: side('Side of the kernels.', 'k').default(3),
      height: side('Height of a map.'),
      width: side('Width of a map.'),
      rowPeriods: periods.default(0),
      columnPeriods: periods.default(0),
    }),
    evaluate: modeMultiplier,
  }),
  paddedVariance: quantity({
    symbol: 'q_L(p)',
    description:
      'Variance after `layers` layers from the same variance everywhere: mean over positions, corner, centre.',
    source: 'derived; docs 6.1, 6.4',
    parameters: z.strictObject({
      activation,
      weightVariance,
      biasVariance,
      variance,
      kernel: side('Side of the kernels.', 'k').default(3),
      height: wholeField(1, walked, 'Height of a map.'),
      width: wholeField(1, walked, 'Width of a map.'),
      padding: choiceField(['zero', 'circular'], 'Padding.').default('zero'),
      layers: wholeField(0, 100_000, 'Layers.', 'L'),
    }),
    evaluate: paddedVariance,
  }),
  paddingRate: quantity({
    symbol: 'λ_0',
    description: 'Share of the mean square that zero padding leaves per layer at great depth.',
    source: 'derived; docs 6.4',
    parameters: z.strictObject({
      kernel: odd.default(3),
      height: wholeField(1, walked, 'Height of a map.'),
      width: wholeField(1, walked, 'Width of a map.'),
    }),
    evaluate: (p) => paddingRate(p.kernel, p.height, p.width),
  }),
  averagePoolMoment: quantity({
    symbol: 'E y²',
    description: 'Mean square of the mean over pool × pool units of one variance, all pairs with one correlation.',
    source: 'derived; docs 6.6',
    parameters: z.strictObject({
      activation,
      variance,
      correlation: numberField({ low: -1, high: 1 }, 'Correlation of two pre-activations in a pool.', 'c'),
      pool: wholeField(1, 1024, 'Side of the pool.', 'p').default(2),
    }),
    evaluate: (p) => averagePoolMoment(p.activation, p.variance, p.correlation, p.pool),
  }),
} as const satisfies Readonly<Record<string, Quantity>>;
