// Quantities of one layer with weights of any law: (5.1) to (5.6) of docs/systems/kernel.md.
import * as z from 'zod';
import { expectedError } from '../../core/errors.js';
import { choiceField, numberField } from '../../core/fields.js';
import { type Quantity, quantity } from '../../core/system.js';
import { gaussianFunctionOf } from '../../gaussian/expectation.js';
import { excessKurtosisOf, lawNames, lawNumbers } from './laws.js';
import { layerKernel } from './layer-kernel.js';
import { modelFields } from './model.js';
import { diagnosticsOf, universalityCorrection } from './universality.js';

const vector = z
  .custom<readonly number[]>((value) => Array.isArray(value))
  .meta({ expected: 'a list of finite numbers', description: 'An input.' });
const law = {
  distribution: choiceField(lawNames, 'Law of the weights.').default('gaussian'),
  distributionParameters: z
    .custom<Readonly<Record<string, unknown>>>((value) => typeof value === 'object' && value !== null)
    .default({})
    .meta({
      expected: 'a record of numbers: variance, or shape, degreesOfFreedom, density, radius, scale as the law has them',
      description: 'Numbers of the law.',
    }),
};
const independent = [
  'gaussian',
  'uniform',
  'laplace',
  'rademacher',
  'generalizedGaussian',
  'studentT',
  'sparse',
] as const;
const independentLaw = { ...law, distribution: choiceField(independent, 'Law of the independent weights.') };

/** @throws MftError ERR_MFT_INVALID_ARGUMENT, ERR_MFT_OUT_OF_RANGE naming the place, ERR_MFT_SHAPE */
function numbersOf(list: readonly unknown[], name: string, length?: number): Float64Array {
  if (list.length === 0 || (length !== undefined && list.length !== length))
    throw expectedError('ERR_MFT_SHAPE', name, `a list of ${length ?? 'at least one'} numbers`, list);
  return Float64Array.from(list, (value, i) => {
    if (typeof value !== 'number')
      throw expectedError('ERR_MFT_INVALID_ARGUMENT', `${name}.${i}`, 'a finite number', value);
    if (!Number.isFinite(value)) throw expectedError('ERR_MFT_OUT_OF_RANGE', `${name}.${i}`, 'a finite number', value);
    return value;
  });
}

export const layerQuantities = {
  layerKernel: quantity({
    symbol: 'k(x, y)',
    description: 'E φ(W·x) φ(W·y) for weights of any law as they are: exact where a formula is known.',
    source: 'Tsuchida et al. 2018; docs 5.1, 5.3, 5.4',
    parameters: z.strictObject({ activation: modelFields.activation, ...law, x: vector, y: vector }),
    evaluate: (p, options = {}) => {
      const x = numbersOf(p.x, 'x');
      const numbers = lawNumbers(p.distribution, p.distributionParameters, 'distributionParameters');
      const phi = gaussianFunctionOf(p.activation);
      return layerKernel({ phi, law: p.distribution, numbers, x, y: numbersOf(p.y, 'y', x.length) }, options);
    },
  }),
  universalityCorrection: quantity({
    symbol: 'k − k_Gauss',
    description: 'First correction, of order 1/d, to the Gaussian layer kernel for independent weights of another law.',
    source: 'derived; docs 5.5',
    parameters: z.strictObject({
      activation: modelFields.activation,
      ...independentLaw,
      weightVariance: numberField({ low: 0 }, 'Variance of a weight as it is.', 'σ²').default(1),
      x: vector,
      y: vector,
    }),
    evaluate: (p) => {
      const x = numbersOf(p.x, 'x');
      const numbers = lawNumbers(p.distribution, p.distributionParameters, 'distributionParameters');
      const kurtosis = excessKurtosisOf(p.distribution, numbers);
      const y = numbersOf(p.y, 'y', x.length);
      return universalityCorrection(gaussianFunctionOf(p.activation), p.weightVariance, kurtosis, x, y);
    },
  }),
  excessKurtosis: quantity({
    symbol: 'κ',
    description: 'E w⁴/(E w²)² − 3 of a weight; infinite where the fourth moment is.',
    source: 'derived; docs 5.2',
    parameters: z.strictObject(independentLaw),
    evaluate: (p) =>
      excessKurtosisOf(p.distribution, lawNumbers(p.distribution, p.distributionParameters, 'distributionParameters')),
  }),
  inputDiagnostics: quantity({
    symbol: 'max|x|/|x|, …',
    description:
      'max|x_i|/|x|, d^(1/4) times that, Σ|x_i|³/|x|³: what must be small for the law of the weights not to matter.',
    source: 'Tsuchida et al. 2018; docs 5.6',
    parameters: z.strictObject({ x: vector }),
    evaluate: (p) => diagnosticsOf(numbersOf(p.x, 'x')),
  }),
} as const satisfies Readonly<Record<string, Quantity>>;
