// Distribution functions that tests and intervals need. Checked against SciPy in test/fixtures/statistics.json.
import { MftError } from '../core/errors.js';
import { logGamma } from '../numeric/gamma.js';
import { bracketedRoot } from '../numeric/roots.js';

/** Regularised incomplete beta I_x(a, b) by Lentz's continued fraction (relative error 1e-12). */
export function regularizedBeta(x: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  if (x > (a + 1) / (a + b + 2)) return 1 - regularizedBeta(1 - x, b, a);
  const front = Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x)) / a;
  return front * betaFraction(x, a, b);
}

function betaFraction(x: number, a: number, b: number): number {
  const tiny = 1e-300;
  let c = 1;
  let d = 1 / guard(1 - ((a + b) * x) / (a + 1));
  let h = d;
  for (let m = 1; m <= 10_000; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / guard(1 + even * d);
    c = guard(1 + even / c);
    h *= d * c;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / guard(1 + odd * d);
    c = guard(1 + odd / c);
    const step = d * c;
    h *= step;
    if (Math.abs(step - 1) < 1e-15) return h;
  }
  throw new MftError(
    'ERR_MFT_NO_CONVERGENCE',
    `The incomplete beta function did not converge at x = ${x}, a = ${a}, b = ${b}.`,
  );
  function guard(value: number): number {
    return Math.abs(value) < tiny ? tiny : value;
  }
}

/** Regularised upper incomplete gamma Q(a, x) (series below a + 1, continued fraction above). */
function upperGamma(a: number, x: number): number {
  if (x <= 0) return 1;
  const front = Math.exp(a * Math.log(x) - x - logGamma(a));
  if (x < a + 1) {
    let term = 1 / a;
    let sum = term;
    for (let n = 1; n < 100_000; n++) {
      term *= x / (a + n);
      sum += term;
      if (term < sum * 1e-16) break;
    }
    return 1 - front * sum;
  }
  let b = x + 1 - a;
  let c = 1e300;
  let d = 1 / b;
  let h = d;
  for (let i = 1; i < 100_000; i++) {
    const an = -i * (i - a);
    b += 2;
    d = 1 / (an * d + b || 1e-300);
    c = b + an / c || 1e-300;
    const step = d * c;
    h *= step;
    if (Math.abs(step - 1) < 1e-16) break;
  }
  return front * h;
}

/** Two-sided p-value of a standard normal z. */
export function normalTwoSided(z: number): number {
  return upperGamma(0.5, (z * z) / 2);
}

/** Two-sided p-value of Student's t with `degreesOfFreedom` > 0. */
export function studentTwoSided(t: number, degreesOfFreedom: number): number {
  if (degreesOfFreedom > 1e7) return normalTwoSided(t);
  return regularizedBeta(degreesOfFreedom / (degreesOfFreedom + t * t), degreesOfFreedom / 2, 0.5);
}

/** P(χ² > x) with `degreesOfFreedom`. */
export function chiSquareTail(x: number, degreesOfFreedom: number): number {
  return upperGamma(degreesOfFreedom / 2, x / 2);
}

/** Two-sided exact binomial p-value: total probability of outcomes no likelier than `successes`. */
export function binomialTwoSided(successes: number, trials: number, probability: number): number {
  if (probability <= 0) return successes === 0 ? 1 : 0;
  if (probability >= 1) return successes === trials ? 1 : 0;
  const logMass = (k: number): number =>
    logGamma(trials + 1) -
    logGamma(k + 1) -
    logGamma(trials - k + 1) +
    k * Math.log(probability) +
    (trials - k) * Math.log1p(-probability);
  const observed = logMass(successes) + 1e-7;
  // The outcomes no likelier than the observed one are two tails; find where each begins.
  const mode = Math.floor((trials + 1) * probability);
  const lower =
    successes < mode ? successes : lastNotLikelier(0, Math.min(mode, trials), (k) => logMass(k) <= observed, 'rising');
  const upper =
    successes > mode
      ? successes
      : lastNotLikelier(Math.min(mode, trials), trials, (k) => logMass(k) <= observed, 'falling');
  if (successes === mode) return 1;
  const below = lower < 0 ? 0 : 1 - regularizedBeta(probability, lower + 1, trials - lower);
  const above = upper > trials ? 0 : upper <= 0 ? 1 : regularizedBeta(probability, upper, trials - upper + 1);
  return Math.min(1, (lower >= trials ? 1 : below) + above);
}

/** Bisection on a monotone mass: the last k of a rising flank that satisfies, or the first k of a falling flank that does. */
function lastNotLikelier(
  low: number,
  high: number,
  satisfies: (k: number) => boolean,
  flank: 'rising' | 'falling',
): number {
  let inside = flank === 'rising' ? low - 1 : high + 1;
  let outside = flank === 'rising' ? high + 1 : low - 1;
  while (Math.abs(outside - inside) > 1) {
    const middle = Math.trunc((inside + outside) / 2);
    if (satisfies(middle)) inside = middle;
    else outside = middle;
  }
  return inside;
}

/** t with P(|T| > t) = p, for p in (0, 1). */
export function studentQuantile(p: number, degreesOfFreedom: number): number {
  const excess = (t: number): number => studentTwoSided(t, degreesOfFreedom) - p;
  let high = 1;
  while (excess(high) > 0) high *= 2;
  return bracketedRoot(excess, 0, high);
}

/** Asymptotic p-value of the two-sample Kolmogorov–Smirnov statistic with the effective sample size. */
export function kolmogorovTail(statistic: number, effectiveSize: number): number {
  const root = Math.sqrt(effectiveSize);
  const lambda = (root + 0.12 + 0.11 / root) * statistic;
  if (lambda < 0.2) return 1;
  let sum = 0;
  for (let j = 1; j <= 100; j++) {
    const term = Math.exp(-2 * j * j * lambda * lambda);
    sum += j % 2 === 1 ? term : -term;
    if (term < 1e-18) break;
  }
  return Math.max(0, Math.min(1, 2 * sum));
}
