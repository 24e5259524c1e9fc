// Quantities of the marginal likelihood: its derivatives, and the network for which it is largest.
import * as z from 'zod';
import { booleanField, choiceField, numberField, wholeField } from '../../core/fields.js';
import { type Quantity, quantity } from '../../core/system.js';
import { gramOf, likelihood, pairFunctionOf } from './likelihood.js';
import { fitLikelihood, type Fitted, fitted } from './likelihood-fit.js';
import { dataMatrix, kernelModel, modelParameters, rowsField } from './model.js';
import { fitBytes, gradientBytes } from './quantity-bytes.js';
import { targetsField } from './quantities-regression.js';
import { targetsOf } from './regression.js';

const shared = {
  ...modelParameters,
  inputs: rowsField,
  targets: targetsField,
  kernel: choiceField(['nngp', 'ntk'], 'Which kernel is the covariance.').default('nngp'),
  noiseVariance: numberField({ low: 0 }, 'Variance of the noise of the targets, absolute.', 'σ_n²').default(0),
} as const;

const gradientParameters = z.strictObject(shared);

const fitParameters = z.strictObject({
  ...shared,
  fit: z
    .array(z.enum(fitted))
    .min(1)
    .default(['weightVariance', 'biasVariance', 'noiseVariance'])
    .meta({ expected: `a list of ${fitted.join(', ')}`, description: 'What is fitted; the rest stays.' }),
  perLayer: booleanField('Whether every dense layer has variances of its own.').default(false),
  iterations: wholeField(1, 10_000, 'Most iterations of the search.').default(100),
});

function question(p: z.output<typeof gradientParameters>) {
  const data = dataMatrix(p.inputs, 'inputs');
  const model = kernelModel(p, data.dimension);
  const { kernel, noiseVariance } = p;
  return { data, model, targets: targetsOf(p.targets, data.count), kernel, noiseVariance };
}

export const likelihoodQuantities = {
  kernelLikelihoodGradient: quantity({
    symbol: '∂ log p(y)',
    description:
      'Derivatives of the log marginal likelihood of all targets by variances, slope, keep probability, noise.',
    source: 'Rasmussen & Williams 2006, 5.9; docs 6.11',
    parameters: gradientParameters,
    bytes: (p) => gradientBytes(p),
    evaluate: async (p, options = {}) => {
      const asked = question(p);
      const { kind } = pairFunctionOf(asked.model);
      const gram = await gramOf(asked.model, asked.data, options);
      const found = await likelihood({ ...asked, gram }, options);
      return {
        logMarginalLikelihood: found.value,
        weightVariance: Array.from(found.weights),
        biasVariance: Array.from(found.biases),
        slope: kind === 'rectifier' ? found.slope : { reason: 'the activation has no slope below zero' },
        keepProbability: asked.model.depth > 0 ? found.keep : { reason: 'there is no hidden layer' },
        noiseVariance: found.noise,
      };
    },
  }),
  kernelFit: quantity({
    symbol: 'max log p(y)',
    description:
      'Variances, slope, keep probability and noise of the largest marginal likelihood, from where they start.',
    source: 'Rasmussen & Williams 2006, 5.4; docs 6.11',
    parameters: fitParameters,
    bytes: fitBytes,
    evaluate: async (p, options = {}) => {
      const { fit, perLayer: isPerLayer, iterations } = p;
      const found = await fitLikelihood(
        { ...question(p), fit: [...new Set<Fitted>(fit)], isPerLayer, iterations },
        options,
      );
      const { model } = found;
      return {
        weightVariance: Array.from(model.weights),
        biasVariance: Array.from(model.biases),
        keepProbability: Array.from(model.keeps),
        slope: found.slope ?? { reason: 'the activation has no slope below zero' },
        noiseVariance: found.noiseVariance,
        logMarginalLikelihood: found.value,
        logMarginalLikelihoodAtStart: found.start,
        isConverged: found.isConverged,
        iterations: found.iterations,
        evaluations: found.evaluations,
      };
    },
  }),
} as const satisfies Readonly<Record<string, Quantity>>;
