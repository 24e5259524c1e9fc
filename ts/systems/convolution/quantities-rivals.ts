// Quantities: bounds of other papers, bounds that count bits or divergences, and examples held out.
import * as z from 'zod';
import { expectedError } from '../../core/errors.js';
import { numberField, wholeField } from '../../core/fields.js';
import { type Quantity, quantity } from '../../core/system.js';
import { failureProbability, samples, target } from './quantities-bounds.js';
import { gaussianDivergence } from './posterior.js';
import {
  bitCountGap,
  catoniBound,
  dnn2018,
  frobeniusProduct,
  holdoutMargin,
  mcAllesterBound,
  pacBayesSpectral,
  parametersForBitCountGap,
  spectralMargin,
  sun2016,
  type UnrolledNorms,
} from './rivals.js';

const above = (description: string, symbol?: string): z.ZodNumber =>
  numberField({ low: 0, above: true }, description, symbol);
const whole = (description: string, symbol?: string): z.ZodNumber =>
  wholeField(1, Number.MAX_SAFE_INTEGER, description, symbol);
const norms = (description: string): z.ZodArray<z.ZodNumber> =>
  z
    .array(z.number().gt(0))
    .min(1)
    .meta({ expected: 'a list of numbers > 0, one per layer, the head last', description });

const unrolled = z.strictObject({
  n: whole('Training examples.', 'n'),
  delta: z
    .number()
    .gt(0)
    .lt(1)
    .meta({ expected: 'a number in (0, 1)', description: 'Probability that a bound fails.', symbol: 'δ' })
    .default(0.01),
  margin: above('Margin.', 'γ').default(1),
  inputNorm: above('Norm of an input.', 'B'),
  frob: norms('Frobenius norms of the unrolled layers.'),
  spec: norms('Spectral norms of the unrolled layers.'),
  norm21: norms('Sums of the 2-norms of the rows of the unrolled layers.'),
  width: whole('Widest unrolled layer.', 'h'),
  params: whole('Weights.', 'd'),
  lipschitz: norms('Slope over pool of each layer, 1 for the head.'),
});

/** @throws MftError ERR_MFT_SHAPE lists of unlike length; ERR_MFT_OUT_OF_RANGE a width whose logarithm is no factor */
function checked(given: z.output<typeof unrolled>): UnrolledNorms {
  for (const name of ['spec', 'norm21', 'lipschitz'] as const)
    if (given[name].length !== given.frob.length)
      throw expectedError('ERR_MFT_SHAPE', name, `a list of ${given.frob.length}, as \`frob\``, given[name]);
  return given;
}

const bits = wholeField(1, 64, 'Bits per stored weight.').default(32);
const error = numberField({ low: 0, high: 1 }, 'Empirical error.', 'r');
const divergence = numberField({ low: 0 }, 'KL divergence of posterior and prior.', 'KL');

export const rivalQuantityTable = {
  bitCountGap: quantity({
    symbol: '√((bits d log 2 + log(2/δ))/2n)',
    description: 'Gap of networks stored with so many bits per weight: a finite class, rigorous.',
    source: 'derived; docs 5.1',
    parameters: z.strictObject({ parameters: whole('Weights.', 'd'), samples, bits, failureProbability }),
    evaluate: (p) => bitCountGap(p.parameters, p.samples, p.bits, p.failureProbability),
  }),
  parametersForBitCountGap: quantity({
    symbol: 'd(g)',
    description: 'Most weights of so many bits for which that gap is not above `target`.',
    source: 'derived; docs 5.1',
    parameters: z.strictObject({ target, samples, bits, failureProbability }),
    evaluate: (p) => parametersForBitCountGap(p.target, p.samples, p.bits, p.failureProbability),
  }),
  mcAllesterBound: quantity({
    symbol: 'r + √((KL + log(n/δ))/(2n − 1))',
    description: 'PAC-Bayes bound on the error of a random network; 1 or more says nothing.',
    source: 'McAllester 1999; docs 5.2',
    parameters: z.strictObject({ empiricalError: error, divergence, samples, failureProbability }),
    evaluate: (p) => mcAllesterBound(p.empiricalError, p.divergence, p.samples, p.failureProbability),
  }),
  catoniBound: quantity({
    symbol: '(1 − e^{−Cr − (KL + log(1/δ))/n})/(1 − e^{−C})',
    description: 'PAC-Bayes bound at a `temperature` chosen before the data.',
    source: 'Catoni 2007; docs 5.3',
    parameters: z.strictObject({
      empiricalError: error,
      divergence,
      samples,
      failureProbability,
      temperature: above('C.', 'C').default(1),
    }),
    evaluate: (p) => catoniBound(p.empiricalError, p.divergence, p.samples, p.failureProbability, p.temperature),
  }),
  gaussianDivergence: quantity({
    symbol: 'KL(N(w, σ²) ‖ N(w₀, σ₀²)) + log 1/π',
    description:
      'The `divergence` of Gaussian weights around trained ones from those around the first ones, and the price of σ₀ on a grid.',
    source: 'derived; docs 5.11',
    parameters: z.strictObject({
      distance: numberField({ low: 0 }, 'Distance of trained from first weights.', '|w − w₀|'),
      deviation: above('Deviation of the weights around the trained ones.', 'σ'),
      weights: whole('Weights.', 'd'),
    }),
    evaluate: (p) => gaussianDivergence(p.distance, p.deviation, p.weights),
  }),
  holdoutMargin: quantity({
    symbol: '√(log(sides/δ)/2n)',
    description: 'Distance of the error on `samples` held-out examples from the true one, on one side or two.',
    source: 'Hoeffding 1963; docs 5.4',
    parameters: z.strictObject({
      samples,
      failureProbability,
      sides: wholeField(1, 2, 'Sides of the interval.').default(2),
    }),
    evaluate: (p) => holdoutMargin(p.samples, p.failureProbability, p.sides),
  }),
  'rival:parameterCount': quantity({
    symbol: '√(d/n)',
    description: 'Order of a bound by the number of weights.',
    source: 'derived; docs 5.5',
    parameters: unrolled.partial().required({ n: true, params: true }),
    evaluate: (p) => Math.sqrt(p.params / p.n),
  }),
  'rival:frobeniusProduct': quantity({
    symbol: 'B(√(2 log 2 D) + 1)Π lip F/(γ√n)',
    description: 'Order of the bound by the product of Frobenius norms.',
    source: 'Golowich, Rakhlin and Shamir 2018; docs 5.6',
    parameters: unrolled,
    evaluate: (p) => frobeniusProduct(checked(p)),
  }),
  'rival:spectralMargin': quantity({
    symbol: 'BΠ lip S (Σ(N/S)^{2/3})^{3/2} log h/(γ√n)',
    description: 'Order of the bound by spectral norms and margin.',
    source: 'Bartlett, Foster and Telgarsky 2017; docs 5.7',
    parameters: unrolled,
    evaluate: (p) => spectralMargin(checked(p)),
  }),
  'rival:pacBayesSpectral': quantity({
    symbol: '√((B²D²h log(Dh) Π(lip S)² Σ(F/S)²/γ² + log(Dn/δ))/n)',
    description: 'Order of the PAC-Bayes bound by spectral norms.',
    source: 'Neyshabur, Bhojanapalli and Srebro 2018; docs 5.8',
    parameters: unrolled,
    evaluate: (p) => pacBayesSpectral(checked(p)),
  }),
  sun2016: quantity({
    symbol: 'b_x(2p b~)^{l+1}√log(r_0c_0)/√n',
    description: 'Order of an earlier bound for convolutional networks.',
    source: 'Zhou and Feng 2018, section 3.2; docs 5.9',
    parameters: z.strictObject({
      inputBound: above('Largest entry of an image.', 'b_x').default(1),
      pool: whole('Side of the pools.', 'p').default(1),
      norm1: above('Largest sum of the 1-norms of the kernels of a layer.', 'b~'),
      layers: whole('Convolution layers.', 'l'),
      height: whole('Height of an image.', 'r_0'),
      width: whole('Width of an image.', 'c_0'),
      n: whole('Training examples.', 'n'),
    }),
    evaluate: sun2016,
  }),
  dnn2018: quantity({
    symbol: 'τ√((1 + c_r l) max width)√((d log(n(l + 1)) + log(4/ε))/n)',
    description: 'The bound for dense networks that the paper compares with.',
    source: 'Zhou and Feng 2018, section 5; docs 5.10',
    parameters: z.strictObject({
      norm: above('Bound on the norms of the layers.', 'r'),
      layers: whole('Layers.', 'l'),
      tau: above('Constant of the loss.', 'τ').default(1),
      maxWidth: whole('Widest layer.'),
      params: whole('Weights.', 'd'),
      n: whole('Training examples.', 'n'),
      epsilon: z
        .number()
        .gt(0)
        .lt(1)
        .meta({ expected: 'a number in (0, 1)', description: 'Probability that the bound fails.', symbol: 'ε' })
        .default(0.01),
    }),
    evaluate: dnn2018,
  }),
} as const satisfies Readonly<Record<string, Quantity>>;
