// Expectations of Gaussian pairs (u, v) of any variances: E φφ, what it lacks, and E φ'φ'; (2.1) and (2.2) of docs/systems/kernel.md.
import { addon } from '../../core/addon.js';
import { type ControlOptions, controlled } from '../../core/control.js';
import { MftError } from '../../core/errors.js';
import { threadsFor } from '../../core/memory.js';
import { type GaussianFunction, type NativeGaussianFunction, powers } from '../../gaussian/expectation.js';
import type { Integrand } from '../../gaussian/integrand.js';
import { deficit, expectation } from '../../gaussian/moments.js';
import { deficitsByAngle } from './angle-sum.js';
import { angleOfGap, closedPair, rectifierGap, sineOf, slopesOf } from './rectifier.js';

/**
 * Gaussian pairs. `gap` is 1 − c: it keeps the digits of pairs that nearly coincide, `covariance` those of pairs that are nearly
 * independent. With a variance of zero a pair is independent: `gap` 1. A row with itself: equal variances and `gap` 0.
 */
export interface Pairs {
  readonly variance1: Float64Array;
  readonly variance2: Float64Array;
  readonly covariance: Float64Array;
  readonly gap: Float64Array;
}

/** Above this gap E φ² − E φφ keeps twelve digits. */
const nearGap = 1e-2;
/** Below this correlation an odd φ is linear in the covariance to twelve digits. */
const nearlyIndependent = 1e-6;

/** √q₁ √q₂: never √(q₁ q₂), which overflows. */
const rootOf = (q1: number, q2: number): number => Math.sqrt(q1) * Math.sqrt(q2);

/** One pair, from its covariance. @throws MftError ERR_MFT_OUT_OF_RANGE when it is larger than the variances allow */
function pairOf(variance1: number, variance2: number, covariance: number): Pairs {
  const root = variance1 === variance2 ? variance1 : rootOf(variance1, variance2);
  if (Math.abs(covariance) > root * (1 + 8 * Number.EPSILON))
    throw new MftError(
      'ERR_MFT_OUT_OF_RANGE',
      `Expected \`covariance\` to be at most √(variance1 variance2) = ${root} in size, received ${covariance}.`,
      { parameter: 'covariance', expected: `a number in [${-root}, ${root}]`, received: covariance },
    );
  const sine = sineOf(variance1, variance2, covariance);
  const far = root === 0 ? 1 : (sine / root) * (sine / (root + Math.abs(covariance)));
  return {
    variance1: Float64Array.of(variance1),
    variance2: Float64Array.of(variance2),
    covariance: Float64Array.of(sine === 0 ? Math.sign(covariance) * root : covariance),
    gap: Float64Array.of(covariance >= 0 ? far : 2 - far),
  };
}

/** E φ(u)φ(v) of one pair. @throws MftError ERR_MFT_OUT_OF_RANGE when the covariance is larger than the variances allow */
export function pairValue(
  phi: GaussianFunction,
  [variance1, variance2, covariance]: readonly [number, number, number],
  options: ControlOptions,
): Promise<number> {
  // An odd φ of the opposite: near −1 the correlation keeps its digits as near 1.
  if (phi.isOdd && covariance < 0)
    return pairValue(phi, [variance1, variance2, -covariance], options).then((value) => -value);
  return single(phi, [variance1, variance2, covariance], 'value', pairValues, options);
}

/** E φ'(u)φ'(v) of one pair. @throws MftError ERR_MFT_UNSUPPORTED, ERR_MFT_OUT_OF_RANGE */
export function pairSlope(
  phi: GaussianFunction,
  [variance1, variance2, covariance]: readonly [number, number, number],
  options: ControlOptions,
): Promise<number> {
  requireTangent(phi);
  const given = [variance1, variance2, phi.isOdd ? Math.abs(covariance) : covariance] as const;
  return single(phi, given, 'slope', pairSlopes, options);
}

async function single(
  phi: GaussianFunction,
  [variance1, variance2, covariance]: readonly [number, number, number],
  what: 'value' | 'slope',
  all: typeof pairValues,
  options: ControlOptions,
): Promise<number> {
  const pair = pairOf(variance1, variance2, covariance);
  const hasSpread = variance1 > 0 && variance2 > 0;
  const closed = hasSpread ? closedPair(phi, variance1, variance2, pair.covariance[0] as number) : undefined;
  return closed?.[what] ?? ((await all(phi, pair, options))[0] as number);
}

/** E φφ and, where it was asked for, E φ'φ' of pairs. */
interface PairMoments {
  readonly product: Float64Array;
  readonly slope: Float64Array;
}

/** Activations whose pairs are closed forms, one by one. */
const closed: ReadonlySet<string> = new Set(['erf', 'erfUnitSlope', 'gelu', 'sin', 'cos']);

/** Whether pairs are sums of Hermite terms, (2.3), all at once: no closed form, and a tangent kernel. */
function isSummed(phi: GaussianFunction): boolean {
  return phi.native !== undefined && phi.homogeneousDegree === null && !closed.has(phi.key ?? '') && hasTangent(phi);
}

/** E φ(u)φ(v) and (`withSlope`) E φ'(u)φ'(v) of every pair, within 2e-13 of the roots of both second moments. */
export async function pairMoments(
  phi: GaussianFunction,
  pairs: Pairs,
  withSlope: boolean,
  options: ControlOptions,
): Promise<PairMoments> {
  const none = new Float64Array();
  if (!isSummed(phi)) {
    const product = await pairValues(phi, pairs, options);
    return { product, slope: withSlope ? await pairSlopes(phi, pairs, options) : none };
  }
  const count = pairs.gap.length;
  const [product, slope] = [new Float64Array(count), withSlope ? new Float64Array(count) : none];
  const open: number[] = [];
  for (let at = 0; at < count; at++) {
    const value = knownMoment(phi, pairs, at, { value: 2 }, knownValue);
    const slopeValue = withSlope ? knownMoment(phi, pairs, at, { first: 2 }, knownSlope) : 0;
    if (value !== undefined) product[at] = value;
    if (slopeValue !== undefined && withSlope) slope[at] = slopeValue;
    if (value === undefined || slopeValue === undefined) open.push(at);
  }
  const found = await summed(phi, pairs, open, withSlope, options);
  open.forEach((at, i) => {
    product[at] = knownMoment(phi, pairs, at, { value: 2 }, knownValue) ?? (found[i] as number);
    if (withSlope)
      slope[at] = knownMoment(phi, pairs, at, { first: 2 }, knownSlope) ?? (found[open.length + i] as number);
  });
  return { product, slope };
}

async function summed(
  { native }: GaussianFunction,
  { variance1, variance2, gap }: Pairs,
  open: readonly number[],
  hasTangent: boolean,
  { signal }: ControlOptions,
): Promise<Float64Array> {
  if (open.length === 0) return new Float64Array();
  const of = (list: Float64Array): Float64Array => Float64Array.from(open, (at) => list[at] as number);
  const activation = native as NativeGaussianFunction;
  const [varianceA, varianceB, oneMinusCorrelation] = [of(variance1), of(variance2), of(gap)];
  const call = { activation, hasTangent, varianceA, varianceB, oneMinusCorrelation, threads: threadsFor(0) };
  return controlled(signal === undefined ? {} : { signal }, open.length, (slots) => addon().kernelPairs(call, slots));
}

/** What one pair is without an integral over it; undefined where there is no such thing. */
type Known = (phi: GaussianFunction, q1: number, q2: number, covariance: number, gap: number) => number | undefined;

/** The same, of a row with itself the moment `squared` of one variable. */
function knownMoment(
  phi: GaussianFunction,
  { variance1, variance2, covariance, gap }: Pairs,
  at: number,
  squared: Integrand,
  known: Known,
): number | undefined {
  const [q1, q2] = [variance1[at] as number, variance2[at] as number];
  if (gap[at] === 0 && q1 === q2) return expectation(phi, squared, q1);
  return known(phi, q1, q2, covariance[at] as number, gap[at] as number);
}

const knownValue: Known = (phi, q1, q2, covariance, gap) => {
  const root = rootOf(q1, q2);
  if (root === 0 || covariance === 0) return expectation(phi, { value: 1 }, q1) * expectation(phi, { value: 1 }, q2);
  // What 1 − c has lost of a small covariance, the covariance still has.
  if (phi.isOdd && Math.abs(covariance) < nearlyIndependent * root)
    return covariance * meanSlope(phi, q1) * meanSlope(phi, q2);
  return phi.key === 'gelu' ? geluPair(q1, q2, covariance, gap).value : undefined;
};

const knownSlope: Known = (phi, q1, q2, covariance, gap) => {
  if (rootOf(q1, q2) === 0) return expectation(phi, { first: 1 }, q1) * expectation(phi, { first: 1 }, q2);
  return phi.key === 'gelu' ? geluPair(q1, q2, covariance, gap).slope : undefined;
};

/** E φ(u)φ(v) of every pair. */
export function pairValues(phi: GaussianFunction, pairs: Pairs, options: ControlOptions): Promise<Float64Array> {
  return integrated(phi, { value: 1 }, pairs, options, knownValue);
}

/** Terms that cancel to less than this share of their sizes are integrated instead. */
const cancelled = 1e-3;

/** The closed forms of gelu, (2.1), where no digits cancel. */
function geluPair(
  q1: number,
  q2: number,
  k: number,
  gap: number,
): { readonly value: number | undefined; readonly slope: number | undefined } {
  const product = q1 * q2;
  const determinant = 1 + q1 + q2 + product * gap * (2 - gap);
  const root = Math.sqrt(determinant);
  const both = (1 + q1) * (1 + q2);
  const turn = Math.atan2(k, root) / (2 * Math.PI);
  const kept = (terms: readonly number[]): number | undefined => {
    const sum = terms.reduce((total, term) => total + term, 0);
    const size = terms.reduce((total, term) => total + Math.abs(term), 0);
    return Math.abs(sum) > cancelled * size ? sum : undefined;
  };
  const rest = (k * k + product * determinant) / (both * root) / (2 * Math.PI);
  const bend = k / root / (2 * Math.PI);
  return {
    value: kept([k / 4, rest, k * turn]),
    slope: kept([1 / 4, turn, bend / determinant, (bend * (1 - product)) / both, bend]),
  };
}

/** E φ' = E u φ(u)/q (Stein), which a jump of φ leaves finite. */
function meanSlope(phi: GaussianFunction, variance: number): number {
  return expectation(phi, { value: 1, argument: 1 }, variance) / variance;
}

/** E φ'(u)φ'(v) of every pair; φ must pass `requireTangent`. */
function pairSlopes(phi: GaussianFunction, pairs: Pairs, options: ControlOptions): Promise<Float64Array> {
  return integrated(phi, { first: 1 }, pairs, options, knownSlope);
}

/** E φ² − E φφ of one pair of equal variances. */
export function pairGap(phi: GaussianFunction, variance: number, gap: number): number {
  const slopes = slopesOf(phi);
  return slopes === undefined
    ? deficit(phi, variance, gap)
    : variance * rectifierGap(slopes.below, slopes.above, angleOfGap(gap));
}

/**
 * 1 − E φφ/√(E φ² E φ²) of every pair, without cancellation where φ is homogeneous or the variances are equal; `values` are its
 * E φφ.
 */
export async function pairGaps(
  phi: GaussianFunction,
  pairs: Pairs,
  values: Float64Array,
  options: ControlOptions,
): Promise<Float64Array> {
  const { variance1, variance2, gap } = pairs;
  const second = (q: number): number => expectation(phi, { value: 2 }, q);
  const slopes = slopesOf(phi);
  if (slopes !== undefined) {
    const whole = second(1);
    return gap.map((g) =>
      whole === 0 ? 1 : Math.max(0, rectifierGap(slopes.below, slopes.above, angleOfGap(g)) / whole),
    );
  }
  const isHomogeneous = phi.homogeneousDegree !== null;
  // Of pairs that are not near the values themselves say it; of rows on a line whose lengths differ, too: φ bends them apart.
  const isExact = (at: number): boolean =>
    isHomogeneous || (variance1[at] === variance2[at] && (gap[at] as number) < nearGap);
  const exact = [...gap.keys()].filter((at) => isExact(at) && gap[at] !== 0);
  const unit = Float64Array.from(exact, (at) => (isHomogeneous ? 1 : (variance1[at] as number)));
  const gaps = Float64Array.from(exact, (at) => gap[at] as number);
  const deficits = await deficitsOf(phi, unit, gaps, options);
  const result = new Float64Array(gap.length);
  exact.forEach((at, i) => {
    const whole = second(unit[i] as number);
    result[at] = whole === 0 ? 1 : Math.max(0, (deficits[i] as number) / whole);
  });
  for (let at = 0; at < gap.length; at++) {
    if (isExact(at)) continue;
    const whole = rootOf(second(variance1[at] as number), second(variance2[at] as number));
    result[at] = whole === 0 ? 1 : Math.max(0, (whole - (values[at] as number)) / whole);
  }
  return result;
}

/** E φ² − E φφ of pairs of equal variances: where many share a variance, through Chebyshev points of the angle (angle-sum.ts). */
async function deficitsOf(
  phi: GaussianFunction,
  variances: Float64Array,
  gaps: Float64Array,
  options: ControlOptions,
): Promise<Float64Array> {
  const result = new Float64Array(gaps.length);
  const groups = new Map<number, number[]>();
  variances.forEach((variance, at) => {
    if (!groups.has(variance)) groups.set(variance, []);
    groups.get(variance)?.push(at);
  });
  const single: number[] = [];
  for (const [variance, places] of groups) {
    const own = Float64Array.from(places, (at) => gaps[at] as number);
    const found = await deficitsByAngle(own, (at) => {
      const same = new Float64Array(at.length).fill(variance);
      return asked(phi, 'deficit', {}, same, same, at, options);
    });
    if (found === undefined) single.push(...places);
    else
      places.forEach((at, i) => {
        result[at] = found[i] as number;
      });
  }
  const of = (list: Float64Array): Float64Array => Float64Array.from(single, (at) => list[at] as number);
  const found = await asked(phi, 'deficit', {}, of(variances), of(variances), of(gaps), options);
  single.forEach((at, i) => {
    result[at] = found[i] as number;
  });
  return result;
}

/** Whether E φ'φ' is finite for equal inputs. */
export function hasTangent(phi: GaussianFunction): boolean {
  return Number.isFinite(expectation(phi, { first: 2 }, 1));
}

/** @throws MftError ERR_MFT_UNSUPPORTED where E φ'φ' is infinite for equal inputs */
export function requireTangent(phi: GaussianFunction): void {
  if (hasTangent(phi)) return;
  throw new MftError(
    'ERR_MFT_UNSUPPORTED',
    'The tangent kernel is infinite for this `activation`: the mean square of its derivative diverges, for it jumps or is too steep.',
    { parameter: 'activation', received: phi.key },
  );
}

/** E f(u)f(v): a row with itself from the moments of one variable, then what `known` knows, the rest natively on all processors. */
async function integrated(
  phi: GaussianFunction,
  integrand: Integrand,
  pairs: Pairs,
  options: ControlOptions,
  known: Known,
): Promise<Float64Array> {
  const { variance1, variance2, gap } = pairs;
  const squared: Integrand = integrand.first === 1 ? { first: 2 } : { value: 2 };
  const result = new Float64Array(gap.length);
  const open: number[] = [];
  for (let at = 0; at < gap.length; at++) {
    const value = knownMoment(phi, pairs, at, squared, known);
    if (value === undefined) open.push(at);
    else result[at] = value;
  }
  const of = (list: Float64Array): Float64Array => Float64Array.from(open, (at) => list[at] as number);
  const found = await asked(phi, 'pair', integrand, of(variance1), of(variance2), of(gap), options);
  open.forEach((at, i) => {
    result[at] = found[i] as number;
  });
  return result;
}

async function asked(
  { native }: GaussianFunction,
  what: 'pair' | 'deficit',
  integrand: Integrand,
  varianceA: Float64Array,
  varianceB: Float64Array,
  oneMinusCorrelation: Float64Array,
  { signal }: ControlOptions,
): Promise<Float64Array> {
  if (varianceA.length === 0) return varianceA;
  const activation = native as NativeGaussianFunction;
  const question = { what, activation, integrand: powers(integrand), varianceA, varianceB, oneMinusCorrelation };
  return controlled(signal === undefined ? {} : { signal }, varianceA.length, (slots) =>
    addon().startGaussian({ ...question, threads: threadsFor(0) }, slots),
  );
}
