// All bounds of one network side by side, with the reason where one has no value.
import { MftError } from '../../core/errors.js';
import type { QuantityValue, Undefined } from '../../core/results.js';
import { freedomDegree, type Network, parameterCount } from './architecture.js';
import { certificate } from './certificate.js';
import {
  betaCorrected,
  blockLipschitz,
  fixedPointGradientBound,
  gapCertified,
  samplesForGapCertified,
} from './certified.js';
import { bitCountGap } from './rivals.js';
import {
  betaStated,
  elasticityToNorm,
  gapRepaired,
  gapStated,
  gradientGapStated,
  logFactor,
  sampleConditionRatio,
  samplesForGapStated,
} from './stated.js';

interface Question {
  readonly samples: number;
  readonly failureProbability: number;
  readonly target: number;
  readonly bits: number;
}

/** A value, or why a bound does not speak of this network. */
function attempt<T extends QuantityValue>(compute: () => T): T | Undefined {
  try {
    return compute();
  } catch (error) {
    if (error instanceof MftError) return { reason: error.message };
    throw error;
  }
}

/** A bound on a loss in [0, 1]: one that is 1 or more says nothing. */
interface Bound {
  readonly [key: string]: QuantityValue;
  readonly value: number | Undefined;
  readonly isVacuous: boolean;
  readonly isProved: boolean;
}

const bound = (value: number | Undefined, isProved: boolean): Bound => ({
  value,
  isVacuous: typeof value !== 'number' || value >= 1,
  isProved,
});

/** The gap by every bound; `isProved` of the paper's: its sample condition holds, and the deviation is three times as large. */
export function boundsOf(network: Network, question: Omit<Question, 'target'>): Readonly<Record<string, Bound>> {
  const { samples, failureProbability, bits } = question;
  const ratio = attempt(() => sampleConditionRatio(network, question));
  const holds = typeof ratio === 'number' && ratio <= 1;
  return {
    stated: bound(
      attempt(() => gapStated(network, question)),
      false,
    ),
    repaired: bound(
      attempt(() => gapRepaired(network, question)),
      holds,
    ),
    certified: bound(gapCertified(network, question).gap, true),
    bitCount: bound(bitCountGap(parameterCount(network), samples, bits, failureProbability), true),
    parameterCount: bound(Math.sqrt(parameterCount(network) / samples), false),
  };
}

/** What `predict` says of the bounds. */
export function boundQuantities(network: Network, question: Question): Readonly<Record<string, QuantityValue>> {
  const { samples, failureProbability, target, bits } = question;
  return {
    bounds: boundsOf(network, question),
    parameterCount: parameterCount(network),
    freedomDegree: freedomDegree(network),
    logFactor: attempt(() => logFactor(network, samples)),
    gapStated: attempt(() => gapStated(network, question)),
    gapRepaired: attempt(() => gapRepaired(network, question)),
    gapCertified: gapCertified(network, question).gap,
    certificate: certificate(network, question),
    bitCountGap: bitCountGap(parameterCount(network), samples, bits, failureProbability),
    samplesForGapStated: attempt(() => samplesForGapStated(network, target, failureProbability)),
    samplesForGapCertified: samplesForGapCertified(network, target, failureProbability),
    sampleConditionRatio: attempt(() => sampleConditionRatio(network, question)),
    elasticityToNorm: attempt(() => elasticityToNorm(network, question)),
    betaStated: attempt(() => betaStated(network)),
    betaCorrected: betaCorrected(network),
    blockLipschitz: Array.from({ length: network.layers.length + 1 }, (_, i) => blockLipschitz(network, i)),
    gradientGapStated: attempt(() => gradientGapStated(network, question, 1)),
    fixedPointGradientBound: fixedPointGradientBound(network, question),
  };
}
