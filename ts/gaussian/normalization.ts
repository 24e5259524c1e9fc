// Gradients through normalised layers: multipliers of layers that take a mean and a scale away, wide and, for batches, of any size.
import * as z from 'zod';
import { parse } from '../core/checks.js';
import { MftError } from '../core/errors.js';
import { choiceField, numberField, wholeField } from '../core/fields.js';
import type { Warning } from '../core/results.js';
import { type Activation, type GaussianFunction, gaussianFunctionOf } from './expectation.js';
import { expectation } from './moments.js';

/** A normalised layer. */
export interface NormalizedLayer {
  /** 'layer': mean and variance over the units; 'rms': their mean square; 'batch': mean and variance of a unit over the batch. */
  readonly normalization: 'layer' | 'rms' | 'batch';
  /** What is normalised: z = W φ(·) before φ, or φ(z) before W. Default 'preactivation'. */
  readonly of?: 'preactivation' | 'activation';
  /** σ_w²: matters only where the activation is normalised, and to residual branches. Default 1. */
  readonly weightVariance?: number;
  /** Of batch normalisation: examples B ≥ 2. Left out: B → ∞. */
  readonly batchSize?: number;
}

/** What a normalised layer does to squared gradients. */
export interface NormalizedGradient {
  /** χ: the factor of the squared gradient of z per layer, on average over networks; Infinity where that average does not exist. */
  readonly gradientMultiplier: number;
  /** Exponent of the depth in the squared gradient of residual blocks x + α W₂ φ(W₁ norm(x)), q linear in depth. Layer and rms only. */
  readonly residualExponent?: number;
  readonly warnings: readonly Warning[];
}

const schema = z.strictObject({
  normalization: choiceField(['layer', 'rms', 'batch'], 'What the mean and the scale are taken over.'),
  of: choiceField(['preactivation', 'activation'], 'What is normalised.').default('preactivation'),
  weightVariance: numberField({ low: 0, above: true }, 'Variance of a weight times its fan-in.', 'σ_w²').default(1),
  batchSize: wholeField(2, 1_000_000_000, 'Examples of a batch.', 'B').optional(),
});

/**
 * χ of a wide layer with layer, RMS or batch normalisation: the factor per layer of the squared gradient of its pre-activations z.
 *
 * Of z = W u, u ~ φ over N(0, 1): E φ'²/E φ² (layer, rms), E φ'²/Var φ (batch, B → ∞), at least 1 for batches and 1 for linear φ
 * alone: batch normalisation by itself makes gradients explode, by π/(π − 1) a layer with ReLU. Of φ before W, over N(0, σ_w²):
 * σ_w² E φ'²/E φ² (rms), σ_w² E φ'²/Var φ (layer). Of a batch of B examples with ReLU or linear φ exactly, by the exchangeable fixed
 * point with correlations
 * −1/(B − 1).
 *
 * @param activation φ
 * @param layer `normalization`, `of`, `weightVariance`, `batchSize`
 * @returns χ; for layer and rms also the exponent of the power of the depth in networks of pre-norm residual blocks,
 *   σ_w² E φ'(σ_w u)²/E φ(σ_w u)²; warnings where χ has no variance
 * @throws MftError ERR_MFT_INVALID_ARGUMENT, ERR_MFT_OUT_OF_RANGE, ERR_MFT_DEGENERATE (φ constant); ERR_MFT_UNSUPPORTED for batch
 *   normalisation of activations, and for a `batchSize` with another φ than ReLU or a linear one
 * **Numerics**: relative error 1e-12, as the Gaussian moments; finite batches: 1e-12.
 * **Source**: derived; Yang et al. 2019 for batch normalisation: gradients explode at every setting.
 *
 * @example
 * normalizedGradient('relu', { normalization: 'batch' }).gradientMultiplier; // 1.4669422069
 */
export function normalizedGradient(activation: Activation, layer: NormalizedLayer): NormalizedGradient {
  const { normalization, of, weightVariance, batchSize } = parse(schema, layer, 'layer');
  const phi = gaussianFunctionOf(activation);
  if (normalization === 'batch') {
    if (of === 'activation')
      throw new MftError('ERR_MFT_UNSUPPORTED', 'Expected `of` to be preactivation for batch normalisation.', {
        parameter: 'of',
      });
    return batchSize === undefined
      ? { gradientMultiplier: ratio(phi, 1, true), warnings: [] }
      : ofBatch(activation, phi, batchSize);
  }
  if (batchSize !== undefined)
    throw new MftError(
      'ERR_MFT_UNSUPPORTED',
      `Expected \`batchSize\` to be left out: ${normalization} normalisation has none.`,
      {
        parameter: 'batchSize',
      },
    );
  const variance = of === 'activation' ? weightVariance : 1;
  const isCentred = of === 'activation' && normalization === 'layer';
  return {
    gradientMultiplier: variance * ratio(phi, variance, isCentred),
    residualExponent: weightVariance * ratio(phi, weightVariance, false),
    warnings: [],
  };
}

/** E φ'² over E φ², or over Var φ, at a variance. */
function ratio(phi: GaussianFunction, variance: number, isCentred: boolean): number {
  const square = expectation(phi, { value: 2 }, variance);
  const mean = isCentred && !phi.isOdd ? expectation(phi, { value: 1 }, variance) : 0;
  const below = square - mean * mean;
  if (!(below > 1e-13 * square))
    throw new MftError(
      'ERR_MFT_DEGENERATE',
      'Expected an activation that is not constant: nothing is left to normalise.',
      {
        parameter: 'activation',
      },
    );
  return expectation(phi, { first: 2 }, variance) / below;
}

/** Below it the factor of a batch has no variance over networks: single networks are nowhere near its mean. */
const leastBatch = 6;

function ofBatch(activation: Activation, phi: GaussianFunction, batch: number): NormalizedGradient {
  const { below, above } = phi.atZero;
  const isLinear = phi.homogeneousDegree === 1 && below === above;
  const isRelu = phi.homogeneousDegree === 1 && below === 0 && above > 0;
  if (!isLinear && !isRelu)
    throw new MftError(
      'ERR_MFT_UNSUPPORTED',
      'Expected `batchSize` to be left out: the factor of a finite batch is known for relu and linear only.',
      { parameter: 'batchSize', received: activation },
    );
  const warnings: Warning[] =
    batch >= leastBatch
      ? []
      : [
          {
            id: 'batchTooSmall',
            message:
              `Batch normalisation over ${batch} examples: over random networks the squared factor of a layer has ` +
              `${batch === 2 ? 'the value 0 (outputs are 1 and -1)' : batch === 3 ? 'no mean' : 'a mean but no variance'}.`,
          },
        ];
  return { gradientMultiplier: finiteBatch(batch, isLinear), warnings };
}

/** λ of the fixed point at which the batch's pre-activations have correlations −1/(B − 1) with each other. */
function finiteBatch(batch: number, isLinear: boolean): number {
  if (batch === 2) return 0;
  if (batch === 3) return Infinity;
  if (isLinear) return (batch - 2) / (batch - 3);
  const cosine = -1 / (batch - 1);
  const angle = Math.acos(cosine);
  // E φφ and E φ'φ' of a pair at that correlation, and what is left of E φ² = 1/2.
  const e = (Math.sin(angle) + (Math.PI - angle) * cosine) / (2 * Math.PI);
  const p = (Math.PI - angle) / (2 * Math.PI);
  const others = batch - 1;
  const terms = batch / 2 - 1 + (0.5 + others * p) / batch - 0.5 + (0.5 + others * e) / batch;
  return (batch / (others * (batch - 3) * (0.5 - e))) * terms;
}
