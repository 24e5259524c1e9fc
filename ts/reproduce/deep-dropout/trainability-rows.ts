// What heat maps of training accuracy answer: the multiple of every depth scale at the boundary, and which scale describes it.
import { bootstrap } from '../../statistics/bootstrap.js';
import { studentTwoSided } from '../../statistics/distributions.js';
import {
  accuracyThresholds,
  fitFormulas,
  type LengthFormula,
  lengthFormulas,
} from '../../systems/feedforward/experiments/trainable-length.js';
import { inSetting, statementRow } from '../rows.js';
import { type ColumnBoundary, type MeasuredMap, mapBoundaries, type TrainabilityScale } from './trainability.js';
import type { ReproductionRow } from '../types.js';

const reduced =
  'Not the training of the paper: the multiple and the scatter depend on width, steps and learning rate, so that ' +
  'no published factor is refuted here.';
const few = 'Fewer than three columns have a boundary within the depths tried.';
const selected = 'Most boundaries lie outside the depths tried; those inside are a selection.';
const wide = 'The interval spans more than a factor of 4.';
const widest = 4;
/** Of a published factor: below this it differs; 100 rows give one false alarm in 100 runs. */
const smallestP = 1e-4;
/** Share of bootstrap resamples in which one formula must be the better one. */
const clear = 0.975;
/** Standard errors between two boundaries that are told apart. */
const apart = 3;

/** Rows of training that is not the paper's neither agree nor differ. */
export function inPaperSetting(rows: readonly ReproductionRow[], { isPaper }: TrainabilityScale): ReproductionRow[] {
  return rows.map((row) => inSetting(row, isPaper, reduced));
}

/** The multiple of every formula at every threshold, with its 95 % interval over the columns of a map, or of several maps together. */
export function multipleRows(
  maps: readonly MeasuredMap[],
  name: string,
  scale: TrainabilityScale,
  source: string,
): ReproductionRow[] {
  const rows = accuracyThresholds.flatMap((threshold) => {
    const measured = maps.flatMap((map) => mapBoundaries(map, threshold));
    const fits = fitFormulas(
      measured.map(({ column }) => column),
      measured.map(({ boundary }) => boundary),
    );
    return (Object.keys(lengthFormulas) as LengthFormula[]).map((formula): ReproductionRow => {
      const { label, factor } = lengthFormulas[formula];
      const head = {
        what: `${label}: factor at accuracy ${threshold} of the best, ${name}`,
        published: factor,
        source,
      };
      const fit = fits.find((one) => one.formula === formula);
      const total = measured.length;
      if (fit === undefined || fit.columns < 3)
        return {
          ...head,
          measured: `the boundary lies within the depths tried in ${fit?.columns ?? 'fewer than 2'} of ${total} columns`,
          verdict: 'inconclusive',
          note: few,
        };
      const measuredText =
        `${fit.multiple.toFixed(2)} (95 %: ${fit.low.toFixed(2)} to ${fit.high.toFixed(2)}; ` +
        `${fit.columns} of ${total} columns, scatter ${fit.scatter.toFixed(2)})`;
      const z = Math.log(fit.multiple / factor) / (fit.standardError / fit.multiple);
      const row = { ...head, measured: measuredText, z };
      if (fit.columns < total / 2) return { ...row, verdict: 'inconclusive', note: selected };
      if (fit.high / fit.low > widest) return { ...row, verdict: 'inconclusive', note: wide };
      if (studentTwoSided(Math.abs(z), fit.columns - 1) < smallestP) return { ...row, verdict: 'differs' };
      return { ...row, verdict: fit.low <= factor && factor <= fit.high ? 'agrees' : 'inconclusive' };
    });
  });
  return inPaperSetting(rows, scale);
}

type Pooled = Readonly<Record<LengthFormula, readonly number[]>>;

/** log(boundary/formula) of every column with a boundary, all maps together. */
function residuals(maps: readonly MeasuredMap[], threshold: number): Pooled {
  const found = maps
    .flatMap((map) => mapBoundaries(map, threshold))
    .filter(({ boundary, lengths }) => 'depth' in boundary && Object.values(lengths).every(Number.isFinite));
  const of = (formula: LengthFormula): number[] =>
    found.map(({ boundary, lengths }) =>
      Math.log(('depth' in boundary ? boundary.depth : Number.NaN) / lengths[formula]),
    );
  return {
    sixCorrelation: of('sixCorrelation'),
    twelveGradient: of('twelveGradient'),
    twelveCorrelation: of('twelveCorrelation'),
    twelveMinimum: of('twelveMinimum'),
  };
}

/** rms of log(boundary/(multiple · ξ)) with one multiple for all columns. */
function scatter(logs: readonly number[]): number {
  const mean = logs.reduce((sum, log) => sum + log, 0) / logs.length;
  return Math.sqrt(logs.reduce((sum, log) => sum + (log - mean) ** 2, 0) / logs.length);
}

/** rms of log(boundary/formula). */
function misfit(logs: readonly number[]): number {
  return Math.sqrt(logs.reduce((sum, log) => sum + log ** 2, 0) / logs.length);
}

/** Which formula describes the boundary better, over all keep probabilities: with one fitted multiple, and as it is published. */
export function comparisonRows(
  maps: readonly MeasuredMap[],
  scale: TrainabilityScale,
  images: string,
  source: string,
): ReproductionRow[] {
  const rows = accuracyThresholds.flatMap((threshold): ReproductionRow[] => {
    const logs = residuals(maps, threshold);
    const columns = logs.twelveMinimum.length;
    const where = `accuracy ${threshold} of the best, ${images}, all ρ (${columns} columns)`;
    const total = maps.reduce((sum, map) => sum + map.columns.length, 0);
    if (columns < Math.max(4, total / 2))
      return [
        {
          what: `which formula, ${where}`,
          published: '12 min(ξ_1, ξ_c)',
          source,
          measured: `the boundary lies within the depths tried in ${columns} of ${total} columns`,
          verdict: 'inconclusive' as const,
          note: selected,
        },
      ];
    const scales = { ξ_c: logs.twelveCorrelation, ξ_1: logs.twelveGradient, 'min(ξ_1, ξ_c)': logs.twelveMinimum };
    const formulas = Object.fromEntries(
      (Object.keys(logs) as LengthFormula[]).map((formula) => [lengthFormulas[formula].label, logs[formula]]),
    );
    const least = better(logs.twelveMinimum, logs.twelveCorrelation, scatter);
    const plain = better(logs.twelveMinimum, logs.sixCorrelation, misfit);
    const gradient = better(logs.twelveCorrelation, logs.twelveGradient, scatter);
    const preferred = (share: number): Pick<ReproductionRow, 'verdict'> => ({
      verdict: share >= clear ? 'agrees' : share <= 1 - clear ? 'differs' : 'inconclusive',
    });
    return [
      {
        what: `scatter with a fitted multiple, ${where}`,
        published: 'min(ξ_1, ξ_c) below ξ_c',
        source,
        measured: `${spread(scales, scatter)}; min below ξ_c in ${percent(least)} of resamples`,
        ...preferred(least),
      },
      {
        what: `misfit with nothing fitted, ${where}`,
        published: '12 min(ξ_1, ξ_c) below 6 ξ_c',
        source,
        measured: `${spread(formulas, misfit)}; 12 min below 6 ξ_c in ${percent(plain)} of resamples`,
        ...preferred(plain),
      },
      statementRow({
        what: `ξ_1 alone, ${where}`,
        published: 'no one multiple of ξ_1 serves with and without dropout',
        source,
        measured: `scatter about ξ_c smaller in ${percent(gradient)} of resamples`,
        holds: gradient >= clear,
        isResolved: gradient <= 1 - clear,
      }),
    ];
  });
  return inPaperSetting(rows, scale);
}

/** Share of bootstrap resamples of the columns in which the first formula has the smaller deviation. */
function better(
  first: readonly number[],
  second: readonly number[],
  deviation: (logs: readonly number[]) => number,
): number {
  const at = (logs: readonly number[], rows: readonly number[]): number[] => rows.map((row) => logs[row] as number);
  const { replicates } = bootstrap(first.length, (rows) => {
    const difference = deviation(at(second, rows)) - deviation(at(first, rows));
    return difference > 0 ? 1 : difference < 0 ? 0 : 0.5;
  });
  return replicates.reduce((sum, value) => sum + value, 0) / replicates.length;
}

function spread(
  all: Readonly<Record<string, readonly number[]>>,
  deviation: (logs: readonly number[]) => number,
): string {
  return Object.entries(all)
    .map(([name, logs]) => {
      const [low, high] = bootstrap(logs.length, (rows) => deviation(rows.map((row) => logs[row] as number))).interval;
      return `${name} ${deviation(logs).toFixed(2)} (${low.toFixed(2)} to ${high.toFixed(2)})`;
    })
    .join(', ');
}

function percent(share: number): string {
  return `${(100 * share).toFixed(share > 0.9995 || share < 0.0005 ? 0 : 1)} %`;
}

/** Is the boundary deeper in one column than in another? Standard errors are those of the level sets. */
export function deeperRow(
  what: string,
  published: string,
  source: string,
  deep: ColumnBoundary | undefined,
  shallow: ColumnBoundary | undefined,
): ReproductionRow {
  const [a, b] = [deep?.boundary, shallow?.boundary];
  if (a === undefined || b === undefined || 'censored' in a || 'censored' in b)
    return { what, published, source, measured: 'a boundary lies outside the depths tried', verdict: 'inconclusive' };
  const z = Math.log(a.depth / b.depth) / Math.hypot(a.logStandardError, b.logStandardError);
  return {
    ...statementRow({
      what,
      published,
      source,
      measured: `${layers(a)} against ${layers(b)} layers`,
      holds: z > apart,
      isResolved: z < -apart,
    }),
    z,
  };
}

function layers({ depth, low, high }: { readonly depth: number; readonly low: number; readonly high: number }): string {
  return `${depth.toFixed(1)} (${low.toFixed(1)} to ${high.toFixed(1)})`;
}
