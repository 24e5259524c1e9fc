// Numbers that are kept as logarithms until they are shown.
import type { Undefined } from '../../core/results.js';

/** e^log, or why it is no number. */
export function fromLog(log: number): number | Undefined {
  if (log === -Infinity) return 0;
  const value = Math.exp(log);
  if (value === Infinity) return { reason: `larger than the largest number: its logarithm is ${log.toPrecision(12)}` };
  return value === 0 ? { reason: `smaller than the smallest number: its logarithm is ${log.toPrecision(12)}` } : value;
}

/** log Σ e^x_i; −Infinity for none. */
export function logSum(logs: readonly number[]): number {
  const largest = logs.reduce((a, b) => Math.max(a, b), -Infinity);
  if (!Number.isFinite(largest)) return largest;
  return largest + Math.log(logs.reduce((sum, log) => sum + Math.exp(log - largest), 0));
}
