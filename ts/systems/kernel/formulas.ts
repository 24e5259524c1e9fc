// The formulas of system `kernel`: plain functions of numbers.

/** p_l = σ_w^{2l} p_0 with p_0 = 1: the second moment of layer l. */
export function secondMoment(weightVariance: number, layer: number): number {
  return weightVariance ** layer;
}
