// The observables of system `residual`, the same in theory and simulation.
import type { ObservableInfo } from '../../core/system.js';

const perInput = ['layer', 'input'] as const;
const perPair = ['layer', 'pair'] as const;

/** Axes: layer (activations, their gradients) or block 1..L (parameters, pre-activations), then input or pair. */
export const observables = {
  secondMoment: {
    symbol: 'log p_l',
    description: 'mean square of an activation, layers 0..L',
    axes: perInput,
    scale: 'log',
    source: 'Yang & Schoenholz 2018, theorems C.2 and C.3; docs 3.2',
  },
  metricExpressivity: {
    symbol: 'log s_l',
    description: 'half the mean square distance of two inputs, layers 0..L',
    axes: perPair,
    scale: 'log',
    source: 'Yang & Schoenholz 2018, theorems C.2 and C.3; docs 3.2',
    needsPair: true,
  },
  angularExpressivity: {
    symbol: 'e_l',
    description: 'ratio of cross moment and second moment of two inputs, layers 0..L',
    axes: perPair,
    scale: 'linear',
    source: 'Yang & Schoenholz 2018, theorems C.2 and C.3; docs 3.2',
    needsPair: true,
  },
  angularDeficit: {
    symbol: 'log(1 − e_l)',
    description: 'log s_l/p_l, layers 0..L',
    axes: perPair,
    scale: 'log',
    source: 'derived; docs 3.2',
    needsPair: true,
  },
  preactivationVariance: {
    symbol: 'log q_l',
    description: 'mean square of a pre-activation, blocks 1..L',
    axes: perInput,
    scale: 'log',
    source: 'Yang & Schoenholz 2018, theorems C.2 and C.3; docs 3.2',
  },
  preactivationCorrelation: {
    symbol: 'c_l',
    description: 'λ_l/q_l of two inputs, blocks 1..L',
    axes: perPair,
    scale: 'linear',
    source: 'Yang & Schoenholz 2018, theorems C.2 and C.3; docs 3.2',
    needsPair: true,
  },
  gradientSecondMoment: {
    symbol: 'log χ_l/χ_L',
    description: 'mean square of ∂E/∂x_l per coordinate, layers 0..L',
    axes: perInput,
    scale: 'log',
    source: 'Yang & Schoenholz 2018, theorems C.2 and C.3; docs 3.3',
  },
  gradientTotal: {
    symbol: 'log |∂E/∂x_l|²/|∂E/∂x_L|²',
    description: 'squared norm of ∂E/∂x_l, layers 0..L; the widths do not change its mean',
    axes: perInput,
    scale: 'log',
    source: 'derived; docs 3.3',
  },
  outerWeightGradient: {
    symbol: 'log χ_v,l/χ_L',
    description: 'mean square of an entry of ∂E/∂v_l, blocks 1..L',
    axes: perInput,
    scale: 'log',
    source: 'Yang & Schoenholz 2018, theorems C.2 and C.3; docs 3.4',
  },
  innerWeightGradient: {
    symbol: 'log χ_w,l/χ_L',
    description: 'mean square of an entry of ∂E/∂w_l, blocks 1..L',
    axes: perInput,
    scale: 'log',
    source: 'Yang & Schoenholz 2018, theorems C.2 and C.3; docs 3.4',
  },
  outerBiasGradient: {
    symbol: 'log χ_a,l/χ_L',
    description: 'mean square of an entry of ∂E/∂a_l, blocks 1..L',
    axes: perInput,
    scale: 'log',
    source: 'Yang & Schoenholz 2018, theorems C.2 and C.3; docs 3.4',
  },
  innerBiasGradient: {
    symbol: 'log χ_b,l/χ_L',
    description: 'mean square of an entry of ∂E/∂b_l, blocks 1..L',
    axes: perInput,
    scale: 'log',
    source: 'Yang & Schoenholz 2018, theorems C.2 and C.3; docs 3.4',
  },
  outerWeightGradientTotal: {
    symbol: 'log |∂E/∂v_l|²/|∂E/∂x_L|²',
    description: 'squared norm of ∂E/∂v_l, blocks 1..L',
    axes: perInput,
    scale: 'log',
    source: 'derived; docs 3.4',
  },
  innerWeightGradientTotal: {
    symbol: 'log |∂E/∂w_l|²/|∂E/∂x_L|²',
    description: 'squared norm of ∂E/∂w_l, blocks 1..L',
    axes: perInput,
    scale: 'log',
    source: 'derived; docs 3.4',
  },
  outerBiasGradientTotal: {
    symbol: 'log |∂E/∂a_l|²/|∂E/∂x_L|²',
    description: 'squared norm of ∂E/∂a_l, blocks 1..L',
    axes: perInput,
    scale: 'log',
    source: 'derived; docs 3.4',
  },
  innerBiasGradientTotal: {
    symbol: 'log |∂E/∂b_l|²/|∂E/∂x_L|²',
    description: 'squared norm of ∂E/∂b_l, blocks 1..L',
    axes: perInput,
    scale: 'log',
    source: 'derived; docs 3.4',
  },
  secondMomentSpread: {
    symbol: 'Var(|x_l|²/N_l)/p_l²',
    description: 'relative variance of |x_l|²/N_l over networks, layers 1..L',
    axes: perInput,
    scale: 'linear',
    source: 'derived; docs 3.9',
  },
  gradientSpread: {
    symbol: 'Var log |∂E/∂x_l|²',
    description: 'variance of log |∂E/∂x_l|² over networks at fixed |∂E/∂x_L|, layers 0..L−1',
    axes: perInput,
    scale: 'linear',
    source: 'derived; docs 3.9',
  },
} as const satisfies Readonly<Record<string, ObservableInfo>>;

export type ResidualObservable = keyof typeof observables;
