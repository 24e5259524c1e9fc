// The certificate of the spectral radius in exact arithmetic: whole numbers decide whether every eigenvalue lies below it.
import t from 'tap';
import { certificateOf } from '../../dist/systems/implicit/certificate.js';
import { minstd } from '../../dist/systems/implicit/minstd.js';
import { spectrumOf } from '../../dist/systems/implicit/products.js';

/** x as whole number · 2^exponent. */
function exact(x: number): readonly [mantissa: bigint, exponent: number] {
  let exponent = 0;
  while (!Number.isInteger(x)) [x, exponent] = [2 * x, exponent - 1];
  return [BigInt(x), exponent];
}

/** Doubles times one power of 2 that makes all of them whole. */
function whole(values: readonly number[]): bigint[] {
  const parts = values.map(exact);
  const least = Math.min(...parts.map(([, exponent]) => exponent));
  return parts.map(([mantissa, exponent]) => mantissa << BigInt(exponent - least));
}

const square = (n: number, a: readonly bigint[], b: readonly bigint[]): bigint[] =>
  Array.from({ length: n * n }, (_, at) => {
    const [i, j] = [Math.floor(at / n), at % n];
    let sum = 0n;
    for (let k = 0; k < n; k++) sum += (a[i * n + k] as bigint) * (b[k * n + j] as bigint);
    return sum;
  });

const trace = (n: number, a: readonly bigint[]): bigint =>
  Array.from({ length: n }, (_, i) => a[i * n + i] as bigint).reduce((sum, x) => sum + x, 0n);

/** det(z − A), coefficients from z^0 on, by Faddeev and Le Verrier: every division is exact. */
function characteristic(n: number, a: readonly bigint[]): bigint[] {
  const coefficients = new Array<bigint>(n + 1).fill(0n);
  coefficients[n] = 1n;
  let m = new Array<bigint>(n * n).fill(0n);
  for (let k = 1; k <= n; k++) {
    m = square(n, a, m).map((x, at) => (at % (n + 1) === 0 ? x + (coefficients[n - k + 1] as bigint) : x));
    coefficients[n - k] = -trace(n, square(n, a, m)) / BigInt(k);
  }
  return coefficients;
}

/** Whether all roots have a negative real part: minors of Hurwitz's matrix, by elimination without fractions (Bareiss). */
function isHurwitz(polynomial: readonly bigint[]): boolean {
  const n = polynomial.length - 1;
  const lead = polynomial[n] as bigint;
  if (lead === 0n) return false;
  const a = polynomial.map((x) => (lead < 0n ? -x : x));
  const h = Array.from({ length: n }, (_, i) => Array.from({ length: n }, (_, j) => a[n - (2 * j + 1 - i)] ?? 0n));
  let before = 1n;
  for (let k = 0; k < n; k++) {
    const row = h[k] as bigint[];
    const pivot = row[k] as bigint;
    if (pivot <= 0n) return false;
    for (const other of h.slice(k + 1)) {
      const first = other[k] as bigint;
      for (let j = k; j < n; j++) other[j] = (pivot * (other[j] as bigint) - first * (row[j] as bigint)) / before;
    }
    before = pivot;
  }
  return true;
}

/**
 * Whether every eigenvalue of A is smaller than c: z = c (1 + w)/(1 − w) has |z| < c where w has a negative real part. For c = 0,
 * whether every eigenvalue is 0.
 */
function liesBelow(n: number, entries: Iterable<number>, c: number): boolean {
  const numbers = whole([...entries, c]);
  const bound = numbers.pop() as bigint;
  const coefficients = characteristic(n, numbers);
  if (bound === 0n) return coefficients.every((x, i) => i === n || x === 0n);
  const times = (p: readonly bigint[], sign: bigint): bigint[] =>
    Array.from({ length: p.length + 1 }, (_, i) => (p[i] ?? 0n) + sign * (p[i - 1] ?? 0n));
  const mapped = new Array<bigint>(n + 1).fill(0n);
  for (let k = 0; k <= n; k++) {
    let power: bigint[] = [(coefficients[k] as bigint) * bound ** BigInt(k)];
    for (let i = 0; i < n; i++) power = times(power, i < k ? 1n : -1n);
    for (let i = 0; i <= n; i++) mapped[i] = (mapped[i] as bigint) + (power[i] as bigint);
  }
  return isHurwitz(mapped);
}

/** Matrices with signs, of one sign, with many entries 0, symmetric, of one sign but for signs of units; entries to 2^±9. */
function drawn(k: number, n: number): Float64Array {
  const x = minstd(5000 + k, n * n + 2 * n);
  const scale = 2 ** ((k % 19) - 9);
  return Float64Array.from({ length: n * n }, (_, at) => {
    const [i, j] = [Math.floor(at / n), at % n];
    const entry = scale * (x[at] as number);
    const sign = (unit: number): number => ((x[n * n + unit] as number) < 0 ? -1 : 1);
    switch (k % 5) {
      case 0:
        return entry;
      case 1:
        return Math.abs(entry);
      case 2:
        return (i + 3 * j + k) % 7 < 3 ? 0 : entry;
      case 3:
        return scale * (x[Math.min(i, j) * n + Math.max(i, j)] as number);
      default:
        return sign(i) * sign(j) * Math.abs(entry);
    }
  });
}

t.test('the exact check knows both sides of known radii', async (t) => {
  const known: readonly [readonly number[], number, string][] = [
    [[0.5], 0.5, 'one unit'],
    [[0, -1.1, 1.1, 0], 1.1, 'a rotation'],
    [[0, 4, 0.25, 0], 1, 'two units that drive each other: a two-cycle'],
    [[2, 0, 0, 0.5], 2, 'a saddle'],
    [[1 - 2 ** -40, 1, 0, 1 - 2 ** -40], 1 - 2 ** -40, 'near singular, not normal'],
    [[0, 1, 0, 0, 0, 1, 1, 0, 0], 1, 'a three-cycle'],
  ];
  for (const [matrix, radius, name] of known) {
    const n = Math.sqrt(matrix.length);
    t.ok(liesBelow(n, matrix, radius * (1 + 2 ** -50)), `${name}: below ${radius} (1 + 2^-50)`);
    t.notOk(liesBelow(n, matrix, radius * (1 - 2 ** -50)), `${name}: not below ${radius} (1 − 2^-50)`);
    t.ok(liesBelow(n, matrix, certificateOf(n, Float64Array.from(matrix))), `${name}: below its certificate`);
  }
});

t.test('no certificate of a thousand random matrices is below an eigenvalue', async (t) => {
  let [below, outside, tight] = [0, 0, 0];
  for (let k = 0; k < 1000; k++) {
    const n = 2 + (k % 9);
    const matrix = drawn(k, n);
    const certificate = certificateOf(n, matrix);
    if (!liesBelow(n, matrix, certificate)) below++;
    // What the dense eigenvalues say lies between two bounds that are proved; every tenth, for both cost as much again.
    const { radius } = await spectrumOf(n, matrix);
    if (certificate < radius * (1 + 1e-12)) tight++;
    if (k % 10 !== 0) continue;
    if (!liesBelow(n, matrix, radius * (1 + 1e-7)) || liesBelow(n, matrix, radius * (1 - 1e-7))) outside++;
  }
  t.equal(below, 0, 'certificates below an eigenvalue');
  t.equal(outside, 0, 'computed radii that are not the true ones to 1e-7');
  t.ok(tight > 300, `${tight} certificates are within 1e-12 of the radius: nothing hides behind slack`);
});

t.test('larger matrices: lower bounds of the radius in whole numbers', async (t) => {
  let [byVector, byTrace] = [0, 0];
  const gaps: number[] = [];
  for (let k = 0; k < 40; k++) {
    const n = 30 + 5 * (k % 10);
    const matrix = drawn(5 * k + (k % 2 === 0 ? 1 : 4), n);
    const certificate = certificateOf(n, matrix);
    // |A| x ≥ μ x with x > 0 proves ρ(|A|) ≥ μ; signs of units change no eigenvalue, so that ρ(A) = ρ(|A|) here.
    let x = new Array<number>(n).fill(1);
    for (let step = 0; step < 60; step++) {
      const y = x.map((_, i) => x.reduce((sum, v, j) => sum + Math.abs(matrix[i * n + j] as number) * v, 0));
      const most = Math.max(...y);
      x = y.map((v) => v / most);
    }
    const numbers = whole([...matrix].map(Math.abs));
    const [vector, [bound, exponent]] = [whole(x), exact(certificate)];
    const scale = Math.min(...[...matrix].map((v) => exact(v)[1]));
    const images = vector.map((_, i) => vector.reduce((sum, v, j) => sum + (numbers[i * n + j] as bigint) * v, 0n));
    // 2^scale (|A| x)_i against certificate x_i.
    const isBelow = (i: number): boolean => {
      const [left, right] = [images[i] as bigint, bound * (vector[i] as bigint)];
      return scale >= exponent ? left << BigInt(scale - exponent) > right : left > right << BigInt(exponent - scale);
    };
    if (vector.every((_, i) => isBelow(i))) byVector++;
    const proved = Math.min(...vector.map((v, i) => (Number(images[i]) / Number(v)) * 2 ** scale));
    gaps.push(certificate / proved - 1);
  }
  t.equal(byVector, 0, 'certificates below a radius that is proved by a vector');
  t.ok(Math.max(...gaps) < 1e-9, `certificate over proved radius: 1 + ${Math.max(...gaps).toExponential(1)} at most`);
  for (let k = 0; k < 20; k++) {
    const n = 40;
    const matrix = drawn(5 * k, n).map((v) => Math.round(100 * v * 2 ** (9 - ((5 * k) % 19))));
    let power = whole([...matrix]);
    // n ρ^64 ≥ |tr A^64|.
    for (let step = 0; step < 6; step++) power = square(n, power, power);
    const [bound, exponent] = exact(certificateOf(n, matrix));
    const least = trace(n, power);
    const right = BigInt(n) * bound ** 64n;
    if ((least < 0n ? -least : least) << BigInt(-64 * exponent) > right) byTrace++;
  }
  t.equal(byTrace, 0, 'certificates below a radius that is proved by a trace');
});
