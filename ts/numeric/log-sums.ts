// Sums and differences of numbers that are known by their logarithms.

/** log(1 − e^x) for x <= 0. */
export function logOneMinusExp(x: number): number {
  return x > -Math.LN2 ? Math.log(-Math.expm1(x)) : Math.log1p(-Math.exp(x));
}

/** log(e^x + e^y). */
export function logAddExp(x: number, y: number): number {
  const high = Math.max(x, y);
  const low = Math.min(x, y);
  return low === -Infinity || high === Infinity ? high : high + Math.log1p(Math.exp(low - high));
}
