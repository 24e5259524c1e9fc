// Theory of `feedforward`: fixed points, depth scales and the layer-by-layer recursions.
import type { PredictionBody, SystemOptions } from '../../core/system.js';
import type { ResolvedFeedforwardSpec } from './spec.js';

export async function predictFeedforward(_spec: ResolvedFeedforwardSpec, _options: SystemOptions): Promise<PredictionBody> {
  return { quantities: {}, observables: {}, warnings: [] };
}
