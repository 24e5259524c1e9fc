// Noise and decay where the decay is larger than the variance and products of both weights are small: ascending series.

/** Σ_j x^j/(j! (a)_j), 0F1(; a; x), for a > 0 and x of order 1 at most. */
function confluentLimit(a: number, x: number): number {
  let [term, sum] = [1, 1];
  for (let j = 1; term > 1e-18 * sum; j++) {
    term *= x / (j * (a + j - 1));
    sum += term;
  }
  return sum;
}

/** No difference may leave less than this share of its first term. */
const smallestShare = 0.3;
/** Beyond this argument the differences of the series cancel. */
const largestAscending = 1;

/** Both solutions of y″ + (2h/z) y′ = y at z with their derivatives; `power` is (z/z_0)^{−2h}. */
function solutions(
  n: number,
  h: number,
  z: number,
  power: number,
): readonly [A: number, B: number, a: number, b: number] {
  const x = (z * z) / 4;
  const tail = confluentLimit(1 + n, x);
  return [
    confluentLimit(0.5 + h, x),
    z * power * tail,
    (z / (1 + 2 * h)) * confluentLimit(1.5 + h, x),
    // 2n 0F1(; n; x), whose first term vanishes with n.
    power * (2 * n * tail + ((z * z) / (2 * (1 + n))) * confluentLimit(2 + n, x)),
  ];
}

/**
 * (3.8): R = P/c at z = k c/(4g) from R_0 at z_0 for ν < g. It obeys dR/dz = R² − 1 − 2hR/z with h = ν/(2g); R = −y′/y makes that linear,
 * y″ + (2h/z) y′ = y, with the solutions A = 0F1(; ½ + h; z²/4) and B = z^{1−2h} 0F1(; 3/2 − h; z²/4), 1 − 2h = 2n, so that
 *
 *     R = {A_0′B′ − B_0′A′ + R_0 (A_0B′ − B_0A′)}/{B_0′A − A_0′B + R_0 (B_0A − A_0B)}
 *
 * Where z_0 is small and time not short every difference leaves most of its first term: I_j and K_j, which mix A and B, cancel there.
 * Undefined elsewhere.
 */
export function ascendingRatio(
  n: number,
  h: number,
  R0: number,
  z0: number,
  z: number,
  power: number,
): number | undefined {
  if (z0 > largestAscending) return undefined;
  const [A0, B0, a0, b0] = solutions(n, h, z0, 1);
  const [A, B, a, b] = solutions(n, h, z, power);
  const differences = [
    [a0 * b, b0 * a],
    [A0 * b, B0 * a],
    [b0 * A, a0 * B],
    [B0 * A, A0 * B],
  ].map(([first, second]) => {
    const left = (first as number) - (second as number);
    return left >= smallestShare * (first as number) ? left : NaN;
  }) as [number, number, number, number];
  const R = (differences[0] + R0 * differences[1]) / (differences[2] + R0 * differences[3]);
  return Number.isFinite(R) ? R : undefined;
}
