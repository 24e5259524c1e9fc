// The quantities a prediction carries: those of the fixed point of a spec whose layers are all alike.
import { MftError } from '../../core/errors.js';
import type { QuantityValue } from '../../core/results.js';
import { criticalWeightVariance } from '../../gaussian/critical.js';
import { gaussianFunctionOf } from '../../gaussian/expectation.js';
import { fixedPointsVariance, limitingWeightVariance } from '../../gaussian/fixed-points.js';
import { depthScale, type Multipliers, multipliers } from '../../gaussian/multipliers.js';
import type { Layer } from '../../gaussian/variance-map.js';
import * as theory from './fixed-point-theory.js';
import type { FeedforwardQuantity } from './quantities.js';
import { isOneActivation, type ResolvedFeedforwardSpec } from './spec.js';
import type { NetworkProfile } from './profile.js';
import { phaseOf, trainableLengths } from './trainability.js';
import { networkTrainability, settles, statedLengths } from './trainable-depth.js';

type Values = { readonly [name in FeedforwardQuantity]?: QuantityValue };

/** The one number of a per-layer field whose entries are all equal. */
function uniform(value: number | readonly number[]): number | undefined {
  if (typeof value === 'number') return value;
  return value.every((entry) => entry === value[0]) ? (value[0] ?? 1) : undefined;
}

/** The layer repeated in a spec, or undefined when its layers differ. */
export function repeatedLayer(spec: ResolvedFeedforwardSpec): Layer | undefined {
  const { activation, maskSharing, dropout } = spec;
  if (!isOneActivation(activation) || uniform(spec.biasMean) !== 0) return undefined;
  const [weightVariance, biasVariance, keepProbability] = [
    uniform(spec.weightVariance),
    uniform(spec.biasVariance),
    uniform(spec.keepProbability),
  ];
  if (weightVariance === undefined || biasVariance === undefined || keepProbability === undefined) return undefined;
  return {
    activation,
    weightVariance,
    biasVariance,
    keepProbability,
    maskSharing,
    ...(dropout === 'alpha' && keepProbability < 1 ? { dropout } : {}),
  };
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

/** Where the length map starts: q^1, or 1 for φ of degree 1, which has no scale of its own. */
export function startingVariance(layer: Layer, first: number): number {
  return gaussianFunctionOf(layer.activation).homogeneousDegree === 1 ? 1 : first;
}

/** The multipliers at the fixed point that a network with q^1 = `first` reaches, or the MftError that says why there are none. */
export function reachedMultipliers(layer: Layer, first: number): Multipliers | MftError {
  try {
    return multipliers(layer, startingVariance(layer, first));
  } catch (error) {
    if (error instanceof MftError) return error;
    throw error;
  }
}

/** @param first q^1 of the first input · @param along the profile, for networks that settle nowhere */
export async function fixedPointQuantities(
  spec: ResolvedFeedforwardSpec,
  first: number,
  along: () => Promise<NetworkProfile>,
): Promise<Values> {
  const layer = repeatedLayer(spec);
  const lengths = async (found: Multipliers | undefined): Promise<Values> => {
    const isFixed = found?.correlationMultiplier !== undefined && settles(found, spec.depth);
    const own = networkTrainability(found, spec.depth, isFixed ? undefined : await along());
    return {
      trainableLength: own.depth,
      trainableLengths: { ...statedLengths(own), ...(found === undefined ? {} : trainableLengths(found)) },
    };
  };
  if (layer === undefined)
    return {
      fixedPointVariance: {
        reason:
          'The layers have different parameters, or biases with a mean: the fixed point of such layers is not computed.',
      },
      ...(await lengths(undefined)),
    };
  const ofPlain = (value: () => QuantityValue): QuantityValue =>
    layer.dropout === 'alpha' ? { reason: 'Known for plain dropout only.' } : attempt(value);
  const always: Values = {
    criticalWeightVariance: ofPlain(() =>
      criticalWeightVariance(layer.activation, {
        biasVariance: layer.biasVariance,
        keepProbability: layer.keepProbability ?? 1,
      }),
    ),
    limitingWeightVariance: attempt(() => limitingWeightVariance(layer)),
    fixedPointsVariance: attempt(() => fixedPointsVariance(layer).points.map((point) => ({ ...point }))),
  };
  const found = reachedMultipliers(layer, first);
  if (found instanceof MftError)
    return { fixedPointVariance: { reason: found.message }, ...(await lengths(undefined)), ...always };
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
  const start = startingVariance(layer, first);
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
    ...(await lengths(found)),
    logGradientVarianceRate: ofPlain(() =>
      theory.logGradientVarianceRateAt(layer, fixedPointVariance, varianceMultiplier),
    ),
    absoluteToSingleGradientRatio: ofPlain(() => ofPair(() => theory.absoluteToSingleGradientRatio(layer, start))),
    pairGradientNoiseFloor:
      width === undefined
        ? { reason: 'The layers have different widths.' }
        : ofPlain(() => ofPair(() => theory.pairGradientNoiseFloor(layer, width, start))),
    curvatureMultiplier: ofPlain(() => theory.curvatureMultiplier(layer, fixedPointVariance)),
    ...always,
  };
}
