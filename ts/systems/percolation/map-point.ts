// What the quantities of fully connected networks can say of the network at a point of a map.
import type { Undefined } from '../../core/results.js';
import type { GridPoint } from '../../core/system.js';
import type { ResolvedPercolationSpec } from './spec.js';

/** The point with the run that it would train, or why its network has no such quantity. */
export function mapPoint(point: GridPoint, quantity: string): GridPoint | Undefined {
  const { topology, training } = point as ResolvedPercolationSpec;
  if (topology === 'dense') return { ...point, ...training };
  const kind = typeof topology === 'string' ? topology : topology.kind;
  return { reason: `${quantity} is that of fully connected layers, the topology is ${kind}: predict answers it.` };
}
