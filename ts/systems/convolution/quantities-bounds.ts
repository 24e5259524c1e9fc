// Quantities: the bounds of a network, as printed, repaired and certified.
import * as z from 'zod';
import { expectedError } from '../../core/errors.js';
import { numberField, wholeField } from '../../core/fields.js';
import type { QuantityValue } from '../../core/results.js';
import { type Quantity, quantity } from '../../core/system.js';
import { architectureField, freedomDegree, type Network, networkFrom, parameterCount } from './architecture.js';
import { boundsOf } from './bounds.js';
import { certificate } from './certificate.js';
import {
  betaCorrected,
  blockLipschitz,
  certifiedAtEta,
  fixedPointGradientBound,
  gapCertified,
  logNetSize,
  samplesForGapCertified,
  softmaxConstant,
} from './certified.js';
import {
  betaStated,
  elasticityToNorm,
  gammaStated,
  gapRepaired,
  gapStated,
  gradientGapStated,
  logFactor,
  netRadiusStated,
  sampleConditionRatio,
  samplesForGapStated,
  stationaryDistanceStated,
} from './stated.js';

export const samples = wholeField(1, Number.MAX_SAFE_INTEGER, 'Training examples.', 'n');
export const failureProbability = z
  .number()
  .gt(0)
  .lt(1)
  .meta({ kind: 'number', expected: 'a number in (0, 1)', description: 'Probability that a bound fails.', symbol: 'ε' })
  .default(0.01);
export const target = numberField({ low: 0, above: true }, 'Gap for which the samples are counted.', 'g');
const constant = numberField(
  { low: 0, above: true },
  'The factor that the paper leaves open; its proof supports 12.',
  'c_g',
).default(1);
const eta = numberField({ low: 0, above: true }, 'Resolution of the net.', 'η');

const withSamples = { samples, failureProbability };
const withTarget = { target, failureProbability };

/** A quantity of a network and of what else is `given`. */
function bound<F extends z.ZodRawShape, V extends QuantityValue>(said: {
  readonly symbol: string;
  readonly description: string;
  readonly source: string;
  readonly isListed?: true;
  readonly given: F;
  readonly evaluate: (network: Network, p: z.output<z.ZodObject<F>>) => V;
}): Quantity<V> {
  const { given, evaluate, ...rest } = said;
  return quantity({
    ...rest,
    parameters: z.strictObject({ architecture: architectureField, ...given }),
    evaluate: (p) => evaluate(networkFrom((p as { readonly architecture: object }).architecture), p as never),
  });
}

export const boundQuantityTable = {
  parameterCount: bound({
    symbol: 'd',
    description: 'Weights of the network.',
    source: 'Zhou and Feng 2018; docs 2.2',
    given: {},
    evaluate: parameterCount,
  }),
  freedomDegree: bound({
    symbol: 'θ',
    description: 'Degrees of freedom of matrices of the given ranks.',
    source: 'Zhou and Feng 2018, Lemma 1; docs 2.2',
    given: {},
    evaluate: freedomDegree,
  }),
  logFactor: bound({
    symbol: 'ϱ',
    description: 'Logarithmic factor of the stated bound; negative: the bound is undefined.',
    source: 'Zhou and Feng 2018, Lemma 1; docs 3.1',
    given: { samples },
    evaluate: (network, p) => logFactor(network, p.samples),
  }),
  gapStated: bound({
    symbol: '|Q_n − Q|',
    description: 'Generalisation gap as the paper states it (not proved as it stands).',
    source: 'Zhou and Feng 2018, Theorem 1; docs 3.2',
    given: withSamples,
    evaluate: gapStated,
  }),
  gapRepaired: bound({
    symbol: '3 |Q_n − Q|',
    description: 'The same with the deviation its proof needs; proved where `sampleConditionRatio` is at most 1.',
    source: 'derived; docs 3.2',
    given: withSamples,
    evaluate: gapRepaired,
  }),
  elasticityToNorm: bound({
    symbol: 'd log gap/d log b_i',
    description: 'Relative change of the stated gap by a relative change of a norm, the same for every layer.',
    source: 'derived; docs 3.3',
    given: withSamples,
    evaluate: elasticityToNorm,
  }),
  samplesForGapStated: bound({
    symbol: 'n(g)',
    description: 'Samples at which the stated gap is `target`.',
    source: 'derived; docs 3.4',
    given: withTarget,
    evaluate: (network, p) => samplesForGapStated(network, p.target, p.failureProbability),
  }),
  netRadiusStated: bound({
    symbol: 'ϵ',
    description: 'Radius of the net of the proof.',
    source: 'Zhou and Feng 2018, D.1; docs 3.7',
    given: { samples },
    evaluate: (network, p) => netRadiusStated(network, p.samples),
  }),
  sampleConditionRatio: bound({
    symbol: '6ϵβ/(ε gap)',
    description: 'Sample condition of the proof: it holds where this is at most 1.',
    source: 'derived; docs 3.7',
    given: withSamples,
    evaluate: sampleConditionRatio,
  }),
  betaStated: bound({
    symbol: 'β',
    description: 'Bound on the gradient as printed.',
    source: 'Zhou and Feng 2018, Theorem 2; docs 3.5',
    given: {},
    evaluate: betaStated,
  }),
  gammaStated: bound({
    symbol: 'γ',
    description: 'Bound on the norm of the Hessian as printed, up to a constant.',
    source: 'Zhou and Feng 2018, Lemma 14; docs 3.6',
    given: {},
    evaluate: gammaStated,
  }),
  gradientGapStated: bound({
    symbol: '|∇Q_n − ∇Q|',
    description: 'Largest difference of empirical and population gradients as stated, times `constant`.',
    source: 'Zhou and Feng 2018, Theorem 2; docs 3.5',
    given: { ...withSamples, constant },
    evaluate: (network, p) => gradientGapStated(network, p, p.constant),
  }),
  stationaryDistanceStated: bound({
    symbol: '|w_n − w*|',
    description:
      'Distance of stationary points as stated, at a smallest Hessian eigenvalue `zeta` (zero for any softmax network).',
    source: 'Zhou and Feng 2018, Theorem 3; docs 3.5',
    given: {
      ...withSamples,
      constant,
      zeta: numberField({ low: 0, above: true }, 'Smallest absolute eigenvalue of the Hessian.', 'ζ'),
    },
    evaluate: (network, p) => stationaryDistanceStated(network, p, p.constant, p.zeta),
  }),
  softmaxConstant: quantity({
    symbol: 'C',
    description: 'Largest squared gradient of the loss by the scores, 128/729.',
    source: 'derived; docs 4.1',
    parameters: z.strictObject({}),
    evaluate: () => softmaxConstant,
  }),
  blockLipschitz: bound({
    isListed: true,
    symbol: 'β_i',
    description: 'The loss is β_i-Lipschitz in block `block` of weights: 0 … L − 1 the layers, L the last matrix.',
    source: 'derived; docs 4.2',
    given: { block: wholeField(0, 1000, 'Block of weights.', 'i') },
    evaluate: (network, { block }) => {
      if (block > network.layers.length)
        throw expectedError('ERR_MFT_OUT_OF_RANGE', 'block', `at most ${network.layers.length}`, block);
      return blockLipschitz(network, block);
    },
  }),
  betaCorrected: bound({
    symbol: '√Σβ_i²',
    description: 'Bound on the gradient of the loss by all weights.',
    source: 'derived; docs 4.2',
    given: {},
    evaluate: betaCorrected,
  }),
  fixedPointGradientBound: bound({
    symbol: '|∇Q_n − ∇Q|(w)',
    description: 'Difference of the gradients at one w that does not depend on the data.',
    source: 'derived; docs 4.5',
    given: withSamples,
    evaluate: fixedPointGradientBound,
  }),
  logNetSize: bound({
    symbol: 'log N(η)',
    description: 'Logarithm of the size of the net, rounded up.',
    source: 'derived; docs 4.3',
    given: { eta },
    evaluate: (network, p) => logNetSize(network, p.eta).high,
  }),
  certifiedAtEta: bound({
    symbol: 'gap(η)',
    description: 'The certified gap at one η, rounded up; every η is valid.',
    source: 'derived; docs 4.4',
    given: { ...withSamples, eta },
    evaluate: (network, p) => certifiedAtEta(network, p, p.eta),
  }),
  gapCertified: bound({
    symbol: 'min gap(η)',
    description: 'The certified gap, rounded up: for all networks within the norms, any n, no unknown constant.',
    source: 'derived; docs 4.4',
    given: withSamples,
    evaluate: (network, p) => gapCertified(network, p).gap,
  }),
  certificate: bound({
    symbol: '[gap]',
    description: 'The certified gap with all it rests on, as intervals of outward rounding that hold the exact values.',
    source: 'derived; docs 4.4',
    given: { ...withSamples, eta: eta.optional() },
    evaluate: certificate,
  }),
  samplesForGapCertified: bound({
    symbol: 'n(g)',
    description: 'Smallest number of samples whose certified gap is not above `target`.',
    source: 'derived; docs 4.4',
    given: withTarget,
    evaluate: (network, p) => samplesForGapCertified(network, p.target, p.failureProbability),
  }),
  bounds: bound({
    symbol: 'gap',
    description: 'All bounds on the gap side by side: value or reason, whether it says anything, whether it is proved.',
    source: 'Zhou and Feng 2018; docs 3.2, 4.4, 5.1',
    given: { ...withSamples, bits: wholeField(1, 64, 'Bits per stored weight.').default(32) },
    evaluate: (network, question): Readonly<Record<string, QuantityValue>> => boundsOf(network, question),
  }),
} as const satisfies Readonly<Record<string, Quantity>>;
