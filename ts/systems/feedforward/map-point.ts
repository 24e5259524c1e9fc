// What quantities of one layer can say of the network at a point of a map.
import type { Undefined } from '../../core/results.js';
import type { GridPoint } from '../../core/system.js';
import { quantities } from './quantities.js';

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
