// The length map of a layer: mean square of the pre-activations one layer on.
import type { ActivationSpec } from './activations.js';
import { alphaDropout, alphaForm } from './alpha-dropout.js';
import { type Activation, affineFunctionOf, type GaussianFunction, gaussianFunctionOf } from './expectation.js';
import { expectation } from './moments.js';

/** A fully connected layer repeated for ever. */
export interface Layer {
  readonly activation: Activation;
  /** σ_w² ≥ 0. */
  readonly weightVariance: number;
  /** σ_b² ≥ 0. */
  readonly biasVariance: number;
  /** ρ in (0, 1]. Default 1. */
  readonly keepProbability?: number;
  /** Whether a pair of inputs gets the same dropout masks. Default 'independent'. */
  readonly maskSharing?: 'independent' | 'shared';
  /** What a dropped unit is: 0, or what alpha dropout says. Default 'plain'. */
  readonly dropout?: 'plain' | 'alpha';
}

export const marginality = 1e-12;
/** Mean square of the pre-activations one layer on: V(q) = (σ_w²/ρ) m2(q) + σ_b², and with alpha dropout σ_w²(1 − ρ)c². */
export function varianceMap(layer: Layer, variance: number): number {
  return gain(layer) * expectation(layerFunction(layer), { value: 2 }, variance) + constantOf(layer);
}

/** φ of a layer; with alpha dropout ρ(aφ + b), so that m/ρ times it is what kept units are. */
export function layerFunction(layer: Layer): GaussianFunction {
  if (!isAlpha(layer)) return gaussianFunctionOf(layer.activation);
  return affineFunctionOf(layer.activation as ActivationSpec, alphaForm(layer.keepProbability ?? 1));
}

export function isAlpha({ dropout, keepProbability = 1 }: Layer): boolean {
  return dropout === 'alpha' && keepProbability < 1;
}

/** What V(q) has beside E φ²: σ_b², and what dropped units add. */
export function constantOf(layer: Layer): number {
  return isAlpha(layer) ? layer.biasVariance + layer.weightVariance * droppedSquare(layer) : layer.biasVariance;
}

/** (1 − ρ)c², which dropped units add to E u². */
export function droppedSquare(layer: Layer): number {
  const keep = layer.keepProbability ?? 1;
  return isAlpha(layer) ? (1 - keep) * alphaDropout(keep).c ** 2 : 0;
}

/** factor · moment, 0 for the factor 0 even where the moment is infinite (a layer without weights passes nothing). */
export function scaled(factor: number, moment: number): number {
  return factor === 0 ? 0 : factor * moment;
}

/** σ_w²/ρ. */
export function gain(layer: Layer): number {
  return layer.weightVariance / (layer.keepProbability ?? 1);
}
