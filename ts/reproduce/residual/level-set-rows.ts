// What the level-set figures say in rows: where training is best, and how well each predictor orders the networks.
import { inSetting, statementRow } from '../rows.js';
import type { ReproductionRow } from '../types.js';
import {
  type Concordance,
  concordance,
  type LevelCell,
  type MeasuredPath,
  type Predictor,
  predictorNames,
} from './level-sets.js';
import { sources } from './paper.js';

/** A predictor with the sign the papers give it: which end trains better. */
export interface Claim {
  readonly predictor: Predictor;
  readonly isSmallerBetter: boolean;
}

/** Rows of trained networks: at less training than the paper's none of them agrees or differs. */
export function inPaperSetting(rows: readonly ReproductionRow[], isPaper: boolean): ReproductionRow[] {
  return rows.map((row) => inSetting(row, isPaper, 'fewer steps, images and widths than the paper trained'));
}

/** The point of the path that trains best at a depth. */
export function bestAt(path: MeasuredPath, depth: number): LevelCell {
  return path.cells.filter((cell) => cell.depth === depth).reduce((a, b) => (b.accuracy > a.accuracy ? b : a));
}

export function depthsOf(path: MeasuredPath): readonly number[] {
  return [...new Set(path.cells.map(({ depth }) => depth))].sort((a, b) => a - b);
}

const percent = ({ share, pairs }: Concordance): string =>
  pairs === 0 ? 'no pairs' : `${(100 * share).toFixed(0)} % of ${pairs}`;

/** One row per claimed predictor: the share of pairs it orders rightly, at the same depth and in conflict with depth. */
export function concordanceRows(path: MeasuredPath, claims: readonly Claim[], published: string): ReproductionRow[] {
  return claims.map(({ predictor, isSmallerBetter }) => {
    const { sameDepth, conflicting } = concordance(path.cells, predictor, isSmallerBetter);
    const holds = sameDepth.share > 0.5 && (conflicting.pairs === 0 || conflicting.share > 0.5);
    return statementRow({
      what: `${path.name}: networks ordered by ${isSmallerBetter ? 'small' : 'large'} ${predictorNames[predictor]}`,
      published,
      source: sources.statement,
      measured: `${percent(sameDepth)} pairs of one depth, ${percent(conflicting)} pairs in conflict with depth`,
      holds,
      ...(holds
        ? {}
        : {
            note: 'a predictor of level sets must order more than half of both kinds of pairs; this one does not on this path',
          }),
    });
  });
}
