// Rows of a reproduction: published against measured, with a verdict that a rule gives, never a person.
import type { Comparison } from '../statistics/compare.js';
import { normalTwoSided, studentTwoSided } from '../statistics/distributions.js';
import type { Measured } from '../statistics/measured.js';
import type { ReproductionRow } from './types.js';

/** P(|z| > 4.5), below which a measured number differs: one false alarm in 150,000 rows, with however few networks. */
const smallestP = normalTwoSided(4.5);

interface Common {
  readonly what: string;
  readonly source: string;
  readonly note?: string;
}

/** A deterministic number: agrees when it is within `tolerance` of the published one. */
export function numberRow(
  given: Common & { readonly published: number; readonly measured: number; readonly tolerance: number },
): ReproductionRow {
  const { tolerance, ...row } = given;
  return { ...row, verdict: Math.abs(given.measured - given.published) <= tolerance ? 'agrees' : 'differs' };
}

/** A printed number: agrees when it rounds to the published digits. */
export function printedRow(
  given: Common & { readonly published: number; readonly measured: number; readonly decimals: number },
): ReproductionRow {
  const { decimals, ...row } = given;
  return numberRow({ ...row, tolerance: 0.5000001 * 10 ** -decimals });
}

interface Statistic extends Common {
  readonly published: number;
  /** Standard error of the published number, when it was measured too. */
  readonly publishedError?: number;
  readonly measured: number;
  readonly standardError: number;
  /** Independent values behind the standard error; Infinity when it is known (the share of a binomial under the published law). */
  readonly count: number;
  /** Known systematic difference that does not count (terms of higher order in 1/width, window of a fit); shown beside z. */
  readonly allowance?: number;
  /** What theory gives for this setting, when the published value leaves something out. */
  readonly expected?: number;
}

/**
 * A measured number with its error, by Student's t of `count` − 1 degrees of freedom: from few networks the error itself is
 * uncertain. `explained` needs `expected` to agree where the published value does not.
 */
export function statisticRow(given: Statistic): ReproductionRow {
  const { publishedError = 0, count, ...row } = given;
  const { allowance = 0, expected } = given;
  const error = Math.hypot(given.standardError, publishedError);
  // An error that is unknown (one network) or zero (all networks alike) decides nothing by itself.
  if (!Number.isFinite(error) || !Number.isFinite(given.measured) || count < 2)
    return { ...row, verdict: 'inconclusive' };
  const isNear = (value: number, within: number): boolean => {
    const excess = Math.abs(given.measured - value) - allowance;
    if (excess <= 0) return true;
    const t = excess / within;
    return (count === Infinity ? normalTwoSided(t) : studentTwoSided(t, count - 1)) >= smallestP;
  };
  const verdict = isNear(given.published, error)
    ? 'agrees'
    : expected !== undefined && isNear(expected, given.standardError)
      ? 'explained'
      : 'differs';
  return { ...row, ...(error > 0 ? { z: (given.measured - given.published) / error } : {}), verdict };
}

/** The same of a mean over networks. */
export function measuredRow(
  given: Omit<Statistic, 'measured' | 'standardError' | 'count'> & { readonly measured: Measured },
): ReproductionRow {
  const { mean: measured, standardError, count } = given.measured;
  return statisticRow({ ...given, measured, standardError, count });
}

/**
 * A statement that holds or does not. Where it does not, the row differs, unless theory expects something else of this
 * setting (`expected`, with a note) and that is met: then it is explained.
 */
export function statementRow(
  given: Common & {
    readonly published: string;
    readonly measured: number | string;
    readonly holds: boolean;
    readonly expected?: { readonly what: string; readonly holds: boolean };
    /** Whether the measurement resolves the statement at all; a statement that does not hold is then inconclusive. */
    readonly isResolved?: boolean;
  },
): ReproductionRow {
  const { holds, expected, isResolved = true, ...row } = given;
  const failed = expected?.holds === true ? 'explained' : isResolved ? 'differs' : 'inconclusive';
  return {
    ...row,
    ...(expected === undefined ? {} : { expected: expected.what }),
    verdict: holds ? 'agrees' : failed,
  };
}

/** The row as it is in the published setting; outside it the row is not comparable, whatever it measured. */
export function inSetting(row: ReproductionRow, isPublishedSetting: boolean, why: string): ReproductionRow {
  if (isPublishedSetting) return row;
  return { ...row, verdict: 'notComparable', note: row.note === undefined ? why : `${row.note}; ${why}` };
}

/** A whole profile against theory: the largest |z| of a comparison that is corrected for its number of points. */
export function comparisonRow(given: Common & { readonly comparison: Comparison }): ReproductionRow {
  const { comparison, ...row } = given;
  const verdicts = {
    agrees: 'agrees',
    finiteSize: 'explained',
    disagrees: 'differs',
    inconclusive: 'inconclusive',
  } as const;
  return {
    ...row,
    published: `theory at ${comparison.tests} points`,
    measured: `largest |z| ${comparison.largestZ.toFixed(2)}`,
    ...(comparison.verdict === 'finiteSize' ? { expected: 'theory with its term of order 1/width' } : {}),
    z: comparison.largestZ,
    verdict: verdicts[comparison.verdict],
  };
}
