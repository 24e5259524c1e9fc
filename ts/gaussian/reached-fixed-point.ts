// The fixed point of the length map that a recursion reaches, or why it reaches none.
import { MftError } from '../core/errors.js';
import { type Layer, varianceMap } from './variance-map.js';
import { varianceBasins } from './variance-basins.js';
import { fixedPointsVariance, limitingWeightVariance, type VarianceFixedPoint } from './fixed-points.js';

/**
 * The fixed point that the recursion reaches from `start`, or the documented error.
 *
 * @throws MftError ERR_MFT_NO_FIXED_POINT with the weight variance below which there is one; ERR_MFT_NO_CONVERGENCE when the
 *   recursion circles around an unstable fixed point
 */
export function reachedFixedPoint(layer: Layer, start = 1): VarianceFixedPoint {
  const { points, reached } = fixedPointsVariance(layer, start);
  if (reached !== undefined) return reached;
  const grows = varianceMap(layer, start) > start;
  const circling = points.find((point) => point.multiplier < -1);
  if (circling !== undefined && !(grows && points.every((point) => point.variance < start))) {
    throw new MftError(
      'ERR_MFT_NO_CONVERGENCE',
      `The variance circles around the unstable fixed point ${circling.variance} (slope ${circling.multiplier}) and never settles.`,
      { parameter: 'weightVariance' },
    );
  }
  throw divergence(layer, points, start);
}

/** Two facts, told apart: whether there are fixed points at all, and from where they are reached. */
function divergence(layer: Layer, points: readonly VarianceFixedPoint[], start: number): MftError {
  const limit = limitingWeightVariance(layer);
  const received = layer.weightVariance;
  if (points.length === 0 || points.every((point) => !point.isStable && point.variance === 0)) {
    const shown = Number(limit.toPrecision(12));
    return new MftError(
      'ERR_MFT_NO_FIXED_POINT',
      `The variance grows without bound from any start: with these \`biasVariance\` and \`keepProbability\` a fixed point ` +
        `needs \`weightVariance\` ${received < shown ? 'well ' : ''}below ${shown}, received ${received}.`,
      { parameter: 'weightVariance', expected: `a number below ${limit}`, received },
    );
  }
  const short = (variance: number): string => String(Number(variance.toPrecision(6)));
  const stretches = varianceBasins(layer)
    .filter(({ reaches }) => typeof reaches === 'number')
    .map(
      ({ from, to, reaches }) => `${short(reaches as number)} is reached from between ${short(from)} and ${short(to)}`,
    );
  const repelling = points.filter((point) => !point.isStable).map(({ variance }) => short(variance));
  return new MftError(
    'ERR_MFT_NO_FIXED_POINT',
    `From the variance ${start} the signal grows without bound, although there are fixed points: ` +
      `${[...stretches, ...(repelling.length === 0 ? [] : [`${repelling.join(', ')} repels`])].join('; ')}.`,
    { parameter: 'weightVariance', received },
  );
}
