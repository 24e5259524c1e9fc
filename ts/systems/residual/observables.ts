// The observables of system `residual`, the same in theory and simulation.

/** Axes: layer (activations, their gradients) or block 1..L (parameters, pre-activations), then input or pair. */
export const observables = {
  secondMoment: 'log p_l: mean square of an activation, layers 0..L',
  metricExpressivity: 'log s_l: half the mean square distance of two inputs, layers 0..L',
  angularExpressivity: 'e_l: ratio of cross moment and second moment of two inputs, layers 0..L',
  angularDeficit: 'log(1 − e_l) = log s_l/p_l, layers 0..L',
  preactivationVariance: 'log q_l: mean square of a pre-activation, blocks 1..L',
  preactivationCorrelation: 'c_l = λ_l/q_l of two inputs, blocks 1..L',
  gradientSecondMoment: 'log χ_l/χ_L: mean square of ∂E/∂x_l per coordinate, layers 0..L',
  gradientTotal: 'log |∂E/∂x_l|²/|∂E/∂x_L|², layers 0..L; the widths do not change its mean',
  outerWeightGradient: 'log χ_v,l/χ_L: mean square of an entry of ∂E/∂v_l, blocks 1..L',
  innerWeightGradient: 'log χ_w,l/χ_L, blocks 1..L',
  outerBiasGradient: 'log χ_a,l/χ_L, blocks 1..L',
  innerBiasGradient: 'log χ_b,l/χ_L, blocks 1..L',
  outerWeightGradientTotal: 'log |∂E/∂v_l|²/|∂E/∂x_L|², blocks 1..L',
  innerWeightGradientTotal: 'log |∂E/∂w_l|²/|∂E/∂x_L|², blocks 1..L',
  outerBiasGradientTotal: 'log |∂E/∂a_l|²/|∂E/∂x_L|², blocks 1..L',
  innerBiasGradientTotal: 'log |∂E/∂b_l|²/|∂E/∂x_L|², blocks 1..L',
  secondMomentSpread: 'relative variance of |x_l|²/N_l over networks, layers 1..L',
  logGradientSpread: 'variance of log |∂E/∂x_l|² over networks at fixed |∂E/∂x_L|, layers 0..L−1',
} as const;

export type ResidualObservable = keyof typeof observables;
