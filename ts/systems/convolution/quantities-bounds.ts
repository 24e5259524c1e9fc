// Quantities: the bounds of a network, as printed, repaired and certified.
import { z } from 'zod';
import { expectedError } from '../../core/errors.js';
import { numberField, wholeField } from '../../core/fields.js';
import { type Quantity, quantity } from '../../core/system.js';
import { architectureField, freedomDegree, networkFrom, parameterCount } from './architecture.js';
import { boundsOf } from './bounds.js';
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

const architecture = architectureField;
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

const ofNetwork = z.strictObject({ architecture });
const withSamples = z.strictObject({ architecture, samples, failureProbability });
const withTarget = z.strictObject({ architecture, target, failureProbability });

export const boundQuantityTable = {
  parameterCount: quantity({
    symbol: 'd',
    description: 'Weights of the network.',
    source: 'Zhou and Feng 2018; docs 2.2',
    parameters: ofNetwork,
    evaluate: (p) => parameterCount(networkFrom(p.architecture)),
  }),
  freedomDegree: quantity({
    symbol: 'θ',
    description: 'Degrees of freedom of matrices of the given ranks.',
    source: 'Zhou and Feng 2018, Lemma 1; docs 2.2',
    parameters: ofNetwork,
    evaluate: (p) => freedomDegree(networkFrom(p.architecture)),
  }),
  logFactor: quantity({
    symbol: 'ϱ',
    description: 'Logarithmic factor of the stated bound; negative: the bound is undefined.',
    source: 'Zhou and Feng 2018, Lemma 1; docs 3.1',
    parameters: z.strictObject({ architecture, samples }),
    evaluate: (p) => logFactor(networkFrom(p.architecture), p.samples),
  }),
  gapStated: quantity({
    symbol: '|Q_n − Q|',
    description: 'Generalisation gap as the paper states it (not proved as it stands).',
    source: 'Zhou and Feng 2018, Theorem 1; docs 3.2',
    parameters: withSamples,
    evaluate: (p) => gapStated(networkFrom(p.architecture), p),
  }),
  gapRepaired: quantity({
    symbol: '3 |Q_n − Q|',
    description: 'The same with the deviation its proof needs; proved where `sampleConditionRatio` is at most 1.',
    source: 'derived; docs 3.2',
    parameters: withSamples,
    evaluate: (p) => gapRepaired(networkFrom(p.architecture), p),
  }),
  elasticityToNorm: quantity({
    symbol: 'd log gap/d log b_i',
    description: 'Relative change of the stated gap by a relative change of a norm, the same for every layer.',
    source: 'derived; docs 3.3',
    parameters: withSamples,
    evaluate: (p) => elasticityToNorm(networkFrom(p.architecture), p),
  }),
  samplesForGapStated: quantity({
    symbol: 'n(g)',
    description: 'Samples at which the stated gap is `target`.',
    source: 'derived; docs 3.4',
    parameters: withTarget,
    evaluate: (p) => samplesForGapStated(networkFrom(p.architecture), p.target, p.failureProbability),
  }),
  netRadiusStated: quantity({
    symbol: 'ϵ',
    description: 'Radius of the net of the proof.',
    source: 'Zhou and Feng 2018, D.1; docs 3.7',
    parameters: z.strictObject({ architecture, samples }),
    evaluate: (p) => netRadiusStated(networkFrom(p.architecture), p.samples),
  }),
  sampleConditionRatio: quantity({
    symbol: '6ϵβ/(ε gap)',
    description: 'Sample condition of the proof: it holds where this is at most 1.',
    source: 'derived; docs 3.7',
    parameters: withSamples,
    evaluate: (p) => sampleConditionRatio(networkFrom(p.architecture), p),
  }),
  betaStated: quantity({
    symbol: 'β',
    description: 'Bound on the gradient as printed.',
    source: 'Zhou and Feng 2018, Theorem 2; docs 3.5',
    parameters: ofNetwork,
    evaluate: (p) => betaStated(networkFrom(p.architecture)),
  }),
  gammaStated: quantity({
    symbol: 'γ',
    description: 'Bound on the norm of the Hessian as printed, up to a constant.',
    source: 'Zhou and Feng 2018, Lemma 14; docs 3.6',
    parameters: ofNetwork,
    evaluate: (p) => gammaStated(networkFrom(p.architecture)),
  }),
  gradientGapStated: quantity({
    symbol: '|∇Q_n − ∇Q|',
    description: 'Largest difference of empirical and population gradients as stated, times `constant`.',
    source: 'Zhou and Feng 2018, Theorem 2; docs 3.5',
    parameters: z.strictObject({ architecture, samples, failureProbability, constant }),
    evaluate: (p) => gradientGapStated(networkFrom(p.architecture), p, p.constant),
  }),
  stationaryDistanceStated: quantity({
    symbol: '|w_n − w*|',
    description:
      'Distance of stationary points as stated, at a smallest Hessian eigenvalue `zeta` (zero for any softmax network).',
    source: 'Zhou and Feng 2018, Theorem 3; docs 3.5',
    parameters: z.strictObject({
      architecture,
      samples,
      failureProbability,
      constant,
      zeta: numberField({ low: 0, above: true }, 'Smallest absolute eigenvalue of the Hessian.', 'ζ'),
    }),
    evaluate: (p) => stationaryDistanceStated(networkFrom(p.architecture), p, p.constant, p.zeta),
  }),
  softmaxConstant: quantity({
    symbol: 'C',
    description: 'Largest squared gradient of the loss by the scores, 128/729.',
    source: 'derived; docs 4.1',
    parameters: z.strictObject({}),
    evaluate: () => softmaxConstant,
  }),
  blockLipschitz: quantity({
    symbol: 'β_i',
    description: 'The loss is β_i-Lipschitz in block `block` of weights: 0 … L − 1 the layers, L the last matrix.',
    source: 'derived; docs 4.2',
    parameters: z.strictObject({ architecture, block: wholeField(0, 1000, 'Block of weights.', 'i') }),
    evaluate: (p) => {
      const network = networkFrom(p.architecture);
      if (p.block > network.layers.length)
        throw expectedError('ERR_MFT_OUT_OF_RANGE', 'block', `at most ${network.layers.length}`, p.block);
      return blockLipschitz(network, p.block);
    },
  }),
  betaCorrected: quantity({
    symbol: '√Σβ_i²',
    description: 'Bound on the gradient of the loss by all weights.',
    source: 'derived; docs 4.2',
    parameters: ofNetwork,
    evaluate: (p) => betaCorrected(networkFrom(p.architecture)),
  }),
  fixedPointGradientBound: quantity({
    symbol: '|∇Q_n − ∇Q|(w)',
    description: 'Difference of the gradients at one w that does not depend on the data.',
    source: 'derived; docs 4.5',
    parameters: withSamples,
    evaluate: (p) => fixedPointGradientBound(networkFrom(p.architecture), p),
  }),
  logNetSize: quantity({
    symbol: 'log N(η)',
    description: 'Logarithm of the size of the net.',
    source: 'derived; docs 4.3',
    parameters: z.strictObject({ architecture, eta }),
    evaluate: (p) => logNetSize(networkFrom(p.architecture), p.eta),
  }),
  certifiedAtEta: quantity({
    symbol: 'gap(η)',
    description: 'The certified gap at one η; every η is valid.',
    source: 'derived; docs 4.4',
    parameters: z.strictObject({ architecture, samples, failureProbability, eta }),
    evaluate: (p) => certifiedAtEta(networkFrom(p.architecture), p, p.eta),
  }),
  gapCertified: quantity({
    symbol: 'min gap(η)',
    description: 'The certified gap: for all networks within the norms, any n, no unknown constant.',
    source: 'derived; docs 4.4',
    parameters: withSamples,
    evaluate: (p) => gapCertified(networkFrom(p.architecture), p).gap,
  }),
  samplesForGapCertified: quantity({
    symbol: 'n(g)',
    description: 'Smallest number of samples whose certified gap is not above `target`.',
    source: 'derived; docs 4.4',
    parameters: withTarget,
    evaluate: (p) => samplesForGapCertified(networkFrom(p.architecture), p.target, p.failureProbability),
  }),
  bounds: quantity({
    symbol: 'gap',
    description: 'All bounds on the gap side by side: value or reason, whether it says anything, whether it is proved.',
    source: 'Zhou and Feng 2018; docs 3.2, 4.4, 5.1',
    parameters: z.strictObject({
      architecture,
      samples,
      failureProbability,
      bits: wholeField(1, 64, 'Bits per stored weight.').default(32),
    }),
    evaluate: (p) => boundsOf(networkFrom(p.architecture), p),
  }),
} as const satisfies Readonly<Record<string, Quantity>>;
