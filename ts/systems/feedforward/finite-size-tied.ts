// Leading 1/width terms of the errors of one input when the backward pass uses the transposed weights ((3.15) and (3.16) of
// docs/systems/feedforward.md; derived).
//
// Means. |δ^l|² is the mean of (Σ_i ℓ'(z_i^L) t_i^L)² over a Gaussian direction t^l of unit variance, carried forward as
// t^{j+1} = W^{j+1}(m/ρ)φ'(z^j)t^j: only the Gram matrix of (z^j, t^j) matters, with q = z·z/N, p = t·t/N, x = z·t/N of size 1/√N.
// Its moments E p, E p(q − q̄), E x², E x²(q − q̄) close at order 1/N; |δ^l|² is a linear function of them whose coefficients
// (`p0`, `c`, `x0`, `y`) are carried from the output down. Names ending in 1 are of the next order in 1/N.
//
// Spreads. With A = |δ|²/N, T = z_nb·δ/(N q_nb) (z_nb = z − b, q_nb = σ_w²|u|²/N) and (W^{l+1})ᵀδ^{l+1} = κu + e:
//   κ_l = σ_w²(N_{l+1}/N_l) T_{l+1},   e ~ N(0, σ_w²(N_{l+1}/N_l) A_{l+1}),   A_l = s2 E e²/ρ + κ²P/ρ³ + ξ_A,   T_l = κ v2/ρ + ξ_T,
// and q^{l+1} = σ_w²|u|²/N + σ_b² fluctuates with the same units: three correlated noises per layer.
import { expectation, varianceSlope } from '../../gaussian/moments.js';
import type { GaussianFunction } from '../../gaussian/expectation.js';
import type { LayerParameters } from './forward.js';

/** Moments of φ at one variance. P = E φ²φ'²; a name with `1`, `2` is a derivative with respect to q. */
interface Moments {
  readonly m2: number;
  readonly s2: number;
  readonly s21: number;
  readonly s22: number;
  readonly v2: number;
  readonly v21: number;
  readonly v22: number;
  readonly p: number;
  readonly p1: number;
  readonly p2: number;
  readonly fourth: number;
  readonly fourth1: number;
  /** E φ^value φ'^first z^argument. */
  readonly at: (value: number, first: number, argument: number) => number;
}

/** Linear functional of the moments of the Gram matrix, and covariance of (A, T), of the layers from one layer on up. */
interface Row {
  p0: number;
  x0: number;
  p1: number;
  x1: number;
  c: number;
  y: number;
}

interface Noise {
  /** Variance of A, covariance of A and T, variance of T of one unit. */
  readonly aa: number;
  readonly at: number;
  readonly tt: number;
  /** Covariance with φ²(m/ρ)² of the unit. */
  readonly au: number;
  readonly tu: number;
}

interface TiedErrors {
  /** Shift of the logarithm of the mean of |δ^l|² and of g_aa, variance of their logarithms, by layer. */
  readonly meanError: Float64Array;
  readonly meanGradient: Float64Array;
  readonly logError: Float64Array;
  readonly logGradient: Float64Array;
  /** Covariance of log|δ^l|² with log|δ^L|². */
  readonly withOutput: Float64Array;
}

/**
 * @param variance q^l of the layers at infinite width
 * @param shift the shift of the mean of q^l, and `spread` its variance over networks
 */
export function tiedErrors(
  layers: LayerParameters,
  output: 'preactivation' | 'postactivation' | 'randomReadout',
  variance: Float64Array,
  shift: Float64Array,
  spread: Float64Array,
): TiedErrors {
  const { depth, width } = layers;
  const result = {
    meanError: new Float64Array(depth),
    meanGradient: new Float64Array(depth),
    logError: new Float64Array(depth),
    logGradient: new Float64Array(depth),
    withOutput: new Float64Array(depth),
  };
  const last = depth - 1;
  const n = width[last] as number;
  const q = variance[last] as number;
  const v = spread[last] as number;
  const signal = (l: number): number => (variance[l] as number) - (layers.biasVariance[l] as number);
  const start = outputStart(layers.phi[last] as GaussianFunction, output, q, signal(last));
  const row: Row = {
    p0: start.f,
    x0: n * start.e ** 2,
    p1: 0.5 * start.f2 * v,
    x1: 2 * start.f1 - start.e ** 2 + n * (start.e1 ** 2 + start.e * start.e2) * v,
    c: start.f1,
    y: 2 * n * start.e * start.e1,
  };
  let [a, t] = [start.f, start.e];
  let [reachA, reachT] = [start.f1, start.e1];
  let [aa, at, tt] = [start.noise.aa / n, start.noise.at / n, start.noise.tt / n];
  // Covariances of A and T with log|δ^L|², and its derivative with respect to q^{l+1}.
  let [ca, ct, outputReach] = [aa / start.f, at / start.f, start.f1 / start.f];
  for (let l = last; l >= 0; l--) {
    if (l < last) {
      const here = width[l] as number;
      const w = layers.weightVariance[l + 1] as number;
      const keep = layers.keepProbability[l] as number;
      const moments = momentsOf(layers.phi[l] as GaussianFunction, variance[l] as number);
      const { m2, s2, s21, v2, v21, p, p1, fourth } = moments;
      lower(row, moments, w, keep, here, spread[l] as number);
      const passed = (w * (width[l + 1] as number)) / here;
      const [kappa, e] = [passed * t, passed * a];
      const noise = noiseOf(moments, kappa, e, keep, variance[l] as number, signal(l));
      const [jaa, jat, jtt] = [(passed * s2) / keep, (2 * kappa * passed * p) / keep ** 3, (passed * v2) / keep];
      const [ra, rt] = [jaa * reachA + jat * reachT, jtt * reachT];
      const length = w ** 2 * (fourth / keep ** 3 - (m2 / keep) ** 2);
      const [naa, nat, ntt] = [
        noise.aa + 2 * ra * w * noise.au + ra * ra * length,
        noise.at + ra * w * noise.tu + rt * w * noise.au + ra * rt * length,
        noise.tt + 2 * rt * w * noise.tu + rt * rt * length,
      ];
      [ca, ct] = [
        jaa * ca + jat * ct + (outputReach * (w * noise.au + ra * length)) / here,
        jtt * ct + (outputReach * (w * noise.tu + rt * length)) / here,
      ];
      [aa, at, tt] = [
        jaa * jaa * aa + 2 * jaa * jat * at + jat * jat * tt + naa / here,
        jtt * (jaa * at + jat * tt) + nat / here,
        jtt * jtt * tt + ntt / here,
      ];
      const slope = (w * v2) / keep;
      outputReach *= slope;
      [reachA, reachT] = [
        (s21 * e) / keep + (kappa ** 2 * p1) / keep ** 3 + slope * ra,
        (kappa * v21) / keep + slope * rt,
      ];
      [a, t] = [(s2 * e) / keep + (kappa ** 2 * p) / keep ** 3, (kappa * v2) / keep];
    }
    if (!(a > 0 && row.p0 > 0)) return result;
    // Only ratios are asked for: keep everything near 1.
    for (const name of ['x0', 'p1', 'x1', 'c', 'y'] as const) row[name] /= row.p0;
    row.p0 = 1;
    const root = Math.sqrt(a);
    [aa, at, tt] = [aa / a ** 2, at / (a * root), tt / a];
    [ca, ct] = [ca / a, ct / root];
    [reachA, reachT, t, a] = [reachA / a, reachT / root, t / root, 1];
    // |u^{l−1}|²/N is proportional to q^l − σ_b².
    const below = (layers.weightVariance[l] as number) > 0 && signal(l) > 0 ? 1 / signal(l) : 0;
    const [mean, wide] = [shift[l] as number, spread[l] as number];
    result.meanError[l] = row.p1 + row.c * mean;
    result.meanGradient[l] = row.p1 + below * mean + row.c * (mean + below * wide);
    result.logError[l] = aa + reachA ** 2 * wide;
    result.withOutput[l] = ca + reachA * outputReach * wide;
    result.logGradient[l] = aa + (reachA + below) ** 2 * wide;
  }
  return result;
}

/** The functional one layer further down: n its width, w and keep of the step, v the variance of q there. */
function lower(row: Row, moments: Moments, w: number, keep: number, n: number, v: number): void {
  const { m2, s2, s21, s22, v2, v21, v22, p, p1, p2, fourth1, at } = moments;
  const r = w / keep;
  const square = w ** 2 / n;
  const { p0, x0, p1: nextP, x1: nextX, c, y } = row;
  row.p0 = r * s2 * p0 + (square * p * x0) / keep ** 3;
  row.x0 = (r * v2) ** 2 * x0;
  row.c = r * s21 * p0 + r * r * s2 * v2 * c + (square * p1 * x0) / keep ** 3 + (r * square * v2 * p * y) / keep ** 3;
  row.y = 2 * r * r * v2 * v21 * x0 + (r * v2) ** 3 * y;
  row.p1 =
    r * s2 * nextP +
    (square * p * nextX) / keep ** 3 +
    0.5 * r * s22 * v * p0 +
    c * (r * r * (0.5 * v21 * s2 + s21 * v2) * v + square * (p / keep ** 3 - (s2 * m2) / keep ** 2)) +
    (0.5 * square * p2 * v * x0) / keep ** 3 +
    y *
      ((r * square * (v2 * p1 + 0.5 * v21 * p) * v) / keep ** 3 +
        ((square * w) / n) * (at(4, 2, 0) / keep ** 5 - (p * m2) / keep ** 4));
  row.x1 =
    (r * v2) ** 2 * nextX +
    2 * r * s21 * p0 +
    x0 * (r * r * (v21 ** 2 + v2 * v22) * v + square * ((2 * p1) / keep ** 3 - (v2 / keep) ** 2)) +
    y * (2.5 * r ** 3 * v2 ** 2 * v21 * v + 2 * r * square * v2 * (fourth1 / (2 * keep ** 3) - (v2 * m2) / keep ** 2));
}

/** Noise of one unit: δ = (m/ρ)φ'(z)(κ(m/ρ)φ(z) + √e ξ), T from z without its bias. */
function noiseOf(moments: Moments, kappa: number, e: number, keep: number, q: number, signal: number): Noise {
  const { m2, s2, v2, p, at } = moments;
  const a = (s2 * e) / keep + (kappa ** 2 * p) / keep ** 3;
  const t = (kappa * v2) / keep;
  const fourth =
    (kappa ** 4 * at(4, 4, 0)) / keep ** 7 +
    (6 * kappa ** 2 * e * at(2, 4, 0)) / keep ** 5 +
    (3 * e ** 2 * at(0, 4, 0)) / keep ** 3;
  const third = (kappa ** 3 * at(3, 3, 1)) / keep ** 5 + (3 * kappa * e * at(1, 3, 1)) / keep ** 3;
  // e is orthogonal to u, whose mean product with it would wander by √(e ρ/(N m2)) as κ would.
  const fixed = m2 > 0 ? (e * keep) / m2 : 0;
  const [alongA, alongT] = [(2 * kappa * p) / keep ** 3, v2 / keep];
  const second = (kappa ** 2 * at(2, 2, 2)) / keep ** 3 + (e * at(0, 2, 2)) / keep;
  return {
    aa: fourth - a * a - fixed * alongA ** 2,
    at: third / q - a * t - fixed * alongA * alongT,
    tt: signal > 0 ? second / q ** 2 + ((q - signal) / (q * signal)) * a - t * t - fixed * alongT ** 2 : 0,
    au: (kappa ** 2 * at(4, 2, 0)) / keep ** 5 + (e * p) / keep ** 3 - (m2 * a) / keep,
    tu: (kappa * at(3, 1, 1)) / (q * keep ** 3) - (m2 * t) / keep,
  };
}

/** f = E ℓ'², e = E ℓ'' with their derivatives, and the noise of the output's units. */
function outputStart(
  phi: GaussianFunction,
  output: 'preactivation' | 'postactivation' | 'randomReadout',
  q: number,
  signal: number,
): { f: number; f1: number; f2: number; e: number; e1: number; e2: number; noise: Noise } {
  const bias = signal > 0 ? (q - signal) / signal : 0;
  if (output === 'randomReadout')
    return {
      f: 1,
      f1: 0,
      f2: 0,
      e: 0,
      e1: 0,
      e2: 0,
      noise: { aa: 2, at: 0, tt: signal > 0 ? 1 / signal : 0, au: 0, tu: 0 },
    };
  if (output === 'preactivation')
    return {
      f: 4 * q,
      f1: 4,
      f2: 0,
      e: 2,
      e1: 0,
      e2: 0,
      noise: { aa: 32 * q * q, at: 16 * q, tt: 4 * (2 + bias), au: 0, tu: 0 },
    };
  const moments = momentsOf(phi, q);
  const { p, p1, p2, v2, v21, v22 } = moments;
  const noise = noiseOf(moments, 2, 0, 1, q, signal);
  return { f: 4 * p, f1: 4 * p1, f2: 4 * p2, e: 2 * v2, e1: 2 * v21, e2: 2 * v22, noise };
}

/** Step of the differences, relative to q: second differences of moments good to 1e-12 keep six digits. */
const relativeStep = 1e-3;

function momentsOf(phi: GaussianFunction, q: number): Moments {
  const moment = (value: number, first: number, argument: number, variance = q): number =>
    expectation(phi, { value, first, argument }, variance);
  const step = relativeStep * q;
  const around = (f: (variance: number) => number): readonly [number, number, number] => {
    const [below, here, above] = [f(q - step), f(q), f(q + step)];
    return q > 0 ? [here, (above - below) / (2 * step), (above - 2 * here + below) / (step * step)] : [here, 0, 0];
  };
  const [s2, s21, s22] = around((variance) => moment(0, 2, 0, variance));
  const [v2, v21, v22] = around((variance) => varianceSlope(phi, variance));
  const [p, p1, p2] = around((variance) => moment(2, 2, 0, variance));
  const [fourth, fourth1] = around((variance) => moment(4, 0, 0, variance));
  return { m2: moment(2, 0, 0), s2, s21, s22, v2, v21, v22, p, p1, p2, fourth, fourth1, at: moment };
}
