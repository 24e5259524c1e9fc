// Rows of a reproduction: published against measured, with a verdict that a rule gives, never a person.
import type { Comparison } from '../statistics/compare.js';
import type { ReproductionRow, RowVerdict } from './types.js';

/** |z| above which a measured number differs: one false alarm in 150,000 rows. */
const largestZ = 4.5;

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
  /** Known systematic difference that does not count (terms of higher order in 1/width, window of a fit); shown beside z. */
  readonly allowance?: number;
  /** What theory gives for this setting, when the published value leaves something out. */
  readonly expected?: number;
}

/** A measured number with its error. `explained` needs `expected` to agree where the published value does not. */
export function statisticRow(given: Statistic): ReproductionRow {
  const { publishedError = 0, ...row } = given;
  const { allowance = 0, expected } = given;
  const error = Math.hypot(given.standardError, publishedError);
  // An error that is unknown (one network) or zero (all networks alike) decides nothing by itself.
  if (!Number.isFinite(error) || !Number.isFinite(given.measured)) return { ...row, verdict: 'inconclusive' };
  const isNear = (value: number, within: number): boolean =>
    Math.abs(given.measured - value) <= allowance + largestZ * within;
  const verdict = isNear(given.published, error)
    ? 'agrees'
    : expected !== undefined && isNear(expected, given.standardError)
      ? 'explained'
      : 'differs';
  return { ...row, ...(error > 0 ? { z: (given.measured - given.published) / error } : {}), verdict };
}

/** A statement that holds or does not. `otherwise` is the verdict when it does not: 'explained' needs a note. */
export function statementRow(
  given: Common & {
    readonly published: string;
    readonly measured: number | string;
    readonly holds: boolean;
    readonly otherwise?: RowVerdict;
  },
): ReproductionRow {
  const { holds, otherwise = 'differs', ...row } = given;
  return { ...row, verdict: holds ? 'agrees' : otherwise };
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
    z: comparison.largestZ,
    verdict: verdicts[comparison.verdict],
  };
}
