// How much single networks scatter under stochastic depth: a few that keep a rare branch make the mean.
import type { NativeResidualNetwork, Recurrence } from './native.js';

/**
 * Relative variances over networks of p_l and χ_l/χ_L (layers 0..L) and of gradients of parameters (blocks 1..L), at infinite
 * width and with V, V̇ at their means: with β/τ of (3.11) E p² follows κ⁴E p² + 2κ²pB/τ + B²/τ³, B = σ_v²V + σ_a², and E χ² is a
 * product of τ(κ² + W/τ²)² + (1 − τ)κ⁴ over blocks, W = σ_v²σ_w²V̇. Sizes, for judging means of few trials.
 */
export function branchSpreads(
  network: NativeResidualNetwork,
  run: Recurrence,
): { readonly size: Float64Array; readonly gradient: Float64Array; readonly parameter: Float64Array } {
  const depth = network.branchKeepProbability.length;
  const at = (list: Float64Array, i: number): number => list[i] as number;
  const square = network.block === 'generalized' ? network.skipStrength ** 2 : 1;
  // Ratios E x²/(E x)².
  const sizes = new Float64Array(depth + 1).fill(1);
  const gradients = new Float64Array(depth + 1).fill(1);
  for (let i = 0; i < depth; i++) {
    const keep = at(network.branchKeepProbability, i);
    // In units of p_{l−1}.
    const branch =
      at(network.outerWeightVariance, i) * Math.exp(at(run.logActivationMoment, i) - at(run.logSecondMoment, i)) +
      at(network.outerBiasVariance, i) * Math.exp(-at(run.logSecondMoment, i));
    const mean = square + branch / keep;
    sizes[i + 1] = (square ** 2 * at(sizes, i) + (2 * square * branch) / keep + branch ** 2 / keep ** 3) / mean ** 2;
  }
  for (let i = depth - 1; i >= 0; i--) {
    const keep = at(network.branchKeepProbability, i);
    const gain =
      at(network.outerWeightVariance, i) *
      at(network.innerWeightVariance, i) *
      Math.exp(at(run.logDerivativeMoment, i));
    const second = keep * (square + gain / keep ** 2) ** 2 + (1 - keep) * square ** 2;
    gradients[i] = (at(gradients, i + 1) * second) / (square + gain / keep) ** 2;
  }
  const known = (ratio: number): number => (ratio >= 1 ? ratio - 1 : ratio < 1 ? 0 : Infinity);
  return {
    size: sizes.map(known),
    gradient: gradients.map(known),
    parameter: Float64Array.from({ length: depth }, (_, i) =>
      known((at(gradients, i + 1) * at(sizes, i)) / at(network.branchKeepProbability, i) ** 3),
    ),
  };
}
