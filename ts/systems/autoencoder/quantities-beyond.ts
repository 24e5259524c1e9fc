// Quantities beyond one direction at constant hyperparameters: schedules, choices, comparisons, deep stacks, momentum.
import * as z from 'zod';
import { expectedError } from '../../core/errors.js';
import { booleanField, numberField, wholeField } from '../../core/fields.js';
import { type Quantity, quantity } from '../../core/system.js';
import { chosenNoiseVariance } from './choose-noise.js';
import { compareRegularizers } from './comparison.js';
import { deepCurve, deepFixedPoint, deepStableLearningRate } from './deep.js';
import { type ModeCurve, modeCurve } from './mode-curve.js';
import { whiteFlow } from './white.js';
import { modeFields, rate, scheduleField, spectrumField, startFields, variance } from './quantity-fields.js';

const depth = wholeField(2, 1000, 'Layers of weights.', 'L').default(2);
const momentum = z
  .number()
  .gte(0)
  .lt(1)
  .meta({ expected: 'a number in [0, 1)', description: 'Momentum (heavy ball).', symbol: 'β' })
  .default(0);
const matrixField = (description: string, symbol: string): z.ZodType<number[][], number[][]> =>
  z
    .array(z.array(z.number()).min(1).max(256))
    .min(1)
    .max(256)
    .refine((rows) => rows.every((row) => row.length === (rows[0] as number[]).length))
    .meta({ expected: 'rows of numbers, all of one length, at most 256 × 256', description, symbol });
const sortedSpectrum = (spectrum: readonly number[]): number[] => [...spectrum].sort((a, b) => b - a);

export const beyondQuantities = {
  modeCurve: quantity({
    symbol: 'w(step)',
    description:
      'Mapping of the flow at every step of a list; `schedule` changes noise, decay and rate from given steps on.',
    source: 'derived; docs 3.1, 3.3, 3.4, 3.6',
    parameters: z.strictObject({
      ...startFields,
      steps: z
        .array(z.number().gte(0))
        .min(1)
        .meta({ expected: 'a list of numbers >= 0 in rising order', description: 'Steps, any real numbers.' }),
      schedule: scheduleField,
    }),
    evaluate: ({ steps, ...direction }) => Array.from(modeCurve(direction as ModeCurve, steps)),
  }),
  whiteNetwork: quantity({
    symbol: 'W(step)',
    description:
      'Flow of a whole network on white data (all directions of one variance) from matrices that are not aligned, with ' +
      'W2ᵀ W2 = W1 W1ᵀ, or without decay up to a multiple of 1: product W2 W1, squared norm of the weights, loss.',
    source: 'derived; docs 3.9',
    parameters: z.strictObject({
      ...modeFields,
      learningRate: rate,
      first: matrixField('W1, a row per hidden unit', 'W1'),
      second: matrixField('W2, a row per coordinate', 'W2'),
      step: numberField({ low: 0 }, 'Step, any real number.'),
    }),
    evaluate: ({ learningRate, first, second, step, ...mode }) => {
      const [hidden, dimension] = [first.length, (first[0] as readonly number[]).length];
      if (second.length !== dimension || (second[0] as readonly number[]).length !== hidden)
        throw expectedError(
          'ERR_MFT_SHAPE',
          'second',
          `${dimension} rows of ${hidden} numbers`,
          `${second.length} rows of ${second[0]?.length}`,
        );
      return { ...whiteFlow(mode, { first, second }, learningRate * step) };
    },
  }),
  maskingFixedPoint: quantity({
    symbol: 'w*_p',
    description:
      'Mapping at the end of training with masked inputs where every coordinate has the second moment `coordinateVariance`; ' +
      '`isRescaled`: kept coordinates are divided by p.',
    source: 'derived; docs 2.5',
    parameters: z.strictObject({
      inputVariance: variance,
      coordinateVariance: numberField({ low: 0 }, 'Second moment of every coordinate.', 'S_jj'),
      inputKeepProbability: numberField({ low: 0, high: 1, above: true }, 'Probability of keeping a coordinate.', 'p'),
      isRescaled: booleanField('Whether kept coordinates are divided by p.').default(true),
    }),
    evaluate: ({ inputVariance: nu, coordinateVariance, inputKeepProbability: p, isRescaled }) => {
      if (nu === 0) return 0;
      const kept = nu / (nu + ((1 - p) / p) * coordinateVariance);
      return isRescaled ? kept : kept / p;
    },
  }),
  chosenNoiseVariance: quantity({
    symbol: 'ŝ²',
    description:
      'Noise variance of training that generalised cross-validation chooses for inputs with the noise `lossNoiseVariance`.',
    source: 'derived; docs 4.6',
    parameters: z.strictObject({
      spectrum: spectrumField,
      samples: wholeField(2, 1_000_000_000_000, 'Examples the spectrum is of.', 'N'),
      lossNoiseVariance: numberField({ low: 0, above: true }, 'Variance of the noise of the inputs.', 's_t²'),
    }),
    evaluate: (p) => chosenNoiseVariance(p.spectrum, p.samples, p.lossNoiseVariance),
  }),
  regularizerComparison: quantity({
    symbol: 'w_i*, t_i',
    description:
      'Noise, the decay matched to it on one direction, masking and early stopping, each at its own best rate: mappings, ' +
      'half-times, losses, and how much faster noise is than decay.',
    source: 'derived; docs 4.7',
    parameters: z.strictObject({
      spectrum: spectrumField,
      noiseVariance: numberField({ low: 0, above: true }, 'Variance of the noise per coordinate.', 's²'),
      matched: wholeField(0, 65_535, 'Direction (from 0) on which the others are matched to the noise.').default(0),
      rateShare: numberField(
        { low: 0, high: 1, above: true },
        'Share of the limit of stability at which each trains.',
      ).default(0.5),
      initialMapping: numberField({ low: 0, above: true }, 'Mapping at the start.', 'w_0').default(1e-6),
      lossNoiseVariance: numberField(
        { low: 0 },
        'Noise under which the losses are taken; that of training when left out.',
      ).optional(),
    }),
    evaluate: ({ spectrum, matched, lossNoiseVariance, ...rest }) => {
      if (matched >= spectrum.length)
        throw expectedError(
          'ERR_MFT_OUT_OF_RANGE',
          'matched',
          `a whole number in [0, ${spectrum.length - 1}]`,
          matched,
        );
      return compareRegularizers({
        ...rest,
        matched,
        spectrum: sortedSpectrum(spectrum),
        lossNoise: lossNoiseVariance ?? rest.noiseVariance,
      });
    },
  }),
  deepFixedPoint: quantity({
    symbol: 'w*_L',
    description: 'Mapping at the end of training of a balanced stack of `depth` layers.',
    source: 'derived; docs 7.1',
    parameters: z.strictObject({ ...modeFields, depth }),
    evaluate: ({ depth, ...mode }) => deepFixedPoint(mode, depth),
  }),
  deepStableLearningRate: quantity({
    symbol: 'α_max(L, β)',
    description: 'Largest rate at which the balanced optimum of a stack is stable, with momentum.',
    source: 'derived; docs 7.2',
    parameters: z.strictObject({ ...modeFields, depth, momentum }),
    evaluate: ({ depth, momentum, ...mode }) => deepStableLearningRate(mode, depth, momentum),
  }),
  deepMapping: quantity({
    symbol: 'w_L',
    description: 'Mapping of a stack of equal layers after `steps` steps of descent with momentum.',
    source: 'derived; docs 7.3',
    parameters: z.strictObject({
      ...modeFields,
      depth,
      momentum,
      learningRate: rate,
      initialMapping: numberField({ low: 0 }, 'Mapping at the start: every layer is its L-th root.', 'w_0'),
      steps: wholeField(0, 1_000_000_000, 'Steps of descent.', 'T'),
    }),
    evaluate: async ({ depth, momentum, learningRate, initialMapping, steps, ...mode }, options) => {
      const layers = new Array<number>(depth).fill(initialMapping ** (1 / depth));
      const [mapping] = await deepCurve(mode, layers, learningRate, momentum, [steps], options);
      return mapping as number;
    },
  }),
  deepCurve: quantity({
    symbol: 'w_L(step)',
    description:
      'Mapping of a stack of layers at every step of a list, by descent with momentum, from any `layers`, one weight each.',
    source: 'derived; docs 7.3',
    parameters: z.strictObject({
      ...modeFields,
      momentum,
      learningRate: rate,
      layers: z.array(z.number()).min(2).max(1000).meta({
        expected: 'a list of 2 to 1000 numbers',
        description: 'Weight of every layer at the start.',
        symbol: 'a_l',
      }),
      steps: z
        .array(z.int().gte(0).lte(1_000_000_000))
        .min(1)
        .meta({ expected: 'a list of whole numbers >= 0 in rising order', description: 'Steps of descent.' }),
    }),
    evaluate: ({ momentum, learningRate, layers, steps, ...mode }, options) => {
      const late = steps.find((step, i) => i > 0 && step < (steps[i - 1] as number));
      if (late !== undefined) throw expectedError('ERR_MFT_INVALID_ARGUMENT', 'steps', 'in rising order', late);
      return deepCurve(mode, layers, learningRate, momentum, steps, options);
    },
  }),
} as const satisfies Readonly<Record<string, Quantity>>;
