// Alpha dropout: a dropped unit takes the value that SELU approaches far below zero, and an affine map keeps mean 0 and
// variance 1 where the activations have them.
import type { AffineForm } from './expectation.js';

/** −λα of SELU: its value far below zero. */
const negativeSaturation = -1.7580993408473766;

/** u = a φ(z) + b where a unit is kept, c where it is dropped. */
interface AlphaDropout {
  readonly a: number;
  readonly b: number;
  readonly c: number;
}

/** a = (ρ + ρ(1 − ρ)α'²)^(−1/2), b = −a(1 − ρ)α', c = aα' + b = aρα', with α' = −λα (Klambauer et al. 2017). */
export function alphaDropout(keepProbability: number): AlphaDropout {
  const dropped = 1 - keepProbability;
  const a = 1 / Math.sqrt(keepProbability * (1 + dropped * negativeSaturation ** 2));
  return { a, b: -a * dropped * negativeSaturation, c: a * keepProbability * negativeSaturation };
}

/** ρ(aφ + b): with the factor m/ρ of plain dropout it is what kept units are. */
export function alphaForm(keepProbability: number): AffineForm {
  const { a, b } = alphaDropout(keepProbability);
  return { shift: 0, scale: keepProbability * a, offset: keepProbability * b };
}
