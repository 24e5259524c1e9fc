// compare: theory against simulation, or simulation against simulation, point by point, with one verdict.
import * as z from 'zod';
import { parse } from '../core/checks.js';
import { canonicalJson, withJson } from '../core/codec.js';
import { plainCopy } from '../core/copy.js';
import { describe, expectedError, MftError } from '../core/errors.js';
import { numberField } from '../core/fields.js';
import { givenResult } from '../core/result-checks.js';
import type {
  Axis,
  Estimated,
  Observable,
  Predicted,
  Prediction,
  Simulation,
  UndefinedPoint,
} from '../core/results.js';
import { bandShares, type BandShare } from './band.js';
import { binomialTwoSided, normalTwoSided, studentTwoSided } from './distributions.js';
import { holm } from './holm.js';

export type Verdict = 'agrees' | 'finiteSize' | 'disagrees' | 'inconclusive';

/** One observable, point by point; arrays run over the points that are defined on both sides. */
export interface ComparedObservable {
  readonly axes: readonly Axis[];
  readonly scale: 'linear' | 'log';
  /** Position in the observable's values of each compared point. */
  readonly index: Int32Array;
  readonly expected: Float64Array;
  readonly estimate: Float64Array;
  readonly standardError: Float64Array;
  /** (estimate − expected) / standard error of the difference. */
  readonly z: Float64Array;
  readonly pValue: Float64Array;
  readonly verdicts: readonly Verdict[];
  /** Why nothing can be decided at a point (its place in the lists above). */
  readonly undecided?: readonly UndefinedPoint[];
  /** Points left out because one side is undefined there. */
  readonly skipped: number;
  /** Where theory has a band for single networks, and these are known (one trial, or `rawTrials`): how many lie in it. */
  readonly band?: readonly BandShare[];
  readonly verdict: Verdict;
}

export interface Comparison<K extends string = string> {
  readonly kind: 'comparison';
  readonly system: K;
  readonly observables: Readonly<Record<string, ComparedObservable>>;
  /** Number of points tested together; p-values are corrected for all of them (Holm). */
  readonly tests: number;
  readonly significance: number;
  /** Largest |z| over the points that are not inconclusive; infinite where a point without any error disagrees. */
  readonly largestZ: number;
  readonly verdict: Verdict;
}

export interface CompareOptions {
  /** Chance of any false alarm in the whole comparison. Default 1e-3. */
  readonly significance?: number;
  /** Only these observables. Default: all that both sides have. */
  readonly observables?: readonly string[];
  /** Spec fields in which the two may differ, e.g. ['width', 'backwardWeights']. */
  readonly mayDiffer?: readonly string[];
}

type Result = Prediction | Simulation;

const names = (description: string) =>
  z.array(z.string()).optional().meta({ expected: 'a list of names', description });

const compareOptions = z.strictObject({
  significance: numberField({ low: 0, high: 1, above: true }, 'Chance of any false alarm.').default(1e-3),
  observables: names('Only these observables.'),
  mayDiffer: names('Spec fields in which the two may differ.'),
});

/**
 * Holds a simulation against a prediction, or against another simulation of the same spec.
 *
 * Per point z = (estimate − expected)/√(s_a² + s_b² + e²), s the standard errors, e the numerical error of the theory;
 * p-values from Student's t with count − 1 degrees of freedom (means), the exact binomial test (proportions) or an exact
 * tolerance, corrected for all points together (Holm). A rejected point whose deviation the predicted 1/width term
 * accounts for is `finiteSize`: |deviation − t| <= |t|/2 + 4 s for the term t and the error s, half of t for the terms of
 * higher order (of e^t − 1 with |t| < 1/2, at most half of the first) and four errors for noise. The promise of
 * `significance` holds for `disagrees`; a point that deviates by chance in the direction of its term is not counted there.
 * What the theory does not know of its term (`allowance`) is added to |t|/2; where it knows nothing, a rejected point is
 * `inconclusive`. So is a mean over too few trials of numbers that scatter: where the predicted `spread` (variance relative
 * to the squared mean) over the number of trials exceeds 0.1. Elsewhere s_b is at least what that spread implies.
 * `inconclusive` too: fewer than two trials, or nothing to compare.
 *
 * A theory that has a band for single networks (mode mappings of `autoencoder`) says of each direction which share of the networks
 * lies in it, when these are known (one trial, or `rawTrials`): nine of ten by theory; no verdict rests on it.
 *
 * @param a theory or simulation; its spec must equal that of `b` but for `mayDiffer`
 * @param b simulation
 * @param options which observables, significance of the whole (default 0.001), fields that may differ
 * @returns plain data: per point expected, estimate, standard error, z, p; verdicts of points, observables and the whole
 * @throws MftError ERR_MFT_INVALID_ARGUMENT when systems or specs differ, ERR_MFT_SHAPE when the axes do
 *
 * **Source**: Holm, Scand. J. Statist. 6 (1979) 65; the rest is ours.
 * **Numerics**: distribution functions to a relative error of 1e-12.
 *
 * @example
 * import { compare, predict, simulate } from 'mft-native';
 * const spec = { system: 'feedforward', activation: 'tanh', weightVariance: 1.4, biasVariance: 0.1, depth: 10, width: 2000 } as const;
 * const comparison = compare(await predict(spec), await simulate(spec, { trials: 30, seed: 7 }));
 * console.log(comparison.verdict); // agrees or finiteSize
 */
export function compare<P extends Result>(
  a: P,
  b: Simulation<NoInfer<P>['system']>,
  options: CompareOptions = {},
): Comparison<P['system']> {
  return compareResults(
    givenResult(a as Result, 'a', ['prediction', 'simulation']),
    givenResult(b as Simulation, 'b', ['simulation']),
    parse(compareOptions, options, 'options') as Required<Pick<CompareOptions, 'significance'>> & CompareOptions,
  ) as Comparison<P['system']>;
}

function compareResults(
  a: Result,
  b: Simulation,
  options: CompareOptions & { readonly significance: number },
): Comparison {
  const { significance } = options;
  if (significance === 1)
    throw expectedError('ERR_MFT_OUT_OF_RANGE', 'significance', 'a number in (0, 1)', significance);
  requireSameSpec(a, b, options.mayDiffer ?? []);
  const names = options.observables ?? Object.keys(b.observables).filter((name) => a.observables[name] !== undefined);
  const compared = names.map((name) => {
    const left = a.observables[name];
    const right = b.observables[name];
    if (left === undefined || right === undefined)
      throw expectedError('ERR_MFT_INVALID_ARGUMENT', 'observables', 'observables that both results have', name);
    const points = comparePoints(name, left, right);
    const band = a.kind === 'prediction' ? bandShares(a.observables, name, right) : undefined;
    return { name, points, band };
  });
  const pValues = new Float64Array(compared.reduce((sum, { points }) => sum + points.z.length, 0));
  let offset = 0;
  for (const { points } of compared) {
    pValues.set(points.pValue, offset);
    offset += points.z.length;
  }
  const adjusted = holm(pValues);
  offset = 0;
  let largestZ = 0;
  const observables: Record<string, ComparedObservable> = {};
  for (const { name, points, band } of compared) {
    const verdicts = Array.from(points.z, (z, i) => {
      const verdict = pointVerdict(points, i, adjusted[offset + i] as number, significance);
      // Where the error is zero z is infinite; an exact test (no success in few trials) may still accept the point.
      const decides = verdict === 'disagrees' || (Number.isFinite(z) && verdict !== 'inconclusive');
      if (decides) largestZ = Math.max(largestZ, Math.abs(z));
      return verdict;
    });
    offset += points.z.length;
    const { explained: _, open: __, scattered: ___, spreadless: ____, ...rest } = points;
    const undecided = reasonsOf(points, verdicts);
    observables[name] = {
      ...rest,
      verdicts,
      ...(undecided.length > 0 ? { undecided } : {}),
      ...(band === undefined ? {} : { band }),
      verdict: joined(verdicts),
    };
  }
  return withJson({
    kind: 'comparison',
    system: a.system,
    observables,
    tests: offset,
    significance,
    largestZ,
    verdict: joined(Object.values(observables).map((o) => o.verdict)),
  });
}

/** Lists, not objects: a deep network is compared at millions of points. Of each point, 1 where it holds: */
type Points = Omit<ComparedObservable, 'verdicts' | 'verdict'> & {
  /** the predicted term of order 1/N accounts for the deviation; */
  readonly explained: Uint8Array;
  /** nothing is known of that term; */
  readonly open: Uint8Array;
  /** the numbers scatter too much for their mean to decide anything; */
  readonly scattered: Uint8Array;
  /** the same value in every trial, and not the expected one: where numbers vanish, or no trial met what is rare. */
  readonly spreadless: Uint8Array;
};

function comparePoints(name: string, a: Predicted | Estimated, b: Estimated): Points {
  requireSameAxes(name, a, b);
  const hidden = new Set([...(a.undefinedAt ?? []), ...(b.undefinedAt ?? [])].map((point) => point.index));
  const index = new Int32Array(b.values.length - hidden.size);
  for (let i = 0, point = 0; i < b.values.length; i++) if (!hidden.has(i)) index[point++] = i;
  const count = index.length;
  const points = {
    axes: b.axes,
    scale: b.scale,
    index,
    expected: new Float64Array(count),
    estimate: new Float64Array(count),
    standardError: new Float64Array(count),
    z: new Float64Array(count),
    pValue: new Float64Array(count),
    explained: new Uint8Array(count),
    open: new Uint8Array(count),
    scattered: new Uint8Array(count),
    spreadless: new Uint8Array(count),
    skipped: hidden.size,
  };
  index.forEach((i, point) => {
    const found = comparePoint(a, b, i);
    for (const name of ['expected', 'estimate', 'standardError', 'z', 'pValue'] as const)
      points[name][point] = found[name];
    points.explained[point] = Number(found.isExplained);
    points.open[point] = Number(found.isOpen);
    points.scattered[point] = Number(found.isScattered);
    points.spreadless[point] = Number(found.isSpreadless);
  });
  return points;
}

/**
 * What the known term of order 1/N leaves over, as a part of it: with deviation = t + r t² + …, |t| < 1/2 and |r| <= 1, as for
 * e^t − 1 and log(1 + t), the terms beyond the first are at most half of it.
 */
const higherOrders = 0.5;
/** Standard errors of noise about the explained deviation: beyond 4 there lie 6e-5 of a normal estimate. */
const noiseErrors = 4;
/** Relative variance of a mean beyond which the few largest of its numbers make it. */
const largestRelativeVariance = 0.1;

interface PointResult {
  readonly expected: number;
  readonly estimate: number;
  readonly standardError: number;
  readonly z: number;
  readonly pValue: number;
  readonly isExplained: boolean;
  readonly isOpen: boolean;
  readonly isScattered: boolean;
  readonly isSpreadless: boolean;
}

function comparePoint(a: Predicted | Estimated, b: Estimated, i: number): PointResult {
  const expected = a.values[i] as number;
  const estimate = b.values[i] as number;
  const own = b.standardError[i] as number;
  const relative = 'spread' in a && a.spread !== undefined && b.estimator === 'mean' ? (a.spread[i] as number) : 0;
  const ofMean = relative / (b.count[i] as number);
  const isScattered = ofMean > largestRelativeVariance;
  // The size of a mean that is exactly zero (log −Infinity) says nothing of its scatter.
  const size = ofMean > 0 && !isScattered ? expectedSize(b.scale, expected, estimate) : 0;
  const predicted = size > 0 && size < Infinity ? Math.sqrt(ofMean) * size : 0;
  const noise = Math.hypot(Math.max(own, predicted), 'standardError' in a ? (a.standardError[i] as number) : 0);
  const numerical = 'error' in a ? a.error * (a.scale === 'log' ? 1 : Math.abs(expected)) : 0;
  const deviation = estimate === expected ? 0 : difference(a, b, i);
  const standardError = Math.hypot(noise, numerical);
  const isSpreadless =
    b.estimator === 'mean' || b.estimator === 'meanLog' ? own === 0 && Math.abs(deviation) > numerical : false;
  // Without an error of its own (one trial, no spread) a point has no z: 0, and it is inconclusive.
  const z = deviation === 0 || isSpreadless || !(standardError < Infinity) ? 0 : deviation / standardError;
  const degrees = Math.min((b.count[i] as number) - 1, 'count' in a ? (a.count[i] as number) - 1 : Infinity);
  const finiteSize = 'finiteSize' in a ? a.finiteSize : undefined;
  const given = finiteSize?.values[i] ?? 0;
  const allowance = finiteSize?.allowance?.[i] ?? 0;
  // Of the logarithm of a mean the deviation is (estimate − expected)/estimate.
  const isRelative = b.scale === 'log' && b.estimator !== 'meanLog';
  const term = isRelative ? -Math.expm1(-given) : given;
  const slack = higherOrders * Math.abs(term) + (isRelative ? Math.expm1(allowance) : allowance);
  const isExplained = slack > 0 && Math.abs(deviation - term) <= slack + noiseErrors * standardError;
  return {
    expected,
    estimate,
    standardError,
    z,
    pValue: pValueOf(a, b, i, z, degrees, deviation, numerical),
    isExplained,
    isOpen: allowance === Infinity,
    isScattered,
    isSpreadless,
  };
}

/** |expected| in the units of the standard error: on a log scale relative to the estimate. */
function expectedSize(scale: 'linear' | 'log', expected: number, estimate: number): number {
  return scale === 'linear' ? Math.abs(expected) : Math.exp(expected - estimate);
}

function pValueOf(
  a: Predicted | Estimated,
  b: Estimated,
  i: number,
  z: number,
  degrees: number,
  deviation: number,
  numerical: number,
): number {
  if (b.estimator === 'exact')
    return Math.abs(deviation) <= Math.max(numerical, 1e-9 * Math.abs(a.values[i] as number)) ? 1 : 0;
  if (b.estimator === 'binomial' && 'error' in a && b.scale === 'linear') {
    const trials = b.count[i] as number;
    return binomialTwoSided(
      Math.round((b.values[i] as number) * trials),
      trials,
      Math.min(1, Math.max(0, a.values[i] as number)),
    );
  }
  if (degrees < 1 || Number.isNaN(z)) return 1;
  return b.estimator === 'splitting' ? normalTwoSided(z) : studentTwoSided(z, degrees);
}

/** estimate − expected in the units of the standard error: for the logarithm of a mean, the relative difference. */
function difference(a: Observable, b: Estimated, i: number): number {
  const x = a.values[i] as number;
  const y = b.values[i] as number;
  if (b.scale === 'linear' || b.estimator === 'meanLog') return y - x;
  const signA = a.sign === undefined ? 1 : (a.sign[i] as number);
  const signB = b.sign === undefined ? 1 : (b.sign[i] as number);
  // Standard errors on a log scale are relative to |estimate|: the difference relative to the estimate.
  return signB - signA * Math.exp(x - y);
}

function pointVerdict(points: Points, i: number, adjusted: number, significance: number): Verdict {
  if (!Number.isFinite(points.standardError[i] as number) || points.scattered[i] || points.spreadless[i])
    return 'inconclusive';
  if (adjusted > significance) return 'agrees';
  if (points.open[i]) return 'inconclusive';
  return points.explained[i] ? 'finiteSize' : 'disagrees';
}

/** Why the inconclusive points are so. */
function reasonsOf(points: Points, verdicts: readonly Verdict[]): UndefinedPoint[] {
  return verdicts.flatMap((verdict, index) => {
    if (verdict !== 'inconclusive') return [];
    const reason = points.spreadless[index]
      ? 'every trial gave the same value, which is not the expected one: no spread, no evidence'
      : points.scattered[index]
        ? 'the trials scatter so much that the few largest make the mean'
        : Number.isFinite(points.standardError[index])
          ? 'the term of order 1/width is not known here'
          : 'no standard error: fewer than two trials with a value';
    return [{ index, reason }];
  });
}

function joined(verdicts: readonly Verdict[]): Verdict {
  if (verdicts.includes('disagrees')) return 'disagrees';
  if (verdicts.includes('finiteSize')) return 'finiteSize';
  return verdicts.length === 0 || verdicts.every((verdict) => verdict === 'inconclusive') ? 'inconclusive' : 'agrees';
}

function requireSameSpec(a: Result, b: Simulation, mayDiffer: readonly string[]): void {
  if (a.system !== b.system)
    throw new MftError(
      'ERR_MFT_INVALID_ARGUMENT',
      `Expected two results of one system, received ${describe(a.system)} and ${describe(b.system)}.`,
      { parameter: 'system' },
    );
  const left = plainCopy(a.spec, 'a.spec') as Readonly<Record<string, unknown>> | null;
  const right = plainCopy(b.spec, 'b.spec') as Readonly<Record<string, unknown>> | null;
  for (const [name, spec] of [
    ['a.spec', left],
    ['b.spec', right],
  ] as const)
    if (typeof spec !== 'object' || spec === null)
      throw expectedError('ERR_MFT_INVALID_ARGUMENT', name, 'a spec', spec);
  if (left === null || right === null) return;
  const keys = [...new Set([...Object.keys(left), ...Object.keys(right)])].filter((key) => !mayDiffer.includes(key));
  const differing = keys.filter((key) => canonicalJson(left[key] ?? null) !== canonicalJson(right[key] ?? null));
  if (differing.length > 0) {
    throw new MftError(
      'ERR_MFT_INVALID_ARGUMENT',
      `Expected two results of the same spec; they differ in ${differing.join(', ')}. Name fields that may differ in \`mayDiffer\`.`,
      { parameter: differing[0] },
    );
  }
}

function requireSameAxes(name: string, a: Observable, b: Observable): void {
  const shape = (observable: Observable): string =>
    observable.axes.map((axis) => `${axis.name} × ${axis.values.length}`).join(', ');
  if (shape(a) !== shape(b) || a.scale !== b.scale) {
    throw new MftError(
      'ERR_MFT_SHAPE',
      `Expected \`${name}\` to have the same axes and scale on both sides, received ${shape(a)} (${a.scale}) and ${shape(b)} (${b.scale}).`,
      { parameter: name },
    );
  }
}
