// Growth laws of bounded odd activations (tanh and its kin): the theorems' region q → ∞ and the rest of the diagram.
import type { Bounded } from './activation-class.js';
import { linearGrowthLaw } from './growth-law-linear.js';
import { type Comparisons, type Growth, type GrowthLaw, matching, type Schedule } from './growth-schedule.js';
import { cosineFixedPoint } from './laws.js';
import { bracketedRoot } from '../../numeric/roots.js';

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
export function boundedGrowthLaw(schedule: Schedule, phi: Bounded, compare: Comparisons): Law {
  const U = Math.min(schedule.outerWeightDecay, schedule.outerBiasDecay);
  if (U === Infinity) return { region: 'identity', gradient: bounded, length: bounded, metric: bounded };
  if (compare.less(U, 1) && compare.less(U + schedule.innerWeightDecay, 1)) return divergent(schedule, phi, U, compare);
  if (compare.same(schedule.innerWeightDecay, 0) && compare.equal(U, 1)) return logarithmic(schedule, phi, compare);
  if (compare.less(U, 1) && compare.equal(U + schedule.innerWeightDecay, 1)) {
    const finite = finiteRegion(schedule, phi, U, compare);
    if (finite !== undefined) return finite;
  } else if (compare.less(1, U) && compare.same(schedule.innerWeightDecay, 0)) {
    return { region: 'U > 1, β_w = 0', gradient: bounded, length: bounded, metric: bounded, note: outside };
  } else if (compare.same(schedule.innerBiasDecay, 0)) {
    const V = phi.secondMoment(schedule.innerBiasVariance);
    const length = lengthOf(
      matching(compare, U, [
        [schedule.outerWeightDecay, schedule.outerWeightVariance * V],
        [schedule.outerBiasDecay, schedule.outerBiasVariance],
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
      fixedPointPreactivationVariance: schedule.innerBiasVariance,
      note: outside,
    };
  }
  const linear = linearGrowthLaw(schedule, { gain: phi.slopeSquareAtZero, bend: 0 }, compare);
  return { ...linear, region: `q → 0: ${linear.region}`, note: outside };
}

/** U < 1, U + β_w < 1: q → ∞ as a power of l. */
function divergent(schedule: Schedule, phi: Bounded, U: number, compare: Comparisons): Law {
  const K = matching(compare, U, [
    [schedule.outerWeightDecay, schedule.outerWeightVariance],
    [schedule.outerBiasDecay, schedule.outerBiasVariance],
  ]);
  const W = 1 - schedule.innerWeightDecay + U - 2 * schedule.outerWeightDecay;
  const D =
    schedule.outerWeightVariance * Math.sqrt(schedule.innerWeightVariance) * phi.slopeTail * Math.sqrt((1 - U) / K);
  const length: Growth = { form: 'power', exponent: 1 - U, coefficient: K / (1 - U) };
  const angle = angularIn(schedule, K, length, compare, W);
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
  schedule: Schedule,
  K: number,
  length: Growth,
  compare: Comparisons,
  W: number,
): Pick<Law, 'angularLimit' | 'metric' | 'angularDeficit'> {
  if (compare.less(schedule.outerBiasDecay, schedule.outerWeightDecay)) {
    if (!compare.less(0, W)) return compare.less(W, 0) ? { angularLimit: 1, metric: bounded } : { angularLimit: 1 };
    const exponent = 1 + schedule.outerBiasDecay - 2 * schedule.outerWeightDecay;
    return {
      angularLimit: 1,
      metric: { form: 'power', exponent },
      angularDeficit: { form: 'power', exponent: exponent - (1 - schedule.outerBiasDecay) },
    };
  }
  const limit = compare.less(schedule.outerWeightDecay, schedule.outerBiasDecay)
    ? 0
    : cosineFixedPoint(schedule.outerWeightVariance, schedule.outerBiasVariance).cosine;
  return { angularLimit: limit, metric: { ...length, coefficient: (1 - limit) * (length.coefficient ?? K) } };
}

/** U = 1, β_w = 0: q grows like log l. */
function logarithmic(schedule: Schedule, phi: Bounded, compare: Comparisons): Law {
  const K = matching(compare, 1, [
    [schedule.outerWeightDecay, schedule.outerWeightVariance],
    [schedule.outerBiasDecay, schedule.outerBiasVariance],
  ]);
  const length: Growth = { form: 'log', coefficient: K };
  const limit = compare.less(schedule.outerBiasDecay, schedule.outerWeightDecay)
    ? 1
    : compare.less(schedule.outerWeightDecay, schedule.outerBiasDecay)
      ? 0
      : cosineFixedPoint(schedule.outerWeightVariance, schedule.outerBiasVariance).cosine;
  if (compare.less(1, schedule.outerWeightDecay))
    return { region: 'U = 1, β_w = 0, β_v > 1', gradient: bounded, length, angularLimit: limit };
  const coefficient =
    (2 * schedule.outerWeightVariance * Math.sqrt(schedule.innerWeightVariance) * phi.slopeTail) / Math.sqrt(K);
  return {
    region: 'U = 1, β_w = 0, β_v = 1',
    gradient: { form: 'exponentialOfSqrtLog', coefficient },
    length,
    angularLimit: limit,
  };
}

/** U + β_w = 1, U < 1: q converges to the root q* of q = σ_w² (fv V(q) + fa)/(1 − U) + [β_b = 0] σ_b². */
function finiteRegion(schedule: Schedule, phi: Bounded, U: number, compare: Comparisons): Law | undefined {
  const fv = matching(compare, U, [[schedule.outerWeightDecay, schedule.outerWeightVariance]]);
  const fa = matching(compare, U, [[schedule.outerBiasDecay, schedule.outerBiasVariance]]);
  const bias = compare.same(schedule.innerBiasDecay, 0) ? schedule.innerBiasVariance : 0;
  const map = (q: number): number => (schedule.innerWeightVariance * (fv * phi.secondMoment(q) + fa)) / (1 - U) + bias;
  if (fa === 0 && bias === 0) {
    const slope = (fv * schedule.innerWeightVariance * phi.slopeSquareAtZero) / (1 - U);
    if (compare.equal(slope, 1))
      return { region: 'q → 0, marginal', gradient: { form: 'marginal' }, length: { form: 'marginal' }, note: outside };
    if (slope < 1) return undefined;
  }
  // V(q)/q decreases, so map(q) − q changes sign once for q > 0; the largest possible value is map at V = 1.
  const top = (schedule.innerWeightVariance * (fv + fa)) / (1 - U) + bias;
  let low = top;
  while (map(low) <= low) low /= 2;
  const root = bracketedRoot((q) => map(q) / q - 1, low, Math.max(2 * low, top * (1 + 1e-9)));
  const feed = fv * phi.secondMoment(root) + fa;
  const G = schedule.outerWeightVariance * schedule.innerWeightVariance * phi.derivativeSecondMoment(root);
  const gradient: Growth = compare.equal(schedule.outerWeightDecay + schedule.innerWeightDecay, 1)
    ? { form: 'power', exponent: G }
    : bounded;
  const length: Growth = { form: 'power', exponent: 1 - U, coefficient: feed / (1 - U) };
  const angularLimit = finiteCosine(
    phi,
    root,
    fv,
    feed,
    (schedule.innerWeightVariance * feed) / (1 - U),
    (fv * schedule.innerWeightVariance * phi.derivativeSecondMoment(root)) / (1 - U),
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
