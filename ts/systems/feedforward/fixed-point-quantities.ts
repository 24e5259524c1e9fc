// The quantities a prediction carries: those of the fixed point of a spec whose layers are all alike.
import { MftError } from '../../core/errors.js';
import type { QuantityValue } from '../../core/results.js';
import { criticalWeightVariance } from '../../gaussian/critical.js';
import {
  fixedPointsVariance,
  depthScale,
  type Layer,
  limitingWeightVariance,
  type Multipliers,
  multipliers,
} from '../../gaussian/fixed-points.js';
import * as theory from './fixed-point-theory.js';
import type { FeedforwardQuantity } from './quantities.js';
import type { ResolvedFeedforwardSpec } from './spec.js';
import { phaseOf, trainableLengths } from './trainability.js';

type Values = { readonly [name in FeedforwardQuantity]?: QuantityValue };

/** The one number of a per-layer field whose entries are all equal. */
function uniform(value: number | readonly number[]): number | undefined {
  if (typeof value === 'number') return value;
  return value.every((entry) => entry === value[0]) ? (value[0] ?? 1) : undefined;
}

/** The layer repeated in a spec, or undefined when its layers differ. */
export function repeatedLayer(spec: ResolvedFeedforwardSpec): Layer | undefined {
  const { activation, maskSharing } = spec;
  const [weightVariance, biasVariance, keepProbability] = [
    uniform(spec.weightVariance),
    uniform(spec.biasVariance),
    uniform(spec.keepProbability),
  ];
  if (weightVariance === undefined || biasVariance === undefined || keepProbability === undefined) return undefined;
  return { activation, weightVariance, biasVariance, keepProbability, maskSharing };
}

/** A value, or the reason why there is none. */
function attempt(value: () => QuantityValue): QuantityValue {
  try {
    return value();
  } catch (error) {
    if (error instanceof MftError) return { reason: error.message };
    throw error;
  }
}

const correlationReason = 'Signals vanish at the fixed point variance 0, where a correlation is undefined.';

export function fixedPointQuantities(spec: ResolvedFeedforwardSpec): Values {
  const layer = repeatedLayer(spec);
  if (layer === undefined)
    return {
      fixedPointVariance: { reason: 'The layers have different parameters: there is no fixed point to speak of.' },
    };
  let found: Multipliers;
  const always: Values = {
    criticalWeightVariance: attempt(() =>
      criticalWeightVariance(layer.activation, {
        biasVariance: layer.biasVariance,
        keepProbability: layer.keepProbability ?? 1,
      }),
    ),
    limitingWeightVariance: attempt(() => limitingWeightVariance(layer)),
    fixedPointsVariance: attempt(() => fixedPointsVariance(layer).points.map((point) => ({ ...point }))),
  };
  try {
    found = multipliers(layer);
  } catch (error) {
    if (!(error instanceof MftError)) throw error;
    return { fixedPointVariance: { reason: error.message }, ...always };
  }
  const {
    fixedPointVariance,
    varianceMultiplier,
    gradientMultiplier,
    correlationMultiplier,
    oneMinusFixedPointCorrelation: delta,
  } = found;
  const ofPair = (value: (d: number) => QuantityValue): QuantityValue =>
    delta === undefined ? { reason: correlationReason } : attempt(() => value(delta));
  const width = uniform(spec.width);
  const lengths = trainableLengths(found);
  return {
    fixedPointVariance,
    varianceMultiplier,
    gradientMultiplier,
    fixedPointCorrelation: ofPair((d) => 1 - d),
    oneMinusFixedPointCorrelation: ofPair((d) => d),
    correlationMultiplier: ofPair(() => correlationMultiplier as number),
    depthScaleVariance: depthScale(varianceMultiplier),
    depthScaleGradient: depthScale(gradientMultiplier),
    depthScaleCorrelation: ofPair(() => depthScale(correlationMultiplier as number)),
    phase: phaseOf(gradientMultiplier),
    trainableLength: lengths.trainableLength,
    trainableLengths: { ...lengths },
    logGradientVarianceRate: attempt(() =>
      theory.logGradientVarianceRateAt(layer, fixedPointVariance, varianceMultiplier),
    ),
    absoluteToSingleGradientRatio: ofPair(() => theory.absoluteToSingleGradientRatio(layer)),
    pairGradientNoiseFloor:
      width === undefined
        ? { reason: 'The layers have different widths.' }
        : ofPair(() => theory.pairGradientNoiseFloor(layer, width)),
    curvatureMultiplier: theory.curvatureMultiplier(layer, fixedPointVariance),
    ...always,
  };
}
