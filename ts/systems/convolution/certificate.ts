// The certified bound with all it rests on, as intervals: a reader can follow it line by line with a table of logarithms.
import type { QuantityValue } from '../../core/results.js';
import { type Interval, intervals } from '../../numeric/interval.js';
import { roundedUp } from '../../numeric/rounded-up.js';
import type { Network } from './architecture.js';
import { blockNets, certifiedInterval, gapCertified, logNetSize } from './certified.js';
import type { Sample } from './stated.js';

const printed = ({ low, high }: Interval): QuantityValue => ({ low, high });

/**
 * What the certified bound says, and why: η (the best where none is given), for each block the intervals of log R_i, log β_i, log e_i
 * and log N_i, their sum, and gap = 2η + √((log N + log(2/ε))/(2n)). Every interval holds the exact value: each step is rounded outward.
 */
export function certificate(
  network: Network,
  sample: Sample & { readonly eta?: number | undefined },
): Readonly<Record<string, QuantityValue>> {
  const eta = sample.eta ?? gapCertified(network, sample).eta;
  const gap = certifiedInterval(network, sample, eta);
  const logEta = intervals.logarithm(intervals.of(eta));
  const blocks = blockNets(network, intervals).map(({ logNorm, logLipschitz, logRadius, logSize }) =>
    intervals.isLogarithmOfZero(logNorm) || intervals.isLogarithmOfZero(logLipschitz)
      ? { reason: 'a factor is 0: the block adds nothing' }
      : {
          logNorm: printed(logNorm),
          logLipschitz: printed(logLipschitz),
          logRadius: printed(logRadius(logEta)),
          logNetSize: printed(logSize(logEta)),
        },
  );
  const { samples, failureProbability } = sample;
  return {
    statement:
      `With probability at least 1 - ${failureProbability}, |training risk - true risk| <= ${roundedUp(gap.high, 6)} for all ` +
      `networks within these norms at once, from ${samples} independent examples` +
      `${gap.high >= 1 ? '; a loss between 0 and 1 makes that say nothing' : ''}.`,
    gap: printed(gap),
    eta,
    logNetSize: printed(logNetSize(network, eta)),
    blocks,
  };
}
