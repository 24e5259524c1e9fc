// What `advise` says about a spec of `convolution`: whether a bound says anything, which knob moves it, whether signals arrive.
import { throwIfAborted } from '../../core/control.js';
import type { Finding } from '../../core/results.js';
import type { SystemOptions } from '../../core/system.js';
import { type Network, parameterCount } from './architecture.js';
import { boundsOf } from './bounds.js';
import { gapCertified, samplesForGapCertified } from './certified.js';
import { fieldOfSpec } from './predict.js';
import { parametersForBitCountGap } from './rivals.js';
import { networkFromSpec, type ResolvedConvolutionSpec } from './spec.js';

export async function findings(spec: ResolvedConvolutionSpec, options: SystemOptions): Promise<readonly Finding[]> {
  throwIfAborted(options);
  const network = networkFromSpec(spec);
  const bounds =
    spec.biasVariance > 0
      ? []
      : [gapFinding(spec, network), samplesFinding(spec, network), ...knobFinding(spec, network)];
  return [...bounds, ...(await signalFinding(spec, network, options))];
}

/** The best bound that is proved, and whether it says anything. */
function gapFinding(spec: ResolvedConvolutionSpec, network: Network): Finding {
  const { certified, bitCount } = boundsOf(network, spec);
  const [certifiedGap, bitGap] = [certified?.value as number, bitCount?.value as number];
  const best = Math.min(certifiedGap, bitGap);
  const isVacuous = best >= 1;
  const largest = parametersForBitCountGap(spec.target, spec.samples, 8, spec.failureProbability);
  const room =
    typeof largest === 'number'
      ? ` Stored with 8 bits per weight, at most ${largest} weights have a gap of ${spec.target}; ` +
        `this network has ${parameterCount(network)}.`
      : '';
  return {
    id: isVacuous ? 'boundsVacuous' : 'boundHolds',
    severity: isVacuous ? 'warning' : 'info',
    claim: isVacuous
      ? `No proved bound says anything at ${spec.samples} examples: the best gap is ${best.toPrecision(4)}, of a loss in [0, 1].${room}`
      : `With probability ${1 - spec.failureProbability} the gap is at most ${best.toPrecision(4)} for every network within the norms.`,
    evidence: [
      { quantity: 'gapCertified', value: certifiedGap },
      { quantity: 'bitCountGap', value: bitGap },
    ],
  };
}

function samplesFinding(spec: ResolvedConvolutionSpec, network: Network): Finding {
  const needed = samplesForGapCertified(network, spec.target, spec.failureProbability);
  const isEnough = typeof needed === 'number' && needed <= spec.samples;
  return {
    id: isEnough ? 'samplesSuffice' : 'samplesMissing',
    severity: isEnough ? 'info' : 'warning',
    claim:
      typeof needed === 'number'
        ? `A certified gap of ${spec.target} takes ${needed} examples; there are ${spec.samples}.`
        : `A certified gap of ${spec.target} is out of reach: ${needed.reason}.`,
    evidence: typeof needed === 'number' ? [{ quantity: 'samplesForGapCertified', value: needed }] : [],
    ...(isEnough || typeof needed !== 'number' ? {} : { change: { samples: needed } }),
  };
}

/** Which of the knobs lowers the certified gap most: half the norms, or half the ranks. */
function knobFinding(spec: ResolvedConvolutionSpec, network: Network): Finding[] {
  const gapOf = (changed: Network): number => gapCertified(changed, spec).gap;
  const half = (rank: number): number => Math.max(1, Math.floor(rank / 2));
  const changes = {
    norm: {
      ...network,
      fcNorm: network.fcNorm / 2,
      layers: network.layers.map((one) => ({ ...one, norm: one.norm / 2 })),
    },
    rank: {
      ...network,
      fcRank: half(network.fcRank),
      layers: network.layers.map((one) => ({ ...one, rank: half(one.rank) })),
    },
  };
  const now = gapOf(network);
  if (now === 0) return [];
  const gaps = { norm: gapOf(changes.norm), rank: gapOf(changes.rank) };
  const best = gaps.norm <= gaps.rank ? 'norm' : 'rank';
  const share = (gap: number): string => `${(100 * (1 - gap / now)).toPrecision(2)} %`;
  return [
    {
      id: 'knobThatCounts',
      severity: 'info',
      claim: `Half the norms lower the certified gap by ${share(gaps.norm)}, half the ranks by ${share(gaps.rank)}.`,
      evidence: [{ quantity: 'gapCertified', value: now }],
      change:
        best === 'norm'
          ? { norm: network.layers.map(({ norm }) => norm / 2), fcNorm: network.fcNorm / 2 }
          : { rank: changes.rank.layers.map(({ rank }) => rank), fcRank: changes.rank.fcRank },
      after: [{ quantity: 'gapCertified', value: gaps[best] }],
    },
  ];
}

/** Signals or gradients that are lost or grow by more than this over the network. */
const harmless = 100;

async function signalFinding(
  spec: ResolvedConvolutionSpec,
  network: Network,
  options: SystemOptions,
): Promise<Finding[]> {
  const field = await fieldOfSpec(spec, network, options);
  if ('reason' in field || field.isCut) return [];
  const [first, last] = [field.layers[0], field.layers.at(-1)];
  if (first === undefined || last === undefined || field.layers.length < 2) return [];
  const { gradient } = first;
  const isHarmless = gradient > 1 / harmless && gradient < harmless;
  return [
    {
      id: isHarmless ? 'gradientArrives' : gradient < 1 ? 'gradientVanishes' : 'gradientExplodes',
      severity: isHarmless ? 'info' : 'warning',
      claim:
        `At random weights of variance ${spec.weightVariance} over the fan-in, a squared gradient changes by a factor of ` +
        `${gradient.toExponential(1)} from layer ${spec.depth} to layer 1.`,
      evidence: [],
    },
  ];
}
