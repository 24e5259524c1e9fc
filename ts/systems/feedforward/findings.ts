// What `advise` says about a feedforward network: phase, depth scales, the depth that trains, what its gradients do over the
// depth given, and the nearest change of one field that makes this depth trainable.
import { type ControlOptions, throwIfAborted } from '../../core/control.js';
import { MftError } from '../../core/errors.js';
import type { Finding } from '../../core/results.js';
import { depthScale, type Layer, type Multipliers, multipliers } from '../../gaussian/fixed-points.js';
import { trainableChanges } from './changes.js';
import { repeatedLayer } from './fixed-point-quantities.js';
import { inputWidthOf, type ResolvedFeedforwardSpec } from './spec.js';
import { calibration, type TrainableDepth, trainableDepth } from './trainable-depth.js';
import { phaseOf } from './trainability.js';

/** Squared gradients of the first and last layer may differ by e^this before it is a warning; severe is the 12 of 12 ξ_1. */
const noticeable = Math.log(10);
const severe = 12;

type Evidence = Finding['evidence'];

/** Findings of a spec, at least three. @throws MftError ERR_MFT_UNSUPPORTED (layers differ), _NO_FIXED_POINT, _DEGENERATE (φ jumps) */
export async function feedforwardFindings(
  spec: ResolvedFeedforwardSpec,
  options: ControlOptions = {},
): Promise<readonly Finding[]> {
  throwIfAborted(options);
  const layer = repeatedLayer(spec);
  if (layer === undefined) {
    throw new MftError(
      'ERR_MFT_UNSUPPORTED',
      'Expected the layers to have equal ' +
        '`weightVariance`, `biasVariance` ' +
        'and `keepProbability`: depth scales ' +
        'belong to a layer that repeats.',
      { parameter: 'weightVariance' },
    );
  }
  const found = multipliers(layer);
  if (found.gradientMultiplier === Infinity) {
    throw new MftError('ERR_MFT_DEGENERATE', 'χ₁ is infinite: the activation jumps, and gradients do not pass it.', {
      parameter: 'activation',
    });
  }
  const trainable = trainableDepth(found);
  return [
    phaseFinding(layer, found),
    depthFinding(spec.depth, found, trainable),
    gradientFinding(spec.depth, found),
    ...sharedWeightFinding(found),
    ...(spec.depth <= trainable.low ? [] : await changeFindings(layer, spec.depth, trainable, options)),
  ];
}

function scales(found: Multipliers): Evidence {
  const { gradientMultiplier, correlationMultiplier, varianceMultiplier } = found;
  const list = [
    { quantity: 'gradientMultiplier', value: gradientMultiplier },
    { quantity: 'depthScaleGradient', value: depthScale(gradientMultiplier) },
    ...(correlationMultiplier === undefined
      ? []
      : [
          { quantity: 'correlationMultiplier', value: correlationMultiplier },
          { quantity: 'depthScaleCorrelation', value: depthScale(correlationMultiplier) },
        ]),
    { quantity: 'depthScaleVariance', value: depthScale(varianceMultiplier) },
  ];
  // At criticality a scale is infinite: its multiplier, 1, says so.
  return list.filter(({ value }) => Number.isFinite(value));
}

const behaviour = {
  ordered: 'gradients shrink towards the input',
  critical: 'gradients keep their size',
  chaotic: 'gradients grow towards the input',
} as const;

function phaseFinding(layer: Layer, found: Multipliers): Finding {
  const phase = phaseOf(found.gradientMultiplier);
  const mean =
    phase === 'ordered'
      ? 'two inputs become alike'
      : phase === 'chaotic'
        ? 'two inputs part'
        : 'correlations of two inputs settle slowly';
  const pairs =
    (layer.keepProbability ?? 1) < 1 && layer.maskSharing !== 'shared'
      ? 'dropout drives two inputs apart in every phase'
      : mean;
  return {
    id: 'phase',
    severity: 'info',
    claim: `The network is in the ${phase} phase: ${behaviour[phase]}, ${pairs}.`,
    evidence: scales(found),
  };
}

function depthFinding(
  depth: number,
  found: Multipliers,
  { depth: value, low, high, isUnbounded }: TrainableDepth,
): Finding {
  const range = `about ${Math.round(value)} layers (80 % interval ${Math.round(low)} to ${Math.round(high)})`;
  const source = ` The interval comes from ${calibration.source}.`;
  const longer = isUnbounded ? ' Its depth scales exceed those of the calibration: the end of the range is used.' : '';
  const verdict =
    depth <= low
      ? 'within what trains'
      : depth <= value
        ? 'probably trainable'
        : depth <= high
          ? 'probably too deep'
          : 'too deep';
  return {
    id: 'trainableDepth',
    severity: depth <= low ? 'info' : depth <= high ? 'warning' : 'critical',
    claim: `Networks like this train up to ${range}; ${depth} layers are ${verdict}.${longer}${source}`,
    evidence: [
      { quantity: 'trainableDepth', value, low, high },
      { quantity: 'depth', value: depth },
      ...scales(found).filter(
        ({ quantity }) => quantity === 'depthScaleGradient' || quantity === 'depthScaleCorrelation',
      ),
    ],
  };
}

function gradientFinding(depth: number, { gradientMultiplier, varianceMultiplier }: Multipliers): Finding {
  // With the weights of the forward pass the slower of χ_1 and χ_q² decides (3.9).
  const perLayer = Math.log(Math.max(gradientMultiplier, varianceMultiplier ** 2));
  const growth = depth === 1 ? 0 : (depth - 1) * perLayer;
  const size = Math.abs(growth);
  const evidence = [{ quantity: 'logGradientRatio', value: Math.max(growth, -Number.MAX_VALUE) }];
  const over = `from the output to the input over ${depth} layers`;
  if (size <= noticeable)
    return {
      id: 'gradientsKept',
      severity: 'info',
      claim: `Squared gradients change by less than a factor of 10 ${over}.`,
      evidence,
    };
  const [id, verb] = growth < 0 ? ['vanishingGradients', 'shrink'] : ['explodingGradients', 'grow'];
  return {
    id,
    severity: size > severe ? 'critical' : 'warning',
    claim: `Squared gradients ${verb} by a factor e^${size.toFixed(1)} ${over}.`,
    evidence,
  };
}

function sharedWeightFinding({ gradientMultiplier, varianceMultiplier }: Multipliers): readonly Finding[] {
  const square = varianceMultiplier ** 2;
  if (!(square > gradientMultiplier)) return [];
  return [
    {
      id: 'sharedWeightExponent',
      severity: 'warning',
      claim:
        'Squared gradients follow χ_q² and not ' +
        'χ_1: back-propagation uses ' +
        'the weights ' +
        'of the forward pass, and the ' +
        'independence ' +
        'assumption misses the exponent here.',
      evidence: [
        { quantity: 'varianceMultiplier', value: varianceMultiplier },
        { quantity: 'varianceMultiplierSquared', value: square },
        { quantity: 'gradientMultiplier', value: gradientMultiplier },
      ],
    },
  ];
}

async function changeFindings(
  layer: Layer,
  depth: number,
  before: TrainableDepth,
  options: ControlOptions,
): Promise<readonly Finding[]> {
  const evidence = [{ quantity: 'trainableDepth', value: before.depth, low: before.low, high: before.high }];
  const changes = await trainableChanges(layer, depth, before, options);
  return changes.map(({ id, claim, change, after, newDepth }) => ({
    id,
    severity: 'info',
    claim,
    evidence,
    change,
    after: [
      { quantity: 'trainableDepth', value: after.depth },
      { quantity: 'trainableDepthLow', value: after.low },
      { quantity: 'trainableDepthHigh', value: after.high },
      { quantity: 'depth', value: newDepth },
    ],
  }));
}

/** The same dropout network as a path problem; none without dropout or without hidden layers. */
export function relatedSpecs(
  spec: ResolvedFeedforwardSpec,
): readonly ({ readonly system: string } & Readonly<Record<string, unknown>>)[] {
  const { depth, width, keepProbability, inputKeepProbability } = spec;
  const keeps = typeof keepProbability === 'number' ? [keepProbability] : keepProbability;
  if (depth === 1 || (inputKeepProbability === 1 && keeps.every((keep) => keep === 1))) return [];
  const inputWidth = inputWidthOf(spec);
  const sizes = typeof width === 'number' ? { width, depth: depth - 1, inputWidth } : { width: [inputWidth, ...width] };
  const hasBiases =
    typeof spec.biasVariance === 'number' ? spec.biasVariance > 0 : spec.biasVariance.some((variance) => variance > 0);
  // Half of the units of a bias-free ReLU network are off besides those that are masked.
  const activeProbability = spec.activation === 'relu' && !hasBiases ? 0.5 : 1;
  return [
    {
      system: 'percolation',
      ...sizes,
      keepProbability,
      inputKeepProbability,
      activeProbability,
      hasBiases,
    },
  ];
}
