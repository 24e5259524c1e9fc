// Where fixed points of the length map are looked for: a logarithmic grid of variances between bounds that the magnitude of
// the variances and the activation's own scale give. Beyond them there is nothing, or nothing that double precision shows.
import type { GaussianFunction } from './expectation.js';

/** What bounds the search. */
interface SearchBounds {
  /** No fixed point lies below σ_b². */
  readonly biasVariance: number;
  /** σ_w²/ρ; absent: any. Where φ is bounded by B no fixed point lies above σ_b² + gain B². */
  readonly gain?: number;
  /** V(0⁺) where φ does not vanish there: however small the weights, q* is not smaller than that. */
  readonly atZero?: number;
}

const cellsPerDecade = 20;
const decades = 12;
// Where squares of activations neither vanish nor overflow.
const smallest = 1e-300;
const largest = 1e300;
const largestExponent = 700;

/** Grid points, increasing: twelve decades on both sides of the scale of φ, cut or extended by the bounds. */
export function searchRange(
  phi: GaussianFunction,
  { biasVariance, gain, atZero = 0 }: SearchBounds,
): readonly number[] {
  const scale = phi.scale ** 2;
  const usual = biasVariance > 0 ? biasVariance / 2 : scale * 10 ** -decades;
  const lowest = Math.max(Math.min(usual, atZero > 0 ? atZero / 2 : usual), smallest);
  const reach = Math.min(10 ** decades * Math.max(biasVariance, 1), largest);
  const bound = gain === undefined ? Infinity : 1.001 * (biasVariance + (gain === 0 ? 0 : gain * phi.bound ** 2));
  const highest = Math.min(reach, Math.max(bound, 10 * lowest), phi.largestVariance);
  const ratio = highest / lowest;
  // Between 1e-300 and 1e12 lie more decades than a number has.
  const width = ratio < Infinity ? Math.log(ratio) : Math.log(highest) - Math.log(lowest);
  const widthInDecades = ratio < Infinity ? Math.log10(ratio) : Math.log10(highest) - Math.log10(lowest);
  const cells = Math.max(cellsPerDecade, Math.ceil(cellsPerDecade * widthInDecades));
  const step = width / cells;
  const at = (i: number): number =>
    i * step < largestExponent ? lowest * Math.exp(i * step) : highest * Math.exp((i - cells) * step);
  return Array.from({ length: cells + 1 }, (_, i) => (i === cells ? highest : at(i)));
}
