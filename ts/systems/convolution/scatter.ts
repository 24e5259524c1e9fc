// How the variances of few channels scatter over networks: relative variances to first order in 1/channels, layer by layer.
import { gaussianFunctionOf } from '../../gaussian/expectation.js';
import { expectation } from '../../gaussian/moments.js';
import type { ConvolutionLayer } from './architecture.js';
import type { LayerField } from './mean-field.js';
import type { ResolvedConvolutionSpec } from './spec.js';

/** Below it the trials' own error serves, and nothing is said. */
const least = 0.5;

const mean = (values: Float64Array, count: number): number => values.reduce((sum, value) => sum + value, 0) / count;

/**
 * Relative variance over networks of a layer's mean square, by layer. What a layer is given scatters by v; its Gaussian channels add
 * 2 ω/C to what is seen of them, (E φ⁴/(E φ²)² − 1) ω/C to what they hand on, with χ² v of what they got, χ = d log E φ²/d log q:
 * 1 + v' = (1 + χ² v)(1 + own), of which biases leave their share. ω: how alike positions are, by the correlation of neighbours.
 */
export function scatterOf(
  spec: ResolvedConvolutionSpec,
  layers: readonly ConvolutionLayer[],
  fields: readonly LayerField[],
): Float64Array {
  const phi = gaussianFunctionOf(spec.activation);
  const seen = new Float64Array(layers.length);
  let got = 0;
  for (const [l, { variance, neighbour, neighbours }] of fields.entries()) {
    const q = mean(variance, variance.length);
    const { channels } = layers[l] as ConvolutionLayer;
    if (!(q > 0) || !Number.isFinite(q)) break;
    const correlation = neighbours === 0 ? 1 : mean(neighbour, neighbours) / q;
    const alike = Math.max(1 / variance.length, Math.min(1, correlation ** 2));
    got *= (1 - spec.biasVariance / q) ** 2;
    const shown = (1 + got) * (1 + (2 * alike) / channels) - 1;
    seen[l] = shown > least ? shown : 0;
    const second = expectation(phi, { value: 2 }, q);
    const fourth = expectation(phi, { value: 4 }, q);
    if (!(second > 0) || !(fourth < Infinity)) break;
    const slope = expectation(phi, { value: 1, first: 1, argument: 1 }, q) / second;
    got = (1 + slope ** 2 * got) * (1 + ((fourth / second ** 2 - 1) * alike) / channels) - 1;
    if (!Number.isFinite(got)) break;
  }
  return seen;
}
