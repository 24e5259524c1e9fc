// What quantities are asked at a point of a map: the spec's block and its pair of inputs, in their parameters' words.
import type { Undefined } from '../../core/results.js';
import type { GridPoint } from '../../core/system.js';
import type { ResolvedResidualSpec } from './spec.js';

/** The point with its inputs as moments; a reason where the inputs are vectors. */
export function mapPoint(point: GridPoint): GridPoint | Undefined {
  const { block, inputs } = point as unknown as ResolvedResidualSpec;
  if (!('secondMoment' in inputs))
    return { reason: 'Maps are of inputs given by `secondMoment` and `correlation`: predict answers vectors.' };
  const { secondMoment, correlation, oneMinusCorrelation } = inputs;
  return {
    ...point,
    architecture: block,
    inputSecondMoment: secondMoment,
    inputCorrelation: correlation,
    inputOneMinusCorrelation: oneMinusCorrelation,
  };
}
