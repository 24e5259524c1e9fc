// Growth laws of bounded odd activations (tanh and its kin): the theorems' region q → ∞ and the rest of the diagram.
import type { Bounded } from './activation-class.js';
import {
  type Comparisons,
  type Growth,
  type GrowthLaw,
  linearGrowthLaw,
  matching,
  type Schedule,
} from './growth-law.js';
import { cosineFixedPoint } from './laws.js';
import { bracketedRoot } from './root.js';

type Law = Omit<GrowthLaw, 'onBoundary'>;
const bounded: Growth = { form: 'bounded' };
const outside = 'The published theorems cover q → ∞ only; this region is derived here.';

/** p ~ Σ l^−U·total: power, logarithm or constant. */
function lengthOf(total: number, U: number, compare: Comparisons): Growth {
  if (total === 0 || compare.less(1, U)) return bounded;
  return compare.equal(U, 1)
    ? { form: 'log', coefficient: total }
    : { form: 'power', exponent: 1 - U, coefficient: total / (1 - U) };
}

/** The whole diagram of a bounded odd φ with φ(±∞) = ±1. */
export function boundedGrowthLaw(s: Schedule, phi: Bounded, compare: Comparisons): Law {
  const U = Math.min(s.v, s.a);
  if (U === Infinity) return { region: 'identity', gradient: bounded, length: bounded, metric: bounded };
  if (compare.less(U, 1) && compare.less(U + s.w, 1)) return divergent(s, phi, U, compare);
  if (compare.same(s.w, 0) && compare.equal(U, 1)) return logarithmic(s, phi, compare);
  if (compare.less(U, 1) && compare.equal(U + s.w, 1)) {
    const finite = finiteRegion(s, phi, U, compare);
    if (finite !== undefined) return finite;
  } else if (compare.less(1, U) && compare.same(s.w, 0)) {
    return { region: 'U > 1, β_w = 0', gradient: bounded, length: bounded, metric: bounded, note: outside };
  } else if (compare.same(s.b, 0)) {
    const V = phi.secondMoment(s.sb);
    const length = lengthOf(
      matching(compare, U, [
        [s.v, s.sv * V],
        [s.a, s.sa],
      ]),
      U,
      compare,
    );
    const angular = compare.less(1, U) ? {} : { angularLimit: 1 };
    return {
      region: 'q → σ_b²',
      gradient: bounded,
      length,
      ...angular,
      fixedPointPreactivationVariance: s.sb,
      note: outside,
    };
  }
  const linear = linearGrowthLaw(s, { gain: phi.slopeSquareAtZero, bend: 0 }, compare);
  return { ...linear, region: `q → 0: ${linear.region}`, note: outside };
}

/** U < 1, U + β_w < 1: q → ∞ as a power of l. */
function divergent(s: Schedule, phi: Bounded, U: number, compare: Comparisons): Law {
  const K = matching(compare, U, [
    [s.v, s.sv],
    [s.a, s.sa],
  ]);
  const W = 1 - s.w + U - 2 * s.v;
  const D = s.sv * Math.sqrt(s.sw) * phi.slopeTail * Math.sqrt((1 - U) / K);
  const length: Growth = { form: 'power', exponent: 1 - U, coefficient: K / (1 - U) };
  const angle = angularIn(s, K, length, compare, W);
  if (compare.equal(W, 0))
    return { region: 'q → ∞, W = 0', gradient: { form: 'power', exponent: D }, length, ...angle };
  if (compare.less(W, 0)) return { region: 'q → ∞, W < 0', gradient: bounded, length, ...angle };
  return {
    region: 'q → ∞, W > 0',
    gradient: { form: 'stretchedExponential', coefficient: (2 * D) / W, exponent: W / 2 },
    length,
    ...angle,
  };
}

/** e* and s where q → ∞: 0 when the branch alone feeds the length, 1 when the bias does, between when both do. */
function angularIn(
  s: Schedule,
  K: number,
  length: Growth,
  compare: Comparisons,
  W: number,
): Pick<Law, 'angularLimit' | 'metric' | 'angularDeficit'> {
  if (compare.less(s.a, s.v)) {
    if (!compare.less(0, W)) return compare.less(W, 0) ? { angularLimit: 1, metric: bounded } : { angularLimit: 1 };
    const exponent = 1 + s.a - 2 * s.v;
    return {
      angularLimit: 1,
      metric: { form: 'power', exponent },
      angularDeficit: { form: 'power', exponent: exponent - (1 - s.a) },
    };
  }
  const limit = compare.less(s.v, s.a) ? 0 : cosineFixedPoint(s.sv, s.sa).cosine;
  return { angularLimit: limit, metric: { ...length, coefficient: (1 - limit) * (length.coefficient ?? K) } };
}

/** U = 1, β_w = 0: q grows like log l. */
function logarithmic(s: Schedule, phi: Bounded, compare: Comparisons): Law {
  const K = matching(compare, 1, [
    [s.v, s.sv],
    [s.a, s.sa],
  ]);
  const length: Growth = { form: 'log', coefficient: K };
  const limit = compare.less(s.a, s.v) ? 1 : compare.less(s.v, s.a) ? 0 : cosineFixedPoint(s.sv, s.sa).cosine;
  if (compare.less(1, s.v))
    return { region: 'U = 1, β_w = 0, β_v > 1', gradient: bounded, length, angularLimit: limit };
  const coefficient = (2 * s.sv * Math.sqrt(s.sw) * phi.slopeTail) / Math.sqrt(K);
  return {
    region: 'U = 1, β_w = 0, β_v = 1',
    gradient: { form: 'exponentialOfSqrtLog', coefficient },
    length,
    angularLimit: limit,
  };
}

/** U + β_w = 1, U < 1: q converges to the root q* of q = σ_w² (fv V(q) + fa)/(1 − U) + [β_b = 0] σ_b². */
function finiteRegion(s: Schedule, phi: Bounded, U: number, compare: Comparisons): Law | undefined {
  const fv = matching(compare, U, [[s.v, s.sv]]);
  const fa = matching(compare, U, [[s.a, s.sa]]);
  const bias = compare.same(s.b, 0) ? s.sb : 0;
  const map = (q: number): number => (s.sw * (fv * phi.secondMoment(q) + fa)) / (1 - U) + bias;
  if (fa === 0 && bias === 0) {
    const slope = (fv * s.sw * phi.slopeSquareAtZero) / (1 - U);
    if (compare.equal(slope, 1))
      return { region: 'q → 0, marginal', gradient: { form: 'marginal' }, length: { form: 'marginal' }, note: outside };
    if (slope < 1) return undefined;
  }
  // V(q)/q decreases, so map(q) − q changes sign once for q > 0; the largest possible value is map at V = 1.
  const top = (s.sw * (fv + fa)) / (1 - U) + bias;
  let low = top;
  while (map(low) <= low) low /= 2;
  const root = bracketedRoot((q) => map(q) / q - 1, low, Math.max(2 * low, top * (1 + 1e-9)));
  const feed = fv * phi.secondMoment(root) + fa;
  const G = s.sv * s.sw * phi.derivativeSecondMoment(root);
  const gradient: Growth = compare.equal(s.v + s.w, 1) ? { form: 'power', exponent: G } : bounded;
  const length: Growth = { form: 'power', exponent: 1 - U, coefficient: feed / (1 - U) };
  const angularLimit = finiteCosine(
    phi,
    root,
    fv,
    feed,
    (s.sw * feed) / (1 - U),
    (fv * s.sw * phi.derivativeSecondMoment(root)) / (1 - U),
  );
  const metric: Pick<Law, 'metric'> =
    angularLimit < 1 ? { metric: { ...length, coefficient: (1 - angularLimit) * (feed / (1 - U)) } } : {};
  return {
    region: 'q → q*',
    gradient,
    length,
    ...metric,
    angularLimit,
    fixedPointPreactivationVariance: root,
    note: outside,
  };
}

/** The limit of e: 1 when it is stable there, otherwise the root of 1 − e = fv D(q*, (1 − e) gapAtOne)/feed. */
function finiteCosine(phi: Bounded, q: number, fv: number, feed: number, gapAtOne: number, stability: number): number {
  if (stability <= 1) return 1;
  const excess = (deficit: number): number =>
    (fv * phi.halfMeanSquareDifference(q, deficit * gapAtOne)) / (feed * deficit) - 1;
  if (excess(1) >= 0) return 0;
  return 1 - bracketedRoot(excess, 1e-12, 1);
}
