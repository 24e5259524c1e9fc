// Gaussian weights around those that training found, for PAC-Bayes bounds.
import { gridNorm } from './measured.js';

/**
 * KL(N(w, σ²) ‖ N(w₀, σ₀²)) of `weights` numbers at |w − w₀| = `distance`, and the price of a σ₀ that is chosen after the data: a place
 * of the grid of powers of 2^(1/16) costs −log of its share. σ₀ is the place at or above √(σ² + |w − w₀|²/d), where the divergence alone
 * is least.
 */
export function gaussianDivergence(distance: number, deviation: number, weights: number): number {
  const { norm, share } = gridNorm(Math.hypot(deviation, distance / Math.sqrt(weights)));
  const [spread, shift] = [deviation / norm, distance / norm];
  const each = (spread ** 2 - 1) / 2 + Math.log(norm) - Math.log(deviation);
  return weights * each + shift ** 2 / 2 - Math.log(share);
}
