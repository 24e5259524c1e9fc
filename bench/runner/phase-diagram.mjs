// The grid of the phase diagram and the points at which answers are compared.

export const quantities = ['depthScaleVariance', 'depthScaleCorrelation', 'depthScaleGradient'];
const samples = 8;

/** Both axes of a grid of size × size points. */
export function axesOf(size) {
  const range = (low, high) => Array.from({ length: size }, (_, i) => low + ((high - low) * i) / (size - 1));
  return { weightVariance: range(1, 4), biasVariance: range(0.01, 0.3) };
}

/** Positions on an axis of the 8 × 8 points that everybody answers. */
export const sampled = (size) =>
  Array.from({ length: samples }, (_, i) => Math.floor(((2 * i + 1) * size) / (2 * samples)));

/** The sampled points, row by row (biasVariance outside). */
export function samplePoints(size) {
  const { weightVariance, biasVariance } = axesOf(size);
  return sampled(size).flatMap((row) =>
    sampled(size).map((column) => ({ weightVariance: weightVariance[column], biasVariance: biasVariance[row] })),
  );
}

/** Depth scales as multipliers χ = exp(−1/ξ): these stay finite and comparable at criticality. */
export const multipliersOf = (scales) => scales.map((scale) => Math.exp(-1 / scale));
