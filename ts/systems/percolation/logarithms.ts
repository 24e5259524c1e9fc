// Probabilities carried as the logarithm of a hazard: k = log(−log P). From k both log P and log(1 − P) are accurate,
// whichever of the two is near 0.
import { logOneMinusExp } from '../../numeric/log-sums.js';

/** log P for k = log(−log P). */
export function logProbability(k: number): number {
  return 0 - Math.exp(k);
}

/** log(1 − P) for k = log(−log P). */
export function logComplement(k: number): number {
  const hazard = Math.exp(k);
  return k < -37 ? k - hazard / 2 : logOneMinusExp(-hazard);
}

/** log(−log(1 − e^logMiss)): k of a probability whose complement has this logarithm. */
function hazardOfComplement(logMiss: number): number {
  if (logMiss === -Infinity) return -Infinity;
  if (logMiss === 0) return Infinity;
  return logMiss < -37 ? logMiss : Math.log(-logOneMinusExp(logMiss));
}

/** log(1 − p) for a keep rate, without the loss of 1 − p. */
export function logDrop(keep: number): number {
  return Math.log1p(-keep);
}

/** k of P(at least one of `width` nodes is kept). */
export function layerHazard(width: number, keep: number): number {
  return hazardOfComplement(width * logDrop(keep));
}
