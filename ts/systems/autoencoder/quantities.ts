// The named quantities of system `autoencoder`: what `evaluate` and `map` take.
import * as z from 'zod';
import { expectedError } from '../../core/errors.js';
import { aliased, booleanField, numberField, wholeField } from '../../core/fields.js';
import { leftBehind } from '../../core/memory.js';
import { type Quantity, quantity, withMapped } from '../../core/system.js';
import { balancedTime } from './balanced.js';
import { descendMode } from './descent-modes.js';
import { descentQuantities } from './descent-quantities.js';
import { flow, flowEnd, flowTime, flowWeights } from './flow.js';
import {
  checkMapping,
  curvature,
  effectiveHyperparameters,
  equivalentNoiseVariance,
  equivalentWeightDecay,
  fixedPoint,
  learningRates,
  optimumLoss,
} from './mode.js';
import { peakDifference } from './peak.js';
import { beyondQuantities } from './quantities-beyond.js';
import {
  decay,
  initial,
  modeFields,
  noise,
  rate,
  spectrumField,
  startFields,
  startOf,
  variance,
  weight,
} from './quantity-fields.js';
import { stableLearningRate } from './rates.js';
import { specificationSpectrum } from './specification-data.js';

/** Bytes of the numbers a step of descent leaves behind. */
const perStep = 64;

const step = numberField({ low: 0 }, 'Step, any real number.');
const weightFields = { ...modeFields, learningRate: rate, w1: weight('w1'), w2: weight('w2') };
const flowFields = z.strictObject({ ...weightFields, step });

const flowed = ({ learningRate, step, w1, w2, ...mode }: z.output<typeof flowFields>): [number, number] =>
  flowWeights(mode, { w1, w2 }, flowTime(learningRate, step));
const table = {
  fixedPoint: quantity({
    isListed: true,
    symbol: 'w*',
    description: 'Mapping at the end of training.',
    source: 'Pretorius 2018; docs 2.3',
    parameters: z.strictObject(modeFields),
    evaluate: (mode) => fixedPoint(mode),
  }),
  mapping: quantity({
    symbol: 'w',
    description:
      'Mapping w1 w2 of the flow after `step` steps, from `initialMapping` (equal weights, or with an `imbalance`) or `w1`, `w2`.',
    source: 'Pretorius 2018; docs 3.1, 3.3, 3.4',
    parameters: z.strictObject({ ...startFields, step }),
    evaluate: ({ learningRate, step, inputVariance, noiseVariance, weightDecay, ...start }) =>
      flow({ inputVariance, noiseVariance, weightDecay }, startOf(start), flowTime(learningRate, step)).w,
  }),
  weights: quantity({
    symbol: '[w1, w2]',
    description: 'Both weights of the flow after `step` steps.',
    source: 'derived; docs 3.3, 3.4, 3.5',
    parameters: flowFields,
    evaluate: flowed,
  }),
  weightNorm: quantity({
    symbol: '√(w1² + w2²)',
    description: 'Norm of both weights of the flow after `step` steps.',
    source: 'derived; docs 3.3, 3.4, 3.5',
    parameters: flowFields,
    evaluate: (p) => Math.hypot(...flowed(p)),
  }),
  flowEnd: quantity({
    symbol: 'w(∞), [w1, w2]',
    description:
      'Mapping and weights in which the flow from `w1`, `w2` ends; `isSaddle`: at the saddle (w1 = −w2), though the direction ' +
      'is learnt from all other starts.',
    source: 'derived; docs 3.7',
    parameters: z.strictObject({ ...modeFields, w1: weight('w1'), w2: weight('w2') }),
    evaluate: ({ w1, w2, ...mode }) => flowEnd(mode, { w1, w2 }),
  }),
  descentWeights: quantity({
    symbol: '[w1, w2]',
    description: 'Both weights after `steps` steps of gradient descent; `tied`: one weight in both places.',
    source: 'derived; docs 2.2',
    parameters: z.strictObject({
      ...weightFields,
      steps: wholeField(0, 1_000_000_000, 'Steps of descent.', 'T'),
      tied: booleanField('Whether both weights are one.').default(false),
    }),
    bytes: ({ steps }) => leftBehind(2.5 * 2 ** 20 + perStep * steps),
    evaluate: ({ learningRate, steps, tied, w1, w2, ...mode }, options) => {
      if (tied && w1 !== w2)
        throw expectedError('ERR_MFT_INVALID_ARGUMENT', 'w2', 'equal to `w1` where weights are tied', w2);
      return descendMode(mode, { w1, w2 }, learningRate, steps, tied, options);
    },
  }),
  curvature: quantity({
    symbol: 'λ(∇²L)',
    description: 'Eigenvalues of the Hessian of the loss of a direction, ascending.',
    source: 'derived; docs 4.1',
    parameters: z.strictObject({ ...modeFields, w1: weight('w1'), w2: weight('w2') }),
    evaluate: ({ w1, w2, ...mode }) => curvature(mode, w1, w2),
  }),
  timeToReach: quantity({
    isListed: true,
    symbol: 't(w)',
    description: 'Steps until the mapping of equal weights reaches `target`.',
    source: 'derived; docs 3.2',
    parameters: z.strictObject({
      ...modeFields,
      learningRate: numberField({ low: 0, above: true }, 'Learning rate of a full-batch step.', 'α'),
      initialMapping: initial,
      target: numberField({}, 'Mapping that is to be reached.', 'w'),
    }),
    evaluate: ({ learningRate, initialMapping, target, ...mode }) => {
      checkMapping(initialMapping);
      return balancedTime(mode, initialMapping, target) / learningRate;
    },
  }),
  equivalentWeightDecay: quantity({
    symbol: 'g(s²)',
    description: 'Weight decay with the fixed point of the noise, for one direction.',
    source: 'Pretorius 2018; docs 4.2',
    parameters: z.strictObject({ inputVariance: variance, noiseVariance: noise }),
    evaluate: (p) => equivalentWeightDecay(p.inputVariance, p.noiseVariance),
  }),
  equivalentNoiseVariance: quantity({
    symbol: 's²(g)',
    description: 'Variance of the noise with the fixed point of the decay, for one direction.',
    source: 'Pretorius 2018; docs 4.2',
    parameters: z.strictObject({ inputVariance: variance, weightDecay: decay }),
    evaluate: (p) => equivalentNoiseVariance(p.inputVariance, p.weightDecay),
  }),
  learningRates: quantity({
    symbol: '[1/(2ν + 3s²), 1/(2ν + g), …]',
    description:
      'Rates for noise and for the decay that matches it: at w1 = w2 = 1, their ratio, and the limits of stability 1/ν, 1/max(ν − g, g).',
    source: 'Pretorius 2018; docs 4.3',
    parameters: z.strictObject({ inputVariance: variance, noiseVariance: noise }),
    evaluate: (p) => learningRates(p.inputVariance, p.noiseVariance),
  }),
  stableLearningRate: quantity({
    symbol: 'α_max',
    description: 'Largest rate at which the balanced optimum of a direction is stable.',
    source: 'derived; docs 4.4',
    parameters: z.strictObject(modeFields),
    evaluate: (mode) => stableLearningRate(mode),
  }),
  effectiveHyperparameters: quantity({
    symbol: '[2a/D, cD/2]',
    description: 'Learning rate and decay of this page for a loss that is averaged over samples and coordinates.',
    source: 'derived; docs 4.5',
    parameters: z.strictObject({
      learningRate: rate,
      weightDecay: decay,
      dimension: wholeField(1, 1_000_000_000, 'Coordinates of an input.', 'D'),
    }),
    evaluate: (p) => effectiveHyperparameters(p.learningRate, p.weightDecay, p.dimension),
  }),
  peakDifference: quantity({
    symbol: 'max(w_noise − w_decay)',
    description: 'Largest difference of mappings under noise and under the decay that matches it: [height, step].',
    source: 'Pretorius 2018; docs 4.2',
    parameters: z.strictObject({
      inputVariance: variance,
      noiseVariance: noise,
      initialMapping: initial,
      lastStep: wholeField(0, 1_000_000_000, 'Last step that is looked at.'),
      noiseLearningRate: rate,
      decayLearningRate: rate,
    }),
    evaluate: (p, options) => {
      checkMapping(p.initialMapping);
      return peakDifference(
        p.inputVariance,
        p.noiseVariance,
        p.initialMapping,
        p.noiseLearningRate,
        p.decayLearningRate,
        p.lastStep,
        options,
      );
    },
  }),
  optimumLoss: quantity({
    symbol: 'L*',
    description:
      'Loss of the best network with `hidden` units, decay included; `lossNoiseVariance`: under another noise.',
    source: 'derived; docs 2.4',
    parameters: z.strictObject({
      spectrum: spectrumField,
      hidden: aliased(wholeField(1, 1_000_000_000, 'Hidden units.', 'H'), 'width'),
      noiseVariance: noise,
      weightDecay: decay,
      lossNoiseVariance: numberField(
        { low: 0 },
        'Variance of the noise under which the loss is taken; that of the training when left out.',
        's_t²',
      ).optional(),
    }),
    evaluate: (p) => optimumLoss(p.spectrum, p.hidden, p.noiseVariance, p.weightDecay, p.lossNoiseVariance),
  }),
  spectrum: quantity({
    symbol: 'ν_i',
    description: "Eigenvalues of the second moment of the specification's data, in falling order.",
    source: 'derived; docs 2.1',
    parameters: z.strictObject({
      samples: wholeField(1, 10_000, 'Samples.', 'N'),
      dimension: wholeField(1, 256, 'Coordinates.', 'D'),
    }),
    // The data, a twentieth for what arrays round up to, and two matrices of moments; all the objects there is room for.
    bytes: ({ samples, dimension: d }) => leftBehind(2 ** 24) + 8.4 * samples * d + 16 * d ** 2,
    evaluate: (p) => Array.from(specificationSpectrum(p.samples, p.dimension)),
  }),
  ...beyondQuantities,
  ...descentQuantities,
} as const satisfies Readonly<Record<string, Quantity>>;

export const quantities = withMapped(table, ['fixedPoint', 'equivalentWeightDecay', 'stableLearningRate']);

export type AutoencoderQuantity = keyof typeof quantities;
