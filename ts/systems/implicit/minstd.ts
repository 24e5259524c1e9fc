// The generator that fills arrays of cases: any language can write it.
import type { Vector } from './products.js';

/** Values 2 s/(2³¹ − 1) − 1 of s ← 16807 s mod 2³¹ − 1, the first `discard` left out. */
export function minstd(seedValue: number, count: number, discard = 16): Vector {
  const modulus = 2147483647;
  let s = seedValue;
  for (let i = 0; i < discard; i++) s = (16807 * s) % modulus;
  return Float64Array.from({ length: count }, () => {
    s = (16807 * s) % modulus;
    return (2 * s) / modulus - 1;
  });
}
