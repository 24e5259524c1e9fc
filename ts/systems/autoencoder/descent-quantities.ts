// Quantities of one network on a small data set that is a formula: losses, gradients and full-batch descent.
import * as z from 'zod';
import { addon } from '../../core/addon.js';
import { type ControlOptions, controlled } from '../../core/control.js';
import { numberField, wholeField } from '../../core/fields.js';
import { leftBehind } from '../../core/memory.js';
import type { QuantityValue } from '../../core/results.js';
import { type Quantity, quantity } from '../../core/system.js';
import type { NativeNetworkState } from './descent-native.js';

const network = {
  samples: wholeField(1, 10_000, 'Samples; entry (n, d) is sin(1 + 3n + 7d) + cos(2 + 5nd)/(1 + d).', 'N').default(12),
  dimension: wholeField(1, 2_000, 'Components of a sample.', 'D').default(5),
  hidden: wholeField(1, 2_000, 'Hidden units.', 'H').default(3),
  scale: numberField(
    {},
    'Scale c of the weights: W1(i,j) = c sin(1 + 2i + 3j + ij), W2(i,j) = c sin(2 + 2i + 3j + ij).',
  ).default(0.4),
  weightDecay: numberField({ low: 0 }, 'Weight decay.', 'g').default(0),
};
const noise = {
  noiseVariance: numberField({ low: 0 }, 'Variance of the noise per component.', 's²').default(0),
  maskKeepProbability: numberField(
    { low: 0, high: 1, above: true },
    'Probability of keeping an input component (masking noise, scaled by its inverse).',
    'p',
  ).default(1),
};
const descent = {
  learningRate: numberField({ low: 0 }, 'Learning rate.', 'α').default(0.1),
  steps: wholeField(0, 10_000_000, 'Full-batch steps.').default(100),
};

type Given = z.output<z.ZodObject<typeof network & typeof noise & typeof descent>>;

type Sizes = Pick<Given, 'samples' | 'dimension' | 'hidden'> & { readonly maskKeepProbability?: number };

/** The network of the formulas, after its steps. */
async function run(
  { samples, dimension, hidden, scale, maskKeepProbability, ...rest }: Given,
  isRectified: boolean,
  options: ControlOptions = {},
): Promise<NativeNetworkState> {
  const data = new Float64Array(samples * dimension);
  for (let n = 0; n < samples; n++)
    for (let d = 0; d < dimension; d++)
      data[n * dimension + d] = Math.sin(1 + 3 * n + 7 * d) + Math.cos(2 + 5 * n * d) / (1 + d);
  const first = new Float64Array(hidden * dimension);
  const second = new Float64Array(hidden * dimension);
  for (let h = 0; h < hidden; h++)
    for (let d = 0; d < dimension; d++) {
      first[h * dimension + d] = scale * Math.sin(1 + 2 * h + 3 * d + h * d);
      second[h * dimension + d] = scale * Math.sin(2 + 2 * d + 3 * h + h * d);
    }
  const { noiseVariance, weightDecay, learningRate, steps } = rest;
  return controlled(options, steps, (slots) =>
    addon().autoencoderNetwork(
      {
        dimension,
        hidden,
        data,
        first,
        second,
        noiseVariance,
        keepProbability: maskKeepProbability,
        weightDecay,
        learningRate,
        steps,
        isRectified,
        threads: 1,
      },
      slots,
    ),
  );
}

const still = { learningRate: 0, steps: 0 };
const tooLarge = { reason: 'larger than the largest number' } as const;
const finite = (value: number): QuantityValue => (Number.isFinite(value) ? value : tooLarge);

/** What stands in place of a value after a descent that has blown up. */
const diverged = ({ step }: NativeNetworkState): { reason: string } => ({
  reason: `the loss is not finite after ${step} steps: the learning rate is too large`,
});

function mappings({ mapping, rank }: NativeNetworkState): QuantityValue {
  return Array.from(mapping, (value, i) => (i < rank ? finite(value) : { reason: 'a direction without variance' }));
}

/**
 * Doubles of a number of the data, of a weight, of a pair of components and one of units, here and behind the border: data and weights
 * cross it, the second moment has its eigenvectors, a descent its matrices. Measured.
 */
const linear = { perNumber: 2, perActivity: 0, perWeight: 13, perComponents: 3.2, perUnits: 2.1 } as const;
const rectified = { perNumber: 8.3, perActivity: 2.3, perWeight: 8.5, perComponents: 3.2, perUnits: 0 } as const;

function bytesOf(
  { samples: n, dimension: d, hidden: h, maskKeepProbability = 1 }: Sizes,
  { perNumber, perActivity, perWeight, perComponents, perUnits }: typeof linear | typeof rectified,
): number {
  const masks = maskKeepProbability < 1 ? 0.6 : 0;
  // A block of samples on its way into the second moment.
  const block = 2 * Math.min(n, 512) * d;
  const numbers =
    block +
    perNumber * n * d +
    perActivity * n * h +
    perWeight * h * d +
    (perComponents + masks) * d * d +
    perUnits * h * h;
  return leftBehind(2 ** 20) + 8 * numbers;
}

const linearBytes = (sizes: Sizes): number => bytesOf(sizes, linear);

const source = 'derived; docs 6.1';

export const descentQuantities = {
  networkLoss: quantity({
    symbol: 'E',
    description: 'Expected loss of a linear network over the noise, weight decay included.',
    source,
    parameters: z.strictObject({ ...network, ...noise }),
    bytes: linearBytes,
    evaluate: async (given, options) => finite((await run({ ...given, ...still }, false, options)).loss),
  }),
  networkGradientNorms: quantity({
    symbol: '|∂E/∂W1|, |∂E/∂W2|',
    description: 'Frobenius norms of the gradients of the expected loss of a linear network.',
    source,
    parameters: z.strictObject({ ...network, ...noise }),
    bytes: linearBytes,
    evaluate: async (given, options) => {
      const { firstGradient, secondGradient } = await run({ ...given, ...still }, false, options);
      return [finite(firstGradient), finite(secondGradient)];
    },
  }),
  networkDescent: quantity({
    symbol: 'E, w_i, σ_i',
    description:
      'Full-batch descent of a linear network on the expected loss: loss, mapping of every mode, singular values of W2 W1.',
    source,
    parameters: z.strictObject({ ...network, ...noise, ...descent }),
    bytes: linearBytes,
    evaluate: async (given, options) => {
      const state = await run(given, false, options);
      if (state.hasStopped || !Number.isFinite(state.loss)) return diverged(state);
      return { loss: state.loss, modeMapping: mappings(state), singularValues: [...state.singularValues] };
    },
  }),
  reluNetworkDescent: quantity({
    symbol: 'w_i',
    description: 'Full-batch descent of a network of rectified units without noise: loss, mapping of every mode.',
    source: 'derived; docs 6.3',
    parameters: z.strictObject({ ...network, ...descent }),
    bytes: (p) => bytesOf(p, rectified),
    evaluate: async (given, options) => {
      const state = await run({ ...given, noiseVariance: 0, maskKeepProbability: 1 }, true, options);
      if (state.hasStopped || !Number.isFinite(state.loss)) return diverged(state);
      return { loss: state.loss, modeMapping: mappings(state) };
    },
  }),
} as const satisfies Readonly<Record<string, Quantity>>;
