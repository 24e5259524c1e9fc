// What `advise` says about a spec of `autoencoder`: which directions are learnt, when, and whether the rate is safe.
import { type ControlOptions, throwIfAborted } from '../../core/control.js';
import type { Finding } from '../../core/results.js';
import { fixedPoint } from './mode.js';
import { halfTimes, modesOf, rateLimit } from './predict.js';
import { type Stage, stagesOf } from './schedule.js';
import type { ResolvedAutoencoderSpec } from './spec.js';
import { largestOf } from '../../numeric/extremes.js';

/** Directions whose step of learning is told, from 0. */
const shown = [0, 1, 3, 7, 15, 31];
/** A rate this much below the limit is proposed. */
const safety = 0.5;

export async function findings(spec: ResolvedAutoencoderSpec, options: ControlOptions): Promise<readonly Finding[]> {
  throwIfAborted(options);
  return [rateFinding(spec), ...ignoredFinding(spec), ...timeFinding(spec)];
}

function rateFinding(spec: ResolvedAutoencoderSpec): Finding {
  const stages = stagesOf(spec);
  // The stage whose rate is the largest share of its limit.
  const limits = stages.map((stage) => rateLimit(spec, modesOf(spec, stage)));
  const worst = stages.reduce(
    (found, { learningRate }, i) =>
      learningRate * (limits[found] as number) > (stages[found] as Stage).learningRate * (limits[i] as number)
        ? i
        : found,
    0,
  );
  const { learningRate, fromStep } = stages[worst] as Stage;
  const limit = limits[worst] as number;
  const isSafe = learningRate < limit;
  const from = fromStep === 0 ? '' : ` (from step ${fromStep} on)`;
  return {
    id: isSafe ? 'learningRateSafe' : 'learningRateUnstable',
    severity: isSafe ? 'info' : 'critical',
    claim: `Descent is stable at the optimum for learning rates below ${limit.toPrecision(4)}; this one is ${learningRate}${from}.`,
    evidence: Number.isFinite(limit) ? [{ quantity: 'stableLearningRate', value: limit }] : [],
    ...(isSafe || fromStep > 0 ? {} : { change: { learningRate: safety * limit } }),
  };
}

/** Directions that noise or decay leave below half. */
function ignoredFinding(spec: ResolvedAutoencoderSpec): Finding[] {
  const modes = modesOf(spec);
  const ends = modes.map(fixedPoint);
  const weak = ends.findIndex((w) => w < 0.5);
  if (weak === -1) return [];
  const dead = ends.filter((w) => w === 0).length;
  const { inputVariance } = modes[weak] as { inputVariance: number };
  return [
    {
      id: 'directionsIgnored',
      severity: 'info',
      claim:
        `Directions with a variance of ${inputVariance.toPrecision(4)} or less (${modes.length - weak} of ${modes.length}) are ` +
        `reconstructed to less than a half${dead > 0 ? `, ${dead} of them not at all` : ''}.`,
      evidence: [{ quantity: 'fixedPoint', value: ends[weak] as number }],
    },
  ];
}

/** When the last direction that is learnt at all is half learnt. */
function timeFinding(spec: ResolvedAutoencoderSpec): Finding[] {
  const times = halfTimes(spec);
  const known = times.filter((time) => typeof time === 'number');
  if (known.length === 0) return [];
  const slowest = largestOf(known);
  const inTime = known.filter((time) => time <= spec.steps).length;
  const isLong = slowest <= spec.steps;
  const first = shown
    .flatMap((mode) => (typeof times[mode] === 'number' ? [`direction ${mode} at step ${Math.ceil(times[mode])}`] : []))
    .join(', ');
  return [
    {
      id: isLong ? 'directionsLearnt' : 'trainingTooShort',
      severity: isLong ? 'info' : 'warning',
      claim:
        `${inTime} of ${known.length} directions are half learnt within ${spec.steps} steps; the slowest takes ` +
        `${Math.ceil(slowest)}: ${first}.`,
      evidence: [
        { quantity: 'timeToReach', value: known[0] as number },
        { quantity: 'timeToReach', value: slowest },
      ],
      ...(isLong || !(slowest < 1e8) ? {} : { change: { steps: Math.ceil(1.5 * slowest) } }),
    },
  ];
}
