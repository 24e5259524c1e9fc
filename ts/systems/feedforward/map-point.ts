// What quantities of one layer can say of the network at a point of a map.
import { MftError } from '../../core/errors.js';
import type { Undefined, Warning } from '../../core/results.js';
import type { GridPoint } from '../../core/system.js';
import { fixedPointsVariance } from '../../gaussian/fixed-points.js';
import type { Layer } from '../../gaussian/variance-map.js';
import { quantities } from './quantities.js';

/** Points at which fixed points are looked for: the ends of the grid and what lies evenly between them. */
const looks = 9;

/** Says that layers have two attracting variances, of which a map takes the one reached from 1 and `predict` that of its inputs. */
export function mapWarningsFeedforward(points: readonly GridPoint[]): readonly Warning[] {
  const chosen = new Set(Array.from({ length: looks }, (_, i) => Math.round((i * (points.length - 1)) / (looks - 1))));
  for (const at of chosen) {
    const found = attracting(points[at] as GridPoint);
    if (found.length < 2) continue;
    const [low, high] = [found[0] as number, found.at(-1) as number].map((q) => q.toPrecision(4));
    return [
      {
        id: 'severalFixedPoints',
        message:
          `Layers of this map settle at variances of ${low} or ${high}, by where they start (point ${at}): quantities are of the one ` +
          'reached from 1; `predict` follows the variance of its inputs.',
      },
    ];
  }
  return [];
}

/** Attracting variances of the layers at a point, ascending; none where the layers differ or are not of one number. */
function attracting(point: GridPoint): readonly number[] {
  const { weightVariance = 1, biasVariance = 0, keepProbability = 1, activation, dropout } = point;
  const numbers = [weightVariance, biasVariance, keepProbability];
  if (
    activation === undefined ||
    dropout === 'alpha' ||
    Array.isArray(activation) ||
    !numbers.every((value) => typeof value === 'number')
  )
    return [];
  const layer = { activation, weightVariance, biasVariance, keepProbability } as Layer;
  try {
    return fixedPointsVariance(layer)
      .points.filter(({ isStable }) => isStable)
      .map(({ variance }) => variance);
  } catch (error) {
    if (error instanceof MftError) return [];
    throw error;
  }
}

/** The point as it is, or why its network has no such quantity: biases with a mean, alpha dropout where that is not known. */
export function mapPointFeedforward(point: GridPoint, quantity: string): GridPoint | Undefined {
  const reads = quantities[quantity as keyof typeof quantities].parameters.shape;
  const hasMean = [point.biasMean ?? 0].flat().some((mean) => mean !== 0);
  if (hasMean && reads.biasVariance !== undefined)
    return { reason: 'The biases have a mean: the fixed point of such layers is not computed.' };
  const drops = point.dropout === 'alpha' && point.keepProbability !== 1;
  if (drops && reads.keepProbability !== undefined && reads.dropout === undefined)
    return { reason: 'Known for plain dropout only.' };
  return point;
}
