// The length at which a column of a grid stops being learnt, and which multiple of the time of memory it is.
import { fitLevelSet, type LevelSet } from '../../fit/level-set.js';
import { studentQuantile } from '../../statistics/distributions.js';
import { statementRow } from '../rows.js';
import type { ReproductionRow } from '../types.js';

/** One cell of a grid: the accuracies of its seeds; a run that diverged counts as 0. */
export interface GridCell {
  /** What varies between the columns. */
  readonly value: number;
  readonly length: number;
  /** τ of the column. */
  readonly timescale: number;
  readonly accuracies: readonly number[];
}

interface Edge {
  readonly value: number;
  readonly timescale: number;
  readonly edge: LevelSet;
}

/** Part of the best accuracy of the grid at which a run counts as trained, as for networks of many layers. */
const threshold = 0.5;

/** The edge of every column, in the order of the columns. */
export function edges(cells: readonly GridCell[]): readonly Edge[] {
  const best = Math.max(...cells.flatMap(({ accuracies }) => accuracies));
  return [...new Set(cells.map(({ value }) => value))].map((value) => {
    const own = cells.filter((cell) => cell.value === value);
    const outcomes = own.flatMap(({ length, accuracies }) =>
      accuracies.map((accuracy) => ({ depth: length, isSuccess: accuracy >= threshold * best })),
    );
    return { value, timescale: own[0]?.timescale ?? Number.NaN, edge: fitLevelSet(outcomes) };
  });
}

interface Multiple {
  readonly columns: number;
  readonly multiple: number;
  readonly low: number;
  readonly high: number;
  /** Of log edge over log τ: 1 where the edge is a multiple of τ. */
  readonly slope: number;
}

/** Edge/τ: geometric mean over the columns that have an edge, 95 % interval of Student's t. Fewer than three: none. */
export function fittedMultiple(list: readonly Edge[]): Multiple | undefined {
  const points = list.flatMap(({ timescale, edge }) =>
    'censored' in edge || !(timescale > 0) || !Number.isFinite(timescale)
      ? []
      : [{ x: Math.log(timescale), y: Math.log(edge.depth) }],
  );
  const n = points.length;
  if (n < 3) return undefined;
  const mean = (of: (point: { x: number; y: number }) => number): number =>
    points.reduce((sum, point) => sum + of(point), 0) / n;
  const [mx, my] = [mean(({ x }) => x), mean(({ y }) => y)];
  const log = my - mx;
  const variance = (mean(({ x, y }) => (y - x - log) ** 2) * n) / (n - 1);
  const half = studentQuantile(0.05, n - 1) * Math.sqrt(variance / n);
  const slope = mean(({ x, y }) => (x - mx) * (y - my)) / mean(({ x }) => (x - mx) ** 2);
  return { columns: n, multiple: Math.exp(log), low: Math.exp(log - half), high: Math.exp(log + half), slope };
}

/** An interval wider than this in both directions is no multiple. */
const widest = 2;

const shown = ({ value, timescale, edge }: Edge): string =>
  `${value} (τ ${timescale.toPrecision(3)}): ` +
  ('censored' in edge ? `${edge.censored} the lengths tried` : edge.depth.toPrecision(3));

/** Whether the columns whose τ differ by two or more have their edges in the same order; outside the lengths tried is an order too. */
function isOrdered(list: readonly Edge[]): boolean {
  const rank = (edge: LevelSet): number =>
    'censored' in edge ? (edge.censored === 'above' ? Number.POSITIVE_INFINITY : 0) : edge.depth;
  return list.every((a) => list.every((b) => !(a.timescale >= 2 * b.timescale) || rank(a.edge) >= rank(b.edge)));
}

/** The multiple of τ, and whether a longer τ is learnt to a greater length. */
export function edgeRows(cell: string, cells: readonly GridCell[], isGated: boolean): ReproductionRow[] {
  const list = edges(cells);
  const fit = fittedMultiple(list);
  const source = 'recalled: figure 2 (quantitative with weights drawn anew, qualitative with shared ones); derived';
  return [
    statementRow({
      what: `${cell}: length at which accuracy falls to half the best, over τ`,
      published: `one multiple of τ: its 95 % interval within a factor ${widest}`,
      source,
      measured:
        fit === undefined
          ? `fewer than three edges: ${list.map(shown).join('; ')}`
          : `${fit.multiple.toPrecision(3)} τ (${fit.low.toPrecision(3)} to ${fit.high.toPrecision(3)}, ${fit.columns} columns), ` +
            `edge ∝ τ^${fit.slope.toFixed(2)}`,
      holds: fit !== undefined && fit.high / fit.multiple <= widest,
      isResolved: fit !== undefined,
      ...(isGated && fit !== undefined
        ? {
            expected: {
              what: 'shared weights: units whose gate stays open keep more than τ says, the more the shorter τ is: an exponent below 1',
              holds: fit.slope < 1,
            },
          }
        : {}),
    }),
    statementRow({
      what: `${cell}: columns whose τ differ by two or more`,
      published: 'the longer τ is learnt to the greater length',
      source,
      measured: list.map(shown).join('; '),
      holds: isOrdered(list),
      isResolved: list.some(({ edge }) => !('censored' in edge)),
    }),
  ];
}
