// A noise level chosen by the data: ridge regression of clean examples on noisy ones, scored on examples it has not seen.
import { maximum } from '../../numeric/roots.js';
import { largestOf } from '../../numeric/extremes.js';

/**
 * Generalised cross-validation of the noise s² of training for inputs whose noise is s_t², N examples with the spectrum ν:
 *
 *     C(s²) = Σ ν_i s⁴/(ν_i + s²)²/(1 − h)² + s_t² Σ w_i²,  w_i = ν_i/(ν_i + s²),  h = Σ w_i/N
 *
 * h is the mean leverage: the residual of an example that is left out is that of the fit over 1 − h.
 */
function crossValidatedLoss(spectrum: readonly number[], samples: number, lossNoise: number, noise: number): number {
  let [residual, kept, leverage] = [0, 0, 0];
  for (const nu of spectrum) {
    if (nu === 0) continue;
    const w = nu / (nu + noise);
    residual += nu * (1 - w) ** 2;
    kept += w * w;
    leverage += w / samples;
  }
  return (leverage < 1 ? residual / (1 - leverage) ** 2 : Infinity) / 2 + (lossNoise * kept) / 2;
}

const perDecade = 40;

/** The noise variance of training with the smallest cross-validated loss, on a logarithmic grid that is then refined. */
export function chosenNoiseVariance(spectrum: readonly number[], samples: number, lossNoise: number): number {
  const largest = largestOf(spectrum);
  if (largest === 0) return lossNoise;
  const [low, high] = [Math.log(Math.min(lossNoise, largest) / 1e3), Math.log(Math.max(lossNoise, largest) * 1e3)];
  const count = Math.ceil(((high - low) / Math.LN10) * perDecade);
  const points = Array.from({ length: count + 1 }, (_, i) => low + ((high - low) * i) / count);
  const { x } = maximum((log) => -crossValidatedLoss(spectrum, samples, lossNoise, Math.exp(log)), points);
  return Math.exp(x);
}
